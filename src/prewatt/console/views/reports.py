"""Reports: the list of them, each with its filters in the address, and as Excel or CSV."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.console.files import CSV, XLSX, SheetResponse
from prewatt.console.guard import DeskRequest, requires
from prewatt.console.report_forms import EVERY
from prewatt.console.report_page import cells_of, chart_of, heads_of, totals_of
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import NotFound, NotPermitted
from prewatt.kernel.period import local_date
from prewatt.reports.tables.asking import PERIODS, ReportForm
from prewatt.reports.tables.registry import get_report, open_to
from prewatt.reports.tables.report import GROUPS, Report, Wanted
from prewatt.reports.tables.spool import spool
from prewatt.usecases.save_report import see_saved_reports
from prewatt.usecases.see_report import (
    CHART_ROWS_MAX,
    FILE_ROWS_MAX,
    PAGE,
    list_blocks,
    see_report,
    write_report_csv,
    write_report_workbook,
)


@requires(Permission.REPORTS_VIEW)
@require_safe
def reports(request: DeskRequest) -> HttpResponseBase:
    """This view will list the reports that the login may read."""
    found = open_to(request.desk.permissions)
    groups = [(label, [one for one in found if one.group is group]) for group, label in GROUPS.items()]
    saved = [
        (one, get_report(one.report).title, dict(EVERY)[one.schedule.every] if one.schedule else "")
        for one in see_saved_reports(user=request.desk.user, site=request.desk.site)
    ]
    context = {
        "section": "reports", "groups": [(label, some) for label, some in groups if some], "saved": saved,
        "user_id": request.desk.user.pk,
    }  # fmt: skip
    return render(request, "console/reports.html", context)


@requires(Permission.REPORTS_VIEW)
@require_safe
def report(request: DeskRequest, code: str) -> HttpResponseBase:
    """This view will show a report: filters, chart, table with totals, a page at a time."""
    found = readable(request, code)
    form = asked_of(request, found)
    others = {key: value for key, value in request.GET.items() if key not in {"page", "period", "from_day", "to_day"}}
    context: dict[str, Any] = {
        "section": "reports", "report": found, "form": form, "page": None, "others": urlencode(others),
        "periods": list(PERIODS.items()) if found.has_period else [],
    }  # fmt: skip
    if not form.is_valid():
        return render(request, "console/report.html", context, status=422)
    wanted = form.wanted()
    context |= _page(request, found, wanted)
    return render(request, "console/report.html", context)


@requires(Permission.REPORTS_EXPORT)
@require_safe
def report_file(request: DeskRequest, code: str, form: str) -> HttpResponseBase:
    """This view will hand out all rows of a report as Excel or CSV."""
    found = readable(request, code)
    wanted = asked_of(request, found).wanted()
    asked: dict[str, Any] = {"user": request.desk.user, "site": request.desk.site, "report": found, "wanted": wanted}
    name = f"{found.code}-{wanted.from_day}-{wanted.to_day}" if found.has_period else f"{found.code}-{_today(request)}"
    if form == "xlsx":
        return SheetResponse(write_report_workbook(**asked), filename=f"{name}.xlsx", content_type=XLSX)
    if form != "csv":
        raise NotFound("There is nothing under this address.", hint="Choose Excel or CSV on the report's page.")
    with spool() as file:
        write_report_csv(**asked, file=file)
    return SheetResponse(file, filename=f"{name}.csv", content_type=CSV)


def readable(request: DeskRequest, code: str) -> Report:
    """This function will return a report that the login may read. Raises UnknownReport, NotPermitted."""
    found = get_report(code)
    if found.permission not in request.desk.permissions:
        raise NotPermitted("Your role does not allow this.", hint="Ask an administrator for the permission.")
    return found


def asked_of(request: DeskRequest, found: Report) -> ReportForm:
    """This function will read what the address asks of a report."""
    blocks = list_blocks(user=request.desk.user, site=request.desk.site, permission=found.permission)
    form = ReportForm(request.GET.dict(), report=found, blocks=blocks, today=_today(request))
    for field in form.fields.values():
        field.widget.attrs.setdefault(
            "class", "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
        )
    return form


def _page(request: DeskRequest, found: Report, wanted: Wanted) -> dict[str, Any]:
    user, site = request.desk.user, request.desk.site
    number = request.GET.get("page", "1")
    at = int(number) if number.isdecimal() and len(number) < 7 else 1
    page = see_report(user=user, site=site, report=found, wanted=wanted, page=at)
    chart = None
    if found.charted and 1 < page.count <= CHART_ROWS_MAX:
        every = page
        if page.count > len(page.rows):
            every = see_report(user=user, site=site, report=found, wanted=wanted, limit=CHART_ROWS_MAX)
        chart = chart_of(report=found, wanted=wanted, page=every, site=site)
    query = {key: value for key, value in request.GET.items() if key != "page"}
    return {
        "page": page,
        "wanted": wanted,
        "heads": heads_of(page, site),
        "rows": cells_of(page, site),
        "totals": totals_of(page, site) if page.totals else [],
        "chart": chart,
        "query": urlencode(query),
        "before": at - 1 if page.first else 0,
        "after": page.first // PAGE + 2 if page.last < page.count else 0,
        "too_long": page.count > FILE_ROWS_MAX,
        "title": f"{found.title}, {wanted.from_day} – {wanted.to_day}" if found.has_period else str(found.title),
    }


def _today(request: DeskRequest) -> Any:
    return local_date(estate_now(), request.desk.site.zone)
