"""Money that fits no order: kept in the books' suspense, settled by an order that turns up or by a person."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from prewatt.access.audit import require_unit_of_work
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Severity
from prewatt.cases.services import close_case, open_case
from prewatt.estate.models import Site
from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date
from prewatt.ledger.queries import find_book
from prewatt.ledger.services import PostingLine, booking_date_for, house_account, post_entry
from prewatt.payments.errors import AlreadyDecided
from prewatt.payments.house import House, house_code, suspense_code
from prewatt.payments.models import Merchant, Order, Unmatched, UnmatchedState

SUBJECT = "unmatched"


@dataclass(frozen=True, slots=True)
class Parked:
    """Money as the provider names it, and why it was not credited. ``provider_at`` is machine time."""

    trade_no: str
    order_no: str
    amount: Money
    reason: str
    source: str
    provider_at: datetime
    payer_hint: str = ""


def park_money(*, merchant: Merchant, order: Order | None, parked: Parked, now: datetime) -> Unmatched:
    """This function will book money into suspense and open a case. The caller holds the trade's lock."""
    require_unit_of_work()
    site = order.site if order is not None else merchant.site
    channel, amount = merchant.channel, parked.amount
    entry_id = move_suspense(
        site=site, cause_key=f"suspense:{channel}:{merchant.merchant_no}:{parked.trade_no}", amount=amount, now=now,
        against=house_code(House.TAKINGS, channel=channel, currency=amount.currency, home=site.currency),
        channel=channel,
    )  # fmt: skip
    row = Unmatched.objects.create(
        merchant=merchant, site=site, channel=channel, merchant_no=merchant.merchant_no, trade_no=parked.trade_no,
        order_no=parked.order_no[:64], order=order, amount=amount.minor, currency=amount.currency,
        reason=parked.reason, source=parked.source, entry_id=entry_id, received_at=now,
        provider_at=parked.provider_at, payer_hint=parked.payer_hint[:80],
    )  # fmt: skip
    open_case(
        scope=site.scope, kind=Kind.MONEY_UNMATCHED, subject_kind=SUBJECT, subject_id=str(row.public_id),
        subject_label=parked.trade_no, severity=Severity.URGENT, now=now,
        detail={"channel": channel, "amount": str(amount), "reason": parked.reason, "order": parked.order_no[:64]},
    )  # fmt: skip
    return row


def move_suspense(*, site: Site, cause_key: str, amount: Money, against: str, channel: str, now: datetime) -> int:
    """This function will move an amount into suspense, or out of it below zero, against another house account."""
    require_unit_of_work()
    book_id = find_book(code=site.code)
    if book_id is None:
        raise RuntimeError(f"site {site.code} has no book")
    suspense = house_account(
        book_id=book_id, code=suspense_code(currency=amount.currency, home=site.currency), currency=amount.currency
    )
    other = house_account(book_id=book_id, code=against, currency=amount.currency)
    wanted = local_date(now, ZoneInfo(site.time_zone))
    return post_entry(
        book_id=book_id, kind="suspense", cause_key=cause_key, occurred_at=now,
        inputs={"site": site.code, "channel": channel, "amount": amount, "against": against},
        booking_date=booking_date_for(book_id=book_id, wanted=wanted),
        postings=[PostingLine(suspense, amount), PostingLine(other, -amount)], memo={"channel": channel},
    ).entry_id  # fmt: skip


def mark_matched(*, row: Unmatched, payment_id: int, note: str, now: datetime) -> None:
    """This function will say that money in suspense was credited, and close its case. Raises AlreadyDecided."""
    work = require_unit_of_work()
    _change(row, UnmatchedState.OPEN, UnmatchedState.CREDITED, payment_id=payment_id, settled_at=now,
            settled_by=work.actor.user, note=note[:300])  # fmt: skip
    _close(row, note, now)


def mark_refunding(*, row: Unmatched) -> None:
    """This function will say that money in suspense is asked to be given back. Raises AlreadyDecided."""
    _change(row, UnmatchedState.OPEN, UnmatchedState.REFUNDING)


def mark_open_again(*, row: Unmatched) -> None:
    """This function will say that money in suspense was not given back after all."""
    _change(row, UnmatchedState.REFUNDING, UnmatchedState.OPEN)


def mark_refunded(*, row: Unmatched, note: str, now: datetime) -> None:
    """This function will say that money in suspense went back to its payer, and close its case."""
    work = require_unit_of_work()
    _change(row, UnmatchedState.REFUNDING, UnmatchedState.REFUNDED, settled_at=now, settled_by=work.actor.user,
            note=note[:300])  # fmt: skip
    _close(row, note, now)


def explain_unmatched(*, row: Unmatched, order: Order | None, reason: str) -> None:
    """This function will keep the better reason that is known now why money stays in suspense."""
    require_unit_of_work()
    Unmatched.objects.filter(pk=row.pk).update(order=order, reason=reason)


def _change(row: Unmatched, before: UnmatchedState, after: UnmatchedState, **fields: object) -> None:
    require_unit_of_work()
    if Unmatched.objects.filter(pk=row.pk, state=before).update(state=after, **fields) != 1:
        raise AlreadyDecided("This amount was dealt with before.", hint="Reload the list.")


def _close(row: Unmatched, note: str, now: datetime) -> None:
    close_case(
        kind=Kind.MONEY_UNMATCHED, subject_kind=SUBJECT, subject_id=str(row.public_id), now=now, note=note
    )  # fmt: skip
