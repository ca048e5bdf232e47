"""The one road of online money to an account: call-back, query, statement and a person's word all take it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db import connection

from prewatt.access.audit import UnitOfWork
from prewatt.kernel.clock import estate_clock, machine_now
from prewatt.kernel.errors import Unable
from prewatt.kernel.money import Money
from prewatt.notices.services import load_party, tell_top_up
from prewatt.payments.errors import AccountTakesNoMoney, AlreadyDecided
from prewatt.payments.house import suspense_code
from prewatt.payments.matching import Ordered, mismatch
from prewatt.payments.models import (
    Merchant,
    Order,
    OrderState,
    Payment,
    PaymentKind,
    Unmatched,
    UnmatchedReason,
    UnmatchedState,
    Verdict,
)
from prewatt.payments.providers.values import TradeFact, TradeState
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import finish_payment, lock_paying_account, post_trade, record_payment
from prewatt.payments.services.orders import PAYABLE, mark_credited, mark_expired, mark_failed, mark_paid
from prewatt.payments.services.suspense import Parked, explain_unmatched, lock_trade, mark_matched, park_money
from prewatt.payments.values import PayingAccount, Trade
from prewatt.usecases._money import balance_changed, issue_paper

MATCHED_NOTE = "The order turned up."


class AmountMissing(Unable):
    """The provider says that an order is paid and not how much: it is asked again."""

    code = "amount_missing"


_LOOK_UP: Final = """
SELECT payment.id, paid.id, parked.id, parked.state, parked.order_id,
       o.id, o.account_id, o.merchant_id, o.amount, o.currency, o.state, o.trade_no
FROM (SELECT 1) one
LEFT JOIN payments_payment payment ON payment.channel = %(channel)s AND payment.merchant = %(merchant_no)s
      AND payment.trade_no = %(trade_no)s
LEFT JOIN payments_order paid ON paid.payment_id = payment.id
LEFT JOIN payments_unmatched parked ON parked.channel = %(channel)s AND parked.merchant_no = %(merchant_no)s
      AND parked.trade_no = %(trade_no)s
LEFT JOIN payments_order o ON o.order_no = %(order_no)s
"""


@dataclass(frozen=True, slots=True)
class Credit:
    """What became of a fact: the verdict, the order it named if there is one, and the payment if it is one."""

    verdict: Verdict
    order_id: int | None = None
    payment_id: int | None = None
    unmatched_id: int | None = None


Noted = Callable[[Credit], None]


@dataclass(frozen=True, slots=True)
class _Named:
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
class _Known:
    """What we know of a trade and of the order that it names, under the trade's lock."""

    payment_id: int | None
    payment_order_id: int | None
    unmatched_id: int | None
    unmatched_state: str | None
    unmatched_order_id: int | None
    named: _Named | None


def credit_trade(
    work: UnitOfWork, *, merchant: Merchant, fact: TradeFact, source: str, noted: Noted = lambda _: None
) -> Credit:
    """This function will credit what a provider says was paid: once, whoever says it, however often.

    Only the provider's number of the trade says that it was credited before. Money that fits no order, another amount,
    or an account that takes none is kept in suspense with a case. ``source``: callback, query, statement. ``noted`` is
    told once what becomes of it, while there is time: the receipt's number is drawn after it.
    """
    if fact.state is not TradeState.PAID:
        credit = _not_paid(work, merchant=merchant, fact=fact)
        noted(credit)
        return credit
    if fact.amount is None:
        raise AmountMissing(
            "%(merchant)s says that %(order)s is paid and not how much.", merchant=str(merchant), order=fact.order_no
        )
    parked = Parked(
        trade_no=fact.trade_no, order_no=fact.order_no, amount=fact.amount, reason="", source=source,
        provider_at=fact.paid_at or machine_now(), payer_hint=fact.payer_hint,
    )  # fmt: skip
    credit = _decide(work, merchant=merchant, parked=parked, noted=noted)
    if credit.verdict is not Verdict.CREDITED:
        noted(credit)
    return credit


def match_parked(work: UnitOfWork, *, row: Unmatched) -> Credit:
    """This function will try again to find the order of money in suspense: it may have appeared since."""
    return _decide(work, merchant=row.merchant, parked=_parked(row), noted=lambda _: None)


