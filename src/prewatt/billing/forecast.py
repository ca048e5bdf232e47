"""How long the money lasts, from the account's own recent use. Pure: integers in, integers out.

``docs/algorithms/forecast.md`` has the worked numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DAYS_BACK: Final = 14
"""Two whole weeks: each weekday counts twice."""

DAY_US: Final = 24 * 3_600 * 1_000_000
MINUTE_US: Final = 60 * 1_000_000
TENTH: Final = 10


@dataclass(frozen=True, slots=True)
class DailyCost:
    """What a day costs, in minor units: on average, on a quiet day (lower quartile) and on a busy one (upper)."""

    average: int
    quiet: int
    busy: int


@dataclass(frozen=True, slots=True)
class DaysLeft:
    """How many whole days the money lasts: as the average says, at least, and at most (None: not to be said)."""

    days: int
    at_least: int
    at_most: int | None


def find_daily_cost(*, day_costs: Sequence[int]) -> DailyCost | None:
    """This function will sum up the costs of whole days, in minor units; None when there is no day to go by."""
    if not day_costs:
        return None
    ordered = sorted(day_costs)
    last = len(ordered) - 1
    return DailyCost(
        average=_divide(sum(ordered), len(ordered)),
        quiet=ordered[_divide(last, 4)],
        busy=ordered[last - _divide(last, 4)],
    )


def find_days_left(*, available: int, cost: DailyCost) -> DaysLeft | None:
    """This function will return how long an available amount lasts, in minor units; None when nothing is used."""
    if cost.average <= 0:
        return None
    money = max(available, 0)
    return DaysLeft(
        days=money // cost.average,
        at_least=money // max(cost.busy, cost.average),
        at_most=money // cost.quiet if cost.quiet > 0 else None,
    )


def find_empties_us(*, available: int, daily_cost: int | None, now_us: int) -> int | None:
    """This function will return the instant at which an available amount is used up, in microseconds since 1970.

    The present instant when nothing is left; None when a day costs nothing or its cost is not known.
    """
    if available <= 0:
        return now_us
    if not daily_cost or daily_cost <= 0:
        return None
    return now_us + available * DAY_US // daily_cost


def has_moved(*, before_us: int | None, after_us: int | None, now_us: int) -> bool:
    """This function will tell whether a forecast moved by more than a tenth of the time left, and a minute.

    Less is not written: a fen of use would move an index.
    """
    if before_us is None or after_us is None:
        return before_us is not after_us
    left_us = max(before_us - now_us, 0)
    if left_us == 0 and after_us <= now_us:
        return False
    return abs(after_us - before_us) > max(left_us // TENTH, MINUTE_US)


def _divide(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest, halves up. Both are not below zero, but for a sum of corrections."""
    return (2 * numerator + denominator) // (2 * denominator)
