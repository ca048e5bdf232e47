"""How a month's cost is split into lines and days that add up as printed, and its bookings into an equation. Pure.

``docs/papers.md`` has the worked numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from prewatt.kernel.money import Money
from prewatt.ledger.values import Booking
from prewatt.rating.bands import BANDS
from prewatt.rating.cost import cost_nano, rounded_minor
from prewatt.rating.tariff import Tariff

TOP_UP = "top_up"
USAGE = "usage"


@dataclass(frozen=True, slots=True)
class BandLine:
    """A band of a position: energy, price in 1e-6 currency per kWh, and its part of the rounded cost."""

    band: int
    wh: int
    price: int
    minor: int


def split_position(*, bands_wh: Sequence[int], tariff: Tariff) -> list[BandLine]:
    """This function will split a position's rounded cost over its bands, rounding cumulatively: the lines add up.

    A line differs from its own energy times price by less than one minor unit.
    """
    lines, reached_nano, reached = [], 0, 0
    for band, wh in zip(BANDS, bands_wh, strict=True):
        if not wh:
            continue
        price = tariff.price_of(band)
        reached_nano += wh * price
        before, reached = reached, rounded_minor(reached_nano, tariff.currency)
        lines.append(BandLine(band, wh, price, reached - before))
    return lines


def split_days(
    *, bands_wh: Sequence[int], days: Mapping[date, Sequence[int]], tariff: Tariff, first: date
) -> dict[date, int]:
    """This function will split a position's rounded cost over its days: each day is what the rounded whole grew by.

    ``days`` has the use of each day by band. They are walked from the last to the first, as a day close reckons: what
    no day has falls on the earliest, or on ``first`` where there is none. The days add up to the position exactly.
    """
    left = list(bands_wh)
    reached = rounded_minor(cost_nano(left, tariff), tariff.currency)
    costs: dict[date, int] = {}
    ordered = sorted(days, reverse=True)
    for day in ordered[:-1]:
        left = [wh - used for wh, used in zip(left, days[day], strict=True)]
        before = rounded_minor(cost_nano(left, tariff), tariff.currency)
        costs[day] = reached - before
        reached = before
    costs[ordered[-1] if ordered else first] = reached
    return costs


@dataclass(frozen=True, slots=True)
class MonthBookings:
    """A month's bookings as the terms of an equation: opening + top-ups − charges + adjustments = closing."""

    opening: Money
    top_ups: tuple[Booking, ...]
    charges: Money
    adjustments: tuple[Booking, ...]

    @property
    def topped_up(self) -> Money:
        """This property will hold the sum of top-ups, less those that were undone."""
        return sum((one.amount for one in self.top_ups), Money.zero(self.opening.currency))

    @property
    def adjusted(self) -> Money:
        """This property will hold the sum of everything else."""
        return sum((one.amount for one in self.adjustments), Money.zero(self.opening.currency))

    @property
    def closing(self) -> Money:
        """This property will hold the right side of the equation."""
        return self.opening + self.topped_up - self.charges + self.adjusted


def sort_bookings(*, opening: Money, bookings: Sequence[Booking], month: date) -> MonthBookings:
    """This function will sort a month's bookings: money paid in, this month's use, and what is neither.

    Use of earlier months that was charged in this one is an adjustment: the statement of its own month is out.
    """
    top_ups, adjustments = [], []
    charged = Money.zero(opening.currency)
    for one in bookings:
        if TOP_UP in {one.kind, one.origin}:
            top_ups.append(one)
        elif one.kind == USAGE and one.memo.get("period") == f"{month:%Y-%m}":
            charged -= one.amount
        else:
            adjustments.append(one)
    return MonthBookings(opening, tuple(top_ups), charged, tuple(adjustments))
