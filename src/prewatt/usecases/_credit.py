"""The one road of online money to an account: call-back, query, statement and a person's word all take it."""

from dataclasses import dataclass, replace
from datetime import datetime

from prewatt.access.audit import UnitOfWork
from prewatt.kernel.clock import estate_clock, machine_now
from prewatt.kernel.errors import Unable
from prewatt.kernel.money import Money
from prewatt.notices.services import tell_top_up
from prewatt.payments.errors import AccountTakesNoMoney
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
from prewatt.usecases._money import balance_changed, balance_under_lock, issue_paper

MATCHED_NOTE = "The order turned up."


class AmountMissing(Unable):
    """The provider says that an order is paid and not how much: it is asked again."""

    code = "amount_missing"


@dataclass(frozen=True, slots=True)
class Credit:
    """What became of a fact: the verdict, the order it named if there is one, and the payment if it is one."""

    verdict: Verdict
    order_id: int | None = None
    payment_id: int | None = None
    unmatched_id: int | None = None


def credit_trade(work: UnitOfWork, *, merchant: Merchant, fact: TradeFact, source: str) -> Credit:
    """This function will credit what a provider says was paid: once, whoever says it, however often.

    Only the provider's number of the trade says that it was credited before. Money that fits no order, another amount,
    or an account that takes none is kept in suspense with a case. ``source``: callback, query, statement.
    """
    if fact.state is not TradeState.PAID:
        return _not_paid(work, merchant=merchant, fact=fact)
    if fact.amount is None:
        raise AmountMissing(f"{merchant} says that {fact.order_no} is paid and not how much.")
    lock_trade(channel=merchant.channel, merchant_no=merchant.merchant_no, trade_no=fact.trade_no)
    known = _find_payment(merchant, fact.trade_no)
    if known is not None:
        return Credit(Verdict.REPEATED, order_id=_order_of(known), payment_id=known.pk)
    row = Unmatched.objects.filter(
        channel=merchant.channel, merchant_no=merchant.merchant_no, trade_no=fact.trade_no
    ).first()
    if row is not None and row.state != UnmatchedState.OPEN:
        return Credit(Verdict.REPEATED, order_id=row.order_id, unmatched_id=row.pk)
    parked = Parked(
        trade_no=fact.trade_no, order_no=fact.order_no, amount=fact.amount, reason="", source=source,
        provider_at=fact.paid_at or machine_now(), payer_hint=fact.payer_hint,
    )  # fmt: skip
    return _match(work, merchant=merchant, parked=parked, row=row)


def match_parked(work: UnitOfWork, *, row: Unmatched) -> Credit:
    """This function will try again to find the order of money in suspense: it may have appeared since."""
    merchant = row.merchant
    lock_trade(channel=merchant.channel, merchant_no=merchant.merchant_no, trade_no=row.trade_no)
    row = Unmatched.objects.select_related("merchant").get(pk=row.pk)
    if row.state != UnmatchedState.OPEN:
        return Credit(Verdict.REPEATED, order_id=row.order_id, unmatched_id=row.pk)
    return _match(work, merchant=merchant, parked=_parked(row), row=row)


def credit_parked(work: UnitOfWork, *, row: Unmatched, account_id: int, note: str) -> Payment:
    """This function will credit money in suspense to the account that a person names.

    The order that it came for, if it is of that account, is credited with it. Raises AccountTakesNoMoney,
    AlreadyDecided.
    """
    lock_trade(channel=row.channel, merchant_no=row.merchant_no, trade_no=row.trade_no)
    paying = lock_paying_account(account_id=account_id)
    order = Order.objects.filter(unmatched=row, account=account_id).first()
    if order is not None and not _is_open(order.state, order.trade_no, row.trade_no):
        order = None
    house = suspense_code(currency=row.currency, home=paying.ledger_balance.currency)
    payment = _credit(work, paying=paying, parked=_parked(row), merchant=row.merchant, house=house, order=order)
    mark_matched(row=row, payment=payment, note=note, now=work.now)
    return payment


def _parked(row: Unmatched) -> Parked:
    return Parked(
        trade_no=row.trade_no, order_no=row.order_no, amount=Money(row.amount, row.currency), reason=row.reason,
        source=row.source, provider_at=row.provider_at or machine_now(), payer_hint=row.payer_hint,
    )  # fmt: skip


