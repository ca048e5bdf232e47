"""Saved reports and their schedules: kept, found, ended. Writes stand inside a unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from prewatt.access.audit import require_unit_of_work
from prewatt.reports.errors import NameTaken, TooManySaved, UnknownSavedReport
from prewatt.reports.models import MailState, ReportMail, ReportSchedule, SavedReport

SAVED_MAX: Final = 100
"""How many reports a login may keep on a site."""


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """When a saved report is mailed, to whom, and how the last mail went. ``due_at`` is estate time."""

    id: int
    every: str
    hour: int
    form: str
    recipients: tuple[str, ...]
    due_at: datetime
    last_state: str = ""
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved report as lists show it."""

    id: int
    public_id: UUID
    name: str
    report: str
    query: str
    is_shared: bool
    owner_id: int
    owner: str
    schedule: ScheduleView | None


def keep_report(
    *, site_id: int, owner_id: int, name: str, report: str, query: str, is_shared: bool, now: datetime
) -> UUID:
    """This function will keep a report under a name. Raises NameTaken, TooManySaved. ``now`` is machine time."""
    require_unit_of_work()
    kept = SavedReport.objects.filter(site=site_id, owner=owner_id, ended_at=None)
    if kept.filter(name=name).exists():
        raise NameTaken("You have a saved report of this name.", hint="Choose another name, or remove the other one.")
    if kept.count() >= SAVED_MAX:
        raise TooManySaved("You have %(count)s saved reports.", count=SAVED_MAX, hint="Remove one that nobody needs.")
    return SavedReport.objects.create(
        site_id=site_id, owner_id=owner_id, name=name, report=report, query=query, is_shared=is_shared, created_at=now
    ).public_id


def end_report(*, saved_id: int, now: datetime) -> None:
    """This function will end a saved report and its schedule. ``now`` is machine time."""
    require_unit_of_work()
    ReportSchedule.objects.filter(saved=saved_id, ended_at=None).update(ended_at=now)
    if SavedReport.objects.filter(pk=saved_id, ended_at=None).update(ended_at=now) != 1:
        raise UnknownSavedReport("There is no such saved report.", hint="Look at the list again.")


def set_schedule(*, saved_id: int, schedule: ScheduleView | None, language: str, set_by: int, now: datetime) -> None:
    """This function will put a schedule in place of the one before; None ends it. ``now`` is machine time."""
    require_unit_of_work()
    ReportSchedule.objects.filter(saved=saved_id, ended_at=None).update(ended_at=now)
    if schedule is not None:
        ReportSchedule.objects.create(
            saved_id=saved_id, every=schedule.every, hour=schedule.hour, form=schedule.form,
            recipients=list(schedule.recipients), language=language, set_by_id=set_by, created_at=now,
            due_at=schedule.due_at,
        )  # fmt: skip


def list_saved(*, site_id: int, user_id: int, reports: Sequence[str]) -> list[SavedView]:
    """This function will list a login's saved reports and the shared ones, of those that it may read."""
    return _views(SavedReport.objects.filter(_seen(user_id), site=site_id, ended_at=None, report__in=reports))


def get_saved(*, site_id: int, user_id: int, public_id: UUID) -> SavedView:
    """This function will return a saved report that a login may see. Raises UnknownSavedReport."""
    rows = SavedReport.objects.filter(_seen(user_id), site=site_id, ended_at=None, public_id=public_id)
    found = _views(rows)
    if not found:
        raise UnknownSavedReport("There is no such saved report.", hint="Look at the list again.")
    return found[0]


def _seen(user_id: int) -> Q:
    return Q(owner=user_id) | Q(is_shared=True)


def _views(rows: QuerySet[SavedReport]) -> list[SavedView]:
    found = list(rows.select_related("owner").order_by("name", "pk"))
    ids = [one.pk for one in found]
    schedules = {one.saved_id: one for one in ReportSchedule.objects.filter(saved__in=ids, ended_at=None)}
    last = {
        one.schedule_id: one
        for one in ReportMail.objects.filter(schedule__in=[one.pk for one in schedules.values()])
        .order_by("schedule", "-pk").distinct("schedule")
    }  # fmt: skip
    return [
        SavedView(
            one.pk, one.public_id, one.name, one.report, one.query, one.is_shared, one.owner_id, str(one.owner),
            _schedule(schedules.get(one.pk), last),
        )
        for one in found
    ]  # fmt: skip


def _schedule(schedule: ReportSchedule | None, last: dict[int, ReportMail]) -> ScheduleView | None:
    if schedule is None:
        return None
    mail = last.get(schedule.pk)
    return ScheduleView(
        schedule.pk, schedule.every, schedule.hour, schedule.form, tuple(schedule.recipients), schedule.due_at,
        "" if mail is None else MailState(mail.state).value, "" if mail is None else mail.error,
    )  # fmt: skip
