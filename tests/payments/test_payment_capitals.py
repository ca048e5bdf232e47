import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.money import Money
from prewatt.payments.capitals import YUAN_BELOW, to_capitals

WORKED = [
    (0, "零元整"), (1, "壹分"), (10, "壹角整"), (11, "壹角壹分"), (100, "壹元整"), (101, "壹元零壹分"),
    (110, "壹元壹角整"), (1_000, "壹拾元整"), (1_050, "壹拾元伍角整"), (10_000, "壹佰元整"),
    (10_100, "壹佰零壹元整"), (11_000, "壹佰壹拾元整"), (100_530, "壹仟零伍元叁角整"), (101_005, "壹仟零壹拾元零伍分"),
    (1_000_000, "壹万元整"), (1_000_100, "壹万零壹元整"), (1_010_000, "壹万零壹佰元整"), (1_100_000, "壹万壹仟元整"),
    (12_345_678, "壹拾贰万叁仟肆佰伍拾陆元柒角捌分"), (10_000_000_000, "壹亿元整"), (10_000_000_100, "壹亿零壹元整"),
    (10_010_000_000, "壹亿零壹拾万元整"), (100_000_000, "壹佰万元整"), (1_000_000_000_005, "壹佰亿元零伍分"),
]  # fmt: skip
DIGITS = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1_000}
GROUPS = {"万": 10**4, "亿": 10**8, "兆": 10**12}


def _read(text: str) -> int:
    """The reader of the capitals, by another road than the writer: returns fen."""
    assert text.startswith("人民币")
    fen = total = group = digit = 0
    for char in text.removeprefix("人民币"):
        if char in DIGITS:
            digit = DIGITS[char]
        elif char in PLACES:
            group, digit = group + digit * PLACES[char], 0
        elif char in GROUPS:
            total, group, digit = total + (group + digit) * GROUPS[char], 0, 0
        elif char == "元":
            fen, total, group, digit = (total + group + digit) * 100, 0, 0, 0
        elif char in "角分":
            fen, digit = fen + digit * (10 if char == "角" else 1), 0
        else:
            assert char == "整"
    return fen


@pytest.mark.parametrize(("minor", "text"), WORKED)
def test_amounts_as_a_cashier_writes_them(minor: int, text: str) -> None:
    assert to_capitals(Money(minor, "CNY")) == f"人民币{text}"


@given(st.integers(0, YUAN_BELOW * 100 - 1) | st.integers(0, 10**8))
def test_what_is_written_reads_as_the_amount(minor: int) -> None:
    text = to_capitals(Money(minor, "CNY"))
    assert _read(text) == minor
    assert "零零" not in text
    assert text.endswith("整") == (minor % 10 == 0)
    assert not any(f"零{unit}" in text for unit in "拾佰仟万亿兆角分")


def test_other_currencies_have_no_capitals() -> None:
    assert to_capitals(Money(5, "EUR")) == ""


@pytest.mark.parametrize("minor", [-1, YUAN_BELOW * 100])
def test_amounts_out_of_range_are_a_bug(minor: int) -> None:
    with pytest.raises(ValueError, match="no capitals"):
        to_capitals(Money(minor, "CNY"))
