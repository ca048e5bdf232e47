"""Loads: how much energy a shop, a cinema or an office has taken up to an instant. Exact integers, no stepping.

A week has a shape (weights per quarter of an hour), a day varies by a seeded share of a usual day. The variation of
day *d* is ``n(d + 1) - n(d)`` with a seeded ``n``: sums over days then telescope, and the energy up to any instant is
reckoned at once, however far away the beginning lies. The split by rate is part of it: each rate has its own sums.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from prewatt.kernel.period import day_start
from prewatt.simulator.draws import draw, draw_between
from prewatt.simulator.errors import BadEstate

RATES = 4
SLOT_S = 900
SLOTS = 96
DAY_S = 86_400

_SECOND = timedelta(seconds=1)
_VARIATION_PERCENT = 30
_SHIFT_SLOTS = 3


class LoadKind(StrEnum):
    """What stands behind a meter."""

    SHOP = "shop"
    RESTAURANT = "restaurant"
    CINEMA = "cinema"
    SUPERMARKET = "supermarket"
    OFFICE = "office"
    COMMON = "common"


_WORKDAY = {
    LoadKind.SHOP: (6, 6, 6, 6, 6, 6, 6, 8, 20, 70, 95, 98, 98, 96, 96, 96, 98, 100, 105, 108, 104, 80, 20, 8),
    LoadKind.RESTAURANT: (
        14,
        14,
        14,
        14,
        14,
        16,
        22,
        28,
        34,
        52,
        96,
        140,
        136,
        88,
        48,
        44,
        66,
        128,
        150,
        142,
        98,
        52,
        22,
        15,
    ),
    LoadKind.CINEMA: (30, 16, 8, 8, 8, 8, 8, 8, 12, 40, 60, 66, 70, 76, 82, 84, 86, 96, 118, 132, 136, 130, 104, 60),
    LoadKind.SUPERMARKET: (
        48,
        46,
        46,
        46,
        46,
        50,
        62,
        86,
        104,
        112,
        116,
        118,
        116,
        114,
        114,
        116,
        118,
        122,
        124,
        120,
        112,
        92,
        60,
        50,
    ),
    LoadKind.OFFICE: (
        10,
        10,
        10,
        10,
        10,
        10,
        12,
        26,
        80,
        118,
        126,
        122,
        92,
        112,
        126,
        126,
        122,
        104,
        58,
        34,
        24,
        16,
        12,
        10,
    ),
    LoadKind.COMMON: (
        52,
        50,
        50,
        50,
        50,
        54,
        64,
        80,
        96,
        104,
        106,
        108,
        108,
        106,
        106,
        106,
        108,
        114,
        122,
        124,
        118,
        100,
        72,
        56,
    ),
}
"""Weights of the 24 hours from Monday to Friday; the level is set by the load's mean power."""

_WEEKEND_PERCENT = {
    LoadKind.SHOP: 125,
    LoadKind.RESTAURANT: 130,
    LoadKind.CINEMA: 170,
    LoadKind.SUPERMARKET: 115,
    LoadKind.OFFICE: 22,
    LoadKind.COMMON: 104,
}


@dataclass(frozen=True, slots=True)
class RateSchedule:
    """Which rate (1…4) counts from which minute of the local day on; the same every day."""

    steps: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        minutes = [minute for minute, _ in self.steps]
        if minutes[:1] != [0] or minutes != sorted(set(minutes)) or minutes[-1] >= 1440 or any(m % 15 for m in minutes):
            raise BadEstate("A rate schedule begins at minute 0 and rises in quarters of an hour.")
        if not all(1 <= rate <= RATES for _, rate in self.steps):
            raise BadEstate(f"Rates run from 1 to {RATES}.")

    def rate_of_slot(self, slot: int) -> int:
        """This method will return the rate of a quarter of an hour of the day (0…95)."""
        return next(rate for minute, rate in reversed(self.steps) if minute <= slot * 15)


DEFAULT_RATES = RateSchedule(
    (
        (0, 4),
        (8 * 60, 3),
        (10 * 60, 2),
        (12 * 60, 3),
        (14 * 60, 2),
        (19 * 60, 1),
        (21 * 60, 3),
        (22 * 60, 4),
    )
)
"""T1 sharp, T2 peak, T3 flat, T4 valley, as meters number them."""


