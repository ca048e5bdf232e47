"""Writing down what was decided, on which inputs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from prewatt.access.audit import require_unit_of_work

_INSERT: Final = """
INSERT INTO supply_decision (at, account_id, metering_point_id, mode, answer, reason, inputs, action_id)
SELECT %(at)s, x.account, x.point, x.mode, x.answer, x.reason, x.inputs::jsonb, %(action)s
  FROM unnest(%(accounts)s::bigint[], %(points)s::bigint[], %(modes)s::text[], %(answers)s::text[], %(reasons)s::text[],
              %(inputs)s::text[]) AS x(account, point, mode, answer, reason, inputs)
RETURNING metering_point_id, id
"""


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision about one point."""

    point_id: int
    account_id: int | None
    mode: str
    answer: str
    reason: str
    inputs: Mapping[str, object]


def record_decisions(*, rows: Sequence[DecisionRow], now: datetime) -> dict[int, int]:
    """This function will append decisions, at most one a point, and return their numbers by point."""
    work = require_unit_of_work()
    if not rows:
        return {}
    parameters: dict[str, Any] = {
        "at": now,
        "action": work.action_id,
        "accounts": [row.account_id for row in rows],
        "points": [row.point_id for row in rows],
        "modes": [row.mode for row in rows],
        "answers": [row.answer for row in rows],
        "reasons": [row.reason for row in rows],
        "inputs": [json.dumps(dict(row.inputs)) for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, parameters)
        return dict(cursor.fetchall())
