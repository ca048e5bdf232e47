"""The row of accepted readings of one installation, and what new ones change in it. Pure.

Use is counted between neighbours in time. A reading that comes late parts a pair in two: the old pair's use is taken
back and the two new pairs' use takes its place, so that the order of arrival leaves no trace.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from prewatt.metering.validation import (
    ACCEPTED,
    Held,
    HeldCause,
    Limits,
    Marker,
    Point,
    Verdict,
    next_marker,
    validate_reading,
)
from prewatt.rating.errors import NoTariff, UnableToRate
from prewatt.rating.usage import UsagePart

Rate = Callable[[Point, Point], Sequence[UsagePart]]
"""Lays out the energy between two accepted points. Raises UnableToRate."""


class NewReading(NamedTuple):
    """A reading that was not stored before; ``kind`` and the instant tell it from others of its installation.

    ``is_live``: the field sent it, so the meter answers; ``clock_drift_s``: how far its clock was ahead, if it said.
    """

    point: Point
    kind: int
    is_live: bool = False
    clock_drift_s: int | None = None


class Merged(NamedTuple):
    """What came of new readings: which are held and why, which use comes and goes, and where the row ends now."""

    held: Sequence[tuple[NewReading, HeldCause]]
    accepted: Sequence[NewReading]
    gained: Sequence[UsagePart]
    lost: Sequence[UsagePart]
    points: tuple[Point, ...]
    marker: Marker | None


def merge_readings(
    *,
    existing: Sequence[Point],
    new: Sequence[NewReading],
    limits: Limits,
    marker: Marker | None,
    now_us: int,
    rate: Rate,
) -> Merged:
    """This function will judge new readings in order of time and fit the sound ones into the row.

    ``existing`` are accepted points in order of time without a gap in between; the first is not later than any new
    reading that lies within the installation's stay.
    """
    if len(new) == 1 and new[0].point.read_us > existing[-1].read_us:
        return _append(existing, new[0], limits=limits, marker=marker, now_us=now_us, rate=rate)
    rate = cache(rate)  # a late reading has the same pairs laid out again
    points = list(existing)
    held: list[tuple[NewReading, HeldCause]] = []
    accepted: list[NewReading] = []
    for reading in sorted(new, key=_in_time):
        point = reading.point
        place = bisect_right(points, point.read_us, key=_instant)
        previous, following = points[max(place - 1, 0)], points[place] if place < len(points) else None
        verdict = validate_reading(
            previous=previous, new=point, following=following, marker=marker, limits=limits, now_us=now_us
        )
        use = _lay_out(verdict, previous, point, following, rate)
        if following is None:
            marker = next_marker(marker=marker, new=point, verdict=_verdict(use))
        if isinstance(use, HeldCause):
            held.append((reading, use))
        else:
            accepted.append(reading)
            _place(points, place, point)
    return Merged(held, accepted, *_changes(existing, points, rate), tuple(points), marker)


def force_reading(*, existing: Sequence[Point], reading: NewReading, rate: Rate) -> Merged:
    """This function will fit a reading into the row that a person has accepted, whatever validation says."""
    points = list(existing)
    _place(points, bisect_right(points, reading.point.read_us, key=_instant), reading.point)
    return Merged((), (reading,), *_changes(existing, points, rate), tuple(points), None)


def _append(
    existing: Sequence[Point],
    reading: NewReading,
    *,
    limits: Limits,
    marker: Marker | None,
    now_us: int,
    rate: Rate,
) -> Merged:
    """Judge a reading that is newer than all others of its row: what a live sweep brings, one a meter."""
    previous, point = existing[-1], reading.point
    verdict = validate_reading(
        previous=previous, new=point, following=None, marker=marker, limits=limits, now_us=now_us
    )
    use = _lay_out(verdict, previous, point, None, rate)
    marker = next_marker(marker=marker, new=point, verdict=_verdict(use))
    if isinstance(use, HeldCause):
        return Merged([(reading, use)], (), (), (), tuple(existing), marker)
    return Merged((), (reading,), use, (), (*existing, point), marker)


def _verdict(use: Sequence[UsagePart] | HeldCause) -> Verdict:
    return Held(use) if isinstance(use, HeldCause) else ACCEPTED


def _in_time(reading: NewReading) -> tuple[int, int]:
    return reading.point.read_us, reading.kind


def _instant(point: Point) -> int:
    return point.read_us


def _lay_out(
    verdict: Verdict, previous: Point, new: Point, following: Point | None, rate: Rate
) -> Sequence[UsagePart] | HeldCause:
    """Return the use up to the reading, or why it cannot count: as validation says, or for want of payer or price."""
    if isinstance(verdict, Held):
        return verdict.cause
    try:
        use = rate(previous, new)
        if following is not None:
            rate(new, following)
    except NoTariff:
        return HeldCause.NO_TARIFF
    except UnableToRate:
        return HeldCause.NO_PAYER
    return use


def _place(points: list[Point], place: int, point: Point) -> None:
    """Put the point in its place; of two at one instant the one with rate registers speaks."""
    if place and points[place - 1].read_us == point.read_us:
        if point.rates_wh and not points[place - 1].rates_wh:
            points[place - 1] = point
        return
    points.insert(place, point)


def _changes(
    before: Sequence[Point], after: Sequence[Point], rate: Rate
) -> tuple[Sequence[UsagePart], Sequence[UsagePart]]:
    """Return the use of pairs that the row gained, and of those that it lost."""
    old, new = list(pairwise(before)), list(pairwise(after))
    kept = set(old) & set(new)
    return (
        [part for pair in new if pair not in kept for part in rate(*pair)],
        [part for pair in old if pair not in kept for part in rate(*pair)],
    )
