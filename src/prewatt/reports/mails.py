"""Mails with reports: planned once a due moment, claimed by lease, recorded. Writes stand inside a unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from prewatt.access.audit import require_unit_of_work
from prewatt.reports.due import Pace, last_due, next_due
from prewatt.reports.models import MailState, ReportMail, ReportSchedule

LEASE_S: Final = 300
"""How long a report may be in the making before somebody else may take its mails."""
TRIES_MAX: Final = 5
PAUSE_S: Final = 60
AT_ONCE: Final = 20
OPEN: Final = (MailState.PENDING, MailState.SENDING)
NOT_KNOWN: Final = "It is not known whether this mail went out; it is not sent again."
_ERROR_CHARS: Final = 300


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that is ours until its lease ends."""

    id: int
    public_id: UUID
    recipient: str
    tries: int


@dataclass(frozen=True, slots=True)
class ClaimedMails:
    """The mails of one due moment, with what they carry and with whose rights it is read."""

    site_id: int
    set_by_id: int
    name: str
    report: str
    query: str
    form: str
    language: str
    due_at: datetime
    mails: Sequence[ClaimedMail]


def has_due_mails(*, now: datetime, machine_now: datetime) -> bool:
    """This function will tell whether a schedule is due (estate time) or a mail waits (machine time)."""
    return (
        ReportSchedule.objects.filter(ended_at=None, due_at__lte=now).exists()
        or ReportMail.objects.filter(state__in=OPEN, next_try_at__lte=machine_now).exists()
    )


def plan_mails(*, now: datetime, machine_now: datetime) -> int:
    """This function will write the mails of schedules that are due, one a recipient, and move each to its next moment.

    What was missed while nobody worked is mailed once, for the latest moment.
    """
    require_unit_of_work()
    due = ReportSchedule.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        ended_at=None, due_at__lte=now
    )
    planned = 0
    for one in due.select_related("saved__site").order_by("pk")[:AT_ONCE]:
        zone, pace = ZoneInfo(one.saved.site.time_zone), Pace(one.every)
        moment = last_due(pace=pace, hour=one.hour, due=one.due_at, now=now, zone=zone)
        rows = [
            ReportMail(schedule=one, due_at=moment, recipient=recipient, next_try_at=machine_now)
            for recipient in one.recipients
        ]
        planned += len(ReportMail.objects.bulk_create(rows, ignore_conflicts=True))
        one.due_at = next_due(pace=pace, hour=one.hour, after=moment, zone=zone)
        one.save(update_fields=["due_at"])
    return planned


def claim_mails(*, machine_now: datetime) -> ClaimedMails | None:
    """This function will claim the waiting mails of the oldest due moment. One whose sender died is not sent again."""
    require_unit_of_work()
    lost = ReportMail.objects.filter(state=MailState.SENDING, next_try_at__lte=machine_now)
    lost.update(state=MailState.FAILED, error=NOT_KNOWN)
    waiting = ReportMail.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        state=MailState.PENDING, next_try_at__lte=machine_now
    )
    first = waiting.select_related("schedule__saved").order_by("pk").first()
    if first is None:
        return None
    rows = list(waiting.filter(schedule=first.schedule_id, due_at=first.due_at).order_by("pk"))
    ReportMail.objects.filter(pk__in=[one.pk for one in rows]).update(
        next_try_at=machine_now + timedelta(seconds=LEASE_S)
    )
    saved = first.schedule.saved
    return ClaimedMails(
        saved.site_id, first.schedule.set_by_id, saved.name, saved.report, saved.query, first.schedule.form,
        first.schedule.language, first.due_at,
        [ClaimedMail(one.pk, one.public_id, one.recipient, one.tries) for one in rows],
    )  # fmt: skip


def begin_mail(*, mail: ClaimedMail, machine_now: datetime) -> bool:
    """This function will mark a mail as handed over from here on; False when somebody else has it."""
    require_unit_of_work()
    rows = ReportMail.objects.filter(pk=mail.id, state=MailState.PENDING, tries=mail.tries)
    until = machine_now + timedelta(seconds=LEASE_S)
    return rows.update(state=MailState.SENDING, tries=mail.tries + 1, next_try_at=until) == 1


def end_mail(*, mail: ClaimedMail, error: str, is_permanent: bool, machine_now: datetime) -> None:
    """This function will record how a mail ended; one that surely did not go out is tried again, five times in all."""
    require_unit_of_work()
    again = bool(error) and not is_permanent and mail.tries + 1 < TRIES_MAX
    state = MailState.PENDING if again else MailState.FAILED if error else MailState.SENT
    pause = timedelta(seconds=PAUSE_S * 2**mail.tries)
    ReportMail.objects.filter(Q(state=MailState.SENDING) | Q(state=MailState.PENDING), pk=mail.id).update(
        state=state, tries=mail.tries + 1, error=error[:_ERROR_CHARS], next_try_at=machine_now + pause,
        sent_at=None if error else machine_now,
    )  # fmt: skip
