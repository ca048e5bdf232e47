"""The highest and the lowest load of meters within a time, from readings that lie close together."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from prewatt.metering.arrays import to_int_array

STEPS_MIN: Final = 96
"""Fewer steps than a day of quarter-hours say nothing of a month."""
_LOADS: Final = """
WITH steps AS (
    SELECT reading.installation_id, reading.read_at, installation.multiplier,
           reading.total_wh - lag(reading.total_wh) OVER row AS wh,
           extract(epoch FROM reading.read_at - lag(reading.read_at) OVER row) AS gap_s
    FROM metering_reading reading
    JOIN estate_meterinstallation installation ON installation.id = reading.installation_id
    WHERE reading.installation_id = ANY(%(installations)s::bigint[]) AND reading.quality = 1
      AND reading.read_at >= %(from)s AND reading.read_at <= %(to)s
    WINDOW row AS (PARTITION BY reading.installation_id ORDER BY reading.read_at, reading.kind)
), loads AS (
    SELECT installation_id, read_at, gap_s, round(wh * multiplier * 3600 / gap_s)::bigint AS power_w
    FROM steps WHERE gap_s BETWEEN 60 AND 3600 AND wh >= 0
)
SELECT installation_id, max(power_w), (array_agg(read_at ORDER BY power_w DESC, read_at))[1],
       min(power_w), (array_agg(read_at ORDER BY power_w, read_at))[1], ceil(max(gap_s) / 60)::int
FROM loads GROUP BY installation_id HAVING count(*) >= %(least)s
"""


@dataclass(frozen=True, slots=True)
class Load:
    """Mean loads between two readings, in primary W, and when those steps ended. ``minutes``: the longest step."""

    peak_w: int
    peak_at: datetime
    base_w: int
    base_at: datetime
    minutes: int


def find_loads(*, installation_ids: Collection[int], from_at: datetime, to_at: datetime) -> dict[int, Load]:
    """This function will return the loads of installations; those that were read too seldom are left out."""
    wanted: dict[str, Any] = {
        "installations": to_int_array(installation_ids), "from": from_at, "to": to_at, "least": STEPS_MIN,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LOADS, wanted)
        return {installation_id: Load(*values) for installation_id, *values in cursor.fetchall()}
