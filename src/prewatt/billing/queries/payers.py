"""Who pays for metering points, by which tariff, from when to when."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection

from prewatt.billing.queries.timelines import TariffKey, load_timelines, unpriced_timeline
from prewatt.metering.arrays import to_int_array
from prewatt.rating.segments import PriceTimeline
from prewatt.rating.tariff import BandSource
from prewatt.rating.usage import Stretch

ENDLESS_US: Final = 1 << 62
_PAYERS: Final = """
SELECT tenancy.metering_point_id, tenancy.id, tenancy.account_id,
       (extract(epoch FROM lower(tenancy.period)) * 1000000)::bigint,
       (extract(epoch FROM upper(tenancy.period)) * 1000000)::bigint,
       assignment.scope_id, assignment.tariff_code,
       (extract(epoch FROM lower(assignment.period)) * 1000000)::bigint,
       (extract(epoch FROM upper(assignment.period)) * 1000000)::bigint
FROM tenancy_tenancy tenancy
LEFT JOIN billing_tariffassignment assignment
  ON assignment.tenancy_id = tenancy.id AND assignment.period && tstzrange(%(from)s, %(to)s, '[]')
WHERE tenancy.metering_point_id = ANY(%(points)s::bigint[]) AND tenancy.period && tstzrange(%(from)s, %(to)s, '[]')
ORDER BY tenancy.metering_point_id, lower(tenancy.period), lower(assignment.period)
"""


@dataclass(frozen=True, slots=True)
class Payers:
    """Stretches by metering point, the account of each tenancy that they name, and points with bands by the meter."""

    stretches: dict[int, list[Stretch]]
    account_of: dict[int, int]
    register_points: frozenset[int]

    def needs_rates(self, point_id: int) -> bool:
        """This method will tell whether any tariff of the point takes its bands from the meter."""
        return point_id in self.register_points


class _Row(NamedTuple):
    point_id: int
    tenancy_id: int
    account_id: int
    from_us: int | None
    to_us: int | None
    scope_id: int | None
    code: str | None
    assigned_from_us: int | None
    assigned_to_us: int | None

    @property
    def tariff(self) -> TariffKey | None:
        return (self.scope_id, self.code) if self.scope_id is not None and self.code is not None else None


def load_payers(*, point_ids: Sequence[int], site_id: int, zone: str, from_at: datetime, to_at: datetime) -> Payers:
    """This function will return who pays for points at any time from ``from_at`` to ``to_at``, both in.

    Where a tenancy has no tariff its stretch has a timeline without versions.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PAYERS, {"points": to_int_array(point_ids), "from": from_at, "to": to_at})
        rows = [_Row(*row) for row in cursor.fetchall()]
    timelines = load_timelines(keys={row.tariff for row in rows if row.tariff}, site_id=site_id, zone=zone)
    unpriced = unpriced_timeline(zone=zone)
    by_tenancy: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        by_tenancy[row.tenancy_id].append(row)
    stretches: dict[int, list[Stretch]] = defaultdict(list)
    for tenancy_rows in by_tenancy.values():
        stretches[tenancy_rows[0].point_id] += _stretches(tenancy_rows, timelines, unpriced)
    by_meter = {key for key, timeline in timelines.items() if _takes_registers(timeline)}
    return Payers(
        stretches,
        {row.tenancy_id: row.account_id for row in rows},
        frozenset(row.point_id for row in rows if row.tariff in by_meter),
    )


def _stretches(
    rows: Sequence[_Row], timelines: dict[TariffKey, PriceTimeline], unpriced: PriceTimeline
) -> Iterable[Stretch]:
    """Lay out one tenancy: its assignments in order of time, and unpriced stretches in between."""
    tenancy_id, reached_us = rows[0].tenancy_id, rows[0].from_us or 0
    end_us = _or_endless(rows[0].to_us)
    for row in rows:
        if row.tariff is None or row.assigned_from_us is None:
            continue
        from_us, to_us = max(row.assigned_from_us, reached_us), min(_or_endless(row.assigned_to_us), end_us)
        if from_us >= to_us:
            continue
        if from_us > reached_us:
            yield Stretch(reached_us, from_us, tenancy_id, unpriced)
        yield Stretch(from_us, to_us, tenancy_id, timelines[row.tariff])
        reached_us = to_us
    if reached_us < end_us:
        yield Stretch(reached_us, end_us, tenancy_id, unpriced)


def _or_endless(instant_us: int | None) -> int:
    return ENDLESS_US if instant_us is None else instant_us


def _takes_registers(timeline: PriceTimeline) -> bool:
    return any(dated.tariff.band_source is BandSource.METER for dated in timeline.versions)
