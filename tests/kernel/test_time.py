from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel import clock
from prewatt.kernel.clock import EstateClock, estate_clock, estate_now, install, machine_now, monotonic_s
from prewatt.kernel.ids import uuid7
from prewatt.kernel.period import Period, day_period, day_start, days, local_date, month_start, require_aware

ZONES = [
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Beirut",
    "UTC",
]
NOW = datetime(2026, 11, 22, 14, 32, tzinfo=UTC)


@given(st.dates(date(2010, 1, 1), date(2037, 12, 30)), st.sampled_from(ZONES))
def test_local_days_follow_each_other_without_hole_or_overlap(day, name):
    zone = ZoneInfo(name)
    today, tomorrow = day_period(day, zone), day_period(day + timedelta(days=1), zone)
    assert today.to_at == tomorrow.from_at
    assert local_date(today.from_at, zone) == day
    assert local_date(today.from_at - timedelta(seconds=1), zone) == day - timedelta(days=1)
    assert timedelta(hours=22) < today.to_at - today.from_at < timedelta(hours=26)


def test_a_day_without_midnight_begins_at_the_change():
    zone = ZoneInfo("America/Sao_Paulo")
    assert day_start(date(2018, 11, 4), zone) == datetime(2018, 11, 4, 3, 0, tzinfo=UTC)


def test_a_zone_that_skipped_a_whole_day_still_moves_on():
    zone = ZoneInfo("Pacific/Apia")  # 30 December 2011 did not exist there
    assert day_start(date(2011, 12, 31), zone) == datetime(2011, 12, 30, 10, 0, tzinfo=UTC)
    assert day_period(date(2011, 12, 30), zone).to_at == day_start(date(2011, 12, 31), zone)


def test_periods_are_half_open():
    period = Period(NOW, NOW + timedelta(hours=1))
    assert NOW in period
    assert NOW + timedelta(hours=1) not in period
    assert NOW + timedelta(days=9) in Period(NOW)
    with pytest.raises(ValueError, match="before it begins"):
        Period(NOW, NOW - timedelta(1))
    with pytest.raises(ValueError, match="no time zone"):
        require_aware(datetime(2026, 1, 1))  # noqa: DTZ001 the very thing that is refused


def test_months_and_days():
    assert month_start(date(2028, 2, 29)) == date(2028, 2, 1)
    assert list(days(date(2028, 2, 28), date(2028, 3, 1))) == [date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)]


def test_estate_time_runs_faster_from_its_anchor_and_travels_as_text():
    fast = EstateClock(NOW, NOW - timedelta(days=1), 60)
    assert fast.estate_at(NOW + timedelta(seconds=10)) == NOW - timedelta(days=1) + timedelta(minutes=10)
    assert fast.machine_s(timedelta(minutes=10)) == 10
    assert EstateClock.decode(fast.encode()) == fast


def test_the_process_has_one_clock():
    before = estate_clock()
    try:
        install(EstateClock(machine_now(), NOW, 1))
        assert abs(estate_now() - NOW) < timedelta(seconds=5)
    finally:
        install(before)
    assert abs(clock.EstateClock.real_time().now() - machine_now()) < timedelta(seconds=5)
    assert monotonic_s() <= monotonic_s()


def test_ids_are_version_7_and_ascend_with_time():
    ids = [uuid7() for _ in range(50)]
    assert {made.version for made in ids} == {7}
    assert len(set(ids)) == 50
    assert [made.int >> 80 for made in ids] == sorted(made.int >> 80 for made in ids)
