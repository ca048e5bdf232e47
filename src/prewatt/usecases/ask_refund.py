"""Money is asked back through the channel it came by: by the desk or by the account's owner, approved by another."""

from uuid import UUID

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.models import Scope, User
from prewatt.access.permissions import Permission
from prewatt.access.queries import is_permitted
from prewatt.kernel.errors import NotFound
from prewatt.kernel.money import Money
from prewatt.payments.errors import SamePerson, UnknownPayment, UnknownRefund
from prewatt.payments.limits import require_amount, require_reason, require_refundable
from prewatt.payments.models import Merchant, Payment, PaymentKind, Refund
from prewatt.payments.online import RefundLine
from prewatt.payments.queries.refunds import get_refund_line
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import finish_payment, lock_paying_account, post_trade, record_payment
from prewatt.payments.services.refunds import (
    RefundWish,
    approve,
    create_refund,
    refuse,
    require_online,
    reserve,
    tie_trade,
)
from prewatt.payments.services.suspense import mark_open_again, move_suspense
from prewatt.payments.values import Trade
from prewatt.tenancy.queries import get_shared_account
from prewatt.usecases._money import balance_changed, balance_under_lock, cashier_memo, issue_paper
from prewatt.usecases._refunds import flight_code
from prewatt.usecases.work import unit_of_work


def ask_refund(*, actor: Actor, payment_public_id: UUID, amount: Money, reason: str, token: str) -> RefundLine:
    """This function will ask for part of an online payment back, however often its form is sent: once.

    The login needs ``money.refund`` at the site, or to own the account. Nothing moves before another person approves.
    Raises UnknownPayment, NotThisWay, BadPayment, RefundTooLarge, ReasonMissing, OrderConflict.
    """
    payment = Payment.objects.select_related("site__scope", "account").filter(public_id=payment_public_id).first()
    with unit_of_work(
        actor=actor, verb="ask_refund", scope=payment.site.scope if payment is not None else None,
        subject=("payment", str(payment_public_id)), reason=reason,
    ) as work:  # fmt: skip
        user = _named(actor)
        if payment is None or payment.account is None or not _may_ask(user, payment):
            raise UnknownPayment("There is no such payment, or it is not yours to see.")
        require_online(payment)
        require_amount(amount, currency=payment.currency)
        wish = RefundWish(amount, require_reason(reason), token)
        paying = lock_paying_account(account_id=payment.account.pk)
        require_refundable(amount, balance=paying.balance)
        merchant = _merchant_of(payment)
        refund, _ = create_refund(merchant=merchant, wish=wish, asked_by=user, now=work.now, payment=payment)
    return get_refund_line(refund_id=refund.pk)


def approve_refund(*, actor: Actor, refund_public_id: UUID) -> RefundLine:
    """This function will let a refund go: its money leaves the balance now, the provider is asked right after.

    Needs ``money.approve`` and another person than the one who asked. Raises UnknownRefund, SamePerson,
    AlreadyDecided, RefundTooLarge, AccountTakesNoMoney.
    """
    with unit_of_work(
        actor=actor, verb="approve_refund", scope=_scope_of(refund_public_id),
        subject=("refund", str(refund_public_id)),
    ) as work:  # fmt: skip
        refund, user = _refund_to_decide(actor, refund_public_id)
        if refund.payment is not None:
            _take_from_account(work, refund, refund.payment, user)
        else:
            _take_from_suspense(work, refund, user)
    return get_refund_line(refund_id=refund.pk)


def refuse_refund(*, actor: Actor, refund_public_id: UUID, note: str) -> RefundLine:
    """This function will refuse a refund that nobody approved yet, with a word that says why.

    Raises UnknownRefund, AlreadyDecided, ReasonMissing.
    """
    with unit_of_work(
        actor=actor, verb="refuse_refund", scope=_scope_of(refund_public_id),
        subject=("refund", str(refund_public_id)), reason=note,
    ) as work:  # fmt: skip
        refund, user = _refund_to_decide(actor, refund_public_id)
        refuse(refund=refund, by=user, note=require_reason(note), now=work.now)
        if refund.unmatched is not None:
            mark_open_again(row=refund.unmatched)
    return get_refund_line(refund_id=refund.pk)