def credit_parked(work: UnitOfWork, *, row: Unmatched, account_id: int, note: str) -> Payment:
    """This function will credit money in suspense to the account that a person names.

    The order that it came for, if it is of that account, is credited with it. Raises AccountTakesNoMoney,
    AlreadyDecided.
    """
    merchant, parked = row.merchant, _parked(row)
    known = _look_up(merchant, parked)
    if known.unmatched_state != UnmatchedState.OPEN:
        raise AlreadyDecided("This amount was dealt with before.", hint="Reload the list.")
    paying = lock_paying_account(account_id=account_id)
    named = known.named
    is_its_own = named is not None and named.account_id == account_id and named.is_open_for(row.trade_no)
    house = suspense_code(currency=row.currency, home=paying.ledger_balance.currency)
    payment = _credit(
        work, paying=paying, merchant=merchant, parked=parked, house=house,
        order_id=named.order_id if named is not None and is_its_own else None, noted=lambda _: None,
    )  # fmt: skip
    mark_matched(row=row, payment=payment, note=note, now=work.now)
    return payment


def _parked(row: Unmatched) -> Parked:
    return Parked(
        trade_no=row.trade_no, order_no=row.order_no, amount=Money(row.amount, row.currency), reason=row.reason,
        source=row.source, provider_at=row.provider_at or machine_now(), payer_hint=row.payer_hint,
    )  # fmt: skip


def _look_up(merchant: Merchant, parked: Parked) -> _Known:
    """This function will let nobody else decide about the trade, then say what is known of it."""
    lock_trade(channel=merchant.channel, merchant_no=merchant.merchant_no, trade_no=parked.trade_no)
    with connection.cursor() as cursor:
        cursor.execute(
            _LOOK_UP,
            {
                "channel": merchant.channel, "merchant_no": merchant.merchant_no, "trade_no": parked.trade_no,
                "order_no": parked.order_no,
            },
        )  # fmt: skip
        row = cursor.fetchone()
    named = None
    if row[5] is not None:
        named = _Named(row[5], row[6], row[7], Money(row[8], row[9]), row[10], row[11])
    return _Known(row[0], row[1], row[2], row[3], row[4], named)


def _decide(work: UnitOfWork, *, merchant: Merchant, parked: Parked, noted: Noted) -> Credit:
    """This function will credit the order that fits, or leave or put the money in suspense."""
    known = _look_up(merchant, parked)
    if known.payment_id is not None:
        return Credit(Verdict.REPEATED, order_id=known.payment_order_id, payment_id=known.payment_id)
    if known.unmatched_id is not None and known.unmatched_state != UnmatchedState.OPEN:
        return Credit(Verdict.REPEATED, order_id=known.unmatched_order_id, unmatched_id=known.unmatched_id)
    named = known.named
    reason = mismatch(ordered=_ordered(named, parked), merchant_id=merchant.pk, amount=parked.amount)
    if named is None or reason:
        return _park(merchant, replace(parked, reason=reason), known, work.now)
    try:
        paying = lock_paying_account(account_id=named.account_id)
    except AccountTakesNoMoney:
        return _park(merchant, replace(parked, reason=UnmatchedReason.NO_MONEY), known, work.now)
    if not _still_open(named, parked.trade_no):
        return _park(merchant, replace(parked, reason=UnmatchedReason.PAID_TWICE), known, work.now)
    home = paying.ledger_balance.currency
    house = suspense_code(currency=parked.amount.currency, home=home) if known.unmatched_id is not None else ""
    payment = _credit(
        work, paying=paying, parked=parked, merchant=merchant, house=house, order_id=named.order_id, noted=noted
    )  # fmt: skip
    if known.unmatched_id is not None:
        row = Unmatched.objects.get(pk=known.unmatched_id)
        mark_matched(row=row, payment=payment, note=MATCHED_NOTE, now=work.now)
    return Credit(Verdict.CREDITED, order_id=named.order_id, payment_id=payment.pk)


def _ordered(named: _Named | None, parked: Parked) -> Ordered | None:
    if named is None:
        return None
    return Ordered(named.merchant_id, named.amount, named.is_open_for(parked.trade_no))