def _match(work: UnitOfWork, *, merchant: Merchant, parked: Parked, row: Unmatched | None) -> Credit:
    """This function will credit the order that fits, or leave or put the money in suspense."""
    order = Order.objects.select_related("site__scope").filter(order_no=parked.order_no).first()
    paying, reason = None, mismatch(ordered=_ordered(order, parked), merchant_id=merchant.pk, amount=parked.amount)
    if order is not None and not reason:
        paying, reason = _lock(order, parked)
    if order is None or paying is None:
        return _park(merchant, replace(parked, reason=reason), row, order, work.now)
    house = suspense_code(currency=parked.amount.currency, home=order.site.currency) if row is not None else ""
    payment = _credit(work, paying=paying, parked=parked, merchant=merchant, house=house, order=order)
    if row is not None:
        mark_matched(row=row, payment=payment, note=MATCHED_NOTE, now=work.now)
    return Credit(Verdict.CREDITED, order_id=order.pk, payment_id=payment.pk)


def _ordered(order: Order | None, parked: Parked) -> Ordered | None:
    if order is None:
        return None
    is_open = _is_open(order.state, order.trade_no, parked.trade_no)
    return Ordered(order.merchant_id, Money(order.amount, order.currency), is_open)


def _is_open(state: str, paid_by: str, trade_no: str) -> bool:
    """This function will say whether the trade may pay the order: nobody has, or just this trade, into suspense."""
    return state in PAYABLE or (state == OrderState.PAID and paid_by == trade_no)


def _lock(order: Order, parked: Parked) -> tuple[PayingAccount | None, str]:
    """This function will lock the order's account, then look whether somebody paid the order meanwhile."""
    try:
        paying = lock_paying_account(account_id=order.account_id)
    except AccountTakesNoMoney:
        return None, UnmatchedReason.NO_MONEY
    state, paid_by = Order.objects.values_list("state", "trade_no").get(pk=order.pk)
    if _is_open(state, paid_by, parked.trade_no):
        return paying, ""
    return None, UnmatchedReason.PAID_TWICE


def _park(merchant: Merchant, parked: Parked, row: Unmatched | None, order: Order | None, now: datetime) -> Credit:
    if row is not None:
        if row.reason != parked.reason or row.order_id != (order.pk if order is not None else None):
            explain_unmatched(row=row, order=order, reason=parked.reason)
        return Credit(Verdict.REPEATED, order_id=row.order_id, unmatched_id=row.pk)
    row = park_money(merchant=merchant, order=order, parked=parked, now=now)
    if order is not None and parked.reason not in {UnmatchedReason.PAID_TWICE, UnmatchedReason.OTHER_MERCHANT}:
        mark_paid(
            order=order, trade_no=parked.trade_no, provider_at=parked.provider_at,
            paid_at=_estate(parked.provider_at, now),
        )  # fmt: skip
    return Credit(Verdict.PARKED, order_id=order.pk if order is not None else None, unmatched_id=row.pk)


def _credit(
    work: UnitOfWork, *, paying: PayingAccount, merchant: Merchant, parked: Parked, house: str, order: Order | None
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
    balance = balance_under_lock(paying=paying)
    if order is not None:
        mark_credited(
            order=order, payment=payment, provider_at=parked.provider_at, now=work.now,
            paid_at=_estate(parked.provider_at, work.now),
        )  # fmt: skip
    balance_changed(work, paying=paying)
    facts = PaperFacts(
        amount=trade.amount, balance_before=paying.balance, balance_after=balance, at=work.now, by="",
        channel=trade.channel, payment_public_id=str(payment.public_id), trade_no=trade.trade_no,
    )  # fmt: skip
    paper = issue_paper(
        work, paying=paying, kind="receipt", point=trade.point, entry_id=entry.entry_id,
        subject=("payment", str(payment.public_id)), facts=facts,
    )  # fmt: skip
    finish_payment(payment=payment, entry_id=entry.entry_id, document=paper)
    tell_top_up(
        account_id=paying.account_id, amount=trade.amount, available=balance + paying.allowed_credit,
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


def _find_payment(merchant: Merchant, trade_no: str) -> Payment | None:
    return Payment.objects.filter(
        channel=merchant.channel, merchant=merchant.merchant_no, trade_no=trade_no
    ).first()  # fmt: skip


def _order_of(payment: Payment) -> int | None:
    return Order.objects.filter(payment=payment).values_list("pk", flat=True).first()


def _estate(at: datetime, now: datetime) -> datetime:
    """This function will turn the provider's instant into estate time, never later than now."""
    return min(estate_clock().estate_at(at), now)
