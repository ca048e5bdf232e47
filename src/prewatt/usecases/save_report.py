"""Reports kept under a name, for oneself or for everybody on the site, and sent by mail at an hour."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import QueryDict

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import get_user_permissions
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.errors import NotPermitted
from prewatt.kernel.period import local_date
from prewatt.reports.due import Pace, next_due
from prewatt.reports.errors import BadRecipients
from prewatt.reports.saved import (
    SavedView,
    ScheduleView,
    end_report,
    get_saved,
    keep_report,
    list_saved,
    set_schedule,
)
from prewatt.reports.tables.asking import ReportForm
from prewatt.reports.tables.registry import get_report, open_to
from prewatt.reports.tables.report import Report, Wanted
from prewatt.usecases.see_report import list_blocks
from prewatt.usecases.see_site import SiteView
from prewatt.usecases.work import unit_of_work

RECIPIENTS_MAX: Final = 10


def read_wanted(*, user: User, site: SiteView, report: Report, query: str) -> Wanted:
    """This function will read what a kept address asks, as of now. Raises BadFilter."""
    return _form(user, site, report, QueryDict(query).dict()).wanted()


def see_saved_reports(*, user: User, site: SiteView) -> list[SavedView]:
    """This function will list what a login has saved, and what is shared on the site and open to it."""
    codes = [one.code for one in open_to(get_user_permissions(user=user))]
    return list_saved(site_id=site.id, user_id=user.pk, reports=codes)


def see_saved_report(*, user: User, site: SiteView, public_id: UUID) -> SavedView:
    """This function will return one of them. Raises UnknownSavedReport, NotPermitted."""
    saved = get_saved(site_id=site.id, user_id=user.pk, public_id=public_id)
    _require(user, get_report(saved.report).permission)
    return saved


def save_report(
    *, actor: Actor, site: SiteView, code: str, asked: Mapping[str, str], name: str, is_shared: bool
) -> UUID:
    """This function will keep a report with its filters. A stretch that moves with the day is kept as such.

    Raises BadFilter, NameTaken, TooManySaved, NotPermitted.
    """
    user, report = _user(actor), get_report(code)
    _require(user, report.permission)
    if is_shared:
        _require(user, Permission.REPORTS_SHARE)
    form = _form(user, site, report, asked)
    form.wanted()
    with unit_of_work(actor=actor, verb="save_report", scope=site.scope, subject=("report", code), reason=name):
        return keep_report(
            site_id=site.id, owner_id=user.pk, name=name, report=code, query=form.query(), is_shared=is_shared,
            now=machine_now(),
        )  # fmt: skip


def remove_report(*, actor: Actor, site: SiteView, public_id: UUID) -> None:
    """This function will end a saved report and its mails: one's own, or a shared one by whoever may share.

    Raises UnknownSavedReport, NotPermitted.
    """
    saved = see_saved_report(user=_user(actor), site=site, public_id=public_id)
    if saved.owner_id != _user(actor).pk:
        _require(_user(actor), Permission.REPORTS_SHARE)
    subject = ("saved_report", str(public_id))
    with unit_of_work(actor=actor, verb="remove_report", scope=site.scope, subject=subject, reason=saved.name):
        end_report(saved_id=saved.id, now=machine_now())


def schedule_report(
    *, actor: Actor, site: SiteView, public_id: UUID, every: str, hour: int, form: str, recipients: str, language: str
) -> None:
    """This function will have a saved report mailed with the rights of who asks; an empty ``every`` ends that.

    Raises UnknownSavedReport, NotPermitted, BadRecipients.
    """
    user = _user(actor)
    saved = see_saved_report(user=user, site=site, public_id=public_id)
    _require(user, Permission.REPORTS_SHARE)
    schedule = None
    if every:
        due_at = next_due(pace=Pace(every), hour=hour, after=estate_now(), zone=site.zone)
        schedule = ScheduleView(0, every, hour, form, read_recipients(recipients), due_at)
    to = ", ".join(schedule.recipients) if schedule is not None else ""
    subject = ("saved_report", str(public_id))
    with unit_of_work(actor=actor, verb="schedule_report", scope=site.scope, subject=subject, reason=to):
        set_schedule(saved_id=saved.id, schedule=schedule, language=language, set_by=user.pk, now=machine_now())


def read_recipients(typed: str) -> tuple[str, ...]:
    """This function will read mail addresses, by commas, semicolons or lines. Raises BadRecipients."""
    found = tuple(dict.fromkeys(one.lower() for one in typed.replace(",", " ").replace(";", " ").split()))
    if not 1 <= len(found) <= RECIPIENTS_MAX:
        raise BadRecipients("Write one to %(count)s mail addresses.", count=RECIPIENTS_MAX)
    for one in found:
        try:
            validate_email(one)
        except ValidationError:
            raise BadRecipients("%(address)s is no mail address.", address=one) from None
    return found


def _form(user: User, site: SiteView, report: Report, asked: Mapping[str, str]) -> ReportForm:
    blocks = list_blocks(user=user, site=site, permission=report.permission)
    return ReportForm(asked, report=report, blocks=blocks, today=local_date(estate_now(), site.zone))


def _require(user: User, permission: Permission) -> None:
    if permission not in get_user_permissions(user=user):
        raise NotPermitted("Your role does not allow this.", hint="Ask an administrator for the permission.")


def _user(actor: Actor) -> User:
    if actor.user is None:
        raise NotPermitted("Only a person saves reports.")
    return actor.user
