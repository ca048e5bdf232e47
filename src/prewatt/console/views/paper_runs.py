"""The papers of a whole site or block: asked for, watched, and taken away as one file."""

from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.files import SheetResponse
from prewatt.console.forms import RunForm
from prewatt.console.guard import DeskRequest, actor_of, requires, to_uuid
from prewatt.console.views.desk_money import ask, done
from prewatt.estate.queries import list_buildings
from prewatt.kernel.clock import estate_clock
from prewatt.kernel.errors import NotFound
from prewatt.reports.runs import RunView
from prewatt.usecases.ask_paper_run import ask_paper_run
from prewatt.usecases.see_documents import list_closed_months
from prewatt.usecases.see_paper_runs import pack_pdf, pack_zip, see_paper_run, see_run_errors

METHODS: Final = ["GET", "HEAD", "POST"]
PACKERS: Final = {"zip": (pack_zip, "application/zip"), "pdf": (pack_pdf, "application/pdf")}


@requires(Permission.PAPERS_ISSUE)
@require_http_methods(METHODS)
def ask_run(request: DeskRequest) -> HttpResponseBase:
    """This view will ask for a month's papers of the site or of one of its buildings."""
    months = list_closed_months(site_id=request.desk.site.id)
    buildings = list_buildings(
        user=request.desk.user, site_id=request.desk.site.id, permission=Permission.PAPERS_ISSUE
    )  # fmt: skip
    choices = [(str(one.public_id), one.name or one.code) for one in buildings]
    form = RunForm(request.POST or None, months=months, buildings=choices)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        run = ask_paper_run(
            actor=actor_of(request), site_id=request.desk.site.id, kind=data["kind"],
            month=date.fromisoformat(data["month"]),
            building_public_id=to_uuid(data["building"]) if data["building"] else None,
        )  # fmt: skip
        return done(request, reverse("console:paper_run", args=[run]), _("The papers are being made."))

    said = {
        "title": _("Papers of a whole block"),
        "facts": [],
        "warning": "" if months else _("No month is closed yet: every day of a month must be sealed first."),
        "button": _("Make them") if months else "",
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.PAPERS_ISSUE)
@require_safe
def paper_run(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show how far a run is, and hand out what it made."""
    run = see_paper_run(user=request.desk.user, public_id=public_id)
    return render(request, "console/paper_run.html", {"section": "papers"} | _run(run))


@requires(Permission.PAPERS_ISSUE)
@require_safe
def paper_run_live(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show how far a run is now; while it works the page asks each second."""
    run = see_paper_run(user=request.desk.user, public_id=public_id)
    return render(request, "console/parts/paper_run_live.html", _run(run))


@requires(Permission.PAPERS_ISSUE)
@require_safe
def paper_run_file(request: DeskRequest, public_id: UUID, form: str) -> HttpResponseBase:
    """This view will hand out the papers of a run as one file: ``zip`` or ``pdf``."""
    run = see_paper_run(user=request.desk.user, public_id=public_id)
    if form not in PACKERS:
        raise NotFound("There is no such file.")
    pack, content_type = PACKERS[form]
    name = f"{run.kind}-{run.month:%Y-%m}{f'-{run.building}' if run.building else ''}.{form}"
    answer = SheetResponse(pack(run=run), filename=name, content_type=content_type)
    answer.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return answer


def as_shown(run: RunView) -> RunView:
    """This function will put a run's times, which are machine time, on the estate's clock, as everything on a page."""
    return replace(run, asked_at=estate_clock().estate_at(run.asked_at))


def _run(run: RunView) -> dict[str, Any]:
    share = 100 * (run.done + run.failed) // run.total if run.total else 100
    return {"run": as_shown(run), "share": share, "errors": see_run_errors(run=run)}
