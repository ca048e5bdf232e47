"""Raising notices, claiming them for sending, and writing down how that ended. All inside a unit of work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.access.audit import Actor, require_unit_of_work
from prewatt.access.notify import touch
from prewatt.cases.kinds import Kind
from prewatt.cases.services import open_case
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.notices.errors import NotTellable
from prewatt.notices.ladder import LadderFacts, Rung, Step, cause_key, climb
from prewatt.notices.models import Ladder, Notice, NoticeState
from prewatt.notices.texts import (
    days_left_words,
    duration_words,
    language_of,
    money_words,
    reason_words,
    render,
    request_words,
    rooms_words,
)
from prewatt.notices.values import Letter, Sent
from prewatt.supply.models import SupplyPolicy
from prewatt.supply.queries import list_points_of_accounts
from prewatt.supply.values import RelayChange, Standing
from prewatt.tenancy.models import Account

WARNINGS: Final = frozenset({"level_1", "level_2", "last_call"})
TOLD_BY_DESK: Final = WARNINGS | {"request"}
"""What a person tells where no other way carries it."""
SECRETS: Final = frozenset({"code", "invitation"})
"""Kinds whose words open something: the body is blanked once it has been sent, except in the demo's letter box."""
DEFAULT_CHANNELS: Final = ("mail", "desk")
LEASE_S: Final = 60
CLAIM_MAX: Final = 20
TRIES_MAX: Final = 8
WAIT_S: Final = 30
WAIT_S_MAX: Final = 3_600

_CLAIM: Final = """
UPDATE notices_notice n SET state = 'sending', leased_until = %(until)s, tries = n.tries + 1
  FROM (SELECT id FROM notices_notice
         WHERE state IN ('pending', 'sending') AND due_at <= %(now)s AND channel = ANY(%(channels)s)
           AND (leased_until IS NULL OR leased_until <= %(now)s)
         ORDER BY kind NOT IN ('code', 'last_call'), due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED) due
 WHERE n.id = due.id
RETURNING n.id, n.public_id, n.account_id, n.kind, n.channel, n.recipient, n.subject, n.body, n.tries, n.leased_until
"""


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a notice goes to, and what every text may name."""

    account: Account
    rooms: tuple[str, ...]
    channels: tuple[str, ...]
    min_reconnect_balance: int

    @property
    def language(self) -> str:
        """This property will be the language of the customer."""
        return language_of(self.account.customer.language)

    def recipient(self, channel: str) -> str:
        """This method will return the address on a channel, or nothing when there is none."""
        customer = self.account.customer
        return {"mail": customer.email, "desk": customer.phone or "desk", "letterbox": self.account.number}[channel]

    def way(self, kind: str, after: str | None = None) -> str | None:
        """This method will return the first channel, behind ``after``, that can carry this kind. None: no way."""
        channels = self.channels[self.channels.index(after) + 1 :] if after in self.channels else self.channels
        for channel in channels:
            if self.recipient(channel) and (channel != "desk" or kind in TOLD_BY_DESK):
                return channel
        return None

    def facts(self) -> dict[str, str]:
        """This method will return the facts that every text may name."""
        site = self.account.site
        return {
            "number": self.account.number,
            "rooms": rooms_words(rooms=self.rooms) or self.account.number,
            "operator": site.operator_name,
            "phone": site.service_phone,
        }

    def local(self, at: datetime) -> str:
        """This method will write an instant in the site's zone."""
        return at.astimezone(ZoneInfo(self.account.site.time_zone)).strftime("%Y-%m-%d %H:%M")


def raise_warnings(*, standings: Sequence[Standing], now: datetime) -> list[int]:
    """This function will move accounts on the ladder and write the warnings that this brings, each once in a descent.

    Only accounts with a live point are warned: elsewhere nobody is disconnected. Account rows are locked by the caller.
    Returns the accounts that were warned.
    """
    require_unit_of_work()
    able = {one.account_id: one for one in standings if one.prepaid and one.open and one.live and not one.loading}
    rungs = _rungs(able)
    warned: dict[int, tuple[Step, int]] = {}
    for account_id, standing in able.items():
        rung = rungs.get(account_id, Rung())
        move = climb(rung=rung, facts=_ladder_facts(standing))
        if move.rung != rung:
            Ladder.objects.update_or_create(
                account_id=account_id, defaults={"step": move.rung.step, "turn": move.rung.turn, "since_at": now}
            )
        if move.warn is not None:
            warned[account_id] = (move.warn, move.rung.turn)
    parties = _parties(warned)
    for account_id, (step, turn) in warned.items():
        party, standing = parties[account_id], able[account_id]
        key = cause_key(account=str(standing.public_id), step=step, turn=turn)
        _write(party, kind=step.kind, key=key, facts=_warning_facts(party, standing), now=now)
    return list(warned)