class Load:
    """Energy behind one meter: a pure function of its seed and the instant. ``mean_w`` is the weekly mean."""

    def __init__(
        self, *, kind: LoadKind, mean_w: int, seed: int, zone: ZoneInfo, first_day: date, rates: RateSchedule
    ) -> None:
        self._zone = zone
        self._seed = seed
        self._rate_of = _rate_of_slots(rates)
        self._weights = _weights(kind, seed)
        self._before = [
            [
                0,
                *accumulate(
                    weight if of == rate else 0 for weight, of in zip(self._weights, self._rate_of, strict=True)
                ),
            ]
            for rate in range(RATES)
        ]  # [rate][slot]: weight before the slot
        percents = _percents(kind, seed)
        week = sum(self._weights) * sum(percents)
        usual = [
            [mean_w * 168 * before[SLOTS] * percent // week for before in self._before] for percent in percents
        ]  # [weekday][rate]: Wh of a usual day
        self._weekly = [[0, *accumulate(day[rate] for day in usual)] for rate in range(RATES)]
        self._swing = [min(day[rate] for day in usual) * _VARIATION_PERCENT // 100 for rate in range(RATES)]
        self._first_day = first_day
        self._origin = self._up_to_day(first_day)

    def rates_wh(self, at: datetime) -> tuple[int, ...]:
        """This method will return the energy in Wh per rate from the start of ``first_day`` to the instant."""
        day, slot, rest_s = self._place(at)
        if day < self._first_day:
            raise BadEstate(f"The load begins on {self._first_day}, {day} lies before it.")
        weight = self._weights[slot]
        whole, next_day = self._up_to_day(day), self._up_to_day(day + timedelta(days=1))
        out = []
        for rate in range(RATES):
            before = self._before[rate]
            part = before[slot] * SLOT_S + (weight * rest_s if self._rate_of[slot] == rate else 0)
            full = before[SLOTS] * SLOT_S
            today = (next_day[rate] - whole[rate]) * part // full if full else 0
            out.append(whole[rate] - self._origin[rate] + today)
        return tuple(out)

    def cumulative_wh(self, at: datetime) -> int:
        """This method will return the energy in Wh from the start of ``first_day`` to the instant, all rates."""
        return sum(self.rates_wh(at))

    def power_w(self, at: datetime) -> int:
        """This method will return the power in W at the instant."""
        day, slot, _ = self._place(at)
        rate = self._rate_of[slot]
        energy = self._up_to_day(day + timedelta(days=1))[rate] - self._up_to_day(day)[rate]
        return energy * self._weights[slot] * (3600 // SLOT_S) // self._before[rate][SLOTS]

    def _place(self, at: datetime) -> tuple[date, int, int]:
        """This method will return the local day, the slot and the seconds into it; days of 23 or 25 hours stretch."""
        day = at.astimezone(self._zone).date()
        start, length_s = _day(day, self._zone)
        second = (at - start) // _SECOND * DAY_S // length_s
        return day, second // SLOT_S, second % SLOT_S

    def _up_to_day(self, day: date) -> list[int]:
        weeks, weekday = divmod(day.toordinal() - 1, 7)
        chance = draw(self._seed, day.toordinal()) & 0xFFFF
        return [
            weeks * weekly[7] + weekly[weekday] + (swing * chance >> 16)
            for weekly, swing in zip(self._weekly, self._swing, strict=True)
        ]


def _weights(kind: LoadKind, seed: int) -> list[int]:
    """This function will return the weights of a day's 96 slots: the kind's shape, shifted and roughened."""
    hours = _WORKDAY[kind]
    shift = draw_between(-_SHIFT_SLOTS, _SHIFT_SLOTS, seed)
    out = []
    for slot in range(SLOTS):
        hour, quarter = divmod((slot + shift) % SLOTS, 4)
        smooth = hours[hour] * (4 - quarter) + hours[(hour + 1) % 24] * quarter
        out.append(smooth * draw_between(85, 115, seed, slot))
    return out


def _percents(kind: LoadKind, seed: int) -> list[int]:
    """This function will return how a week's seven days compare, Monday first."""
    return [draw_between(94, 106, seed, weekday, 7) for weekday in range(5)] + [_WEEKEND_PERCENT[kind]] * 2


@lru_cache(maxsize=64)
def _rate_of_slots(rates: RateSchedule) -> tuple[int, ...]:
    return tuple(rates.rate_of_slot(slot) - 1 for slot in range(SLOTS))


@lru_cache(maxsize=256)
def _day(day: date, zone: ZoneInfo) -> tuple[datetime, int]:
    start = day_start(day, zone)
    return start, (day_start(day + timedelta(days=1), zone) - start) // _SECOND
