"""Figures are typeset in one place."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.money import Money
from prewatt.reports import formats

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (131_260, "CNY", "¥1,312.60"), (-1_236, "CNY", "−¥12.36"), (0, "CNY", "¥0.00"), (5, "EUR", "€0.05"),
        (1_234, "JPY", "¥1,234"), (1_234_567, "KWD", "KD1,234.567"),
    ],
)  # fmt: skip
def test_money_has_its_sign_before_the_currency(minor, currency, text):
    assert formats.money(Money(minor, currency)) == text


def test_flows_say_plus_columns_leave_the_currency_to_their_head_and_nothing_known_is_a_dash():
    assert formats.money(Money(30_000, "CNY"), plus=True) == "+¥300.00"
    assert formats.money(Money(-2_888, "CNY"), plus=True, sign=False) == "−28.88"
    assert formats.money(Money(0, "CNY"), plus=True) == "¥0.00"
    assert formats.money(None) == "—"
    assert formats.short_money(Money(-26_764, "CNY")) == "−267"
    assert formats.short_money(None) == "—"
    assert formats.symbol("XYZ") == "XYZ "


@given(minor=st.integers(-(10**12), 10**12))
def test_an_amount_reads_back_as_the_same_amount(minor):
    text = formats.money(Money(minor, "CNY"), sign=False)
    assert Money.parse(text, "CNY").minor == minor


def test_prices_have_four_decimals_or_all_six():
    assert formats.price(691_200) == "0.6912"
    assert formats.price(1_140_500) == "1.1405"
    assert formats.price(691_234) == "0.691234"
    assert formats.price(-500_000) == "−0.5000"
    assert formats.price(None) == "—"


def test_energy_is_rounded_half_away_from_zero():
    assert formats.energy(36_350) == "36.35 kWh"
    assert formats.energy(18_540_499, digits=0) == "18,540 kWh"
    assert formats.energy(18_540_500, digits=0, unit=False) == "18,541"
    assert formats.energy(-5, unit=False) == "−0.01"
    assert formats.energy(None) == "—"


def test_percentages_keep_a_thin_space_and_nothing_of_nothing_is_unknown():
    assert formats.percent(673, 676, digits=2) == "99.56\u202f%"
    assert formats.percent(0, 0) == "—"
    assert formats.percent(None, 5) == "—"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (9, "9 s", "9 秒"), (1_260, "21 min", "21 分钟"), (6_480, "1 h 48", "1 小时 48 分"), (90_000, "1 day", "1 天"),
        (200_000, "2 days", "2 天"), (-4, "0 s", "0 秒"),
    ],
)  # fmt: skip
def test_ages_in_both_languages(seconds, english, chinese):
    assert formats.age(timedelta(seconds=seconds)) == english
    with override("zh-hans"):
        assert formats.age(timedelta(seconds=seconds)) == chinese


def test_times_say_as_much_as_the_day_needs():
    assert formats.clock(NOW, now=NOW, zone=ZONE) == "14:32:00"
    assert formats.clock(NOW, now=NOW, zone=ZONE, seconds=False) == "14:32"
    earlier = NOW - timedelta(days=18)
    assert formats.clock(earlier, now=NOW, zone=ZONE) == "04 Nov 14:32"
    with override("zh-hans"):
        assert formats.clock(earlier, now=NOW, zone=ZONE) == "11-04 14:32"
    assert formats.clock(NOW - timedelta(days=400), now=NOW, zone=ZONE) == "2025-10-18 14:32"
    assert formats.clock(None, now=NOW, zone=ZONE) == "—"
    assert formats.stamp(NOW, zone=ZONE) == "2026-11-22 14:32:00"
    assert formats.stamp(None, zone=ZONE) == "—"
    assert formats.day(None, today=date(2026, 1, 1)) == "—"
    assert formats.age(None) == "—"


def test_days_left_is_said_as_an_estimate():
    assert formats.days_left(1) == "≈ 1 day"
    assert formats.days_left(9) == "≈ 9 days"
    with override("zh-hans"):
        assert formats.days_left(9) == "约 9 天"
    assert formats.days_left(None) == "—"
