from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.reports.estate_cells import BadCell, Place, read_cell, read_clock, write_cell
from prewatt.reports.estate_columns import Cell, Column

LOCAL = datetime.fromisoformat
SHANGHAI = Place(ZoneInfo("Asia/Shanghai"), "CNY")
BERLIN = Place(ZoneInfo("Europe/Berlin"), "EUR")


def column(cell: Cell, choices: tuple[str, ...] = ()) -> Column:
    return Column("field", "Field", "字段", cell, "", choices=choices)


def read(raw: object, cell: Cell, place: Place = SHANGHAI, choices: tuple[str, ...] = ()) -> object:
    return read_cell(raw, column(cell, choices), place)


@given(st.integers(-(10**11), 10**11))
def test_money_energy_prices_and_areas_survive_a_workbook(value: int) -> None:
    for cell in (Cell.MONEY, Cell.PRICE, Cell.KWH, Cell.AREA, Cell.INTEGER):
        shown = write_cell(value, column(cell), SHANGHAI)
        assert isinstance(shown, Decimal | int)
        assert read(str(shown), cell) == value
        if abs(Decimal(shown)) < 10**6:  # a cell holds a double: nine decimals of it are what the person sees
            assert read(float(shown), cell) == value


@given(st.datetimes(LOCAL("2000-01-01"), LOCAL("2100-01-01")).map(lambda one: one.replace(microsecond=0, tzinfo=UTC)))
def test_instants_survive_a_workbook_in_local_time(instant: datetime) -> None:
    shown = write_cell(instant, column(Cell.INSTANT), SHANGHAI)
    assert isinstance(shown, datetime)
    assert shown.tzinfo is None
    assert read(shown, Cell.INSTANT) == instant
    assert read(shown.isoformat(" "), Cell.INSTANT) == instant


@pytest.mark.parametrize(
    ("raw", "cell", "value"),
    [
        ("  1#-101 ", Cell.TEXT, "1#-101"), (101.0, Cell.TEXT, "101"), (1.5, Cell.TEXT, "1.5"), ("", Cell.TEXT, None),
        (None, Cell.MONEY, None), ("   ", Cell.DATE, None), ("1,312.60", Cell.MONEY, 131_260), ("−5", Cell.MONEY, -500),
        (0.1 + 0.2, Cell.MONEY, 30), ("0.81", Cell.PRICE, 810_000), (1520.36, Cell.KWH, 1_520_360),
        ("86.5", Cell.AREA, 8_650), (9600.0, Cell.INTEGER, 9600), ("2026-10-01", Cell.DATE, date(2026, 10, 1)),
        (LOCAL("2026-10-01T05:00"), Cell.DATE, date(2026, 10, 1)), (date(2026, 10, 1), Cell.DATE, date(2026, 10, 1)),
        (date(2026, 10, 1), Cell.INSTANT, datetime(2026, 9, 30, 16, tzinfo=UTC)),
        ("2026-10-01", Cell.INSTANT, datetime(2026, 9, 30, 16, tzinfo=UTC)),
        ("2026-10-01 08:30", Cell.INSTANT, datetime(2026, 10, 1, 0, 30, tzinfo=UTC)),
        (LOCAL("2026-10-01T07:59:59.999999"), Cell.INSTANT, datetime(2026, 10, 1, tzinfo=UTC)),
        (7, Cell.ADDRESS, "000000000007"), ("202500000001", Cell.ADDRESS, "202500000001"), ("A7", Cell.ADDRESS, "A7"),
        (1234.0, Cell.PASSWORD, "001234"), (" 02:123456 ", Cell.PASSWORD, "02:123456"),
    ],
)  # fmt: skip
def test_cells_are_read_as_people_fill_them(raw: object, cell: Cell, value: object) -> None:
    assert read(raw, cell) == value


@pytest.mark.parametrize(
    ("raw", "cell", "words"),
    [
        ("ten", Cell.INTEGER, "not a figure"), ("1.5", Cell.INTEGER, "whole number"), (True, Cell.INTEGER, "figure"),
        ("NaN", Cell.MONEY, "not a figure"), ("1e30", Cell.MONEY, "too large"), ("1.005", Cell.MONEY, "amount in CNY"),
        ("0.1234567", Cell.PRICE, "price"), ("1.2345", Cell.KWH, "register"), ("1.234", Cell.AREA, "area"),
        ("yesterday", Cell.DATE, "not a date"), (45_000.0, Cell.DATE, "not a date"), ("x" * 201, Cell.TEXT, "200 char"),
        ("noon", Cell.INSTANT, "not a time"), (time(2, 12), Cell.PASSWORD, "as text"),
        (1.5, Cell.PASSWORD, "as text"), (timedelta(1), Cell.TEXT, "not a figure"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(raw: object, cell: Cell, words: str) -> None:
    with pytest.raises(BadCell, match=words):
        read(raw, cell)


def test_a_choice_may_be_written_in_any_case_and_a_wrong_one_is_left_for_the_checks() -> None:
    assert read("Tenant", Cell.CHOICE, choices=("tenant", "common")) == "tenant"
    assert read("shop", Cell.CHOICE, choices=("tenant", "common")) == "shop"


def test_a_time_that_summer_time_skips_is_refused() -> None:
    with pytest.raises(BadCell, match="skipped by the change to summer time"):
        read("2026-03-29 02:30", Cell.INSTANT, BERLIN)
    assert read("2026-10-25 02:30", Cell.INSTANT, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"), [("8:00", "08:00"), ("08:00", "08:00"), ("08:00:00", "08:00"), ("24:00", "24:00")]
)
def test_times_of_a_programme_are_read(text: str, value: str) -> None:
    assert read_clock(text) == value


@pytest.mark.parametrize("text", ["", "8", "24:01", "25:00", "08:60", "08:00:30", "0.333"])
def test_times_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(BadCell, match="not a time"):
        read_clock(text)


def test_a_password_is_never_written() -> None:
    assert write_cell("02:123456", column(Cell.PASSWORD), SHANGHAI) == ""


def test_money_of_an_unknown_currency_is_read_with_two_decimals() -> None:
    assert read("1.50", Cell.MONEY, Place(ZoneInfo("UTC"), "GOLD")) == 150


def test_only_whole_numbers_of_the_smallest_unit_are_written() -> None:
    with pytest.raises(TypeError):
        write_cell(1.5, column(Cell.MONEY), SHANGHAI)
