"""What recording a reading must know of its installation."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db import connection

from prewatt.metering.arrays import to_array, to_int_array
from prewatt.metering.validation import HeldCause, Limits, Marker, Point
from prewatt.metering.values import InstallationFacts
from prewatt.rating.segments import from_instant_us

_FACTS: Final = """
SELECT installation.id, installation.metering_point_id, point.public_id::text, point.code, bus.gateway_id,
       installation.multiplier,
       (extract(epoch FROM lower(installation.period)) * 1000000)::bigint,
       (extract(epoch FROM upper(installation.period)) * 1000000)::bigint,
       meter.register_digits, point.rated_power_w,
       installation.opening_total_wh, installation.opening_rates_wh,
       (extract(epoch FROM state.last_read_at) * 1000000)::bigint, state.last_total_wh, state.last_rates_wh,
       (extract(epoch FROM state.held_at) * 1000000)::bigint, state.held_total_wh, state.held_cause,
       (extract(epoch FROM state.moved_at) * 1000000)::bigint
FROM estate_meterinstallation installation
JOIN estate_meteringpoint point ON point.id = installation.metering_point_id
JOIN estate_meter meter ON meter.id = installation.meter_id
JOIN estate_bus bus ON bus.id = installation.bus_id
LEFT JOIN metering_meterstate state ON state.installation_id = installation.id
WHERE installation.id = ANY(%s::bigint[]) AND point.site_id = %s
"""
_EPOCHS: Final = """
SELECT gateway_id, epoch FROM estate_gatewaylease WHERE gateway_id = ANY(%s::bigint[]) ORDER BY gateway_id FOR SHARE
"""
_ACCEPTED: Final = """
SELECT installation_id, (extract(epoch FROM read_at) * 1000000)::bigint, total_wh, rates_wh
FROM metering_reading WHERE installation_id = ANY(%s::bigint[]) AND quality = 1
"""
_DAY_USAGE: Final = """
SELECT tenancy_id, installation_id, date, band, quantity_wh
FROM metering_dayusage WHERE installation_id = ANY(%s::bigint[]) AND quantity_wh <> 0
"""
_NEIGHBOURS: Final = """
SELECT given.installation_id, (extract(epoch FROM found.read_at) * 1000000)::bigint, found.total_wh, found.rates_wh
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) given (installation_id, first_at, last_at)
CROSS JOIN LATERAL (
    SELECT nearest.* FROM unnest('{1,2,3,4,5}'::smallint[]) kinds (kind) CROSS JOIN LATERAL (
        SELECT read_at, total_wh, rates_wh FROM metering_reading reading
        WHERE reading.installation_id = given.installation_id AND reading.kind = kinds.kind AND reading.quality = 1
          AND reading.read_at <= given.first_at ORDER BY reading.read_at DESC LIMIT 1) nearest
    UNION ALL
    SELECT read_at, total_wh, rates_wh FROM metering_reading reading
    WHERE reading.installation_id = given.installation_id AND reading.quality = 1
      AND reading.read_at > given.first_at AND reading.read_at <= given.last_at
    UNION ALL
    SELECT nearest.* FROM unnest('{1,2,3,4,5}'::smallint[]) kinds (kind) CROSS JOIN LATERAL (
        SELECT read_at, total_wh, rates_wh FROM metering_reading reading
        WHERE reading.installation_id = given.installation_id AND reading.kind = kinds.kind AND reading.quality = 1
          AND reading.read_at > given.last_at ORDER BY reading.read_at LIMIT 1) nearest
) found
"""


def load_installations(*, installation_ids: Iterable[int], site_id: int) -> dict[int, InstallationFacts]:
    """This function will return what recording must know of installations of a site; unknown ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [to_int_array(installation_ids), site_id])
        return {row[0]: _facts(row) for row in cursor.fetchall()}


def load_neighbours(*, windows_us: Mapping[int, tuple[int, int]]) -> dict[int, list[Point]]:
    """This function will return the accepted readings of installations within windows, and the nearest on each side.

    In order of time, one point an instant. The opening registers are not among them.
    """
    if not windows_us:
        return {}
    ids = list(windows_us)
    firsts = [from_instant_us(windows_us[one][0]) for one in ids]
    lasts = [from_instant_us(windows_us[one][1]) for one in ids]
    found: dict[int, list[Point]] = {one: [] for one in ids}
    with connection.cursor() as cursor:
        cursor.execute(_NEIGHBOURS, [to_int_array(ids), to_array(firsts), to_array(lasts)])
        for installation_id, read_us, total_wh, rates_wh in cursor.fetchall():
            found[installation_id].append(Point(read_us, total_wh, tuple(rates_wh)))
    return {one: _trimmed(points, *windows_us[one]) for one, points in found.items()}


def one_an_instant(points: Sequence[Point]) -> list[Point]:
    """This function will order points by time and keep one an instant: the one with rate registers."""
    fullest: dict[int, Point] = {}
    for point in sorted(points):
        fullest[point.read_us] = point  # an empty row of rates sorts before a full one
    return list(fullest.values())


def _trimmed(points: Sequence[Point], first_us: int, last_us: int) -> list[Point]:
    """Keep what lies within the window and the nearest on each side: other kinds' neighbours lie further away."""
    row = one_an_instant(points)
    begin = max((place for place, point in enumerate(row) if point.read_us <= first_us), default=0)
    end = min((place for place, point in enumerate(row) if point.read_us > last_us), default=len(row) - 1)
    return row[begin : end + 1]


def _facts(row: Sequence[Any]) -> InstallationFacts:
    (
        installation_id, point_id, public_id, code, gateway_id, multiplier, from_us, to_us, digits, power_w,
        opening_wh, opening_rates, last_us, last_wh, last_rates, held_us, held_wh, held_cause, moved_us,
    ) = row  # fmt: skip
    opening = Point(from_us, opening_wh, tuple(opening_rates))
    last = opening if last_us is None else Point(last_us, last_wh, tuple(last_rates))
    marker = Marker(Point(held_us, held_wh), HeldCause(held_cause)) if held_us is not None else None
    limits = Limits(from_us, to_us, 10 ** (digits + 3), multiplier, power_w)
    return InstallationFacts(
        installation_id, point_id, public_id, code, gateway_id, limits, opening, last, marker, moved_us,
        last_us is not None,
    )  # fmt: skip


def load_epochs(*, gateway_ids: Sequence[int]) -> dict[int, int]:
    """This function will return the lease epochs of gateways and keep them until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_EPOCHS, [to_int_array(gateway_ids)])
        return dict(cursor.fetchall())


def load_accepted(*, installation_ids: Sequence[int]) -> dict[int, list[Point]]:
    """This function will return every accepted reading of installations, in order of time, one point an instant."""
    found: dict[int, list[Point]] = {one: [] for one in installation_ids}
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPTED, [to_int_array(installation_ids)])
        for installation_id, read_us, total_wh, rates_wh in cursor.fetchall():
            found[installation_id].append(Point(read_us, total_wh, tuple(rates_wh)))
    return {one: one_an_instant(points) for one, points in found.items()}


def load_day_usage(*, installation_ids: Sequence[int]) -> dict[tuple[int, int, date, int], int]:
    """This function will return use by tenancy, installation, local day and band, in Wh, without rows of nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_DAY_USAGE, [to_int_array(installation_ids)])
        return {(row[0], row[1], row[2], row[3]): row[4] for row in cursor.fetchall()}
