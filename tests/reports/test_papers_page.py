"""The worked numbers of docs/papers.md are what the code does."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.billing.statement import sort_bookings, split_days, split_position
from prewatt.kernel.money import Money
from prewatt.ledger.documents import PREFIXES, check_code, number_text, parse_number, plain_check
from prewatt.ledger.hashing import hash_content
from prewatt.ledger.models import ISSUED_ONCE
from prewatt.ledger.values import Booking
from prewatt.rating.bands import BANDS, Band, DayType
from prewatt.rating.cost import cost_nano, rounded_minor
from prewatt.rating.tariff import Slot, Tariff
from prewatt.reports.papers.forms import FORMS

PAGE = Path(__file__).parents[2] / "docs" / "papers.md"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TOU = Tariff.time_of_use(
    currency="CNY",
    prices={Band.PEAK: 1_140_500, Band.FLAT: 691_200, Band.VALLEY: 312_000},
    days={DayType.WORKDAY: [Slot(0, 360, Band.VALLEY), Slot(360, 960, Band.FLAT), Slot(960, 1440, Band.PEAK)]},
)
FLAT = Tariff.flat(currency="CNY", price=800_000)


def table(name: str) -> list[list[str]]:
    found = re.search(rf"<!-- numbers: {name} -->\n((?:\|.*\n)+)", PAGE.read_text())
    assert found is not None, f"the page has no table {name}"
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in found[1].splitlines()][2:]


def test_the_page_names_every_kind_with_its_forms() -> None:
    rows = table("kinds")
    assert [row[0] for row in rows] == list(FORMS)
    assert {row[0]: row[1] for row in rows} == PREFIXES
    assert {row[0]: row[2].split() for row in rows} == {
        kind: [one.code for one in forms] for kind, forms in FORMS.items()
    }
    assert len(ISSUED_ONCE) == 3


@pytest.mark.parametrize("row", table("bands"), ids=str)
def test_bands(row: list[str]) -> None:
    peak, flat, valley, *minors, whole = map(int, row)
    lines = {one.band: one.minor for one in split_position(bands_wh=[0, peak, flat, valley, 0], tariff=TOU)}
    assert [lines.get(band, 0) for band in (Band.PEAK, Band.FLAT, Band.VALLEY)] == minors
    assert sum(minors) == whole


def test_days() -> None:
    rows = [[int(cell) for cell in row] for row in table("days")]
    days = {date(2026, 1, day): [0, 0, wh, 0, 0] for day, wh, _ in rows}
    whole = [0, 0, sum(wh for _, wh, _ in rows), 0, 0]
    costs = split_days(bands_wh=whole, days=days, tariff=FLAT, first=date(2026, 1, 1))
    assert costs == {date(2026, 1, day): minor for day, _, minor in rows}


@pytest.mark.parametrize("row", table("equation"), ids=str)
def test_equation(row: list[str]) -> None:
    opening, booked, *terms = row
    bookings = []
    for place, said in enumerate(booked.split(", ")):
        kind, amount, *period = said.split()
        origin = kind.removesuffix("_reversal") if kind.endswith("_reversal") else ""
        memo = {"period": period[0]} if period else {}
        bookings.append(Booking(place, kind, origin, NOW, date(2026, 10, 1), memo, Money(int(amount), "CNY")))
    found = sort_bookings(opening=Money(int(opening), "CNY"), bookings=bookings, month=date(2026, 10, 1))
    sums = [found.topped_up, found.charges, found.adjusted, found.closing]
    assert [one.minor for one in sums] == [int(cell) for cell in terms]


@pytest.mark.parametrize("row", table("checks"), ids=str)
def test_checks(row: list[str]) -> None:
    number, amount, code = row
    assert check_code(hash_content(number, {"amount": [int(amount), "CNY"]})) == code
    assert plain_check(code.lower().replace("-", " ")) == code.replace("-", "")


WH = st.integers(min_value=0, max_value=10**9)


@given(st.lists(WH, min_size=3, max_size=3))
def test_bands_add_up_and_each_is_its_own_cost_to_the_fen(some: list[int]) -> None:
    bands_wh = [0, *some, 0]
    lines = split_position(bands_wh=bands_wh, tariff=TOU)
    assert sum(one.minor for one in lines) == rounded_minor(cost_nano(bands_wh, TOU), "CNY")
    assert all(abs(one.wh * one.price - one.minor * 10**7) < 10**7 for one in lines)


@given(st.lists(st.tuples(WH, WH, WH), max_size=31), st.tuples(WH, WH, WH))
def test_days_add_up_whatever_no_day_has(some: list[tuple[int, int, int]], left: tuple[int, int, int]) -> None:
    days = {date(2026, 1, 1 + at): [0, *one, 0] for at, one in enumerate(some)}
    whole = [sum(column) for column in zip(*days.values(), [0, *left, 0], strict=True)]
    costs = split_days(bands_wh=whole, days=days, tariff=TOU, first=date(2026, 1, 1))
    assert sum(costs.values()) == rounded_minor(cost_nano(whole, TOU), "CNY")
    assert len(whole) == len(BANDS)


@given(
    st.sampled_from(sorted(PREFIXES)),
    st.integers(2000, 2999),
    st.from_regex(r"[A-Za-z0-9]{1,10}", fullmatch=True),
    st.integers(1, 10**9 - 1),
)
def test_a_number_is_read_back(kind: str, year: int, point: str, number: int) -> None:
    text = number_text(kind=kind, year=year, point=point, number=number)
    assert parse_number(f" {text} ") == (kind, year, point, number)


@pytest.mark.parametrize("text", ["", "R-2027", "Q-2027-T1-000001", "R-27-T1-1", "R-2027-T1-12", "000123", "1#-307"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_number(text) is None
