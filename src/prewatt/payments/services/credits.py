"""Online credits: what is known of a trade under its lock, and what is written once it is in the books."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.kernel.money import Money
from prewatt.ledger.hashing import hash_inputs
from prewatt.ledger.values import PartyState
from prewatt.payments.models import Merchant, OrderState
from prewatt.payments.services.orders import PAYABLE
from prewatt.payments.services.trades import trade_inputs
from prewatt.payments.values import PayingAccount, Trade
from prewatt.tenancy.models import AccountState, PaymentMode

_BEGIN: Final = "SELECT * FROM prewatt_begin_credit(%s, %s, %s, %s, %s, %s, %s, %s)"
_NOBODY: Final = -1
"""Stands for no merchant: then no order fits, and no account is locked."""
_PAYMENT: Final = """
INSERT INTO payments_payment (public_id, site_id, account_id, kind, channel, merchant, trade_no, amount, currency,
                              received_at, till, refunded, input_hash, entry_id, document_id)
VALUES (%(public_id)s, %(site)s, %(account)s, %(kind)s, %(channel)s, %(merchant)s, %(trade_no)s, %(amount)s,
        %(currency)s, %(now)s, '', 0, %(input_hash)s, %(entry)s, %(document)s) RETURNING id
"""
_PAYMENT_OF_ORDER: Final = """
WITH payment AS (
    INSERT INTO payments_payment (public_id, site_id, account_id, kind, channel, merchant, trade_no, amount, currency,
                                  received_at, till, refunded, input_hash, entry_id, document_id)
    VALUES (%(public_id)s, %(site)s, %(account)s, %(kind)s, %(channel)s, %(merchant)s, %(trade_no)s, %(amount)s,
            %(currency)s, %(now)s, '', 0, %(input_hash)s, %(entry)s, %(document)s) RETURNING id)
UPDATE payments_order o SET state = 'credited', payment_id = payment.id, trade_no = %(trade_no)s,
       provider_at = %(provider_at)s, paid_at = %(paid_at)s, credited_at = %(now)s, ended_at = NULL,
       next_query_at = NULL, error = ''
  FROM payment WHERE o.id = %(order)s AND o.payment_id IS NULL RETURNING payment.id
"""


@dataclass(frozen=True, slots=True)
class NamedOrder:
    """The order that a trade names, as it stands."""

    order_id: int
    account_id: int
    merchant_id: int
    amount: Money
    state: str
    paid_by: str

    def is_open_for(self, trade_no: str) -> bool:
        """This method will say whether the trade may pay the order: nobody has, or just this one, into suspense."""
        return self.state in PAYABLE or (self.state == OrderState.PAID and self.paid_by == trade_no)


@dataclass(frozen=True, slots=True)
class KnownTrade:
    """What we know of a trade, under its lock. ``paying`` is locked, and there only where the order fits the trade.

    An order that fits and has no ``paying`` is of an account that takes no money.
    """

    payment_id: int | None
    payment_order_id: int | None
    unmatched_id: int | None
    unmatched_state: str | None
    unmatched_order_id: int | None
    named: NamedOrder | None
    paying: PayingAccount | None
    party: PartyState | None


@dataclass(frozen=True, slots=True)
class Credited:
    """An online credit that is in the books: what remains is to write it down. ``provider_at`` is machine time."""

    payment_public_id: UUID
    entry_id: int
    document_id: int
    order_id: int | None
    provider_at: datetime
    paid_at: datetime


def lock_key(*, channel: str, merchant_no: str, trade_no: str) -> int:
    """This function will return the key of the lock under which one transaction at a time decides about a trade.

    Its payment's and its suspense row's keys are unique each, but only this keeps it from being both.
    """
    digest = hashlib.sha256(f"trade:{channel}:{merchant_no}:{trade_no}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def begin_credit(
    *, merchant: Merchant, trade_no: str, order_no: str, amount: Money, with_account: bool = True
) -> KnownTrade:
    """This function will let nobody else decide about the trade, and say what is known of it and of its order.

    Where the order fits, its account is locked too, and the order is read again behind that lock. Without
    ``with_account`` no account is locked: a person chooses one.
    """
    require_unit_of_work()
    key = lock_key(channel=merchant.channel, merchant_no=merchant.merchant_no, trade_no=trade_no)
    with connection.cursor() as cursor:
        cursor.execute(
            _BEGIN,
            [
                key, merchant.channel, merchant.merchant_no, merchant.pk if with_account else _NOBODY, trade_no,
                order_no, amount.minor, amount.currency,
            ],
        )  # fmt: skip
        row = cursor.fetchone()
    named = None
    if row[5] is not None:
        named = NamedOrder(row[5], row[6], row[7], Money(row[8], row[9]), row[10], row[11])
    takes_money = row[12] == AccountState.OPEN and row[13] != PaymentMode.OWN_USE
    paying, party = _paying(row) if takes_money and named is not None else (None, None)
    return KnownTrade(row[0], row[1], row[2], row[3], row[4], named, paying, party)


def write_credit(*, paying: PayingAccount, trade: Trade, credited: Credited, now: datetime) -> int:
    """This function will write the payment down and tie its order to it, and return the payment's row number.

    The caller holds the trade's and the account's lock and saw the order unpaid.
    """
    require_unit_of_work()
    inputs = trade_inputs(account_id=paying.account_id, trade=trade)
    row: dict[str, Any] = {
        "public_id": credited.payment_public_id, "site": paying.site_id, "account": paying.account_id,
        "kind": str(trade.kind), "channel": trade.channel, "merchant": trade.merchant, "trade_no": trade.trade_no,
        "amount": trade.amount.minor, "currency": trade.amount.currency, "now": now,
        "input_hash": hash_inputs("payment", inputs), "entry": credited.entry_id, "document": credited.document_id,
        "order": credited.order_id, "provider_at": credited.provider_at, "paid_at": credited.paid_at,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENT if credited.order_id is None else _PAYMENT_OF_ORDER, row)
        found = cursor.fetchone()
    if found is None:
        raise RuntimeError(f"order {credited.order_id} was credited twice")
    return int(found[0])


def _paying(row: tuple[Any, ...]) -> tuple[PayingAccount, PartyState]:
    """This function will read the locked account and its bucket."""
    public_id, number, currency, accrued, allowed_credit, site_id, site_code, zone = row[14:22]
    ledger_account_id, book_id, balance, last_seq, floor_minor, ledger_currency, book_code = row[22:29]
    if book_code != site_code:
        raise RuntimeError(f"account {number} has its money in the book {book_code}, its site is {site_code}")
    paying = PayingAccount(
        account_id=row[6], account_public_id=public_id, number=number, site_id=site_id, site_code=site_code,
        book_id=book_id, ledger_account_id=ledger_account_id, ledger_balance=Money(balance, ledger_currency),
        accrued=Money(accrued, currency), allowed_credit=Money(allowed_credit, currency), zone=ZoneInfo(zone),
    )  # fmt: skip
    return paying, PartyState(ledger_account_id, book_id, ledger_currency, balance, last_seq, floor_minor)
