"""Energy laid out over payers, months, versions, days and bands; and what it costs."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.rating.bands import BANDS, Band, DayType
from prewatt.rating.calendar import DayCalendar
from prewatt.rating.cost import cost_nano, rounded_minor
from prewatt.rating.errors import NoPayer, NoTariff, UnknownBand
from prewatt.rating.segments import DatedTariff, PriceTimeline, to_us
from prewatt.rating.tariff import BandSource, Slot, Tariff
from prewatt.rating.usage import Interval, Stretch, UsagePart, split_usage

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = {
    DayType.WORKDAY: [Slot(0, 480, Band.VALLEY), Slot(480, 1200, Band.PEAK), Slot(1200, 1440, Band.FLAT)],
    DayType.WEEKEND: [Slot(0, 1440, Band.FLAT)],
}
PRICES = {Band.SHARP: 1_500_000, Band.PEAK: 1_200_000, Band.FLAT: 800_000, Band.VALLEY: 400_000}
BY_CLOCK = Tariff.time_of_use(currency="CNY", prices=PRICES, days=DAYS)
BY_METER = Tariff.time_of_use(
    currency="CNY", prices=PRICES, days=DAYS, band_source=BandSource.METER,
    meter_rates=[Band.SHARP, Band.PEAK, Band.FLAT, Band.VALLEY],
)  # fmt: skip
FLAT = Tariff.flat(currency="CNY", price=650_000)
FOREVER = (0, 1 << 62)


def at(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def line(*versions: tuple[int, str, Tariff]) -> PriceTimeline:
    return PriceTimeline(
        versions=[DatedTariff(number, date.fromisoformat(day), tariff) for number, day, tariff in versions],
        calendar=DayCalendar(ZONE),
    )


def split(
    start: str, end: str, wh: int, *stretches: Stretch, rates: tuple[int, ...] = (), tariff: Tariff = BY_CLOCK
) -> list[UsagePart]:
    usual = (Stretch(*FOREVER, 1, line((1, "2026-01-01", tariff))),)
    return split_usage(interval=Interval(at(start), at(end), wh, rates), stretches=stretches or usual)


def test_use_is_spread_by_time_over_bands() -> None:
    parts = split("2026-11-20T06:00", "2026-11-20T12:00", 6_000)
    month, day = date(2026, 11, 1), date(2026, 11, 20)
    assert parts == [
        UsagePart(1, month, 1, day, Band.VALLEY, 2_000),
        UsagePart(1, month, 1, day, Band.PEAK, 4_000),
    ]


def test_nothing_used_is_no_part_even_where_nobody_pays() -> None:
    assert split_usage(interval=Interval(0, 10, 0), stretches=[]) == []


def test_energy_needs_time() -> None:
    for wh, start, end in ((5, 10, 10), (-5, 0, 10), (5, 10, 0)):
        with pytest.raises(ValueError, match="no interval"):
            split_usage(interval=Interval(start, end, wh), stretches=[])


def test_a_part_too_short_for_a_watt_hour_is_left_out() -> None:
    parts = split("2026-11-20T07:59", "2026-11-21T00:00", 10)
    assert [(part.band, part.wh) for part in parts] == [(Band.PEAK, 8), (Band.FLAT, 2)]


def test_registers_say_the_band_and_time_says_the_day() -> None:
    parts = split("2026-11-19T20:00", "2026-11-20T20:00", 10_000, rates=(1_000, 5_000, 2_000, 2_000), tariff=BY_METER)
    found = [(part.day.day, part.band, part.wh) for part in parts]
    assert found == [
        (19, Band.SHARP, 167),  # no segment is sharp: over all segments, by time
        (20, Band.SHARP, 333),
        (20, Band.SHARP, 500),
        (20, Band.PEAK, 5_000),
        (19, Band.FLAT, 2_000),
        (20, Band.VALLEY, 2_000),
    ]


def test_what_no_register_has_is_flat() -> None:
    parts = split("2026-11-20T09:00", "2026-11-20T10:00", 1_000, rates=(0, 600, 0, 0), tariff=BY_METER)
    assert [(part.band, part.wh) for part in parts] == [(Band.PEAK, 600), (Band.FLAT, 400)]


def test_registers_never_pass_the_total() -> None:
    parts = split("2026-11-20T09:00", "2026-11-20T10:00", 1_000, rates=(0, 1_010, 10, 0), tariff=BY_METER)
    assert [(part.band, part.wh) for part in parts] == [(Band.PEAK, 1_000)]


def test_the_clock_decides_where_registers_are_missing_or_versions_disagree() -> None:
    by_clock = split("2026-11-20T09:00", "2026-11-20T10:00", 1_000, tariff=BY_METER)
    assert [(part.band, part.wh) for part in by_clock] == [(Band.PEAK, 1_000)]
    both = Stretch(*FOREVER, 1, line((1, "2026-01-01", BY_METER), (2, "2026-11-20", BY_CLOCK)))
    mixed = split("2026-11-19T23:00", "2026-11-20T01:00", 1_000, both, rates=(1_000, 0, 0, 0))
    assert [(part.version, part.band, part.wh) for part in mixed] == [(1, Band.FLAT, 500), (2, Band.VALLEY, 500)]


def test_two_payers_share_by_time() -> None:
    timeline = line((1, "2026-01-01", FLAT))
    change = at("2026-11-20T06:00")
    parts = split(
        "2026-11-20T00:00", "2026-11-20T08:00", 8_000,
        Stretch(0, change, 1, timeline), Stretch(change, FOREVER[1], 2, timeline),
    )  # fmt: skip
    assert [(part.payer, part.wh) for part in parts] == [(1, 6_000), (2, 2_000)]


@pytest.mark.parametrize(
    ("stretches", "error"),
    [
        ([(0, "2026-11-20T06:00")], NoPayer),
        ([("2026-11-20T06:00", 0)], NoPayer),
        ([], NoPayer),
        ([(0, "2026-11-20T04:00"), ("2026-11-20T05:00", 0)], NoPayer),
    ],
)
def test_time_that_nobody_pays_for(stretches: list[tuple[str | int, str | int]], error: type[Exception]) -> None:
    timeline = line((1, "2026-01-01", FLAT))
    laid = [
        Stretch(at(one) if isinstance(one, str) else 0, at(two) if isinstance(two, str) else FOREVER[1], 1, timeline)
        for one, two in stretches
    ]
    with pytest.raises(error):
        split_usage(interval=Interval(at("2026-11-20T00:00"), at("2026-11-20T08:00"), 10), stretches=laid)


def test_time_without_a_price() -> None:
    stretch = Stretch(*FOREVER, 1, line((1, "2026-11-20", FLAT)))
    with pytest.raises(NoTariff, match="2026-11-19"):
        split("2026-11-19T23:00", "2026-11-20T01:00", 10, stretch)


def test_g4_the_days_add_up_to_the_month_over_year_end_and_leap_day() -> None:
    parts = split("2027-12-01T00:00", "2028-04-01T00:00", 122 * 24_000, tariff=FLAT)
    months = {month: sum(part.wh for part in parts if part.month == month) for month in {p.month for p in parts}}
    assert {(month.month, wh // 24_000) for month, wh in months.items()} == {(12, 31), (1, 31), (2, 29), (3, 31)}
    assert date(2028, 2, 29) in {part.day for part in parts}
    assert all(part.month == part.day.replace(day=1) for part in parts)


def test_g5_a_change_of_tariff_at_midnight_between_two_readings() -> None:
    stretch = Stretch(*FOREVER, 1, line((1, "2026-01-01", FLAT), (2, "2026-11-20", BY_CLOCK)))
    parts = split("2026-11-19T23:50", "2026-11-20T00:10", 1_000, stretch)
    assert [(part.version, part.day.day, part.wh) for part in parts] == [(1, 19, 500), (2, 20, 500)]


instants = st.integers(at("2026-10-01T00:00"), at("2027-03-31T00:00"))


@given(st.lists(instants, min_size=3, max_size=8, unique=True), st.data())
def test_any_cuts_add_up(cuts: list[int], data: st.DataObject) -> None:
    cuts.sort()
    energies = data.draw(st.lists(st.integers(0, 10**9), min_size=len(cuts) - 1, max_size=len(cuts) - 1))
    stretch = Stretch(*FOREVER, 1, line((1, "2026-01-01", BY_CLOCK), (2, "2027-01-01", FLAT)))
    for start, end, wh in zip(cuts, cuts[1:], energies, strict=False):
        parts = split_usage(interval=Interval(start, end, wh), stretches=[stretch])
        assert sum(part.wh for part in parts) == wh
        assert all(part.wh > 0 for part in parts)


@given(
    instants,
    st.integers(1, 40 * 24 * 3600),
    st.lists(st.integers(0, 10**7), min_size=4, max_size=4),
    st.integers(0, 500),
)
def test_registers_add_up(start: int, length_s: int, rates: list[int], rest: int) -> None:
    stretch = Stretch(*FOREVER, 1, line((1, "2026-01-01", BY_METER)))
    interval = Interval(start, start + length_s * 1_000_000, sum(rates) + rest, tuple(rates))
    parts = split_usage(interval=interval, stretches=[stretch])
    by_band = {band: sum(part.wh for part in parts if part.band is band) for band in BANDS}
    assert [by_band[band] for band in (Band.SHARP, Band.PEAK, Band.VALLEY)] == [rates[0], rates[1], rates[3]]
    assert by_band[Band.FLAT] == rates[2] + rest


bands = st.lists(st.integers(0, 10**9), min_size=5, max_size=5)
PRICED = Tariff.time_of_use(
    currency="CNY", prices={band: 300_000 * band for band in BANDS}, days={DayType.WORKDAY: [Slot(0, 1440, Band.FLAT)]}
)


@given(bands, bands)
def test_cost_adds_up_exactly_and_grows_with_use(one: list[int], two: list[int]) -> None:
    both = [a + b for a, b in zip(one, two, strict=True)]
    assert cost_nano(both, PRICED) == cost_nano(one, PRICED) + cost_nano(two, PRICED)
    assert rounded_minor(cost_nano(both, PRICED), "CNY") >= rounded_minor(cost_nano(one, PRICED), "CNY")


@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_what_is_posted_is_never_more_than_half_a_unit_off(steps: list[int]) -> None:
    total = posted = 0
    for step in steps:
        total += step
        posted += rounded_minor(cost_nano([0, 0, total, 0, 0], FLAT), "CNY") - posted
    assert abs(posted * 10_000_000 - total * 650_000) * 2 <= 10_000_000


def test_energy_without_a_price_has_no_cost() -> None:
    with pytest.raises(UnknownBand):
        cost_nano([1, 0, 0, 0, 0], FLAT)
    assert cost_nano([0, 0, 0, 0, 0], FLAT) == 0
