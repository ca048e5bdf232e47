"""Time cut where the price may change: at band boundaries, local midnights, month starts and tariff versions.

Instants are whole microseconds since 1970 (UTC) here, because hundreds of intervals are cut per batch. A band holds by
the clock on the wall: in the hour that a summer-time change repeats the wall's bands are repeated, and the hour that it
removes belongs to nobody.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from prewatt.kernel.period import day_start, days, local_date
from prewatt.rating.bands import Band
from prewatt.rating.calendar import DayCalendar
from prewatt.rating.tariff import Slot, Tariff

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_MINUTE_US: Final = 60_000_000
_PROBE_US: Final = 15 * _MINUTE_US
_DAY_US: Final = 24 * 60 * _MINUTE_US
_SECOND_US: Final = 1_000_000
_MARGIN: Final = timedelta(days=2)


def to_us(instant: datetime) -> int:
    """This function will turn an aware instant into whole microseconds since 1970."""
    return (instant - _EPOCH) // _US


def from_instant_us(instant_us: int) -> datetime:
    """This function will turn microseconds since 1970 into an instant in UTC."""
    return _EPOCH + timedelta(microseconds=instant_us)


class Segment(NamedTuple):
    """A stretch of one local day, in one band of one tariff version; both None where no version holds yet."""

    from_us: int
    to_us: int
    day: date
    band: Band | None
    version: int | None


@dataclass(frozen=True, slots=True)
class DatedTariff:
    """A tariff version from a local day on. ``version`` is the caller's name for it (a row number)."""

    version: int
    effective_from: date
    tariff: Tariff


class _Table(NamedTuple):
    first: date
    last: date
    from_us: int
    to_us: int
    starts: list[int]
    segments: list[Segment]


class PriceTimeline:
    """The versions of one tariff on one calendar, as an endless row of segments; worked out as far as asked."""

    __slots__ = ("_table", "_tariffs", "calendar", "versions")

    def __init__(self, *, versions: Sequence[DatedTariff], calendar: DayCalendar) -> None:
        self.versions = tuple(sorted(versions, key=lambda one: one.effective_from))
        self.calendar = calendar
        self._tariffs = {one.version: one.tariff for one in self.versions}
        self._table: _Table | None = None

    def tariff(self, version: int) -> Tariff:
        """This method will return the tariff of a version that a segment names."""
        return self._tariffs[version]

    def version_on(self, day: date) -> DatedTariff | None:
        """This method will return the version that holds on a local day, if any does."""
        place = bisect_right(self.versions, day, key=lambda one: one.effective_from)
        return self.versions[place - 1] if place else None

    def segments(self, *, from_us: int, to_us: int) -> list[Segment]:
        """This method will cut the interval; the segments touch, and cover it exactly. Empty for an empty interval."""
        if from_us >= to_us:
            return []
        table = self._table
        if table is None or from_us < table.from_us or table.to_us < to_us:
            table = self._cover(table, from_us, to_us)
        place = bisect_right(table.starts, from_us) - 1
        _, end_us, day, band, version = segment = table.segments[place]
        found = [Segment(from_us, min(end_us, to_us), day, band, version)]
        while segment.to_us < to_us:
            place += 1
            segment = table.segments[place]
            found.append(segment if segment.to_us <= to_us else segment._replace(to_us=to_us))
        return found

    def _cover(self, table: _Table | None, from_us: int, to_us: int) -> _Table:
        zone = self.calendar.zone
        first = local_date(from_instant_us(from_us), zone) - _MARGIN
        last = local_date(from_instant_us(to_us), zone) + _MARGIN
        if table is not None:
            first, last = min(first, table.first), max(last, table.last)
        segments = [segment for day in days(first, last) for segment in self._day(day)]
        starts = [segment.from_us for segment in segments]
        table = _Table(first, last, starts[0], segments[-1].to_us, starts, segments)
        self._table = table  # one assignment: a thread that reads meanwhile sees the old table or the new one
        return table

    def _day(self, day: date) -> list[Segment]:
        zone = self.calendar.zone
        start_us, end_us = to_us(day_start(day, zone)), to_us(day_start(day + timedelta(days=1), zone))
        if start_us >= end_us:
            return []  # a date that the zone skipped, as Samoa did
        dated = self.version_on(day)
        if dated is None:
            return [Segment(start_us, end_us, day, None, None)]
        slots = dated.tariff.programme(self.calendar.day_type(day))
        midnight_us = (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // _US
        found: list[Segment] = []
        for from_at_us, to_at_us, offset_us in _steady_stretches(start_us, end_us, zone):
            shift_us = offset_us - midnight_us
            for wall_from_us, wall_to_us, band in _cut_wall(from_at_us + shift_us, to_at_us + shift_us, slots):
                piece = Segment(wall_from_us - shift_us, wall_to_us - shift_us, day, band, dated.version)
                if found and found[-1].band is band:
                    piece = piece._replace(from_us=found.pop().from_us)
                found.append(piece)
        return found


def _cut_wall(from_wall_us: int, to_wall_us: int, slots: tuple[Slot, ...]) -> Iterator[tuple[int, int, Band]]:
    """Cut a stretch of wall time, counted from the day's midnight; it may reach a little beyond the day."""
    for day_offset in range(from_wall_us // _DAY_US, (to_wall_us - 1) // _DAY_US + 1):
        for slot in slots:
            from_us = max(from_wall_us, day_offset * _DAY_US + slot.from_minute * _MINUTE_US)
            end_us = min(to_wall_us, day_offset * _DAY_US + slot.to_minute * _MINUTE_US)
            if from_us < end_us:
                yield from_us, end_us, slot.band


def _steady_stretches(start_us: int, end_us: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """Cut a local day where its zone's offset to UTC changes; yields (from, to, offset) in microseconds."""
    from_at_us, offset_us = start_us, _offset_us(start_us, zone)
    if end_us - start_us != _DAY_US or _offset_us(end_us - _SECOND_US, zone) != offset_us:
        for probe_us in range(start_us + _PROBE_US, end_us + _PROBE_US, _PROBE_US):
            last_us = min(probe_us, end_us) - _SECOND_US
            if _offset_us(last_us, zone) != offset_us:
                change_us = _change_before(max(from_at_us, last_us - _PROBE_US), last_us, zone)
                yield from_at_us, change_us, offset_us
                from_at_us, offset_us = change_us, _offset_us(last_us, zone)
    yield from_at_us, end_us, offset_us


def _change_before(low_us: int, high_us: int, zone: ZoneInfo) -> int:
    """Return the second at which the offset becomes what it is at ``high_us``; at ``low_us`` it is another."""
    offset_us = _offset_us(high_us, zone)
    while high_us - low_us > _SECOND_US:
        middle_us = low_us + (high_us - low_us) // _SECOND_US // 2 * _SECOND_US
        if _offset_us(middle_us, zone) == offset_us:
            high_us = middle_us
        else:
            low_us = middle_us
    return high_us


def _offset_us(instant_us: int, zone: ZoneInfo) -> int:
    offset = from_instant_us(instant_us).astimezone(zone).utcoffset()
    return offset // _US if offset is not None else 0
