"""What a meter's registers showed at the beginning and at the end of a time, for each tenancy that was rated by it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from prewatt.metering.arrays import to_array, to_int_array

_SPANS: Final = """
SELECT tenancy.id, installation.id, point.code, meter.serial, installation.multiplier, meter.register_digits,
       greatest(lower(installation.period), lower(tenancy.period), %(from)s),
       least(upper(installation.period), upper(tenancy.period), %(to)s),
       lower(installation.period), installation.opening_total_wh, installation.opening_rates_wh,
       upper(installation.period), installation.closing_total_wh, installation.closing_rates_wh
FROM tenancy_tenancy tenancy
JOIN estate_meteringpoint point ON point.id = tenancy.metering_point_id
JOIN estate_meterinstallation installation ON installation.metering_point_id = tenancy.metering_point_id
 AND installation.period && tenancy.period * tstzrange(%(from)s, %(to)s)
JOIN estate_meter meter ON meter.id = installation.meter_id
WHERE tenancy.id = ANY(%(tenancies)s::bigint[]) AND tenancy.period && tstzrange(%(from)s, %(to)s)
ORDER BY tenancy.id, lower(installation.period)
"""
_NEAREST: Final = """
SELECT given.place, earlier.read_at, earlier.total_wh, earlier.rates_wh, later.read_at
FROM unnest(%(places)s::bigint[], %(installations)s::bigint[], %(instants)s::timestamptz[])
     given (place, installation_id, at)
LEFT JOIN LATERAL (
    SELECT nearest.* FROM unnest('{1,2,3,4,5}'::smallint[]) kinds (kind) CROSS JOIN LATERAL (
        SELECT read_at, total_wh, rates_wh FROM metering_reading reading
        WHERE reading.installation_id = given.installation_id AND reading.kind = kinds.kind AND reading.quality = 1
          AND reading.read_at <= given.at ORDER BY reading.read_at DESC LIMIT 1) nearest
    ORDER BY read_at DESC, cardinality(rates_wh) DESC LIMIT 1) earlier ON true
LEFT JOIN LATERAL (
    SELECT nearest.* FROM unnest('{1,2,3,4,5}'::smallint[]) kinds (kind) CROSS JOIN LATERAL (
        SELECT read_at FROM metering_reading reading
        WHERE reading.installation_id = given.installation_id AND reading.kind = kinds.kind AND reading.quality = 1
          AND reading.read_at > given.at ORDER BY reading.read_at LIMIT 1) nearest
    ORDER BY read_at LIMIT 1) later ON true
"""


@dataclass(frozen=True, slots=True)
class RegisterEnd:
    """Registers as read, in Wh before the multiplier. ``next_at``: when they were read after the boundary, if ever.

    A reading before its boundary means that the energy up to the boundary is a share of what came until ``next_at``.
    """

    at: datetime
    total_wh: int
    rates_wh: tuple[int, ...]
    boundary: datetime
    next_at: datetime | None

    @property
    def is_shared(self) -> bool:
        """This property will tell whether energy before the boundary had to be shared out by time."""
        return self.at < self.boundary and self.next_at is not None


@dataclass(frozen=True, slots=True)
class RegisterSpan:
    """One meter's part in a tenancy within a time. ``modulus_wh`` is where its register begins again."""

    tenancy_id: int
    installation_id: int
    room: str
    serial: str
    multiplier: int
    modulus_wh: int
    first: RegisterEnd
    last: RegisterEnd

    @property
    def is_wrapped(self) -> bool:
        """This property will tell whether the register passed its last digit."""
        return self.last.total_wh < self.first.total_wh

    def difference_wh(self, from_wh: int, to_wh: int) -> int:
        """This method will return what a register counted, in Wh before the multiplier."""
        return (to_wh - from_wh) % self.modulus_wh


def list_register_spans(*, tenancy_ids: Collection[int], from_at: datetime, to_at: datetime) -> list[RegisterSpan]:
    """This function will return the registers of every meter of tenancies at both ends of a time, in two queries.

    Each end is the last accepted reading at or before it; where a meter was put up or taken down, its opening or
    closing register.
    """
    wanted: dict[str, Any] = {"tenancies": to_int_array(tenancy_ids), "from": from_at, "to": to_at}
    with connection.cursor() as cursor:
        cursor.execute(_SPANS, wanted)
        rows = cursor.fetchall()
    ends = _nearest([(row[1], instant) for row in rows for instant in row[6:8]])
    return [_span(row, ends[2 * place], ends[2 * place + 1]) for place, row in enumerate(rows)]


_Nearest = tuple[datetime | None, int, list[int], datetime | None]


def _nearest(instants: Sequence[tuple[int, datetime]]) -> dict[int, _Nearest]:
    """Return the last reading at or before each instant, and when the next one was."""
    asked: dict[str, Any] = {
        "places": to_int_array(range(len(instants))),
        "installations": to_int_array(one for one, _ in instants),
        "instants": to_array(at for _, at in instants),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, asked)
        return {place: (at, total_wh, rates, later) for place, at, total_wh, rates, later in cursor.fetchall()}


def _span(row: Sequence[Any], first: _Nearest, last: _Nearest) -> RegisterSpan:
    (
        tenancy_id, installation_id, room, serial, multiplier, digits, from_at, to_at, opened_at, opening_wh,
        opening_rates, closed_at, closing_wh, closing_rates,
    ) = row  # fmt: skip
    opening = RegisterEnd(opened_at, opening_wh, tuple(opening_rates), from_at, None)
    closing = (
        RegisterEnd(closed_at, closing_wh, tuple(closing_rates or ()), to_at, None)
        if closed_at == to_at and closing_wh is not None
        else None
    )
    return RegisterSpan(
        tenancy_id, installation_id, room, serial, multiplier, 10 ** (digits + 3),
        _end(first, boundary=from_at, opening=opening), closing or _end(last, boundary=to_at, opening=opening),
    )  # fmt: skip


def _end(found: _Nearest, *, boundary: datetime, opening: RegisterEnd) -> RegisterEnd:
    at, total_wh, rates_wh, next_at = found
    if at is None or at < opening.at:
        return RegisterEnd(opening.at, opening.total_wh, opening.rates_wh, boundary, next_at)
    return RegisterEnd(at, total_wh, tuple(rates_wh), boundary, next_at)
