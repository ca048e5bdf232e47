"""Claiming notices for sending, and writing down how that ended: at once, or when the provider reports."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet

from prewatt.access.audit import Actor, require_unit_of_work
from prewatt.access.notify import touch
from prewatt.cases.kinds import Kind
from prewatt.cases.services import open_case
from prewatt.kernel.clock import machine_now
from prewatt.notices.errors import NotSendable, NotTellable
from prewatt.notices.models import Channel, Notice, NoticeState
from prewatt.notices.services.party import SECRETS, WARNINGS, load_parties
from prewatt.notices.services.raising import insert_notices
from prewatt.notices.values import Letter, Report, Sent

LEASE_S: Final = 60
CLAIM_MAX: Final = 20
TRIES_MAX: Final = 8
WAIT_S: Final = 30
WAIT_S_MAX: Final = 3_600
CONFIRMED_WITHIN: Final = timedelta(minutes=15)
"""A text that nobody reports on for so long (machine time) is followed by the next channel where it is a warning."""
FOLLOWED_AT_ONCE: Final = 50
_FACTS_AT: Final = 8
UNKNOWN: Final = "it may have gone out: it is not sent again"

_CLAIM: Final = """
WITH due AS MATERIALIZED (
    SELECT id FROM notices_notice
     WHERE (state = 'pending' OR state = 'sending' AND channel <> 'sms')
       AND due_at <= %(now)s AND channel = ANY(%(channels)s)
       AND (leased_until IS NULL OR leased_until <= %(now)s)
     ORDER BY kind NOT IN ('code', 'last_call'), due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
UPDATE notices_notice n SET state = 'sending', leased_until = %(until)s, tries = n.tries + 1
  FROM due WHERE n.id = due.id
RETURNING n.id, n.public_id, n.account_id, n.kind, n.channel, n.recipient, n.subject, n.body, n.facts, n.language,
          n.tries, n.leased_until
"""
"""Materialized: a plan that looked for what is due once for each row would claim more than the limit."""


def claim_notices(*, channels: Collection[str], limit: int = CLAIM_MAX) -> list[Letter]:
    """This function will claim due notices for a minute of machine time, codes and last calls first.

    A text whose sender died in the middle is not claimed again: the tenant may have it.
    """
    require_unit_of_work()
    now = machine_now()
    parameters: dict[str, Any] = {
        "now": now, "until": now + timedelta(seconds=LEASE_S), "channels": list(channels), "limit": limit
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        return [_letter(list(row)) for row in cursor.fetchall()]


def _letter(columns: list[Any]) -> Letter:
    columns[_FACTS_AT] = json.loads(columns[_FACTS_AT])
    return Letter(*columns)


def record_sent(*, letter: Letter, sent: Sent, now: datetime) -> bool:
    """This function will write down how sending ended. Returns whether the claim was still ours.

    What can be tried again waits, twice as long each time; what cannot goes by the next channel, and a case opens when
    it is a warning: nobody is disconnected without one. What a provider took, or may have taken, waits for its report.
    """
    require_unit_of_work()
    claimed = Notice.objects.filter(pk=letter.notice_id, state=NoticeState.SENDING, leased_until=letter.leased_until)
    touch(accounts=[] if letter.account_id is None else [letter.account_id])
    if sent.proof:
        return _end(claimed, letter, state=NoticeState.DELIVERED, delivered_at=now, proof=sent.proof[:300], error="")
    if sent.reference or sent.is_unknown:
        due_at = machine_now() + (CONFIRMED_WITHIN if sent.reference else timedelta())
        error = f"{sent.error}; {UNKNOWN}" if sent.is_unknown else ""
        return _end(claimed, letter, state=NoticeState.SENT, reference=sent.reference, due_at=due_at, error=error[:300])
    if not sent.is_permanent and letter.tries < TRIES_MAX:
        wait = timedelta(seconds=min(WAIT_S * 2 ** (letter.tries - 1), WAIT_S_MAX))
        again = claimed.update(
            state=NoticeState.PENDING, due_at=machine_now() + wait, error=sent.error[:300], leased_until=None
        )
        return again == 1
    if not _end(claimed, letter, state=NoticeState.FAILED, error=sent.error[:300]):
        return False
    _go_by_next_channel(Notice.objects.get(pk=letter.notice_id), now=now)
    return True


def record_report(*, report: Report, provider: str, now: datetime) -> bool:
    """This function will write down what a provider reports of a message, once; later reports change nothing.

    A message that did not arrive goes by the next channel. Returns whether there was such a message waiting.
    """
    require_unit_of_work()
    named = Q(reference=report.reference)
    if report.notice_id is not None:
        named |= Q(public_id=report.notice_id)
    waiting = Notice.objects.select_for_update().filter(
        named, channel=Channel.SMS, state__in=[NoticeState.SENT, NoticeState.SENDING]
    )
    notice = waiting.first()
    if notice is None:
        return False
    touch(accounts=[] if notice.account_id is None else [notice.account_id])
    notice.leased_until = None
    if report.is_delivered:
        notice.state, notice.delivered_at = NoticeState.DELIVERED, now
        notice.proof, notice.error = f"{provider} {report.reference} → {notice.recipient}"[:300], ""
    else:
        notice.state, notice.error = NoticeState.FAILED, f"not delivered: {report.detail}"[:300]
    notice.save(update_fields=["state", "delivered_at", "proof", "error", "leased_until"])
    if not report.is_delivered and notice.followed_at is None:
        _go_by_next_channel(notice, now=now)
    return True


def follow_unconfirmed(*, now: datetime) -> int:
    """This function will let warnings that nobody confirmed go by the next channel too, once each."""
    require_unit_of_work()
    lost = Notice.objects.filter(
        state=NoticeState.SENDING, channel=Channel.SMS, leased_until__lte=machine_now()
    )  # fmt: skip
    lost.update(state=NoticeState.SENT, error=f"the sender died; {UNKNOWN}", leased_until=None)
    waiting = Notice.objects.select_for_update(skip_locked=True).filter(
        state=NoticeState.SENT, followed_at=None, due_at__lte=machine_now()
    )
    found = list(waiting.order_by("due_at")[:FOLLOWED_AT_ONCE])
    Notice.objects.filter(pk__in=[one.pk for one in found]).update(followed_at=machine_now())
    for notice in found:
        if notice.kind in WARNINGS:
            _go_by_next_channel(notice, now=now)
    return len(found)


def send_again(*, notice: Notice) -> None:
    """This function will let a failed notice be tried again from the beginning. Raises NotSendable."""
    require_unit_of_work()
    again = Notice.objects.filter(pk=notice.pk, state=NoticeState.FAILED).exclude(kind__in=SECRETS).update(
        state=NoticeState.PENDING, tries=0, due_at=machine_now(), error=""
    )  # fmt: skip
    if again != 1:
        raise NotSendable("Only a message that failed is sent again, and no code is.", hint="Look at the list again.")
    touch(accounts=[] if notice.account_id is None else [notice.account_id])


def tell(*, notice: Notice, actor: Actor, how: str, now: datetime) -> None:
    """This function will mark a waiting notice of the desk's list as told by a person: that is its proof.

    Raises NotTellable for any other.
    """
    require_unit_of_work()
    if actor.user is None:
        raise NotTellable("A notice is told by a named person.", hint="Sign in, then mark it.")
    proof = actor.name + (f": {how.strip()}" if how.strip() else "")
    told = Notice.objects.filter(pk=notice.pk, channel="desk", state=NoticeState.PENDING).update(
        state=NoticeState.DELIVERED, delivered_at=now, proof=proof[:300]
    )
    if told != 1:
        raise NotTellable("This notice does not wait to be told.", hint="Reload the list.")
    touch(accounts=[] if notice.account_id is None else [notice.account_id], cases=True)


def _end(claimed: QuerySet[Notice], letter: Letter, **changes: Any) -> bool:
    """End a claim that is still ours; words that open something do not stay behind."""
    blanked: Mapping[str, Any] = (
        {"body": "", "facts": {}} if letter.kind in SECRETS and letter.channel != "letterbox" else {}
    )
    return claimed.update(leased_until=None, **blanked, **changes) == 1


def _go_by_next_channel(notice: Notice, *, now: datetime) -> None:
    if notice.account_id is None or notice.kind in SECRETS:
        return
    party = load_parties(account_ids={notice.account_id}).get(notice.account_id)
    if party is None or notice.recipient != party.recipient(notice.channel)[:120]:
        return  # the second person's copy ends here
    channel = party.way(notice.kind, notice.channel)
    if channel is not None:
        insert_notices(
            [
                Notice(
                    account=party.account, kind=notice.kind, cause_key=notice.cause_key, channel=channel,
                    recipient=party.recipient(channel)[:120], language=notice.language, subject=notice.subject,
                    body=notice.body, facts=notice.facts, created_at=now, due_at=machine_now(),
                )
            ]
        )  # fmt: skip
    if notice.kind in WARNINGS:
        open_case(
            scope=party.account.site.scope, kind=Kind.NOTICE_UNDELIVERED, subject_kind="account",
            subject_id=party.account.pk, subject_label=party.account.number, severity="warning", now=now,
            detail={"channel": notice.channel, "kind": notice.kind, "error": notice.error, "next": channel or ""},
        )  # fmt: skip
