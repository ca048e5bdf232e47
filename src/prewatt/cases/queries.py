"""What is open, for the shift board."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case as Choose
from django.db.models import QuerySet, Value, When

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.cases.errors import UnknownCase
from prewatt.cases.kinds import KINDS, Kind
from prewatt.cases.models import Case, Progress, Severity

LIMIT_MAX = 500


@dataclass(frozen=True, slots=True)
class CaseLine:
    """An open case with the words that a person reads."""

    id: int
    public_id: UUID
    scope_id: int
    kind: str
    label: str
    hint: str
    subject_kind: str
    subject_id: str
    subject_label: str
    severity: str
    detail: dict[str, Any]
    owner: str
    opened_at: datetime
    seen_at: datetime
    hits: int


@dataclass(frozen=True, slots=True)
class ProgressLine:
    """How far a long piece of work has come."""

    kind: str
    done: int
    total: int
    started_at: datetime


def list_open_cases(*, user: User, limit: int = 50, kind: str | None = None) -> list[CaseLine]:
    """This function will return open cases of the login's scopes, the most urgent and the oldest first."""
    rank = Choose(
        When(severity=Severity.URGENT, then=Value(0)), When(severity=Severity.WARNING, then=Value(1)), default=Value(2)
    )
    rows = _open(user)
    if kind is not None:
        rows = rows.filter(kind=Kind(kind).value)
    ordered = rows.select_related("owner").order_by(rank, "opened_at", "pk")
    return [_line(case) for case in ordered[: min(limit, LIMIT_MAX)]]


def page_open_cases(
    *, user: User, kind: str = "", severity: str = "", after: UUID | None = None, limit: int = 100
) -> list[CaseLine]:
    """This function will return open cases of the login's scopes in the order in which they were opened."""
    rows = _open(user)
    if kind:
        rows = rows.filter(kind=kind)
    if severity:
        rows = rows.filter(severity=severity)
    if after is not None:
        rows = rows.filter(public_id__gt=after)
    return [_line(case) for case in rows.select_related("owner").order_by("public_id")[: min(limit, LIMIT_MAX)]]


def count_open_cases(*, user: User) -> int:
    """This function will return how many cases are open in the login's scopes."""
    return _open(user).count()


def get_open_case(*, user: User, public_id: UUID, permission: str = Permission.CASES_WORK) -> CaseLine:
    """This function will return one open case that the login may work on. Raises UnknownCase."""
    rows = Case.objects.filter(public_id=public_id, closed_at=None).select_related("owner", "scope")
    case = for_scope(rows, path_field="scope__path", user=user, permission=permission).first()
    if case is None:
        raise UnknownCase("There is no such open case.")
    return _line(case)


def get_closed_case(*, user: User, public_id: UUID, permission: str = Permission.CASES_WORK) -> int:
    """This function will return the row of a closed case that the login may work on. Raises UnknownCase."""
    rows = Case.objects.filter(public_id=public_id).exclude(closed_at=None)
    case = for_scope(rows, path_field="scope__path", user=user, permission=permission).first()
    if case is None:
        raise UnknownCase("There is no such closed case.")
    return case.pk


def list_progress(*, user: User) -> list[ProgressLine]:
    """This function will return the long pieces of work that are under way in the login's scopes."""
    rows = for_scope(
        Progress.objects.filter(finished_at=None), path_field="scope__path", user=user,
        permission=Permission.ESTATE_VIEW,
    )  # fmt: skip
    return [
        ProgressLine(kind=row.kind, done=row.done, total=row.total, started_at=row.started_at)
        for row in rows.order_by("kind")
    ]


def _open(user: User) -> QuerySet[Case]:
    rows = Case.objects.filter(closed_at=None)
    return for_scope(rows, path_field="scope__path", user=user, permission=Permission.ESTATE_VIEW)


def _line(case: Case) -> CaseLine:
    words = KINDS[Kind(case.kind)]
    return CaseLine(
        id=case.pk, public_id=case.public_id, scope_id=case.scope_id, kind=case.kind, label=str(words.label),
        hint=str(words.hint), subject_kind=case.subject_kind, subject_id=case.subject_id,
        subject_label=case.subject_label, severity=case.severity, detail=case.detail,
        owner=str(case.owner) if case.owner is not None else "", opened_at=case.opened_at, seen_at=case.seen_at,
        hits=case.hits,
    )  # fmt: skip
