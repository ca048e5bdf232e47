"""The one road of online money to an account: call-back, query, statement and a person's word all take it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from prewatt.access.audit import UnitOfWork
from prewatt.kernel.clock import estate_clock, machine_now
from prewatt.kernel.errors import Unable
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.ledger.values import PartyState
from prewatt.notices.services import load_party, tell_top_up
from prewatt.payments.errors import AlreadyDecided
from prewatt.payments.house import suspense_code
from prewatt.payments.matching import Ordered, mismatch
from prewatt.payments.models import (
    Merchant,
    Order,
    Payment,
    PaymentKind,
    Unmatched,
    UnmatchedReason,
    UnmatchedState,
    Verdict,
)
from prewatt.payments.providers.values import TradeFact, TradeState
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import lock_paying_account, post_trade
from prewatt.payments.services.credits import Credited, KnownTrade, NamedOrder, begin_credit, write_credit
from prewatt.payments.services.orders import mark_expired, mark_failed, mark_paid
from prewatt.payments.services.suspense import Parked, explain_unmatched, mark_matched, park_money
from prewatt.payments.values import PayingAccount, Trade
from prewatt.usecases._money import balance_changed, issue_paper

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


Noted = Callable[[Credit], None]


@dataclass(frozen=True, slots=True)
class _Claim:
    """Money that is to be credited: to whom, out of which house account (none: the takings), for which order."""

    merchant: Merchant
    parked: Parked
    paying: PayingAccount
    party: PartyState | None = None
    order_id: int | None = None
    house: str = ""


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
    parked = _parked(row)
    known = begin_credit(
        merchant=row.merchant, trade_no=row.trade_no, order_no=row.order_no, amount=parked.amount, with_account=False
    )
    if known.unmatched_state != UnmatchedState.OPEN:
        raise AlreadyDecided("This amount was dealt with before.", hint="Reload the list.")
    paying, named = lock_paying_account(account_id=account_id), known.named
    is_its_own = named is not None and named.account_id == account_id and named.is_open_for(row.trade_no)
    claim = _Claim(
        row.merchant, parked, paying, order_id=named.order_id if named is not None and is_its_own else None,
        house=suspense_code(currency=row.currency, home=paying.ledger_balance.currency),
    )  # fmt: skip
    payment_id = _credit(work, claim, noted=lambda _: None)
    mark_matched(row=row, payment_id=payment_id, note=note, now=work.now)
    return Payment.objects.get(pk=payment_id)


def _parked(row: Unmatched) -> Parked:
    return Parked(
        trade_no=row.trade_no, order_no=row.order_no, amount=Money(row.amount, row.currency), reason=row.reason,
        source=row.source, provider_at=row.provider_at or machine_now(), payer_hint=row.payer_hint,
    )  # fmt: skip


def _decide(work: UnitOfWork, *, merchant: Merchant, parked: Parked, noted: Noted) -> Credit:
    """This function will credit the order that fits, or leave or put the money in suspense."""
    known = begin_credit(
        merchant=merchant, trade_no=parked.trade_no, order_no=parked.order_no, amount=parked.amount
    )  # fmt: skip
    if known.payment_id is not None:
        return Credit(Verdict.REPEATED, order_id=known.payment_order_id, payment_id=known.payment_id)
    if known.unmatched_id is not None and known.unmatched_state != UnmatchedState.OPEN:
        return Credit(Verdict.REPEATED, order_id=known.unmatched_order_id, unmatched_id=known.unmatched_id)
    named, paying = known.named, known.paying
    reason = mismatch(ordered=_ordered(named, parked), merchant_id=merchant.pk, amount=parked.amount)
    if not reason and paying is None:
        reason = UnmatchedReason.NO_MONEY
    if named is None or paying is None or reason:
        return _park(merchant, replace(parked, reason=reason), known, work.now)
    home = paying.ledger_balance.currency
    house = suspense_code(currency=parked.amount.currency, home=home) if known.unmatched_id is not None else ""
    claim = _Claim(merchant, parked, paying, party=known.party, order_id=named.order_id, house=house)
    payment_id = _credit(work, claim, noted=noted)
    if known.unmatched_id is not None:
        row = Unmatched.objects.get(pk=known.unmatched_id)
        mark_matched(row=row, payment_id=payment_id, note=MATCHED_NOTE, now=work.now)
    return Credit(Verdict.CREDITED, order_id=named.order_id, payment_id=payment_id)


def _ordered(named: NamedOrder | None, parked: Parked) -> Ordered | None:
    if named is None:
        return None
    return Ordered(named.merchant_id, named.amount, named.is_open_for(parked.trade_no))


def _park(merchant: Merchant, parked: Parked, known: KnownTrade, now: datetime) -> Credit:
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


def _credit(work: UnitOfWork, claim: _Claim, *, noted: Noted) -> int:
    """This function will post a trade, let supply look again, issue the receipt and write the payment down.

    The receipt's number is drawn as late as can be: until the commit nobody else can draw one of this channel.
    """
    paying, parked, merchant = claim.paying, claim.parked, claim.merchant
    trade = Trade(PaymentKind.TOP_UP, parked.amount, merchant.channel, parked.trade_no, merchant=merchant.merchant_no)
    entry = post_trade(
        paying=paying, trade=trade, now=work.now, memo={"trade_no": trade.trade_no}, house=claim.house,
        locked=claim.party,
    )  # fmt: skip
    if not entry.created:
        raise RuntimeError(f"the trade {parked.trade_no} was posted under another's lock")
    balance = paying.balance + trade.amount
    balance_changed(work, paying=paying)
    public_id = uuid7()
    facts = PaperFacts(
        amount=trade.amount, balance_before=paying.balance, balance_after=balance, at=work.now, by="",
        channel=trade.channel, payment_public_id=str(public_id), trade_no=trade.trade_no,
    )  # fmt: skip
    party = load_party(account_id=paying.account_id)
    noted(Credit(Verdict.CREDITED, order_id=claim.order_id))
    paper = issue_paper(
        work, paying=paying, kind="receipt", point=trade.point, entry_id=entry.entry_id,
        subject=("payment", str(public_id)), facts=facts,
    )  # fmt: skip
    credited = Credited(
        payment_public_id=public_id, entry_id=entry.entry_id, document_id=paper.id, order_id=claim.order_id,
        provider_at=parked.provider_at, paid_at=_estate(parked.provider_at, work.now),
    )  # fmt: skip
    payment_id = write_credit(paying=paying, trade=trade, credited=credited, now=work.now)
    tell_top_up(
        party=party, amount=trade.amount, available=balance + paying.allowed_credit, payment_key=str(public_id),
        receipt=paper.number_text, now=work.now,
    )  # fmt: skip
    return payment_id


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
