"""Raising notices: whom to tell, by which way, in whose language, and when. All inside a unit of work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.access.notify import touch
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.notices.ladder import LadderFacts, Rung, Step, cause_key, climb
from prewatt.notices.models import Ladder, Notice
from prewatt.notices.services.party import COPIED, Party, load_parties
from prewatt.notices.texts import (
    days_left_words,
    duration_words,
    language_of,
    money_words,
    reason_words,
    render,
    request_words,
)
from prewatt.supply.values import RelayChange, Standing


def raise_warnings(*, standings: Sequence[Standing], now: datetime) -> list[int]:
    """This function will move accounts on the ladder and write the warnings that this brings, each once in a descent.

    Only accounts with a live point are warned: elsewhere nobody is disconnected. Account rows are locked by the caller.
    Returns the accounts that were warned.
    """
    require_unit_of_work()
    able = {one.account_id: one for one in standings if one.prepaid and one.open and one.live and not one.loading}
    if not able:
        return []
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
    parties = load_parties(account_ids=warned)
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
    parties = load_parties(account_ids={one.account_id for one in ours if one.account_id is not None})
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
    *, party: Party | None, amount: Money, available: Money, payment_key: str, receipt: str, now: datetime
) -> None:
    """This function will tell a tenant that money was credited; ``payment_key`` makes it once.

    ``party`` was loaded before: the receipt's number is drawn late, and who has drawn one holds up the next.
    """
    require_unit_of_work()
    if party is None:
        return
    facts = {
        "amount": money_words(amount), "available": money_words(available), "receipt": receipt, "at": party.local(now)
    }  # fmt: skip
    _write(party, kind="top_up", key=f"top_up:{payment_key}", facts=facts, now=now)


def _write(party: Party, *, kind: str, key: str, facts: Mapping[str, str], now: datetime) -> None:
    """Write the notice to the customer by the first way that carries it, and to the second person beside it."""
    channel = party.way(kind)
    if channel is None or not party.wants(kind):
        return
    whole = party.facts() | dict(facts)
    text = render(kind=kind, language=party.language, facts=whole)
    to = [(channel, party.recipient(channel))]
    second = party.second() if kind in COPIED else None
    if second is not None:
        to.append(second)
    insert_notices(
        [
            Notice(
                account=party.account, kind=kind, cause_key=key, channel=way, recipient=recipient[:120],
                language=party.language, subject=text.subject[:200], body=text.body, facts=whole, created_at=now,
                due_at=party.due_at(kind, now),
            )
            for way, recipient in to
        ]
    )  # fmt: skip
    touch(site_id=party.account.site_id, accounts=[party.account.pk])


def insert_notices(notices: Sequence[Notice]) -> None:
    """This function will write notices, each once for its cause, channel and recipient."""
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def tell_refund(*, account_id: int, amount: Money, available: Money, key: str, slip: str, now: datetime) -> None:
    """This function will tell a tenant that money was given back; ``key`` makes it once."""
    require_unit_of_work()
    party = load_parties(account_ids={account_id}).get(account_id)
    if party is None:
        return
    facts = {
        "amount": money_words(amount), "available": money_words(available), "receipt": slip, "at": party.local(now)
    }  # fmt: skip
    _write(party, kind="refund", key=f"refund:{key}", facts=facts, now=now)


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
    party = load_parties(account_ids={account_id}).get(account_id)
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
    insert_notices(
        [
            Notice(
                account_id=account_id, kind=kind, cause_key=cause_key, channel=channel, recipient=recipient[:120],
                language=chosen, subject=text.subject[:200], body=text.body, facts=dict(facts), created_at=work.now,
                due_at=machine_now(),
            )
        ]
    )  # fmt: skip
    touch(accounts=[] if account_id is None else [account_id])
