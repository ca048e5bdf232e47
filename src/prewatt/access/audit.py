"""The unit of work that services must stand in, and the action row that says who did what and why."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from django.db import connection

from prewatt.access.models import Action, Outcome, Scope, User
from prewatt.access.touched import Touched
from prewatt.kernel.clock import machine_now


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a login, or a process of ours; and from which address."""

    process: str
    user: User | None = None
    address: str = ""

    @property
    def name(self) -> str:
        """This property will be the name that screens and papers show."""
        return str(self.user) if self.user is not None else self.process


@dataclass(slots=True)
class UnitOfWork:
    """One instant, one actor, one reason, one action row; its transaction is open.

    The row is written when somebody first asks for its number: ``unit_of_work`` does so at once, but for facts.
    """

    now: datetime
    actor: Actor
    verb: str
    reason: str
    write_action: Callable[[], int]
    touched: Touched = field(default_factory=Touched)
    held_open: set[tuple[object, ...]] = field(default_factory=set)
    """What the transaction keeps from being closed until it ends, so that nobody asks for the same lock twice."""
    asked_by: str = ""
    """Who asked for what the actor approves: the person whose doing it is, on papers and in the till."""
    _action_id: int | None = None

    @property
    def done_by(self) -> str:
        """This property will be whose doing it is: who asked, when another approved it, else who acts."""
        return self.asked_by or self.actor.name

    @property
    def action_id(self) -> int:
        """This property will be the number of the action row, for whatever follows from it."""
        if self._action_id is None:
            self._action_id = self.write_action()
        return self._action_id


_INSERT_ACTION = """
WITH action AS (
INSERT INTO access_action (actor_id, process, verb, scope_id, subject_kind, subject_id, reason, address, outcome,
                           detail, estate_at, machine_at)
VALUES (%(actor_id)s, %(process)s, %(verb)s, %(scope_id)s, %(subject_kind)s, %(subject_id)s, %(reason)s, %(address)s,
        %(outcome)s, %(detail)s, %(estate_at)s, %(machine_at)s)
RETURNING id)
SELECT id, set_config('pghistory.context_id', %(context)s, true),
       set_config('pghistory.context_metadata', '{"action": ' || id || '}', true) FROM action
"""
_current: ContextVar[UnitOfWork | None] = ContextVar("prewatt_unit_of_work", default=None)


def require_unit_of_work() -> UnitOfWork:
    """This function will return the unit of work that the caller stands in; a service outside one is a bug."""
    work = _current.get()
    if work is None or not connection.in_atomic_block:
        raise RuntimeError("a service was called outside a unit of work: go through prewatt.usecases")
    return work


@contextmanager
def entered(work: UnitOfWork) -> Iterator[UnitOfWork]:
    """This function will make ``work`` the current unit; used by ``usecases.unit_of_work`` alone."""
    token = _current.set(work)
    try:
        yield work
    finally:
        _current.reset(token)


def is_inside_unit_of_work() -> bool:
    """This function will tell whether a unit of work is open here."""
    return _current.get() is not None


def record_action(
    *,
    actor: Actor,
    verb: str,
    now: datetime,
    scope: Scope | None = None,
    subject: tuple[str, str] = ("", ""),
    reason: str = "",
    outcome: Outcome = Outcome.DONE,
    detail: str = "",
) -> Action:
    """This function will append an action row, and name it to the history triggers for what follows.

    ``subject`` is (kind, id); ``now`` is estate time.
    """
    action = Action(
        actor=actor.user,
        process=actor.process,
        verb=verb,
        scope=scope,
        subject_kind=subject[0],
        subject_id=subject[1],
        reason=reason[:500],
        address=actor.address,
        outcome=outcome,
        detail=detail[:500],
        estate_at=now,
        machine_at=machine_now(),
    )
    with connection.cursor() as cursor:
        parameters = {**vars(action), "outcome": Outcome(outcome).value, "context": str(uuid4())}
        cursor.execute(_INSERT_ACTION, parameters)
        action.pk = cursor.fetchone()[0]
    return action
