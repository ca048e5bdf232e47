"""A wrong trade is undone by an entry that mirrors it; its paper is void and keeps its number."""

from uuid import UUID

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.models import Scope
from prewatt.approvals.models import ApprovalKind
from prewatt.approvals.services import Wish
from prewatt.kernel.money import Money
from prewatt.ledger.queries import get_document_by_id, get_document_of_entry
from prewatt.ledger.services import void_document
from prewatt.payments.errors import NotThisWay, UnknownPayment
from prewatt.payments.limits import require_reason
from prewatt.payments.models import ONLINE_CHANNELS, Payment
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import lock_paying_account, mark_reversed, reverse_trade
from prewatt.payments.values import PaymentResult
from prewatt.usecases._approvals import ask_unless_alone
from prewatt.usecases._money import (
    balance_changed,
    balance_of,
    balance_under_lock,
    cashier_memo,
    issue_paper,
    scope_of_account,
)
from prewatt.usecases.work import unit_of_work


def reverse_payment(*, actor: Actor, payment_public_id: UUID, reason: str) -> PaymentResult:
    """This function will undo a top-up or a refund that was wrong; asked again it answers with the same paper.

    What was used meanwhile stays used: the balance may fall below zero, and supply is decided again. Above the limit of
    the actor's roles it waits for a second person. Raises ApprovalAsked, UnknownPayment, ReasonMissing,
    AccountTakesNoMoney.
    """
    payment = Payment.objects.filter(public_id=payment_public_id).first()
    if payment is None or payment.account_id is None:
        raise UnknownPayment("There is no such payment on an account.")
    scope, subject = scope_of_account(account_id=payment.account_id)
    if payment.channel not in ONLINE_CHANNELS and payment.reversed_at is None:
        _ask_unless_alone(actor, payment=payment, account_id=payment.account_id, scope=scope, reason=reason)
    with unit_of_work(actor=actor, verb="reverse_payment", scope=scope, subject=subject, reason=reason) as work:
        if payment.channel in ONLINE_CHANNELS:
            raise NotThisWay(
                "An online payment is not reversed.", hint="Ask for a refund: the money goes back the way it came."
            )
        return reverse(work, payment_id=payment.pk, account_id=payment.account_id, reason=require_reason(reason))


def _ask_unless_alone(actor: Actor, *, payment: Payment, account_id: int, scope: Scope, reason: str) -> None:
    amount = Money(payment.amount, payment.currency)

    def look() -> Wish:
        paying = lock_paying_account(account_id=account_id)
        return Wish(
            kind=ApprovalKind.REVERSAL, about=paying.number, amount=amount, reason=require_reason(reason),
            call={"account_id": account_id, "payment_id": payment.pk}, token=str(payment.public_id),
            seen={"reversed": False},
        )  # fmt: skip

    ask_unless_alone(
        actor=actor, kind=ApprovalKind.REVERSAL, scope=scope, subject=("payment", str(payment.public_id)),
        amount=amount, token=str(payment.public_id), reason=reason, look=look,
    )  # fmt: skip


def reverse(work: UnitOfWork, *, payment_id: int, account_id: int, reason: str) -> PaymentResult:
    """This function will reverse within the caller's unit of work."""
    paying = lock_paying_account(account_id=account_id)
    payment = Payment.objects.get(pk=payment_id)
    entry = reverse_trade(paying=paying, payment=payment, now=work.now, memo=cashier_memo(work, reason=reason))
    if not entry.created:
        paper = get_document_of_entry(entry_id=entry.entry_id, kind="reversal")
        return PaymentResult(
            payment_public_id=payment.public_id, receipt_number=paper.number_text,
            document_public_id=paper.public_id, amount=Money(payment.amount, payment.currency),
            balance_after=balance_of(account_id=account_id), created=False,
        )  # fmt: skip
    mark_reversed(payment=payment, now=work.now)
    balance = balance_under_lock(paying=paying)
    balance_changed(work, paying=paying)
    about = ""
    if payment.document_id is not None:
        wrong = get_document_by_id(document_id=payment.document_id)
        void_document(public_id=wrong.public_id, now=work.now)
        about = wrong.number_text
    facts = PaperFacts(
        amount=balance - paying.balance, balance_before=paying.balance, balance_after=balance, at=work.now,
        by=work.done_by, channel=payment.channel, till=payment.till, reason=reason,
        payment_public_id=str(payment.public_id), about=about,
    )  # fmt: skip
    paper = issue_paper(
        work, paying=paying, kind="reversal", point=payment.till or payment.channel, entry_id=entry.entry_id,
        subject=("payment", str(payment.public_id)), facts=facts,
    )  # fmt: skip
    return PaymentResult(
        payment_public_id=payment.public_id, receipt_number=paper.number_text, document_public_id=paper.public_id,
        amount=Money(payment.amount, payment.currency), balance_after=balance, created=True,
    )  # fmt: skip