def _rungs(account_ids: Collection[int]) -> dict[int, Rung]:
    """This function will return where accounts stand on the ladder. One array: a sweep reviews every account."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, step, turn FROM notices_ladder WHERE account_id = ANY(%s)", [list(account_ids)]
        )
        return {account_id: Rung(Step(step), turn) for account_id, step, turn in cursor.fetchall()}


def _ladder_facts(standing: Standing) -> LadderFacts:
    return LadderFacts(
        available=standing.available, level_1=standing.level_1, level_2=standing.level_2,
        last_call_s=standing.last_call_s, rearm=standing.min_reconnect_balance, daily_cost=standing.daily_cost,
    )  # fmt: skip


def _warning_facts(party: Party, standing: Standing) -> dict[str, str]:
    days = max(standing.available, 0) // standing.daily_cost if standing.daily_cost else None
    return {
        "available": money_words(Money(standing.available, standing.currency)),
        "left": days_left_words(days=days, language=party.language),
        "grace": duration_words(seconds=standing.last_call_s, language=party.language),
    }


def tell_relay_changes(*, changes: Sequence[RelayChange], now: datetime) -> None:
    """This function will tell tenants that power went off or came back, once per proven change that was ours."""
    require_unit_of_work()
    ours = [one for one in changes if one.ours and one.account_id is not None]
    parties = _parties({one.account_id for one in ours if one.account_id is not None})
    for one in ours:
        party = parties.get(one.account_id or 0)
        if party is None:
            continue
        kind = "disconnected" if one.reported == "off" else "reconnected"
        needed = Money(max(party.min_reconnect_balance, 1), party.account.currency)
        facts = {
            "at": party.local(one.at),
            "reason": reason_words(reason=one.reason, language=party.language),
            "needed": money_words(needed),
        }
        key = f"{kind}:{one.point_id}:{one.at.isoformat()}"
        _write(replace(party, rooms=(one.point_code,)), kind=kind, key=key, facts=facts, now=now)


def tell_top_up(
    *, account_id: int, amount: Money, available: Money, payment_key: str, receipt: str, now: datetime
) -> None:
    """This function will tell a tenant that money was credited; ``payment_key`` makes it once."""
    require_unit_of_work()
    party = _parties({account_id}).get(account_id)
    if party is None:
        return
    facts = {
        "amount": money_words(amount), "available": money_words(available), "receipt": receipt, "at": party.local(now)
    }  # fmt: skip
    _write(party, kind="top_up", key=f"top_up:{payment_key}", facts=facts, now=now)


def _parties(account_ids: Collection[int]) -> dict[int, Party]:
    if not account_ids:
        return {}
    accounts = Account.objects.select_related("customer", "site__scope").filter(pk__in=account_ids)
    rows = [account for account in accounts if account.payment_mode == "prepaid"]
    policies = {row.site_id: row for row in SupplyPolicy.objects.filter(site__in={row.site_id for row in rows})}
    points = list_points_of_accounts(account_ids=[row.pk for row in rows])
    parties = {}
    for row in rows:
        policy = policies.get(row.site_id) or SupplyPolicy(site=row.site)
        rooms = tuple(code for _point_id, code in points.get(row.pk, []))
        channels = tuple(policy.notice_channels) or DEFAULT_CHANNELS
        parties[row.pk] = Party(row, rooms, channels, policy.min_reconnect_balance)
    return parties


def _write(
    party: Party, *, kind: str, key: str, facts: Mapping[str, str], now: datetime, after: str | None = None
) -> bool:
    channel = party.way(kind, after)
    if channel is None:
        return False
    text = render(kind=kind, language=party.language, facts=party.facts() | dict(facts))
    return _insert(party, kind=kind, key=key, channel=channel, subject=text.subject, body=text.body, now=now)


def _insert(party: Party, *, kind: str, key: str, channel: str, subject: str, body: str, now: datetime) -> bool:
    Notice.objects.bulk_create(
        [
            Notice(
                account=party.account, kind=kind, cause_key=key, channel=channel,
                recipient=party.recipient(channel)[:120], language=party.language, subject=subject[:200], body=body,
                created_at=now, due_at=machine_now(),
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    touch(site_id=party.account.site_id, accounts=[party.account.pk])
    return True


def tell_request(
    *,
    account_id: int,
    amount: Money,
    month: date,
    due_on: date | None,
    estimate: Money | None,
    cause_key: str,
    now: datetime,
) -> None:
    """This function will ask a tenant to pay for a month ahead; ``cause_key`` makes it once."""
    require_unit_of_work()
    party = _parties({account_id}).get(account_id)
    if party is None:
        return
    facts = {
        "amount": money_words(amount), "month": f"{month:%Y-%m}",
        **request_words(due_on=due_on, estimate=estimate, language=party.language),
    }  # fmt: skip
    _write(party, kind="request", key=cause_key, facts=facts, now=now)


def raise_message(
    *,
    kind: str,
    channel: str,
    recipient: str,
    language: str,
    facts: Mapping[str, str],
    cause_key: str,
    account_id: int | None = None,
) -> None:
    """This function will write a message to somebody who need not be a customer: a code, an invitation.

    ``cause_key`` makes it once for each channel and recipient.
    """
    work = require_unit_of_work()
    chosen = language_of(language)
    text = render(kind=kind, language=chosen, facts=facts)
    Notice.objects.bulk_create(
        [
            Notice(
                account_id=account_id, kind=kind, cause_key=cause_key, channel=channel, recipient=recipient[:120],
                language=chosen, subject=text.subject[:200], body=text.body, created_at=work.now, due_at=machine_now(),
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    touch(accounts=[] if account_id is None else [account_id])


def claim_notices(*, channels: Collection[str], limit: int = CLAIM_MAX) -> list[Letter]:
    """This function will claim due notices for a minute of machine time, last calls first."""
    require_unit_of_work()
    now = machine_now()
    parameters: dict[str, Any] = {
        "now": now, "until": now + timedelta(seconds=LEASE_S), "channels": list(channels), "limit": limit
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        return [Letter(*row) for row in cursor.fetchall()]


def record_sent(*, letter: Letter, sent: Sent, now: datetime) -> bool:
    """This function will write down how sending ended. Returns whether the claim was still ours.

    What can be tried again waits, twice as long each time; what cannot goes by the next channel, and a case opens when
    it is a warning: nobody is disconnected without one.
    """
    require_unit_of_work()
    claimed = Notice.objects.filter(pk=letter.notice_id, state=NoticeState.SENDING, leased_until=letter.leased_until)
    touch(accounts=[] if letter.account_id is None else [letter.account_id])
    blanked = {"body": ""} if letter.kind in SECRETS and letter.channel != "letterbox" else {}
    if sent.proof:
        ended = claimed.update(
            state=NoticeState.DELIVERED, delivered_at=now, proof=sent.proof[:300], error="", leased_until=None,
            **blanked,
        )  # fmt: skip
        return ended == 1
    if not sent.is_permanent and letter.tries < TRIES_MAX:
        wait = timedelta(seconds=min(WAIT_S * 2 ** (letter.tries - 1), WAIT_S_MAX))
        return (
            claimed.update(
                state=NoticeState.PENDING, due_at=machine_now() + wait, error=sent.error[:300], leased_until=None
            )
            == 1
        )
    if claimed.update(state=NoticeState.FAILED, error=sent.error[:300], leased_until=None, **blanked) != 1:
        return False
    _go_by_next_channel(Notice.objects.get(pk=letter.notice_id), now=now)
    return True


def _go_by_next_channel(notice: Notice, *, now: datetime) -> None:
    if notice.account_id is None or notice.kind in SECRETS:
        return
    party = _parties({notice.account_id}).get(notice.account_id)
    if party is None:
        return
    channel = party.way(notice.kind, notice.channel)
    if channel is not None:
        _insert(
            party, kind=notice.kind, key=notice.cause_key, channel=channel, subject=notice.subject, body=notice.body,
            now=now,
        )  # fmt: skip
    if notice.kind in WARNINGS:
        open_case(
            scope=party.account.site.scope, kind=Kind.NOTICE_UNDELIVERED, subject_kind="account",
            subject_id=party.account.pk, subject_label=party.account.number, severity="warning", now=now,
            detail={"channel": notice.channel, "kind": notice.kind, "error": notice.error, "next": channel or ""},
        )  # fmt: skip


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
