"""Whether a reading may be rated. Pure: values in, a verdict out.

Registers are Wh as the meter counts them, before the multiplier; instants are whole microseconds since 1970.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final, NamedTuple

SECOND_US: Final = 1_000_000
HOUR_S: Final = 3_600
FUTURE_TOLERANCE_US: Final = 300 * SECOND_US
"""A reading may be this far ahead of the core's clock: two machines never agree to the second."""

POWER_FACTOR_PERCENT: Final = 150
"""A breaker lets a good deal more than its rating pass for a while."""

STEP_ALLOWANCE_WH: Final = 1_000
REGISTER_COUNT_WH: Final = 10
"""The last digit of a register: one count may fall to either side of an interval."""

STUCK_AFTER_US: Final = 7 * 24 * HOUR_S * SECOND_US


class HeldCause(StrEnum):
    """Why a reading is held back. At most 24 characters: it is stored with the reading."""

    ROLLBACK = auto()
    JUMP = auto()
    CONTRADICTION = auto()
    FUTURE = auto()
    OUTSIDE = auto()
    BAD_VALUE = auto()
    BAD_RATES = auto()
    NO_PAYER = auto()
    NO_TARIFF = auto()


STICKY: Final = frozenset({HeldCause.ROLLBACK, HeldCause.JUMP})
"""After these the readings that go on from the held one are held too, until a person says which line is right."""


class Point(NamedTuple):
    """A register state at an instant. ``rates_wh`` is empty where the answer had no rate registers."""

    read_us: int
    total_wh: int
    rates_wh: tuple[int, ...] = ()


class Marker(NamedTuple):
    """The newest reading of a line that is held back."""

    point: Point
    cause: HeldCause


class Limits(NamedTuple):
    """What bounds the readings of an installation. ``needs_rates``: its tariff takes the bands from the meter."""

    from_us: int
    to_us: int | None
    register_full_wh: int
    multiplier: int
    rated_power_w: int
    needs_rates: bool = False


class Step(NamedTuple):
    """What the registers counted between two points; ``rates_wh`` is empty where it cannot be told, or is not asked."""

    total_wh: int
    rates_wh: tuple[int, ...]
    wrapped: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """The reading may be rated."""


@dataclass(frozen=True, slots=True)
class Held:
    """The reading is kept and not rated, until a person decides."""

    cause: HeldCause


Verdict = Accepted | Held
ACCEPTED: Final = Accepted()


def energy_between(*, first: Point, second: Point, limits: Limits) -> Step:
    """This function will return what was counted between two accepted points.

    A register that fell from its last tenth into its first has wrapped. One that fell otherwise was accepted by a
    person as a new beginning: nothing is counted up to it, and never less than nothing.
    """
    full_wh = limits.register_full_wh
    total_wh = _counted(first.total_wh, second.total_wh, full_wh)
    rates_wh: tuple[int, ...] = ()
    if limits.needs_rates and first.rates_wh and len(first.rates_wh) == len(second.rates_wh):
        counted = [_counted(one, two, full_wh) for one, two in zip(first.rates_wh, second.rates_wh, strict=True)]
        if None not in counted:
            rates_wh = tuple(wh for wh in counted if wh is not None)
    return Step(total_wh or 0, rates_wh, total_wh is not None and second.total_wh < first.total_wh)


def validate_reading(
    *, previous: Point, new: Point, following: Point | None, marker: Marker | None, limits: Limits, now_us: int
) -> Verdict:
    """This function will judge a reading against its accepted neighbours in time.

    ``previous`` is not later than ``new``, ``following`` is later; ``marker`` names a line that is already held.
    """
    cause = _check_alone(new, limits, now_us) or _check_step(previous, new, limits)
    if cause is HeldCause.JUMP and following is not None and _is_leap(previous, following, limits):
        cause = None  # a person accepted the leap; this reading only says when it was
    if cause is None and following is not None:
        cause = _check_following(previous, new, following, limits)
    if cause is None and following is None and marker is not None and _goes_on(marker, new, limits):
        cause = marker.cause
    return Held(cause) if cause else ACCEPTED


def next_marker(*, marker: Marker | None, new: Point, verdict: Verdict) -> Marker | None:
    """This function will return the held line after the newest reading was judged: begun, gone on, or left."""
    if isinstance(verdict, Accepted):
        return None
    return Marker(new, verdict.cause) if verdict.cause in STICKY else marker


def is_stuck(*, moved_us: int | None, read_us: int) -> bool:
    """This function will tell whether a register that once moved has stood still for too long to be believed."""
    return moved_us is not None and read_us - moved_us >= STUCK_AFTER_US


