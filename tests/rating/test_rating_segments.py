"""Time cut by bands, days, months, versions, in any zone of the world."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fault_rows import Faults

from prewatt.kernel.period import day_start
from prewatt.rating import segments
from prewatt.rating.bands import Band, DayType
from prewatt.rating.calendar import DayCalendar
from prewatt.rating.segments import DatedTariff, PriceTimeline, from_instant_us, to_us
from prewatt.rating.tariff import Slot, Tariff

HOUR_US = 3_600_000_000
HOURLY = Tariff.time_of_use(
    currency="CNY",
    prices=dict.fromkeys(Band, 1_000_000),
    days={
        DayType.WORKDAY: [Slot(h * 60, h * 60 + 60, (Band.PEAK, Band.VALLEY)[h % 2]) for h in range(24)],
        DayType.WEEKEND: [Slot(0, 150, Band.DEEP_VALLEY), Slot(150, 1440, Band.FLAT)],
        DayType.HOLIDAY: [Slot(0, 1440, Band.SHARP)],
    },
)
ZONES = sorted(available_timezones() - {"localtime"})


def timeline(zone: str = "Asia/Shanghai") -> PriceTimeline:
    return PriceTimeline(versions=[DatedTariff(7, date(2000, 1, 1), HOURLY)], calendar=DayCalendar(ZoneInfo(zone)))


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def slot_at(instant: datetime, line: PriceTimeline) -> Band:
    """The plain reading of the rule: look at the clock on the wall, find its slot."""
    local = instant.astimezone(line.calendar.zone)
    minute = local.hour * 60 + local.minute
    programme = HOURLY.programme(line.calendar.day_type(local.date()))
    return next(slot.band for slot in programme if slot.from_minute <= minute < slot.to_minute)


def test_instants_become_microseconds_and_back() -> None:
    instant = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
    assert from_instant_us(to_us(instant)) == instant


def test_types_of_day() -> None:
    plain = DayCalendar(ZoneInfo("UTC"))
    assert plain.day_type(date(2026, 11, 20)) is DayType.WORKDAY
    assert plain.day_type(date(2026, 11, 21)) is DayType.WEEKEND
    special = DayCalendar(ZoneInfo("UTC"), {date(2026, 10, 1): "holiday", date(2026, 10, 10): "workday"})
    assert special.day_type(date(2026, 10, 1)) is DayType.HOLIDAY
    assert special.day_type(date(2026, 10, 10)) is DayType.WORKDAY


def test_an_interval_is_cut_at_bands_and_midnight() -> None:
    line = timeline()
    found = line.segments(from_us=at("2026-11-20T22:30"), to_us=at("2026-11-21T03:00"))
    assert [(one.day.day, one.band, (one.to_us - one.from_us) / HOUR_US) for one in found] == [
        (20, Band.PEAK, 0.5),
        (20, Band.VALLEY, 1.0),
        (21, Band.DEEP_VALLEY, 2.5),
        (21, Band.FLAT, 0.5),
    ]
    assert {one.version for one in found} == {7}


def test_an_interval_within_one_slot_is_one_segment() -> None:
    (only,) = timeline().segments(from_us=at("2026-11-20T22:10"), to_us=at("2026-11-20T22:20"))
    assert (only.from_us, only.to_us) == (at("2026-11-20T22:10"), at("2026-11-20T22:20"))


def test_an_empty_interval_has_no_segments() -> None:
    assert timeline().segments(from_us=5, to_us=5) == []


def test_a_new_version_holds_from_local_midnight() -> None:
    calendar = DayCalendar(ZoneInfo("Asia/Shanghai"))
    old, new = Tariff.flat(currency="CNY", price=1), Tariff.flat(currency="CNY", price=2)
    line = PriceTimeline(
        versions=[DatedTariff(2, date(2026, 12, 1), new), DatedTariff(1, date(2026, 11, 1), old)], calendar=calendar
    )
    found = line.segments(from_us=at("2026-10-31T23:00"), to_us=at("2026-12-01T01:00"))
    assert found[0].version is None
    assert found[0].band is None
    assert found[1].version == 1
    assert found[-1].version == 2
    assert found[-1].from_us == at("2026-12-01T00:00")
    assert line.tariff(2) is new
    assert line.version_on(date(2026, 10, 31)) is None
    assert line.version_on(date(2026, 12, 1)).version == 2  # type: ignore[union-attr]  # it is there


def test_the_table_grows_both_ways() -> None:
    line = timeline()
    whole = timeline().segments(from_us=at("2026-10-01T00:00"), to_us=at("2026-12-01T00:00"))
    middle = line.segments(from_us=at("2026-11-01T00:00"), to_us=at("2026-11-02T00:00"))
    early = line.segments(from_us=at("2026-10-01T00:00"), to_us=at("2026-11-01T00:00"))
    late = line.segments(from_us=at("2026-11-02T00:00"), to_us=at("2026-12-01T00:00"))
    assert [*early, *middle, *late] == whole


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-14", 24)], ids=["spring", "autumn", "plain"]
)
def test_days_of_23_24_and_25_hours(day: str, hours: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    line = timeline("Europe/Berlin")
    start = day_start(date.fromisoformat(day), zone)
    found = line.segments(from_us=to_us(start), to_us=to_us(day_start(date.fromisoformat(day) + timedelta(1), zone)))
    assert sum(one.to_us - one.from_us for one in found) == hours * HOUR_US


def test_the_repeated_hour_repeats_its_bands() -> None:
    line = timeline("Europe/Berlin")
    found = line.segments(
        from_us=at("2026-10-25T00:00", "Europe/Berlin"), to_us=at("2026-10-25T04:00", "Europe/Berlin")
    )
    assert [(one.band, (one.to_us - one.from_us) / HOUR_US) for one in found] == [
        (Band.DEEP_VALLEY, 2.5),
        (Band.FLAT, 0.5),
        (Band.DEEP_VALLEY, 0.5),
        (Band.FLAT, 1.5),
    ]


def test_a_date_that_a_zone_skipped_has_no_segment() -> None:
    zone = "Pacific/Apia"
    found = timeline(zone).segments(from_us=at("2011-12-29T12:00", zone), to_us=at("2011-12-31T12:00", zone))
    assert {one.day for one in found} == {date(2011, 12, 29), date(2011, 12, 31)}
    assert sum(one.to_us - one.from_us for one in found) == 24 * HOUR_US


def days_of_change(zone: ZoneInfo, year: int) -> list[date]:
    """The local days of a year on which the zone's offset to UTC changes, and the days beside them."""
    new_year = datetime(year, 1, 1, tzinfo=UTC)
    found: list[date] = []
    for week in range(53):
        start = new_year + timedelta(weeks=week)
        if start.astimezone(zone).utcoffset() != (start + timedelta(weeks=1)).astimezone(zone).utcoffset():
            found += [start.date() + timedelta(n) for n in range(-1, 9)]
    return found


