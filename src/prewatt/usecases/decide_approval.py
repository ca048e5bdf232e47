"""A second person decides what another asked for; what is approved is done at once, in the same transaction."""

from contextlib import AbstractContextManager
from uuid import UUID

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.models import User
from prewatt.approvals.errors import SameHands, UnknownApproval
from prewatt.approvals.models import Approval, ApprovalKind
from prewatt.approvals.queries import ApprovalLine, count_to_approve, get_approval, list_decided, list_waiting
from prewatt.approvals.services import (
    approval_to_decide,
    claim,
    find_approval,
    note_paper,
    refuse,
    require_unchanged,
    withdraw,
)
from prewatt.kernel.clock import estate_now
from prewatt.kernel.money import Money
from prewatt.payments.limits import require_reason
from prewatt.payments.models import Payment, PaymentKind
from prewatt.payments.services import lock_paying_account
from prewatt.payments.values import PayingAccount, Trade
from prewatt.usecases._approvals import standing_of
from prewatt.usecases.clear_to_zero import clear, clearing_seen
from prewatt.usecases.refund_balance import refund
from prewatt.usecases.reverse_payment import reverse
from prewatt.usecases.work import unit_of_work


def approve_request(*, actor: Actor, public_id: UUID) -> UUID:
    """This function will do what was asked for, once, and return its paper; papers and the till name who asked.

    Needs ``money.approve`` and another person. Raises UnknownApproval, SameHands, ApprovalEnded, ApprovalStale, and
    whatever the story itself refuses.
    """
    with _deciding(actor, "approve_request", public_id) as work:
        user = _named(actor)
        approval = approval_to_decide(public_id=public_id, by=user)
        paying = lock_paying_account(account_id=approval.wish["account_id"])
        claim(approval=approval, by=user, now=work.now)
        require_unchanged(approval=approval, now_seen=_seen_now(approval, paying))
        work.asked_by = str(approval.asked_by)
        paper_id = _do(work, approval)
        note_paper(approval=approval, paper_id=paper_id)
    return paper_id


def refuse_request(*, actor: Actor, public_id: UUID, note: str) -> None:
    """This function will refuse what was asked for. Raises UnknownApproval, ApprovalEnded, ReasonMissing."""
    with _deciding(actor, "refuse_request", public_id, note) as work:
        user = _named(actor)
        approval = approval_to_decide(public_id=public_id, by=user)
        refuse(approval=approval, by=user, note=require_reason(note), now=work.now)


def withdraw_request(*, actor: Actor, public_id: UUID) -> None:
    """This function will let who asked take it back. Raises UnknownApproval, ApprovalEnded."""
    with _deciding(actor, "withdraw_request", public_id) as work:
        approval = find_approval(public_id=public_id)
        if approval is None:
            raise UnknownApproval("There is no such request.", hint="Look at the list of approvals again.")
        withdraw(approval=approval, by=_named(actor), now=work.now)


def see_waiting(*, user: User) -> list[ApprovalLine]:
    """This function will list what waits for a second person, the oldest first."""
    return list_waiting(user=user, now=estate_now())


def see_decided(*, user: User, before_id: int | None = None, limit: int = 50) -> list[ApprovalLine]:
    """This function will list what was decided, the newest first."""
    return list_decided(user=user, now=estate_now(), before_id=before_id, limit=limit)


def see_approval(*, user: User, public_id: UUID) -> ApprovalLine:
    """This function will return one request. Raises UnknownApproval."""
    return get_approval(user=user, public_id=public_id, now=estate_now())


def count_waiting(*, user: User) -> int:
    """This function will count what waits for somebody like this login."""
    return count_to_approve(user=user, now=estate_now())


def _deciding(actor: Actor, verb: str, public_id: UUID, reason: str = "") -> AbstractContextManager[UnitOfWork]:
    found = find_approval(public_id=public_id)
    return unit_of_work(
        actor=actor, verb=verb, scope=found.scope if found is not None else None,
        subject=("approval", str(public_id)), reason=reason,
    )  # fmt: skip


def _seen_now(approval: Approval, paying: PayingAccount) -> dict[str, object]:
    match approval.kind:
        case ApprovalKind.CLEARING:
            return clearing_seen(paying=paying)
        case ApprovalKind.REVERSAL:
            payment = Payment.objects.get(pk=approval.wish["payment_id"])
            return {"reversed": payment.reversed_at is not None}
        case _:
            return standing_of(paying=paying)


def _do(work: UnitOfWork, approval: Approval) -> UUID:
    wish, reason = approval.wish, approval.reason
    match approval.kind:
        case ApprovalKind.CLEARING:
            return clear(work, scope=approval.scope, reason=reason, **wish).document_public_id
        case ApprovalKind.REVERSAL:
            return reverse(work, reason=reason, **wish).document_public_id
        case _:
            amount = Money(wish["amount"], wish["currency"])
            trade = Trade(PaymentKind.REFUND, amount, wish["channel"], wish["token"], wish["till"])
            return refund(work, account_id=wish["account_id"], trade=trade, reason=reason).document_public_id


def _named(actor: Actor) -> User:
    if actor.user is None:
        raise SameHands("Approvals are decided by named persons.", hint="Sign in.")
    return actor.user
