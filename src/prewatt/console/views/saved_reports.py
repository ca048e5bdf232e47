"""Reports kept under a name: saved, removed, sent by mail."""

from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prewatt.access.permissions import Permission
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.report_forms import MailForm, SaveForm
from prewatt.console.views.desk_money import ask, done
from prewatt.console.views.reports import readable
from prewatt.reports.tables.registry import get_report
from prewatt.usecases.save_report import remove_report, save_report, schedule_report, see_saved_report

METHODS: Final = ["GET", "HEAD", "POST"]


@requires(Permission.REPORTS_VIEW)
@require_http_methods(METHODS)
def save(request: DeskRequest) -> HttpResponseBase:
    """This view will keep a report with the filters that it stands on."""
    report = readable(request, request.GET.get("report", ""))
    form = SaveForm(request.POST or None, may_share=Permission.REPORTS_SHARE in request.desk.permissions)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        save_report(
            actor=actor_of(request), site=request.desk.site, code=report.code, asked=request.GET.dict(),
            name=data["name"], is_shared=bool(data.get("is_shared")),
        )  # fmt: skip
        return done(request, reverse("console:reports"), _("The report is saved."))

    said = {
        "title": _("Save this report"),
        "facts": [(_("Report"), report.title)],
        "button": _("Save"),
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.REPORTS_VIEW)
@require_http_methods(METHODS)
def remove(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will remove a saved report, and end its mails."""
    saved = see_saved_report(user=request.desk.user, site=request.desk.site, public_id=public_id)
    form = SaveForm({"name": saved.name} if request.method == "POST" else None, may_share=False)
    del form.fields["name"]

    def act(data: dict[str, Any]) -> HttpResponseBase:
        del data
        remove_report(actor=actor_of(request), site=request.desk.site, public_id=public_id)
        return done(request, reverse("console:reports"), _("The saved report is removed."))

    said = {
        "title": _("Remove “%(name)s”") % {"name": saved.name},
        "facts": [(_("Report"), get_report(saved.report).title), (_("Saved by"), saved.owner)],
        "warning": _("It is not mailed any more either.") if saved.schedule else "",
        "button": _("Remove"),
        "danger": True,
    }
    return ask(request, form, act, said)


@requires(Permission.REPORTS_SHARE)
@require_http_methods(METHODS)
def mail(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will have a saved report mailed, or not any more."""
    saved = see_saved_report(user=request.desk.user, site=request.desk.site, public_id=public_id)
    now = saved.schedule
    initial = {
        "every": now.every if now else "day",
        "hour": str(now.hour) if now else "8",
        "form": now.form if now else "xlsx",
        "recipients": "\n".join(now.recipients) if now else request.desk.user.email or "",
    }
    form = MailForm(request.POST or None, initial=initial)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        schedule_report(
            actor=actor_of(request), site=request.desk.site, public_id=public_id, every=data["every"],
            hour=int(data["hour"]), form=data["form"], recipients=data["recipients"], language=get_language() or "en",
        )  # fmt: skip
        words = _("The report will be mailed.") if data["every"] else _("The report is not mailed any more.")
        return done(request, reverse("console:reports"), words)

    said = {
        "title": _("Mail “%(name)s”") % {"name": saved.name},
        "facts": [(_("Report"), get_report(saved.report).title), (_("Clock"), request.desk.site.zone.key)],
        "button": _("Save"),
        "danger": False,
    }
    return ask(request, form, act, said)
