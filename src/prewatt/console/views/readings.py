"""Readings: the list with its filters, the sheet, and what is done with those held back."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console import formats
from prewatt.console.forms import ReadingsForm, ResolveForm
from prewatt.console.guard import DeskRequest, actor_of, requires, to_uuid
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import Refused
from prewatt.kernel.period import day_start, local_date
from prewatt.usecases.see_readings import PAGE, Cursor, ReadingLine, ReadingsWanted, iterate_readings, list_readings

SHEET_ROWS_MAX: Final = 200_000


@requires(Permission.READINGS_VIEW)
@require_safe
def readings(request: DeskRequest) -> HttpResponseBase:
    """This view will list readings, the newest first."""
    form = ReadingsForm(request.GET)
    found = list_readings(
        user=request.user, site_id=request.site.id, wanted=_wanted(request, form), before=_cursor(request)
    )
    query = {key: value for key, value in request.GET.items() if key != "before"}
    context = {
        "section": "readings",
        "form": form,
        "readings": found,
        "query": urlencode(query),
        "more": _mark(found[-1]) if len(found) == PAGE else "",
        "permissions": request.permissions,
    }
    return render(request, "console/readings.html", context)


@requires(Permission.READINGS_EXPORT)
@require_safe
def export(request: DeskRequest) -> HttpResponseBase:
    """This view will hand out what the list shows as an Excel sheet."""
    form = ReadingsForm(request.GET)
    rows = iterate_readings(
        user=request.user, site_id=request.site.id, wanted=_wanted(request, form), at_most=SHEET_ROWS_MAX
    )
    sheet = write_readings(rows=rows, zone=request.site.zone, site=request.site.name)
    name = f"readings-{local_date(estate_now(), request.site.zone)}.xlsx"
    return FileResponse(sheet, as_attachment=True, filename=name)