def is_plausible(*, step_wh: int, elapsed_us: int, limits: Limits) -> bool:
    """This function will tell whether the point can have carried a register step in the time between two readings."""
    bound_wh = limits.rated_power_w * POWER_FACTOR_PERCENT * (elapsed_us // SECOND_US) // (100 * HOUR_S)
    allowance_wh = STEP_ALLOWANCE_WH + REGISTER_COUNT_WH * limits.multiplier
    return step_wh * limits.multiplier <= bound_wh + allowance_wh


def _counted(first_wh: int, second_wh: int, full_wh: int) -> int | None:
    if second_wh >= first_wh:
        return second_wh - first_wh
    if first_wh * 10 >= full_wh * 9 and second_wh * 10 <= full_wh:
        return second_wh - first_wh + full_wh
    return None


def _check_alone(new: Point, limits: Limits, now_us: int) -> HeldCause | None:
    if new.read_us > now_us + FUTURE_TOLERANCE_US:
        return HeldCause.FUTURE
    if new.read_us < limits.from_us or (limits.to_us is not None and new.read_us > limits.to_us):
        return HeldCause.OUTSIDE
    if not 0 <= new.total_wh < limits.register_full_wh:
        return HeldCause.BAD_VALUE
    if limits.needs_rates and any(not 0 <= wh < limits.register_full_wh for wh in new.rates_wh):
        return HeldCause.BAD_RATES
    return None


def _check_step(previous: Point, new: Point, limits: Limits) -> HeldCause | None:
    counted_wh = _counted(previous.total_wh, new.total_wh, limits.register_full_wh)
    if new.read_us == previous.read_us:
        return None if counted_wh == 0 else HeldCause.CONTRADICTION
    if counted_wh is None:
        return HeldCause.ROLLBACK
    if not is_plausible(step_wh=counted_wh, elapsed_us=new.read_us - previous.read_us, limits=limits):
        return HeldCause.JUMP
    if limits.needs_rates and previous.rates_wh and new.rates_wh:
        return _check_rates(previous.rates_wh, new.rates_wh, counted_wh, limits)
    return None


def _check_rates(previous_wh: Sequence[int], new_wh: Sequence[int], total_wh: int, limits: Limits) -> HeldCause | None:
    """Each register is cut to its last digit by itself, so that together they may pass the total by a count each."""
    if len(previous_wh) != len(new_wh):
        return HeldCause.BAD_RATES
    counted_wh = 0
    for first_wh, second_wh in zip(previous_wh, new_wh, strict=True):
        rate_wh = _counted(first_wh, second_wh, limits.register_full_wh)
        if rate_wh is None:
            return HeldCause.BAD_RATES
        counted_wh += rate_wh
    return HeldCause.BAD_RATES if counted_wh > total_wh + REGISTER_COUNT_WH * len(new_wh) else None


def _check_following(previous: Point, new: Point, following: Point, limits: Limits) -> HeldCause | None:
    """A late reading must lead on to the one after it; where a person accepted a leap, either side may leap."""
    onward_wh = _counted(new.total_wh, following.total_wh, limits.register_full_wh)
    whole_wh = _counted(previous.total_wh, following.total_wh, limits.register_full_wh)
    if onward_wh is None:
        return HeldCause.CONTRADICTION if whole_wh is not None else None
    if whole_wh is None:
        return None
    leaps = not is_plausible(step_wh=onward_wh, elapsed_us=following.read_us - new.read_us, limits=limits)
    return HeldCause.CONTRADICTION if leaps and not _is_leap(previous, following, limits) else None


def _is_leap(first: Point, second: Point, limits: Limits) -> bool:
    """Tell whether two accepted points lie further apart than the point can have carried."""
    counted_wh = _counted(first.total_wh, second.total_wh, limits.register_full_wh)
    elapsed_us = second.read_us - first.read_us
    return counted_wh is not None and not is_plausible(step_wh=counted_wh, elapsed_us=elapsed_us, limits=limits)


def _goes_on(marker: Marker, new: Point, limits: Limits) -> bool:
    """Tell whether the reading continues the held line: a plausible step from it, forward in time."""
    elapsed_us = new.read_us - marker.point.read_us
    counted_wh = _counted(marker.point.total_wh, new.total_wh, limits.register_full_wh)
    return (
        elapsed_us >= 0
        and counted_wh is not None
        and is_plausible(step_wh=counted_wh, elapsed_us=elapsed_us, limits=limits)
    )
