"""Readings: the list with its filters, the sheet, and what is done with those held back."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.files import XLSX, SheetResponse
from prewatt.console.forms import ReadingsForm, ResolveForm
from prewatt.console.guard import DeskRequest, actor_of, requires, to_uuid
from prewatt.console.labels import label
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import Refused
from prewatt.kernel.period import day_start, local_date
from prewatt.reports import formats
from prewatt.reports.readings_sheet import SheetReading, write_readings
from prewatt.usecases.resolve_held_reading import Resolution, resolve_held_reading
from prewatt.usecases.see_readings import (
    PAGE,
    Cursor,
    ReadingLine,
    ReadingsWanted,
    find_installation,
    iterate_readings,
    list_readings,
)

SHEET_ROWS_MAX: Final = 200_000


@requires(Permission.READINGS_VIEW)
@require_safe
def readings(request: DeskRequest) -> HttpResponseBase:
    """This view will list readings, the newest first."""
    form = ReadingsForm(request.GET)
    found = list_readings(
        user=request.desk.user, site_id=request.desk.site.id, wanted=_wanted(request, form), before=_cursor(request)
    )
    query = {key: value for key, value in request.GET.items() if key != "before"}
    context = {
        "section": "readings",
        "form": form,
        "readings": found,
        "query": urlencode(query),
        "more": _mark(found[-1]) if len(found) == PAGE else "",
    }
    return render(request, "console/readings.html", context)


@requires(Permission.READINGS_EXPORT)
@require_safe
def export(request: DeskRequest) -> HttpResponseBase:
    """This view will hand out what the list shows as an Excel sheet."""
    form = ReadingsForm(request.GET)
    rows = iterate_readings(
        user=request.desk.user, site_id=request.desk.site.id, wanted=_wanted(request, form), at_most=SHEET_ROWS_MAX
    )
    sheet = write_readings(rows=map(_sheet_row, rows), zone=request.desk.site.zone)
    name = f"readings-{local_date(estate_now(), request.desk.site.zone)}.xlsx"
    return SheetResponse(sheet, filename=name, content_type=XLSX)


@requires(Permission.CASES_WORK)
@require_http_methods(["GET", "HEAD", "POST"])
def resolve(request: DeskRequest) -> HttpResponseBase:
    """This view will accept or reject a reading that was held back, with a reason."""
    installation_id = find_installation(user=request.desk.user, public_id=to_uuid(request.GET.get("installation", "")))
    read_at = parse_datetime(request.GET.get("at", ""))
    kind = request.GET.get("kind", "")
    if read_at is None or not kind.isdecimal():
        raise Refused("This names no reading.", hint="Open it from the list.")
    form = ResolveForm(request.POST or None)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        resolve_held_reading(
            actor=actor_of(request), installation_id=installation_id, kind=int(kind), read_at=read_at,
            resolution=Resolution(data["answer"]), reason=data["reason"],
        )  # fmt: skip
        return done(request, f"{reverse('console:readings')}?held=on", _("The reading is decided."))

    said = {
        "title": _("A reading that was held back"),
        "facts": [(_("Read at"), formats.stamp(read_at, zone=request.desk.site.zone))],
        "warning": _(
            "Accepted, it is charged from the last accepted reading on. Rejected, it is kept and never charged."
        ),
        "button": _("Decide"),
        "danger": False,
    }
    return ask(request, form, act, said)


def _wanted(request: DeskRequest, form: ReadingsForm) -> ReadingsWanted:
    if not form.is_valid():
        return ReadingsWanted()
    data, zone = form.cleaned_data, request.desk.site.zone
    return ReadingsWanted(
        text=data["q"].strip(),
        from_at=day_start(data["from_day"], zone) if data["from_day"] else None,
        to_at=day_start(data["to_day"] + timedelta(days=1), zone) if data["to_day"] else None,
        held=data["held"],
    )


def _mark(line: ReadingLine) -> str:
    return f"{line.read_at.isoformat()}|{line.installation_public_id}|{line.kind}"


def _cursor(request: DeskRequest) -> Cursor | None:
    parts = request.GET.get("before", "").split("|")
    at = parse_datetime(parts[0]) if len(parts) == 3 else None
    return (at, to_uuid(parts[1]), int(parts[2])) if at is not None and parts[2].isdecimal() else None


def _sheet_row(line: ReadingLine) -> SheetReading:
    return SheetReading(
        line.room, line.serial, line.address, line.multiplier, line.read_at, label("reading", line.kind), line.total_wh,
        line.rates_wh, label("quality", line.quality), label("held", line.cause),
    )  # fmt: skip