def _take_from_account(work: UnitOfWork, refund: Refund, payment: Payment, user: User) -> None:
    amount = Money(refund.amount, refund.currency)
    if payment.account_id is None:
        raise UnknownRefund("The payment is on no account.")
    paying = lock_paying_account(account_id=payment.account_id)
    approve(refund=refund, by=user, now=work.now)
    require_online(payment)
    require_refundable(amount, balance=paying.balance)
    reserve(payment=payment, amount=amount)
    trade = Trade(
        PaymentKind.REFUND, amount, payment.channel, f"refund:{refund.refund_no}", merchant=payment.merchant
    )  # fmt: skip
    given, _ = record_payment(
        account_id=paying.account_id, site_id=paying.site_id, trade=trade, received_at=work.now
    )  # fmt: skip
    entry = post_trade(
        paying=paying, trade=trade, now=work.now, memo=cashier_memo(work, reason=refund.reason),
        house=flight_code(refund),
    )  # fmt: skip
    tie_trade(refund=refund, trade=given)
    balance = balance_under_lock(paying=paying)
    balance_changed(work, paying=paying)
    facts = PaperFacts(
        amount=amount, balance_before=paying.balance, balance_after=balance, at=work.now, by=work.actor.name,
        channel=payment.channel, reason=refund.reason, payment_public_id=str(given.public_id),
        trade_no=payment.trade_no,
    )  # fmt: skip
    paper = issue_paper(
        work, paying=paying, kind="refund", point=payment.channel, entry_id=entry.entry_id,
        subject=("payment", str(given.public_id)), facts=facts,
    )  # fmt: skip
    finish_payment(payment=given, entry_id=entry.entry_id, document=paper)


def _take_from_suspense(work: UnitOfWork, refund: Refund, user: User) -> None:
    approve(refund=refund, by=user, now=work.now)
    merchant = refund.merchant
    move_suspense(
        site=refund.site, cause_key=f"refund:{merchant.channel}:{merchant.merchant_no}:{refund.refund_no}",
        amount=-Money(refund.amount, refund.currency), against=flight_code(refund), channel=merchant.channel,
        now=work.now,
    )  # fmt: skip


def _scope_of(public_id: UUID) -> Scope | None:
    refund = Refund.objects.select_related("site__scope").filter(public_id=public_id).first()
    return refund.site.scope if refund is not None else None


def _refund_to_decide(actor: Actor, public_id: UUID) -> tuple[Refund, User]:
    rows = Refund.objects.select_related("site__scope", "merchant", "payment", "unmatched")
    refund, user = rows.filter(public_id=public_id).first(), _named(actor)
    if refund is None or not is_permitted(user=user, permission=Permission.MONEY_APPROVE, scope=refund.site.scope):
        raise UnknownRefund("There is no such refund, or it is not yours to decide.")
    return refund, user


def _named(actor: Actor) -> User:
    if actor.user is None:
        raise SamePerson("A refund is asked for and approved by named persons.", hint="Sign in.")
    return actor.user


def _may_ask(user: User, payment: Payment) -> bool:
    if is_permitted(user=user, permission=Permission.MONEY_REFUND, scope=payment.site.scope):
        return True
    if payment.account is None:
        return False
    try:
        get_shared_account(user=user, public_id=payment.account.public_id, role="owner")
    except NotFound:
        return False
    return True


def _merchant_of(payment: Payment) -> Merchant:
    """This function will return the merchant that took the payment: its order's, or else the one of that number."""
    merchant = Merchant.objects.filter(orders__payment=payment).first()
    return merchant or Merchant.objects.filter(channel=payment.channel, merchant_no=payment.merchant).earliest("pk")