@pytest.mark.faults("G6")
@pytest.mark.parametrize("year", range(2024, 2029))
def test_no_zone_loses_or_doubles_an_hour(year: int, faults: Faults) -> None:
    """G6: all zones, each seventh in short; days around each change of offset, whose bands are those on the wall."""
    changes, apart = 0, faults.times(short=7, full=1)
    for name in ZONES[year % apart :: apart]:
        zone = ZoneInfo(name)
        line = timeline(name)
        for day in days_of_change(zone, year):
            start, end = to_us(day_start(day, zone)), to_us(day_start(day + timedelta(1), zone))
            if end - start == 24 * HOUR_US:
                continue
            changes += 1
            found = timeline(name).segments(from_us=start, to_us=end)
            assert found[0].from_us == start
            assert found[-1].to_us == end
            assert all(one.to_us == two.from_us for one, two in pairwise(found))
            for one in found:
                for probe in (one.from_us, (one.from_us + one.to_us) // 2, one.to_us - 1):
                    assert slot_at(from_instant_us(probe), line) is one.band, (name, day)
    assert changes > 300 // apart
    faults.hit(changes)


@pytest.mark.faults("G6", control=True)
def test_without_looking_for_the_change_the_bands_leave_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_stretch(start_us: int, end_us: int, zone: ZoneInfo) -> list[tuple[int, int, int]]:
        offset = from_instant_us(start_us).astimezone(zone).utcoffset() or timedelta(0)
        return [(start_us, end_us, offset // timedelta(microseconds=1))]

    monkeypatch.setattr(segments, "_steady_stretches", one_stretch)
    line, start = timeline("Europe/Berlin"), at("2026-10-25T00:00", "Europe/Berlin")
    found = line.segments(from_us=start, to_us=start + 25 * HOUR_US)
    assert any(slot_at(from_instant_us(one.from_us), line) is not one.band for one in found)


@given(
    st.sampled_from(ZONES),
    st.integers(0, 5 * 365 * 24 * 3600),
    st.timedeltas(timedelta(0), timedelta(days=70)),
)
def test_any_interval_is_covered_once(zone: str, start_s: int, length: timedelta) -> None:
    line = timeline(zone)
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=start_s)
    from_us, end_us = to_us(start), to_us(start + length)
    reached = from_us
    for one in line.segments(from_us=from_us, to_us=end_us):
        assert one.from_us == reached < one.to_us
        reached = one.to_us
        middle = from_instant_us((one.from_us + one.to_us) // 2).astimezone(ZoneInfo(zone))
        assert middle.date() == one.day
    assert reached == end_us
