"""The only place that opens a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from prewatt.access.audit import (
    Actor,
    UnitOfWork,
    entered,
    is_inside_unit_of_work,
    record_action,
)
from prewatt.access.models import Outcome, Scope
from prewatt.access.notify import tell
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import Refused, Unable

LOCK_TIMEOUT_MS = 2_000
BUSY_STATES = {"55P03", "40P01"}
"""SQLSTATE of a lock that was not to be had in time, and of a deadlock that PostgreSQL broke."""


class Busy(Unable):
    """Somebody else is changing the same account; nothing was changed."""

    code = "busy"


@contextmanager
def unit_of_work(
    *,
    actor: Actor,
    verb: str,
    scope: Scope | None = None,
    subject: tuple[str, str] = ("", ""),
    reason: str = "",
    of_facts: bool = False,
) -> Iterator[UnitOfWork]:
    """This function will open one transaction with one estate instant and one action row.

    A refusal rolls everything back and is recorded by an action row of its own. A lock that cannot be had within
    two seconds becomes ``Busy``. What the field says, ``of_facts``, is its own record and changes no register: it has
    an action row only when something follows that names one, such as a hold, a decision, a command or an entry.
    """
    if is_inside_unit_of_work():
        raise RuntimeError("a use case was called inside another: share the service instead")
    now = estate_now()

    def write(*, outcome: Outcome = Outcome.DONE, detail: str = "") -> int:
        return record_action(
            actor=actor, verb=verb, now=now, scope=scope, subject=subject, reason=reason, outcome=outcome, detail=detail
        ).pk

    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_TIMEOUT_MS}ms"])
            with entered(UnitOfWork(now=now, actor=actor, verb=verb, reason=reason, write_action=write)) as work:
                if not of_facts:
                    _ = work.action_id
                yield work
                tell(work)
    except Refused as refusal:
        with transaction.atomic():
            write(outcome=Outcome.REFUSED, detail=str(refusal))
        raise
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in BUSY_STATES:
            raise Busy("Somebody else is changing the same account.", hint="Try again in a moment.") from error
        raise
