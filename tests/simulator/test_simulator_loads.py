"""Loads: exact, additive, never falling, and plausible."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.period import day_start
from prewatt.simulator.draws import Draws, draw, draw_between
from prewatt.simulator.errors import BadEstate
from prewatt.simulator.loads import DEFAULT_RATES, RATES, Load, LoadKind, RateSchedule

FIRST = date(2026, 10, 1)
ZONES = {name: ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin")}

seconds = st.integers(0, 90 * 86_400)
kinds = st.sampled_from(LoadKind)


@lru_cache
def load(kind: LoadKind = LoadKind.SHOP, mean_w: int = 3000, seed: int = 7, zone: str = "Asia/Shanghai") -> Load:
    return Load(kind=kind, mean_w=mean_w, seed=seed, zone=ZONES[zone], first_day=FIRST, rates=DEFAULT_RATES)


def instant(second: int, zone: str = "Asia/Shanghai") -> datetime:
    return day_start(FIRST, ZONES[zone]) + timedelta(seconds=second)


@settings(max_examples=200)
@given(kinds, st.sampled_from(sorted(ZONES)), seconds, seconds)
def test_energy_never_falls_and_rates_add_up(kind: LoadKind, zone: str, one: int, other: int) -> None:
    curve = load(kind, 3000, 7, zone)
    early, late = sorted((one, other))
    before, after = curve.rates_wh(instant(early, zone)), curve.rates_wh(instant(late, zone))
    assert all(a >= b for a, b in zip(after, before, strict=True))
    assert curve.cumulative_wh(instant(late, zone)) == sum(after)


@given(kinds, st.integers(0, 80), st.integers(0, 5))
def test_days_differ_but_not_wildly(kind: LoadKind, day: int, seed: int) -> None:
    curve = load(kind, 5000, seed)
    this, week_later = (
        curve.cumulative_wh(instant(86_400 * (at + 1))) - curve.cumulative_wh(instant(86_400 * at))
        for at in (day, day + 7)
    )
    assert 0 < this < 3 * week_later


def test_it_begins_at_zero_and_not_before() -> None:
    assert load().rates_wh(instant(0)) == (0,) * RATES
    with pytest.raises(BadEstate):
        load().rates_wh(instant(-1))


@pytest.mark.parametrize("kind", LoadKind)
def test_the_weekly_mean_is_the_one_ordered(kind: LoadKind) -> None:
    weeks_wh = load(kind, 4000).cumulative_wh(instant(8 * 7 * 86_400))
    assert abs(weeks_wh - 4000 * 168 * 8) < 4000 * 168 * 8 // 20


def test_shapes_are_plausible() -> None:
    monday = datetime(2026, 10, 12, tzinfo=ZONES["Asia/Shanghai"])
    saturday = datetime(2026, 10, 17, tzinfo=ZONES["Asia/Shanghai"])

    def power_w(kind: LoadKind, day: datetime, hour: int) -> int:
        return load(kind).power_w(day + timedelta(hours=hour))

    assert power_w(LoadKind.SHOP, monday, 19) > 5 * power_w(LoadKind.SHOP, monday, 3)
    assert power_w(LoadKind.RESTAURANT, monday, 12) > 2 * power_w(LoadKind.RESTAURANT, monday, 15)
    assert power_w(LoadKind.CINEMA, saturday, 20) > power_w(LoadKind.CINEMA, monday, 20)
    assert power_w(LoadKind.OFFICE, monday, 10) > 3 * power_w(LoadKind.OFFICE, saturday, 10)
    assert power_w(LoadKind.COMMON, monday, 3) > 0
    assert 2 * power_w(LoadKind.SUPERMARKET, monday, 3) > power_w(LoadKind.SUPERMARKET, monday, 12) // 2


def test_power_is_the_slope_of_energy() -> None:
    curve = load()
    at = instant(20 * 86_400 + 19 * 3600)
    quarter_wh = curve.cumulative_wh(at + timedelta(minutes=15)) - curve.cumulative_wh(at)
    assert abs(curve.power_w(at) - quarter_wh * 4) <= 8


def test_meters_differ_and_seeds_repeat() -> None:
    at = instant(30 * 86_400 + 4321)
    assert load(seed=1).rates_wh(at) != load(seed=2).rates_wh(at)
    again = Load(
        kind=LoadKind.SHOP, mean_w=3000, seed=1, zone=ZONES["Asia/Shanghai"], first_day=FIRST, rates=DEFAULT_RATES
    )
    assert load(seed=1).rates_wh(at) == again.rates_wh(at)


def test_days_of_23_and_25_hours_are_whole() -> None:
    berlin = Load(
        kind=LoadKind.SHOP,
        mean_w=3000,
        seed=1,
        zone=ZONES["Europe/Berlin"],
        first_day=date(2026, 3, 1),
        rates=DEFAULT_RATES,
    )
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        start = day_start(day, ZONES["Europe/Berlin"])
        end = day_start(day + timedelta(days=1), ZONES["Europe/Berlin"])
        step_wh = [berlin.cumulative_wh(start + (end - start) * part // 50) for part in range(51)]
        assert step_wh == sorted(step_wh)
        assert berlin.cumulative_wh(end) - berlin.cumulative_wh(end - timedelta(seconds=1)) < 10


def test_only_the_rate_of_the_hour_grows() -> None:
    noon = datetime(2026, 10, 20, 12, 30, tzinfo=ZONES["Asia/Shanghai"])
    before, after = load().rates_wh(noon), load().rates_wh(noon + timedelta(minutes=30))
    grown = [rate for rate in range(RATES) if after[rate] > before[rate]]
    assert grown == [DEFAULT_RATES.rate_of_slot(50) - 1]


@pytest.mark.parametrize("steps", [(), ((15, 1),), ((0, 1), (7, 2)), ((0, 5),), ((0, 1), (0, 2)), ((0, 1), (1440, 2))])
def test_a_rate_schedule_with_a_hole_is_refused(steps: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(BadEstate):
        RateSchedule(steps)


def test_one_rate_all_day() -> None:
    flat = Load(kind=LoadKind.SHOP, mean_w=100, seed=3, zone=UTC_ZONE, first_day=FIRST, rates=RateSchedule(((0, 2),)))
    wh = flat.rates_wh(datetime(2026, 10, 9, tzinfo=UTC))
    assert wh[0] == wh[2] == wh[3] == 0 < wh[1]


UTC_ZONE = ZoneInfo("UTC")


def test_draws() -> None:
    assert draw(1, 2) == draw(1, 2) != draw(2, 1)
    assert {draw_between(3, 5, seed) for seed in range(60)} == {3, 4, 5}
    first, second = Draws(9), Draws(9)
    assert first.octets(8) == second.octets(8)
    assert Draws(8).octets(8) != Draws(9).octets(8)
    assert all(1 <= first.between(1, 3) <= 3 for _ in range(20))
