"""The only place that opens a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from prewatt.access.audit import (
    Actor,
    UnitOfWork,
    entered,
    is_inside_unit_of_work,
    name_action_to_history,
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
) -> Iterator[UnitOfWork]:
    """This function will open one transaction with one estate instant and one action row.

    A refusal rolls everything back and is recorded by an action row of its own. A lock that cannot be had within
    two seconds becomes ``Busy``.
    """
    if is_inside_unit_of_work():
        raise RuntimeError("a use case was called inside another: share the service instead")
    now = estate_now()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_TIMEOUT_MS}ms"])
            action = record_action(actor=actor, verb=verb, now=now, scope=scope, subject=subject, reason=reason)
            name_action_to_history(action.pk)
            with entered(UnitOfWork(now=now, actor=actor, verb=verb, reason=reason, action_id=action.pk)) as work:
                yield work
                tell(work)
    except Refused as refusal:
        with transaction.atomic():
            record_action(
                actor=actor, verb=verb, now=now, scope=scope, subject=subject, reason=reason,
                outcome=Outcome.REFUSED, detail=str(refusal),
            )  # fmt: skip
        raise
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in BUSY_STATES:
            raise Busy("Somebody else is changing the same account.", hint="Try again in a moment.") from error
        raise
