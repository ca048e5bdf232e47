"""The worked numbers of docs/algorithms are what the code does."""

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from prewatt.billing.forecast import DailyCost, find_daily_cost, find_days_left, has_moved
from prewatt.metering.chain import NewReading, merge_readings
from prewatt.metering.validation import Held, Limits, Point, energy_between, validate_reading
from prewatt.rating.bands import BANDS, Band, DayType
from prewatt.rating.calendar import DayCalendar
from prewatt.rating.cost import cost_nano, rounded_minor
from prewatt.rating.segments import DatedTariff, PriceTimeline, to_us
from prewatt.rating.tariff import BandSource, Slot, Tariff
from prewatt.rating.usage import Interval, Stretch, UsagePart, split_usage

PAGES = Path(__file__).parents[2] / "docs" / "algorithms"
HOUR = 3_600_000_000
ZONE = ZoneInfo("Asia/Shanghai")
DAYS = {DayType.WORKDAY: [Slot(0, 480, Band.VALLEY), Slot(480, 1200, Band.PEAK), Slot(1200, 1440, Band.FLAT)]}
PRICES = {Band.SHARP: 1_400_000, Band.PEAK: 1_200_000, Band.FLAT: 800_000, Band.VALLEY: 400_000}
LIMITS = Limits(0, None, 10**9, 1, 10_000)


def table(page: str, name: str) -> list[list[str]]:
    text = (PAGES / f"{page}.md").read_text()
    found = re.search(rf"<!-- numbers: {name} -->\n((?:\|.*\n)+)", text)
    assert found is not None, f"{page} has no table {name}"
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in found[1].splitlines()]
    assert len(rows) > 2
    return rows[2:]


def tariff(source: BandSource) -> Tariff:
    return Tariff.time_of_use(currency="CNY", prices=PRICES, days=DAYS, band_source=source)


def at(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def parts(start: str, end: str, wh: str, source: BandSource, rates: tuple[int, ...] = ()) -> str:
    line = PriceTimeline(versions=[DatedTariff(1, date(2026, 1, 1), tariff(source))], calendar=DayCalendar(ZONE))
    interval = Interval(at(start), at(end), int(wh), rates)
    found = split_usage(interval=interval, stretches=[Stretch(0, 1 << 62, 1, line)])
    return ", ".join(f"{part.day.day} {part.band.code} {part.wh}" for part in found)


@pytest.mark.parametrize("row", table("rating", "clock"), ids=str)
def test_bands_by_the_clock(row: list[str]) -> None:
    assert parts(row[0], row[1], row[2], BandSource.CLOCK) == row[3]


@pytest.mark.parametrize("row", table("rating", "meter"), ids=str)
def test_bands_by_the_meter(row: list[str]) -> None:
    rates = tuple(int(wh) for wh in row[3].split())
    assert parts(row[0], row[1], row[2], BandSource.METER, rates) == row[4]


@pytest.mark.parametrize("row", table("rating", "cost"), ids=str)
def test_exact_cost(row: list[str]) -> None:
    totals = [int(wh) for wh in row[:4]] + [0] * (len(BANDS) - 4)
    assert cost_nano(totals, tariff(BandSource.CLOCK)) == int(row[4])


@pytest.mark.parametrize("row", table("rounding", "rounding"), ids=str)
def test_rounding(row: list[str]) -> None:
    assert rounded_minor(int(row[0]), "CNY") == int(row[1])


def test_closes_post_differences() -> None:
    posted = 0
    for _, wh, nano, rounded, difference in table("rounding", "closes"):
        cost = cost_nano([0, 0, int(wh), 0, 0], tariff(BandSource.CLOCK))
        assert cost == int(nano)
        assert rounded_minor(cost, "CNY") == int(rounded)
        assert int(rounded) - posted == int(difference)
        posted = int(rounded)


def point(text: str) -> Point:
    hours, wh = text.split(",")
    return Point(int(hours) * HOUR, int(wh))


@pytest.mark.parametrize("row", table("consumption", "verdicts"), ids=str)
def test_verdicts(row: list[str]) -> None:
    verdict = validate_reading(
        previous=point(row[0]), new=point(row[1]), following=None, marker=None, limits=LIMITS, now_us=1_000 * HOUR
    )
    assert (verdict.cause.value if isinstance(verdict, Held) else "accepted") == row[2]


def test_late_readings() -> None:
    def rate(first: Point, second: Point) -> list[UsagePart]:
        wh = energy_between(first=first, second=second, limits=LIMITS).total_wh
        return [UsagePart(1, date(2026, 1, 1), 1, date(2026, 1, 1), Band.FLAT, wh)] if wh else []

    points: tuple[Point, ...] = (Point(0, 0),)
    for arrives, back, added, row in table("consumption", "late"):
        merged = merge_readings(
            existing=points,
            new=[NewReading(point(arrives), 1)],
            limits=LIMITS,
            marker=None,
            now_us=99 * HOUR,
            rate=rate,
        )
        points = merged.points
        assert " ".join(str(part.wh) for part in merged.lost) == back
        assert " ".join(str(part.wh) for part in merged.gained) == added
        assert ", ".join(str(one.read_us // HOUR) for one in points) == row


@pytest.mark.parametrize("row", table("forecast", "daily"), ids=str)
def test_daily_cost(row: list[str]) -> None:
    costs = [int(cost) for cost in row[0].split()]
    assert find_daily_cost(day_costs=costs) == DailyCost(*(int(cell) for cell in row[1:]))


@pytest.mark.parametrize("row", table("forecast", "left"), ids=str)
def test_days_left(row: list[str]) -> None:
    left = find_days_left(available=int(row[0]), cost=DailyCost(*(int(cell) for cell in row[1:4])))
    assert left is not None
    assert [str(left.days), str(left.at_least), "–" if left.at_most is None else str(left.at_most)] == row[4:]


@pytest.mark.parametrize("row", table("forecast", "moved"), ids=str)
def test_what_is_written(row: list[str]) -> None:
    before, after = (None if cell == "–" else int(cell) * HOUR for cell in row[:2])
    assert has_moved(before_us=before, after_us=after, now_us=0) is (row[2] == "yes")
