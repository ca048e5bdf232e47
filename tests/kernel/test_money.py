from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.energy import Energy
from prewatt.kernel.errors import PrewattError
from prewatt.kernel.money import BadAmount, Money, UnknownCurrency, minor_digits, nano_per_minor, round_half_away

minors = st.integers(1 - 10**15, 10**15 - 1)


@pytest.mark.parametrize(
    ("text", "minor"),
    [("12", 1200), ("12.5", 1250), (" 1,312.60 ", 131260), ("-3.01", -301), ("−3.01", -301), ("0", 0)],
)
def test_an_amount_is_read_as_a_person_types_it(text, minor):
    assert Money.parse(text, "CNY") == Money(minor, "CNY")


@pytest.mark.parametrize("text", ["", "abc", "1.005", "NaN", "Infinity", "1e20", "12 50"])
def test_what_is_no_amount_is_refused_with_a_hint(text):
    with pytest.raises(BadAmount) as caught:
        Money.parse(text, "CNY")
    assert caught.value.hint


def test_a_yen_has_no_decimals():
    assert Money.parse("500", "JPY").minor == 500
    with pytest.raises(BadAmount):
        Money.parse("500.5", "JPY")


def test_currencies_do_not_mix():
    with pytest.raises(BadAmount, match="CNY with EUR"):
        Money(1, "CNY") + Money(1, "EUR")
    with pytest.raises(UnknownCurrency, match="XXX"):
        Money(1, "XXX")


@given(minors, minors)
def test_money_adds_and_compares_like_integers(a, b):
    left, right = Money(a, "CNY"), Money(b, "CNY")
    assert (left + right).minor == a + b
    assert (left - right).minor == a - b
    assert (-left).minor == -a
    assert (left < right) == (a < b)
    assert (left <= right) == (a <= b)
    assert bool(left) == (a != 0)


@given(minors)
def test_written_money_reads_back(minor):
    money = Money(minor, "CNY")
    text, currency = str(money).split()
    assert Money.parse(text, currency) == money
    assert money.to_decimal() == Decimal(minor) / 100


def test_zero_and_digits():
    assert Money.zero("KWD") == Money(0, "KWD")
    assert minor_digits("KWD") == 3
    assert nano_per_minor("CNY") == 10_000_000


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**10))
def test_rounding_is_to_the_nearest_and_ties_go_away_from_zero(numerator, denominator):
    rounded = round_half_away(numerator, denominator)
    assert abs(rounded * denominator - numerator) * 2 <= denominator
    assert round_half_away(-numerator, denominator) == -rounded
    if abs(numerator) * 2 % (2 * denominator) == denominator:
        assert abs(rounded) * denominator > abs(numerator)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_energy_adds(a, b):
    assert (Energy(a) + Energy(b) - Energy(b)).wh == a
    assert str(Energy(1_234)) == "1.234 kWh"
    assert Energy(1).to_kwh() == Decimal("0.001")


def test_an_error_says_what_and_how_to_mend():
    error = PrewattError("It broke.", hint="Mend it.", room="1#-307")
    assert str(error) == "It broke. Mend it."
    assert error.facts == {"room": "1#-307"}
