"""Asking for the second pair of eyes, and deciding. All inside a unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import Scope, User
from prewatt.access.permissions import Permission
from prewatt.access.queries import is_permitted
from prewatt.approvals.errors import ApprovalEnded, ApprovalStale, SameHands, UnknownApproval
from prewatt.approvals.models import Approval, ApprovalState
from prewatt.kernel.money import Money

GOOD_FOR: Final = timedelta(hours=72)
"""An estate stretch: who asked on a Friday is answered on Monday."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done: the words of the use case, and how things stood when it was asked."""

    kind: str
    about: str
    amount: Money
    call: Mapping[str, Any]
    seen: Mapping[str, Any]
    token: str
    reason: str


def ask(*, scope: Scope, wish: Wish, by: User, now: datetime) -> Approval:
    """This function will write a request down once, however often its form is sent. Raises ApprovalEnded."""
    require_unit_of_work()
    Approval.objects.filter(
        kind=wish.kind, token=wish.token, state=ApprovalState.WAITING, expires_at__lte=now
    ).update(state=ApprovalState.EXPIRED, decided_at=now)  # fmt: skip
    made, created = Approval.objects.get_or_create(
        kind=wish.kind, token=wish.token, state=ApprovalState.WAITING,
        defaults={
            "scope": scope, "about": wish.about, "amount": wish.amount.minor, "currency": wish.amount.currency,
            "wish": dict(wish.call), "seen": dict(wish.seen), "reason": wish.reason, "asked_by": by, "asked_at": now,
            "expires_at": now + GOOD_FOR,
        },
    )  # fmt: skip
    if not created and made.wish != dict(wish.call):
        raise ApprovalEnded(
            "Something else was asked for with this form before.", hint="Look under Approvals, then begin again."
        )
    return made


def claim(*, approval: Approval, by: User, now: datetime) -> None:
    """This function will take a request for good: of all who approve it, one gets it. What it asks for comes after.

    Raises SameHands, ApprovalEnded.
    """
    if approval.asked_by_id == by.pk:
        raise SameHands("You asked for this yourself.", hint="Another person has to approve it.")
    _end(approval, ApprovalState.DONE, by=by, now=now)


def require_unchanged(*, approval: Approval, now_seen: Mapping[str, Any]) -> None:
    """This function will refuse a request whose ground has moved since it was asked. Raises ApprovalStale."""
    if approval.seen != dict(now_seen):
        raise ApprovalStale(
            "The account has changed since this was asked.", hint="Refuse it; who asked can look and ask again."
        )


def refuse(*, approval: Approval, by: User, note: str, now: datetime) -> None:
    """This function will refuse a request, with a word that says why. Raises ApprovalEnded."""
    approval.note = note
    _end(approval, ApprovalState.REFUSED, by=by, now=now)


def withdraw(*, approval: Approval, by: User, now: datetime) -> None:
    """This function will let who asked take it back. Raises UnknownApproval, ApprovalEnded."""
    if approval.asked_by_id != by.pk:
        raise UnknownApproval("There is no such request of yours.", hint="Only who asked can take it back.")
    _end(approval, ApprovalState.WITHDRAWN, by=by, now=now)


def note_paper(*, approval: Approval, paper_id: UUID) -> None:
    """This function will keep which paper a request ended in."""
    require_unit_of_work()
    Approval.objects.filter(pk=approval.pk).update(paper_id=paper_id)


def approval_to_decide(*, public_id: UUID, by: User) -> Approval:
    """This function will return a request that the login may decide about. Raises UnknownApproval."""
    found = find_approval(public_id=public_id)
    if found is None or not is_permitted(user=by, permission=Permission.MONEY_APPROVE, scope=found.scope):
        raise UnknownApproval("There is no such request.", hint="Look at the list of approvals again.")
    return found


def find_approval(*, public_id: UUID) -> Approval | None:
    """This function will return a request, whoever asks."""
    return Approval.objects.select_related("scope", "asked_by").filter(public_id=public_id).first()


def find_latest(*, kind: str, token: str) -> Approval | None:
    """This function will return the last request that was made with a form's number."""
    return Approval.objects.filter(kind=kind, token=token).order_by("-pk").first()


def _end(approval: Approval, state: ApprovalState, *, by: User, now: datetime) -> None:
    require_unit_of_work()
    waiting = Approval.objects.filter(pk=approval.pk, state=ApprovalState.WAITING, expires_at__gt=now)
    if not waiting.update(state=state, decided_by=by, decided_at=now, note=approval.note):
        raise ApprovalEnded(
            "This request was decided, taken back or ran out before.", hint="Look at the list of approvals again."
        )