def _still_open(named: _Named, trade_no: str) -> bool:
    """This function will look again, under the account's lock, whether somebody paid the order meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, trade_no FROM payments_order WHERE id = %s", [named.order_id])
        state, paid_by = cursor.fetchone()
    return replace(named, state=state, paid_by=paid_by).is_open_for(trade_no)


def _park(merchant: Merchant, parked: Parked, known: _Known, now: datetime) -> Credit:
    order = None
    if known.named is not None:
        order = Order.objects.select_related("site__scope").get(pk=known.named.order_id)
    order_id = order.pk if order is not None else None
    if known.unmatched_id is not None:
        if order_id != known.unmatched_order_id:
            row = Unmatched.objects.get(pk=known.unmatched_id)
            explain_unmatched(row=row, order=order, reason=parked.reason)
        return Credit(Verdict.REPEATED, order_id=order_id, unmatched_id=known.unmatched_id)
    row = park_money(merchant=merchant, order=order, parked=parked, now=now)
    if order is not None and parked.reason not in {UnmatchedReason.PAID_TWICE, UnmatchedReason.OTHER_MERCHANT}:
        mark_paid(
            order=order, trade_no=parked.trade_no, provider_at=parked.provider_at,
            paid_at=_estate(parked.provider_at, now),
        )  # fmt: skip
    return Credit(Verdict.PARKED, order_id=order_id, unmatched_id=row.pk)


def _credit(
    work: UnitOfWork,
    *,
    paying: PayingAccount,
    merchant: Merchant,
    parked: Parked,
    house: str,
    order_id: int | None,
    noted: Noted,
) -> Payment:
    """This function will write the payment, post it, let supply look again and issue the receipt, its number last."""
    trade = Trade(
        PaymentKind.TOP_UP, parked.amount, merchant.channel, parked.trade_no, merchant=merchant.merchant_no
    )  # fmt: skip
    payment, created = record_payment(
        account_id=paying.account_id, site_id=paying.site_id, trade=trade, received_at=work.now
    )
    if not created:
        raise RuntimeError(f"the trade {parked.trade_no} was credited under another's lock")
    entry = post_trade(paying=paying, trade=trade, now=work.now, memo={"trade_no": trade.trade_no}, house=house)
    balance = paying.balance + trade.amount
    if order_id is not None:
        mark_credited(
            order_id=order_id, payment=payment, provider_at=parked.provider_at, now=work.now,
            paid_at=_estate(parked.provider_at, work.now),
        )  # fmt: skip
    balance_changed(work, paying=paying)
    facts = PaperFacts(
        amount=trade.amount, balance_before=paying.balance, balance_after=balance, at=work.now, by="",
        channel=trade.channel, payment_public_id=str(payment.public_id), trade_no=trade.trade_no,
    )  # fmt: skip
    party = load_party(account_id=paying.account_id)
    noted(Credit(Verdict.CREDITED, order_id=order_id, payment_id=payment.pk))
    paper = issue_paper(
        work, paying=paying, kind="receipt", point=trade.point, entry_id=entry.entry_id,
        subject=("payment", str(payment.public_id)), facts=facts,
    )  # fmt: skip
    finish_payment(payment=payment, entry_id=entry.entry_id, document=paper)
    tell_top_up(
        party=party, amount=trade.amount, available=balance + paying.allowed_credit,
        payment_key=str(payment.public_id), receipt=paper.number_text, now=work.now,
    )  # fmt: skip
    return payment


def _not_paid(work: UnitOfWork, *, merchant: Merchant, fact: TradeFact) -> Credit:
    """This function will keep what else the provider says of an order: closed, given back, or not known there."""
    order = Order.objects.filter(order_no=fact.order_no, merchant=merchant).first()
    if order is None:
        return Credit(Verdict.NOT_PAID)
    if fact.state is TradeState.CLOSED or (fact.state is TradeState.UNKNOWN and machine_now() >= order.expires_at):
        mark_expired(order=order, now=work.now)
    elif fact.state is TradeState.REFUNDED:
        mark_failed(order=order, error="refunded_at_provider", now=work.now)
    return Credit(Verdict.NOT_PAID, order_id=order.pk)


def _estate(at: datetime, now: datetime) -> datetime:
    """This function will turn the provider's instant into estate time, never later than now."""
    return min(estate_clock().estate_at(at), now)
