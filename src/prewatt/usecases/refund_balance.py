"""Money goes back: at most the balance, with a reason, once."""

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.approvals.models import ApprovalKind
from prewatt.approvals.services import Wish
from prewatt.kernel.money import Money
from prewatt.notices.services import tell_refund
from prewatt.payments.limits import require_amount, require_reason, require_refundable, require_trade
from prewatt.payments.models import Payment, PaymentKind
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import finish_payment, lock_paying_account, post_trade, record_payment
from prewatt.payments.values import PaymentResult, Trade
from prewatt.usecases._approvals import ask_unless_alone, standing_of
from prewatt.usecases._money import (
    balance_changed,
    balance_under_lock,
    cashier_memo,
    issue_paper,
    known_result,
    scope_of_account,
)
from prewatt.usecases.work import unit_of_work


def refund_balance(
    *, actor: Actor, account_id: int, amount: Money, reason: str, channel: str, token: str, till: str = ""
) -> PaymentResult:
    """This function will give money back by a channel, however often its form is sent: once.

    Above the limit of the actor's roles it waits for a second person. Raises ApprovalAsked, ApprovalEnded, BadPayment,
    ReasonMissing, RefundTooLarge, TradeConflict, AccountTakesNoMoney.
    """
    trade = Trade(PaymentKind.REFUND, amount, channel, token, till)
    scope, subject = scope_of_account(account_id=account_id)

    def look() -> Wish:
        require_trade(trade_no=trade.trade_no, till=till)
        paying = lock_paying_account(account_id=account_id)
        require_amount(amount, currency=paying.ledger_balance.currency)
        require_refundable(amount, balance=paying.balance)
        return Wish(
            kind=ApprovalKind.REFUND, about=paying.number, amount=amount, reason=require_reason(reason),
            call={
                "account_id": account_id, "amount": amount.minor, "currency": amount.currency, "channel": channel,
                "token": token, "till": till,
            },
            token=token, seen=standing_of(paying=paying),
        )  # fmt: skip

    if not Payment.objects.filter(account=account_id, trade_no=token, kind=PaymentKind.REFUND).exists():
        ask_unless_alone(
            actor=actor, kind=ApprovalKind.REFUND, scope=scope, subject=subject, amount=amount, token=token,
            reason=reason, look=look,
        )  # fmt: skip
    with unit_of_work(actor=actor, verb="refund_balance", scope=scope, subject=subject, reason=reason) as work:
        return refund(work, account_id=account_id, trade=trade, reason=require_reason(reason))


def refund(work: UnitOfWork, *, account_id: int, trade: Trade, reason: str) -> PaymentResult:
    """This function will refund within the caller's unit of work."""
    require_trade(trade_no=trade.trade_no, till=trade.till)
    paying = lock_paying_account(account_id=account_id)
    require_amount(trade.amount, currency=paying.ledger_balance.currency)
    payment, created = record_payment(
        account_id=account_id, site_id=paying.site_id, trade=trade, received_at=work.now
    )  # fmt: skip
    if not created:
        return known_result(payment=payment)
    require_refundable(trade.amount, balance=paying.balance)
    entry = post_trade(
        paying=paying, trade=trade, now=work.now, memo=cashier_memo(work, reason=reason)
    )  # fmt: skip
    balance = balance_under_lock(paying=paying)
    balance_changed(work, paying=paying)
    facts = PaperFacts(
        amount=trade.amount, balance_before=paying.balance, balance_after=balance, at=work.now, by=work.done_by,
        channel=trade.channel, till=trade.till, reason=reason, payment_public_id=str(payment.public_id),
    )  # fmt: skip
    paper = issue_paper(
        work, paying=paying, kind="refund", point=trade.point, entry_id=entry.entry_id,
        subject=("payment", str(payment.public_id)), facts=facts,
    )  # fmt: skip
    finish_payment(payment=payment, entry_id=entry.entry_id, document=paper)
    tell_refund(
        account_id=account_id, amount=trade.amount, available=balance + paying.allowed_credit,
        key=str(payment.public_id), slip=paper.number_text, now=work.now,
    )  # fmt: skip
    return PaymentResult(
        payment_public_id=payment.public_id, receipt_number=paper.number_text, document_public_id=paper.public_id,
        amount=trade.amount, balance_after=balance, created=True,
    )  # fmt: skip
