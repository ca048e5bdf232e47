"""The row of accepted readings of one installation, and what new ones change in it. Pure.

Use is counted between neighbours in time. A reading that comes late parts a pair in two: the old pair's use is taken
back and the two new pairs' use takes its place, so that the order of arrival leaves no trace.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """A reading that was not stored before; ``kind`` and the instant tell it from others of its installation."""

    point: Point
    kind: int


class Change(NamedTuple):
    """Use to add (``sign`` 1) or to take back (-1)."""

    part: UsagePart
    sign: int


@dataclass(frozen=True, slots=True)
class Merged:
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
    points = list(existing)
    held: list[tuple[NewReading, HeldCause]] = []
    accepted: list[NewReading] = []
    for reading in sorted(new, key=lambda one: (one.point.read_us, one.kind)):
        point = reading.point
        place = bisect_right(points, point.read_us, key=lambda one: one.read_us)
        previous, following = points[max(place - 1, 0)], points[place] if place < len(points) else None
        verdict = validate_reading(
            previous=previous, new=point, following=following, marker=marker, limits=limits, now_us=now_us
        )
        cause = _why_held(verdict, previous, point, following, rate)
        if following is None:
            marker = next_marker(marker=marker, new=point, verdict=Held(cause) if cause else verdict)
        if cause is None:
            accepted.append(reading)
            _place(points, place, point)
        else:
            held.append((reading, cause))
    return Merged(tuple(held), tuple(accepted), tuple(_changes(existing, points, rate)), tuple(points), marker)


def force_reading(*, existing: Sequence[Point], reading: NewReading, rate: Rate) -> Merged:
    """This function will fit a reading into the row that a person has accepted, whatever validation says."""
    points = list(existing)
    _place(points, bisect_right(points, reading.point.read_us, key=lambda one: one.read_us), reading.point)
    return Merged((), (reading,), tuple(_changes(existing, points, rate)), tuple(points), None)


def _why_held(verdict: Verdict, previous: Point, new: Point, following: Point | None, rate: Rate) -> HeldCause | None:
    """Return why the reading cannot count: what validation says, or that its use has no payer or no price."""
    if isinstance(verdict, Held):
        return verdict.cause
    try:
        rate(previous, new)
        if following is not None:
            rate(new, following)
    except NoTariff:
        return HeldCause.NO_TARIFF
    except UnableToRate:
        return HeldCause.NO_PAYER
    return None


def _place(points: list[Point], place: int, point: Point) -> None:
    """Put the point in its place; of two at one instant the one with rate registers speaks."""
    if place and points[place - 1].read_us == point.read_us:
        if point.rates_wh and not points[place - 1].rates_wh:
            points[place - 1] = point
        return
    points.insert(place, point)


def _changes(before: Sequence[Point], after: Sequence[Point], rate: Rate) -> list[Change]:
    if after[: len(before)] == list(before):  # nothing came late: only new pairs at the end
        return [Change(part, 1) for pair in pairwise(after[len(before) - 1 :]) for part in rate(*pair)]
    old, new = list(pairwise(before)), list(pairwise(after))
    kept = set(old) & set(new)
    changes = [Change(part, -1) for pair in old if pair not in kept for part in rate(*pair)]
    changes += [Change(part, 1) for pair in new if pair not in kept for part in rate(*pair)]
    return changes
