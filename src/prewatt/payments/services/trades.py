"""Trades written down once, and moved into the books, inside a unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.ledger.hashing import hash_inputs
from prewatt.ledger.services import (
    PostingLine,
    booking_date_for,
    house_account,
    post_entry,
    reverse_entry,
)
from prewatt.ledger.values import DocumentValue, EntryResult, PartyState
from prewatt.payments.errors import AccountTakesNoMoney, BadPayment, PaymentReversed, TradeConflict, UnknownPayment
from prewatt.payments.models import DESK_CHANNELS, ONLINE_CHANNELS, Payment, PaymentKind
from prewatt.payments.values import PayingAccount, Trade
from prewatt.tenancy.models import AccountState, PaymentMode

CLEARED_BALANCES = "cleared_balances"
"""House account against which balances are cleared to zero."""
_LOCK_ACCOUNT = """
SELECT account.state, account.payment_mode, account.public_id, account.number, account.currency, account.accrued,
       account.allowed_credit, site.id, site.code, site.time_zone
FROM tenancy_account account JOIN estate_site site ON site.id = account.site_id
WHERE account.id = %s FOR NO KEY UPDATE OF account
"""
_LOCK_BUCKET = """
SELECT ledger.id, ledger.book_id, ledger.balance, ledger.currency, book.code
FROM tenancy_bucket bucket
JOIN ledger_ledgeraccount ledger ON ledger.id = bucket.ledger_account_id AND ledger.kind = 'party'
JOIN ledger_book book ON book.id = ledger.book_id
WHERE bucket.account_id = %s AND bucket.kind = 'cash' AND bucket.medium = 'electricity' FOR NO KEY UPDATE OF ledger
"""
_INSERT = """
INSERT INTO payments_payment (public_id, site_id, account_id, kind, channel, merchant, trade_no, amount, currency,
                              received_at, till, refunded, input_hash, taken_by_id)
VALUES (%(public_id)s, %(site)s, %(account)s, %(kind)s, %(channel)s, %(merchant)s, %(trade_no)s, %(amount)s,
        %(currency)s, %(now)s, %(till)s, 0, %(input_hash)s, %(taken_by)s)
