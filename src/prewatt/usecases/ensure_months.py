"""The storage of coming months: readings and decisions each have a partition a month."""

from datetime import datetime
from typing import Any, Final

import psycopg.errors
from django.db import DatabaseError, connection, transaction

from prewatt.access.audit import Actor, require_unit_of_work
from prewatt.usecases.work import unit_of_work

AHEAD: Final = 3
PARENTS: Final = ("metering_reading", "supply_decision")

_MISSING: Final = """
SELECT parent, month
  FROM unnest(%(parents)s::text[]) AS parent,
       generate_series(date_trunc('month', %(from_at)s AT TIME ZONE 'UTC'),
                       date_trunc('month', %(to_at)s AT TIME ZONE 'UTC') + make_interval(months => %(ahead)s),
                       interval '1 month') AS month
 WHERE to_regclass(parent || '_' || to_char(month, 'YYYY_MM')) IS NULL
 ORDER BY month, parent
"""


def ensure_months(*, actor: Actor, from_at: datetime, to_at: datetime) -> int:
    """This function will make the partitions that are missing from a month to three months after another.

    A month whose rows already lie in the default partition stays there. Returns how many were made.
    """
    if not _list_missing(from_at, to_at):
        return 0
    with unit_of_work(actor=actor, verb="ensure_months"):
        return make_months(from_at=from_at, to_at=to_at)


def make_months(*, from_at: datetime, to_at: datetime) -> int:
    """This function will do as ``ensure_months`` within the caller's unit of work."""
    require_unit_of_work()
    return sum(_make(parent, month) for parent, month in _list_missing(from_at, to_at))


def _list_missing(from_at: datetime, to_at: datetime) -> list[tuple[str, datetime]]:
    parameters: dict[str, Any] = {"parents": list(PARENTS), "from_at": from_at, "to_at": to_at, "ahead": AHEAD}
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, parameters)
        return [(parent, month) for parent, month in cursor.fetchall()]


def _make(parent: str, month: datetime) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT prewatt_ensure_months(%s::regclass, %s AT TIME ZONE 'UTC', 0)", [parent, month])
    except DatabaseError as error:
        if isinstance(error.__cause__, psycopg.errors.CheckViolation):
            return False
        raise
    return True
