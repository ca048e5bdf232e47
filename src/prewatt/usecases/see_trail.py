"""The audit trail: who did what, from where, why, and what it was before and after. It only reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from pghistory.models import Event

from prewatt.access.models import Action, Membership, Outcome, Scope, User
from prewatt.access.permissions import Permission
from prewatt.access.queries import is_permitted, scopes_of
from prewatt.kernel.errors import NotFound
from prewatt.reports.errors import TooManyRows

AUDIT: Final = Permission.AUDIT_VIEW
PAGE: Final = 60
BATCH: Final = 500
EVENTS_MAX: Final = 200
NAMED_MAX: Final = 100
NOT_SHOWN: Final = frozenset({"id", "public_id", "created_at", "search_text", "pinyin"})
"""What every row has and nobody changes, and what is made from other fields."""

_CONTEXTS: Final = """
SELECT id, (metadata->>'action')::bigint FROM pghistory_context WHERE (metadata->>'action')::bigint = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class TrailWanted:
    """Which actions: ``who`` by name, ``verb`` and ``outcome`` by code, ``subject`` by id, ``by``: people or processes.

    ``from_at`` is in, ``to_at`` is out; ``before`` is the last number that was shown.
    """

    who: str = ""
    verb: str = ""
    subject: str = ""
    outcome: str = ""
    by: str = "people"
    from_at: datetime | None = None
    to_at: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One action. ``number`` counts all actions of the installation."""

    number: int
    at: datetime
    who: str
    username: str
    process: str
    verb: str
    where: str
    subject_kind: str
    subject_id: str
    reason: str
    address: str
    refused: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a register before and after, as the database has it; of a row that is new there is no before."""

    number: int
    table: str
    name: str
    field: str
    before: Any
    after: Any
    is_new: bool


def list_actions(*, user: User, wanted: TrailWanted, limit: int = PAGE) -> list[TrailRow]:
    """This function will list actions within the reader's scopes, the newest first."""
    rows = _wanted(user, wanted).select_related("actor", "scope").order_by("-pk")[:limit]
    return [_row(one) for one in rows]


def iterate_actions(*, user: User, wanted: TrailWanted, at_most: int) -> Iterator[tuple[TrailRow, Sequence[Change]]]:
    """This function will hand out actions with what they changed, the newest first, in batches of bounded memory.

    Raises TooManyRows behind the last one that may be handed out.
    """
    before, left = wanted.before, at_most + 1
    while True:
        batch = _wanted(user, wanted, before=before).select_related("actor", "scope").order_by("-pk")
        rows = [_row(one) for one in batch[:BATCH]]
        left -= len(rows)
        if left <= 0:
            raise TooManyRows.over(at_most)
        changes = _changes([row.number for row in rows])
        yield from ((row, changes.get(row.number, [])) for row in rows)
        if len(rows) < BATCH:
            return
        before = rows[-1].number


def see_action(*, user: User, number: int) -> tuple[TrailRow, list[Change]]:
    """This function will show one action with what it changed. Raises NotFound."""
    found = _visible(user).select_related("actor", "scope").filter(pk=number).first()
    if found is None:
        raise NotFound("There is no such action, or it is not within your scope.")
    return _row(found), _changes([number]).get(number, [])


def _wanted(user: User, wanted: TrailWanted, *, before: int | None = None) -> QuerySet[Action]:
    rows = _visible(user)
    if wanted.who:
        named = User.objects.filter(Q(username__icontains=wanted.who) | Q(name__icontains=wanted.who))
        rows = rows.filter(actor__in=list(named.values_list("pk", flat=True)[:NAMED_MAX]))
    if wanted.by:
        rows = rows.filter(actor__isnull=wanted.by != "people")
    plain = {"verb": wanted.verb, "outcome": wanted.outcome, "estate_at__gte": wanted.from_at}
    rows = rows.filter(**{name: value for name, value in plain.items() if value})
    if wanted.subject:
        rows = rows.filter(Q(subject_id=wanted.subject) | Q(address=wanted.subject))
    if wanted.to_at is not None:
        rows = rows.filter(estate_at__lt=wanted.to_at)
    last = before or wanted.before
    return rows.filter(pk__lt=last) if last else rows


def _visible(user: User) -> QuerySet[Action]:
    """This function will narrow the trail to the reader's scopes.

    What has no scope, as a sign-in, is seen by who may see everything, and by whoever sees a role of its actor.
    """
    roots = Scope.objects.filter(parent=None)
    if all(is_permitted(user=user, permission=AUDIT, scope=root) for root in roots):
        return Action.objects.all()
    here, held = Q(pk=None), Q(pk=None)
    for scope in scopes_of(user=user, permission=AUDIT):
        here |= Q(scope__path__startswith=scope.path)
        held |= Q(scope__path__startswith=scope.path)
    actors = Membership.objects.filter(held, user=OuterRef("actor"))
    return Action.objects.filter(here | Q(Exists(actors), scope=None))


def _row(action: Action) -> TrailRow:
    return TrailRow(
        number=action.pk, at=action.estate_at, who=str(action.actor) if action.actor else "",
        username=action.actor.username if action.actor else "", process=action.process, verb=action.verb,
        where=action.scope.name if action.scope else "", subject_kind=action.subject_kind,
        subject_id=action.subject_id, reason=action.reason, address=action.address,
        refused=action.outcome == Outcome.REFUSED, detail=action.detail,
    )  # fmt: skip


@cache
def _registers() -> tuple[Any, ...]:
    return tuple(one for one in apps.get_models() if issubclass(one, Event))


def _changes(numbers: Sequence[int]) -> dict[int, list[Change]]:
    """This function will read what actions changed in all registers: one query a register, and one a changed row."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTEXTS, [list(numbers)])
        contexts: dict[Any, int] = dict(cursor.fetchall())
    found: dict[int, list[Change]] = {}
    for register in _registers() if contexts else ():
        events: QuerySet[Any] = register.objects.filter(pgh_context__in=list(contexts)).order_by("pgh_id")
        for event in events[: EVENTS_MAX * len(numbers)]:
            number = contexts[event.pgh_context_id]
            listed = found.setdefault(number, [])
            if len(listed) < EVENTS_MAX:
                listed += _differences(number, event)
    return found


def _differences(number: int, event: Any) -> Iterator[Change]:
    register = type(event)
    earlier = register.objects.filter(pgh_obj_id=event.pgh_obj_id, pgh_id__lt=event.pgh_id)
    was = earlier.order_by("-pgh_id").first()
    table, name = register.pgh_tracked_model.__name__.lower(), _name(event)
    for column in vars(event):
        field = column.removesuffix("_id") if hasattr(register, column.removesuffix("_id")) else column
        if column.startswith(("pgh_", "_")) or field in NOT_SHOWN:
            continue
        before, after = _value(was, field), _value(event, field)
        if before != after and (was is not None or after not in (None, "", [], {})):
            yield Change(number, table, name, field, before, after, was is None)


def _value(event: Any, field: str) -> Any:
    """This function will read a field; of another row, how it is called now."""
    try:
        value = getattr(event, field, None)
    except ObjectDoesNotExist:
        return None
    return str(value) if isinstance(value, Model) else value


def _name(event: Any) -> str:
    told = (getattr(event, name, "") for name in ("name", "code", "serial", "number"))
    return next((str(one) for one in told if one), "")
