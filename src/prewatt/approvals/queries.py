"""Requests as lists and pages show them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.approvals.errors import UnknownApproval
from prewatt.approvals.models import Approval, ApprovalState
from prewatt.kernel.money import Money

PAGE_MAX = 100
VIEW = Permission.ACCOUNT_VIEW


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """A request: what, about what, by whom, and how it ended."""

    id: int
    public_id: UUID
    kind: str
    about: str
    amount: Money
    reason: str
    state: str
    asked_by: str
    asked_by_id: int
    asked_at: datetime
    expires_at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str
    paper_id: UUID | None


def list_waiting(*, user: User, now: datetime) -> list[ApprovalLine]:
    """This function will list what waits for a second person within the login's scopes, the oldest first."""
    return _lines(_open(user, VIEW, now).order_by("pk")[:PAGE_MAX], now)


def list_decided(*, user: User, now: datetime, before_id: int | None = None, limit: int = 50) -> list[ApprovalLine]:
    """This function will list what was decided, taken back or ran out, the newest first; ``before_id`` pages on."""
    rows = for_scope(Approval.objects.all(), path_field="scope__path", user=user, permission=VIEW)
    rows = rows.exclude(state=ApprovalState.WAITING, expires_at__gt=now)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return _lines(rows.order_by("-pk")[: max(1, min(limit, PAGE_MAX + 1))], now)


def get_approval(*, user: User, public_id: UUID, now: datetime, permission: str = VIEW) -> ApprovalLine:
    """This function will return one request within the login's scopes. Raises UnknownApproval."""
    rows = for_scope(
        Approval.objects.filter(public_id=public_id), path_field="scope__path", user=user, permission=permission
    )
    for line in _lines(rows, now):
        return line
    raise UnknownApproval("There is no such request.", hint="Look at the list of approvals again.")


def count_to_approve(*, user: User, now: datetime) -> int:
    """This function will count what waits for somebody like this login."""
    return _open(user, Permission.MONEY_APPROVE, now).exclude(asked_by=user).count()


def _open(user: User, permission: str, now: datetime) -> QuerySet[Approval]:
    rows = Approval.objects.filter(state=ApprovalState.WAITING, expires_at__gt=now)
    return for_scope(rows, path_field="scope__path", user=user, permission=permission)


def _lines(rows: QuerySet[Approval], now: datetime) -> list[ApprovalLine]:
    return [
        ApprovalLine(
            id=row.pk, public_id=row.public_id, kind=row.kind, about=row.about, amount=Money(row.amount, row.currency),
            reason=row.reason, state=_state(row, now), asked_by=str(row.asked_by), asked_by_id=row.asked_by_id,
            asked_at=row.asked_at, expires_at=row.expires_at,
            decided_by=str(row.decided_by) if row.decided_by is not None else "", decided_at=row.decided_at,
            note=row.note, paper_id=row.paper_id,
        )
        for row in rows.select_related("asked_by", "decided_by")
    ]  # fmt: skip


def _state(row: Approval, now: datetime) -> str:
    ran_out = row.state == ApprovalState.WAITING and row.expires_at <= now
    return ApprovalState.EXPIRED.value if ran_out else row.state
