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


class Change(NamedTuple):
    """Use to add (``sign`` 1) or to take back (-1)."""

    part: UsagePart
    sign: int


class Merged(NamedTuple):
    """What came of new readings: which are held and why, which use changes, and where the row ends now."""

    held: tuple[tuple[NewReading, HeldCause], ...]
    accepted: tuple[NewReading, ...]
    changes: tuple[Change, ...]
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
    ordered = sorted(new, key=_in_time)
    if ordered and ordered[0].point.read_us <= existing[-1].read_us:
        rate = cache(rate)  # late readings have the same pairs laid out again
    points = list(existing)
    held: list[tuple[NewReading, HeldCause]] = []
    accepted: list[NewReading] = []
    at_end: list[UsagePart] = []
    only_at_end = True
    for reading in ordered:
        point = reading.point
        place = _place_of(point, points)
        previous, following = points[max(place - 1, 0)], points[place] if place < len(points) else None
        verdict = validate_reading(
            previous=previous, new=point, following=following, marker=marker, limits=limits, now_us=now_us
        )
        use = _lay_out(verdict, previous, point, following, rate)
        if following is None:
            marker = next_marker(marker=marker, new=point, verdict=Held(use) if isinstance(use, HeldCause) else verdict)
        if isinstance(use, HeldCause):
            held.append((reading, use))
            continue
        accepted.append(reading)
        at_end += use
        only_at_end = only_at_end and following is None and point.read_us > previous.read_us
        _place(points, place, point)
    changes = [Change(part, 1) for part in at_end] if only_at_end else _changes(existing, points, rate)
    return Merged(tuple(held), tuple(accepted), tuple(changes), tuple(points), marker)


def force_reading(*, existing: Sequence[Point], reading: NewReading, rate: Rate) -> Merged:
    """This function will fit a reading into the row that a person has accepted, whatever validation says."""
    points = list(existing)
    _place(points, _place_of(reading.point, points), reading.point)
    return Merged((), (reading,), tuple(_changes(existing, points, rate)), tuple(points), None)


def _in_time(reading: NewReading) -> tuple[int, int]:
    return reading.point.read_us, reading.kind


def _place_of(point: Point, points: Sequence[Point]) -> int:
    """Return where the point goes in the row: behind those of its instant and before. Most go to the end."""
    if point.read_us >= points[-1].read_us:
        return len(points)
    return bisect_right(points, point.read_us, key=_instant)


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


def _changes(before: Sequence[Point], after: Sequence[Point], rate: Rate) -> list[Change]:
    """Return the use of pairs that the row lost, taken back, and of those that it gained."""
    old, new = list(pairwise(before)), list(pairwise(after))
    kept = set(old) & set(new)
    changes = [Change(part, -1) for pair in old if pair not in kept for part in rate(*pair)]
    changes += [Change(part, 1) for pair in new if pair not in kept for part in rate(*pair)]
    return changes