ON CONFLICT (channel, merchant, trade_no) DO NOTHING RETURNING id
"""
_FINISH = "UPDATE payments_payment SET entry_id = %s, document_id = %s WHERE id = %s AND entry_id IS NULL"


def record_payment(*, account_id: int, site_id: int, trade: Trade, received_at: datetime) -> tuple[Payment, bool]:
    """This function will write the trade down, or find it written, and say whether this call wrote it.

    It waits for another transaction that is writing the same trade. Raises TradeConflict when the trade was another.
    """
    work = require_unit_of_work()
    channels = sorted(ONLINE_CHANNELS if trade.merchant else DESK_CHANNELS)
    if trade.channel not in channels:
        raise BadPayment(
            "%(channel)r is not a channel.", hint="Use one of %(known)s.",
            channel=trade.channel, known=", ".join(channels),
        )  # fmt: skip
    inputs = trade_inputs(account_id=account_id, trade=trade)
    row: dict[str, Any] = {
        "public_id": uuid7(), "site": site_id, "account": account_id, "kind": PaymentKind(trade.kind).value,
        "channel": trade.channel, "merchant": trade.merchant, "trade_no": trade.trade_no,
        "amount": trade.amount.minor, "currency": trade.amount.currency, "now": received_at, "till": trade.till,
        "input_hash": hash_inputs("payment", inputs),
        "taken_by": work.actor.user.pk if work.actor.user is not None else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, row)
        inserted = cursor.fetchone()
    if inserted is not None:
        return _written(inserted[0], row), True
    known = Payment.objects.get(channel=trade.channel, merchant=trade.merchant, trade_no=trade.trade_no)
    if known.input_hash != row["input_hash"]:
        raise TradeConflict(
            "This trade was taken before with another account or amount.", hint="Open the form again for a new payment."
        )
    return known, False


def _written(payment_id: int, row: Mapping[str, Any]) -> Payment:
    """This function will return the row that was just inserted, without reading it back."""
    return Payment(
        pk=payment_id, public_id=row["public_id"], site_id=row["site"], account_id=row["account"], kind=row["kind"],
        channel=row["channel"], merchant=row["merchant"], trade_no=row["trade_no"], amount=row["amount"],
        currency=row["currency"], received_at=row["now"], till=row["till"], input_hash=row["input_hash"],
        taken_by_id=row["taken_by"],
    )  # fmt: skip


def trade_inputs(*, account_id: int, trade: Trade) -> dict[str, Any]:
    """This function will return the facts that make a trade the same trade."""
    return {"account": account_id, "kind": trade.kind, "amount": trade.amount}


def lock_paying_account(*, account_id: int, must_be_open: bool = True) -> PayingAccount:
    """This function will lock an account's row and its bucket of cash, and return how it stands. In this order.

    ``must_be_open`` false: money that could not leave goes back, whatever became of the account. Raises
    AccountTakesNoMoney.
    """
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_ACCOUNT, [account_id])
        account = cursor.fetchone()
    if account is None or (must_be_open and account[0] != AccountState.OPEN):
        raise AccountTakesNoMoney(
            "The account is closed, or there is none.", hint="Look for the tenant's open account."
        )
    _, mode, public_id, number, currency, accrued, allowed_credit, site_id, site_code, zone = account
    if mode == PaymentMode.OWN_USE:
        raise AccountTakesNoMoney("The account is the operator's own use.", hint="No money is paid for it.")
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_BUCKET, [account_id])
        ledger_account_id, book_id, balance, ledger_currency, book_code = cursor.fetchone()
    if book_code != site_code:
        raise RuntimeError(f"account {number} has its money in the book {book_code}, its site is {site_code}")
    return PayingAccount(
        account_id=account_id, account_public_id=public_id, number=number, site_id=site_id, site_code=site_code,
        book_id=book_id, ledger_account_id=ledger_account_id, ledger_balance=Money(balance, ledger_currency),
        accrued=Money(accrued, currency), allowed_credit=Money(allowed_credit, currency), zone=ZoneInfo(zone),
    )  # fmt: skip


def post_trade(
    *,
    paying: PayingAccount,
    trade: Trade,
    now: datetime,
    memo: Mapping[str, Any],
    house: str = "",
    locked: PartyState | None = None,
) -> EntryResult:
    """This function will move a trade's money between its channel's takings, or another ``house`` account, and a party.

    The entry holds nothing that chance made, so that the same history has the same seals. ``locked``: how the party
    stands, where the trade is known to be new.
    """
    sign = 1 if trade.kind == PaymentKind.TOP_UP else -1
    booking = _Booking(
        kind=trade.kind, cause_key=trade.cause_key, house=house or f"takings:{trade.channel}",
        amount=Money(sign * trade.amount.minor, trade.amount.currency),
        inputs={"site": paying.site_code, "account": paying.number, "channel": trade.channel, "amount": trade.amount},
        memo={"channel": trade.channel, "till": trade.till, **memo},
    )  # fmt: skip
    return _post(paying=paying, booking=booking, now=now, locked=locked)


def post_clearing(*, paying: PayingAccount, cause_key: str, now: datetime, memo: Mapping[str, Any]) -> EntryResult:
    """This function will post what brings the balance, with the use that is not charged yet, to zero."""
    booking = _Booking(
        kind="clearing", cause_key=cause_key, house=CLEARED_BALANCES, amount=-paying.balance,
        inputs={"site": paying.site_code, "account": paying.number}, memo=memo,
    )  # fmt: skip
    return _post(paying=paying, booking=booking, now=now)


def finish_payment(*, payment: Payment, entry_id: int, document: DocumentValue) -> None:
    """This function will tie a trade to its entry and its paper."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [entry_id, document.id, payment.pk])


def mark_reversed(*, payment: Payment, now: datetime) -> None:
    """This function will mark a trade as reversed. Raises PaymentReversed when it is."""
    require_unit_of_work()
    if Payment.objects.filter(pk=payment.pk, reversed_at=None).update(reversed_at=now) != 1:
        raise PaymentReversed("The payment was reversed before.", hint="Look at the ledger: it shows the reversal.")


def reverse_trade(*, paying: PayingAccount, payment: Payment, now: datetime, memo: Mapping[str, Any]) -> EntryResult:
    """This function will post the mirror of a trade's entry. Raises UnknownPayment when it has none."""
    if payment.entry_id is None:
        raise UnknownPayment("The payment is not in the books.")
    return reverse_entry(
        entry_id=payment.entry_id, cause_key=f"reversal:{payment.channel}:{payment.merchant}:{payment.trade_no}",
        inputs={"site": paying.site_code, "account": paying.number}, occurred_at=now,
        booking_date=booking_date_for(book_id=paying.book_id, wanted=paying.local_date(now)), memo=memo,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Booking:
    """Money between a party and a house account, and why."""

    kind: str
    cause_key: str
    house: str
    amount: Money
    inputs: Mapping[str, Any]
    memo: Mapping[str, Any]


def _post(*, paying: PayingAccount, booking: _Booking, now: datetime, locked: PartyState | None = None) -> EntryResult:
    amount = booking.amount
    house_id = house_account(book_id=paying.book_id, code=booking.house, currency=amount.currency)
    return post_entry(
        book_id=paying.book_id, kind=booking.kind, cause_key=booking.cause_key, inputs=booking.inputs, occurred_at=now,
        booking_date=booking_date_for(book_id=paying.book_id, wanted=paying.local_date(now)),
        postings=[PostingLine(paying.ledger_account_id, amount), PostingLine(house_id, -amount)], memo=booking.memo,
        locked={locked.ledger_account_id: locked} if locked is not None else None,
    )  # fmt: skip
