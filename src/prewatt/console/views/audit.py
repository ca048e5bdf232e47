"""The audit trail: who did what, from where, why, with what it was before and after."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.console.files import CSV, XLSX, SheetResponse
from prewatt.console.guard import DeskRequest, requires
from prewatt.console.people_forms import TrailForm
from prewatt.console.trail_words import FIELDS, REASONS, REGISTERS, SUBJECTS, word
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import NotFound
from prewatt.kernel.period import day_start, local_date
from prewatt.reports import formats
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.spool import spool
from prewatt.reports.tables.text import write_text
from prewatt.reports.tables.verbs import VERBS
from prewatt.reports.tables.workbook import write_workbook
from prewatt.usecases.see_trail import PAGE, Change, TrailRow, TrailWanted, iterate_actions, list_actions, see_action

FILE_ROWS_MAX: Final = 100_000
NUMBER_DIGITS: Final = 18
LONG: Final = 300
COLUMNS: Final = (
    Column("at", _lazy("Time"), Kind.INSTANT),
    Column("who", _lazy("Done by")),
    Column("username", _lazy("User name")),
    Column("verb", _lazy("What was done")),
    Column("where", _lazy("Where")),
    Column("about", _lazy("About")),
    Column("id", _lazy("Its id")),
    Column("reason", _lazy("Reason")),
    Column("address", _lazy("Address")),
    Column("outcome", _lazy("Outcome")),
    Column("detail", _lazy("Detail")),
    Column("changes", _lazy("Before and after")),
)


@requires(Permission.AUDIT_VIEW)
@require_safe
def trail(request: DeskRequest) -> HttpResponseBase:
    """This view will list actions, the newest first: by whom, what, about what, and when."""
    form = TrailForm(request.GET or {"by": "people"})
    found = list_actions(user=request.desk.user, wanted=_wanted(request, form))
    query = urlencode({key: value for key, value in request.GET.items() if key != "before" and value})
    context = {
        "section": "audit",
        "form": form,
        "rows": [_shown(row) for row in found],
        "query": query,
        "more": found[-1].number if len(found) == PAGE else "",
    }
    return render(request, "console/audit.html", context)


@requires(Permission.AUDIT_VIEW)
@require_safe
def action(request: DeskRequest, number: int) -> HttpResponseBase:
    """This view will show one action, with each field that it changed before and after."""
    if len(str(number)) > NUMBER_DIGITS:
        raise NotFound("There is no such action, or it is not within your scope.")
    row, changes = see_action(user=request.desk.user, number=number)
    context = {"section": "audit", "one": _shown(row), "changes": [_change(request, one) for one in changes]}
    return render(request, "console/audit_action.html", context)


@requires(Permission.AUDIT_VIEW)
@require_safe
def export(request: DeskRequest, form: str) -> HttpResponseBase:
    """This view will hand out what the list shows, with before and after, as a sheet or as CSV."""
    if form not in {"xlsx", "csv"}:
        raise NotFound("There is no such file.")
    asked = _wanted(request, TrailForm(request.GET or {"by": "people"}))
    rows, zone = _lines(request, asked), request.desk.site.zone
    name = f"audit-{local_date(estate_now(), zone)}.{form}"
    if form == "xlsx":
        book = write_workbook(title=_("Audit trail"), columns=COLUMNS, rows=rows, zone=zone)
        return SheetResponse(book, filename=name, content_type=XLSX)
    with spool() as file:
        write_text(file=file, columns=COLUMNS, rows=rows, zone=zone)
    return SheetResponse(file, filename=name, content_type=CSV)


def _wanted(request: DeskRequest, form: TrailForm) -> TrailWanted:
    if not form.is_valid():
        return TrailWanted()
    data, zone, before = form.cleaned_data, request.desk.site.zone, request.GET.get("before", "")
    by = data["by"] or "people"
    return TrailWanted(
        who=data["who"].strip(), verb=data["verb"], subject=data["subject"].strip(), outcome=data["outcome"],
        by="" if by == "all" else by,
        from_at=day_start(data["from_day"], zone) if data["from_day"] else None,
        to_at=day_start(data["to_day"] + timedelta(days=1), zone) if data["to_day"] else None,
        before=int(before) if before.isdecimal() and len(before) <= NUMBER_DIGITS else None,
    )  # fmt: skip


def _shown(row: TrailRow) -> dict[str, Any]:
    return {
        "row": row,
        "verb": word(VERBS, row.verb),
        "about": word(SUBJECTS, row.subject_kind) if row.subject_kind else "",
        "reason": str(REASONS[row.reason]) if row.reason in REASONS else row.reason,
    }


def _change(request: DeskRequest, one: Change) -> dict[str, Any]:
    return {
        "register": word(REGISTERS, one.table),
        "name": one.name,
        "field": word(FIELDS, one.field),
        "before": "" if one.is_new else _text(request, one.before),
        "after": _text(request, one.after),
        "is_new": one.is_new,
    }


def _text(request: DeskRequest, value: object) -> str:
    match value:
        case None | "":
            return formats.UNKNOWN
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return formats.stamp(value, zone=request.desk.site.zone)
        case list():
            return ", ".join(str(one) for one in value)[:LONG] or formats.UNKNOWN
        case _:
            return str(value)[:LONG]


def _lines(request: DeskRequest, asked: TrailWanted) -> Iterator[Sequence[Any]]:
    for row, changes in iterate_actions(user=request.desk.user, wanted=asked, at_most=FILE_ROWS_MAX):
        told = [_change(request, one) for one in changes]
        yield [
            row.at, row.who or row.process, row.username, word(VERBS, row.verb), row.where,
            word(SUBJECTS, row.subject_kind), row.subject_id, row.reason, row.address,
            _("Refused") if row.refused else _("Done"), row.detail,
            "; ".join("{register} {name}, {field}: {before} → {after}".format_map(one) for one in told),
        ]  # fmt: skip
