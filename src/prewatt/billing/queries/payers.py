"""Who pays for metering points, by which tariff, from when to when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final

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


_Row = tuple[int, int, int, int | None, int | None, int | None, str | None, int | None, int | None]
"""Point, tenancy, account, when the tenancy begins and ends; scope and code of a tariff, when that begins and ends."""


def load_payers(*, point_ids: Sequence[int], site_id: int, zone: str, from_at: datetime, to_at: datetime) -> Payers:
    """This function will return who pays for points at any time from ``from_at`` to ``to_at``, both in.

    Where a tenancy has no tariff its stretch has a timeline without versions.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PAYERS, {"points": to_int_array(point_ids), "from": from_at, "to": to_at})
        rows: list[_Row] = cursor.fetchall()
    keys = {(row[5], row[6]) for row in rows if row[5] is not None and row[6] is not None}
    timelines = load_timelines(keys=keys, site_id=site_id, zone=zone)
    unpriced = unpriced_timeline(zone=zone)
    stretches: dict[int, list[Stretch]] = {}
    account_of: dict[int, int] = {}
    for tenancy_id, some in groupby(rows, itemgetter(1)):
        tenancy_rows = list(some)
        point_id, account_of[tenancy_id] = tenancy_rows[0][0], tenancy_rows[0][2]
        stretches.setdefault(point_id, []).extend(_stretches(tenancy_rows, timelines, unpriced))
    by_meter = {key for key, timeline in timelines.items() if _takes_registers(timeline)}
    register_points = frozenset([row[0] for row in rows if row[5:7] in by_meter] if by_meter else ())
    return Payers(stretches, account_of, register_points)


def _stretches(
    rows: Sequence[_Row], timelines: Mapping[TariffKey, PriceTimeline], unpriced: PriceTimeline
) -> Iterator[Stretch]:
    """Lay out one tenancy: its assignments in order of time, and unpriced stretches in between."""
    tenancy_id, reached_us, end_us = rows[0][1], rows[0][3] or 0, _or_endless(rows[0][4])
    for _, _, _, _, _, scope_id, code, assigned_from_us, assigned_to_us in rows:
        if scope_id is None or code is None or assigned_from_us is None:
            continue
        from_us, to_us = max(assigned_from_us, reached_us), min(_or_endless(assigned_to_us), end_us)
        if from_us >= to_us:
            continue
        if from_us > reached_us:
            yield Stretch(reached_us, from_us, tenancy_id, unpriced)
        yield Stretch(from_us, to_us, tenancy_id, timelines[scope_id, code])
        reached_us = to_us
    if reached_us < end_us:
        yield Stretch(reached_us, end_us, tenancy_id, unpriced)


def _or_endless(instant_us: int | None) -> int:
    return ENDLESS_US if instant_us is None else instant_us


def _takes_registers(timeline: PriceTimeline) -> bool:
    return any(dated.tariff.band_source is BandSource.METER for dated in timeline.versions)
