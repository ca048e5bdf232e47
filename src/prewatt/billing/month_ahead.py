"""Paying a month ahead and settling it by real use (月预付、多退少补). Pure: minor units in, minor units out.

``docs/algorithms/month-ahead.md`` has the worked numbers.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

DAYS_BACK: Final = 28
"""Four whole weeks: each weekday counts four times."""
DAYS_MIN: Final = 7
"""With less than a week behind it nothing can be estimated: a person sets the amount."""
STEP_MAJOR: Final = 10
"""Estimates are rounded up to whole tens of the currency."""


class Booked(NamedTuple):
    """A line of the account's ledger. ``kind`` of a reversal is that of what it undoes; ``period`` is ``2026-11``."""

    kind: str
    amount: int
    day: date
    at: datetime
    period: str = ""

    @classmethod
    def of(cls, *, kind: str, origin: str, amount: int, day: date, at: datetime, memo: Mapping[str, Any]) -> "Booked":
        """This method will name a booking by what it, or what it undoes, was for."""
        return cls(origin or kind, amount, day, at, str(memo.get("period", "")))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a month will cost, from the charges of ``days`` days; ``amount`` None when they are too few."""

    amount: int | None
    charged: int
    days: int

    @property
    def daily(self) -> int:
        """This property will hold the mean charge of a day, rounded to the nearest."""
        return (2 * self.charged + self.days) // (2 * self.days) if self.days else 0


@dataclass(frozen=True, slots=True)
class MonthSums:
    """opening + paid + refunded + adjusted + late + used = closing. What leaves the account is below zero.

    ``late`` was used in earlier months and charged in this one; ``ahead`` was paid for the month that follows.
    """

    opening: int
    paid: int
    refunded: int
    adjusted: int
    late: int
    used: int
    ahead: int

    @property
    def closing(self) -> int:
        """This property will hold the balance at the end of the month's last day."""
        return self.opening + self.paid + self.refunded + self.adjusted + self.late + self.used

    @property
    def surplus(self) -> int:
        """This property will hold what was paid for the month and not used."""
        return max(0, self.closing - self.ahead)

    @property
    def shortfall(self) -> int:
        """This property will hold what was used in the month and not paid."""
        return max(0, self.ahead - self.closing)


def next_month(month: date) -> date:
    """This function will return the first day of the month that follows."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def days_in(month: date) -> int:
    """This function will return how many days the month has."""
    return monthrange(month.year, month.month)[1]


def estimate_month(*, bookings: Sequence[Booked], today: date, month: date, step: int) -> Estimate:
    """This function will estimate a month from the charges of the last four weeks before ``today``.

    Days count from the account's first charge on, also those without one. ``step`` is what is rounded up to.
    """
    since = today - timedelta(days=DAYS_BACK)
    charges = [one for one in bookings if one.kind == "usage" and since <= one.day < today]
    if not charges:
        return Estimate(None, 0, 0)
    charged = -sum(one.amount for one in charges)
    counted = (today - min(one.day for one in charges)).days
    if counted < DAYS_MIN or charged <= 0:
        return Estimate(None, charged, counted)
    return Estimate(_up(charged * days_in(month), counted * step) * step, charged, counted)


def find_request(*, estimate: int, standing: int, is_carried: bool) -> int:
    """This function will return what to ask for: the estimate less what is there, or plus what is owed.

    Where a surplus is given back it does not pay for the month to come.
    """
    return max(0, estimate - (standing if is_carried else min(standing, 0)))


def foresee_standing(*, balance: int, daily: int, today: date, month: date) -> int:
    """This function will return the balance at the beginning of ``month``, at the usual pace; today counts whole."""
    return balance - daily * max(0, (month - today).days)


def sum_month(
    *, opening: int, bookings: Sequence[Booked], month: date, asked_at: datetime | None, asked: int
) -> MonthSums:
    """This function will add up a month's bookings. ``asked_at`` and ``asked``: the request for the month that follows.

    What came in since that request pays for the coming month, up to what was asked.
    """
    sums = dict.fromkeys(("paid", "refunded", "adjusted", "late", "used"), 0)
    period = f"{month:%Y-%m}"
    for one in bookings:
        sums[_term(one, period)] += one.amount
    since = (
        0 if asked_at is None else sum(one.amount for one in bookings if one.kind == "top_up" and one.at >= asked_at)
    )
    return MonthSums(opening=opening, **sums, ahead=max(0, min(since, asked)))


def _term(one: Booked, period: str) -> str:
    if one.kind == "usage":
        return "used" if one.period == period else "late"
    return _TERMS.get(one.kind, "adjusted")


_TERMS: Final = {"top_up": "paid", "refund": "refunded"}


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
