"""The month ahead: estimate, request, settlement. The page's numbers, and what holds for all numbers."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rating.test_algorithm_pages import table

from prewatt.billing.month_ahead import (
    Booked,
    Estimate,
    MonthSums,
    days_in,
    estimate_month,
    find_request,
    foresee_standing,
    next_month,
    sum_month,
)

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)


def booked(kind: str, amount: int, day: int, period: str = "2026-11") -> Booked:
    at = datetime(2026, 11, day, 4, tzinfo=UTC)
    return Booked(kind, amount, date(2026, 11, day), at, period if kind == "usage" else "")


@pytest.mark.parametrize(("charged", "days", "length", "expected"), table("month-ahead", "estimate"))
def test_the_estimates_of_the_page(charged: str, days: str, length: str, expected: str) -> None:
    today = date(2026, 11, 25)
    month = DECEMBER if length == "31" else date(2027, 4, 1)
    first = today - timedelta(days=int(days))
    bookings = [Booked("usage", -int(charged), first, NOON), Booked("top_up", 99, first, NOON)]
    found = estimate_month(bookings=bookings, today=today, month=month, step=1_000)
    assert days_in(month) == int(length)
    assert found == Estimate(None if expected == "–" else int(expected), int(charged), int(days))


@pytest.mark.parametrize(("estimate", "standing", "surplus", "expected"), table("month-ahead", "request"))
def test_the_requests_of_the_page(estimate: str, standing: str, surplus: str, expected: str) -> None:
    found = find_request(estimate=int(estimate), standing=int(standing), is_carried=surplus == "carried")
    assert found == int(expected)


@pytest.mark.parametrize("row", table("month-ahead", "settle"))
def test_the_settlements_of_the_page(row: list[str]) -> None:
    *terms, closing, surplus, shortfall = map(int, row)
    sums = MonthSums(*terms)
    assert (sums.closing, sums.surplus, sums.shortfall) == (closing, surplus, shortfall)


def test_nothing_is_estimated_from_nothing_or_from_what_was_given_back() -> None:
    assert estimate_month(bookings=[], today=NOVEMBER, month=DECEMBER, step=1) == Estimate(None, 0, 0)
    back = [Booked("usage", 500, date(2026, 10, 10), NOON)]
    assert estimate_month(bookings=back, today=NOVEMBER, month=DECEMBER, step=1).amount is None
    assert Estimate(None, 0, 0).daily == 0
    assert Estimate(1, 7, 2).daily == 4


def test_only_the_last_four_weeks_count_and_not_today() -> None:
    today = date(2026, 11, 29)
    bookings = [
        Booked("usage", -100, date(2026, 10, 31), NOON), Booked("usage", -200, date(2026, 11, 1), NOON),
        Booked("usage", -400, date(2026, 11, 28), NOON), Booked("usage", -800, today, NOON),
    ]  # fmt: skip
    assert estimate_month(bookings=bookings, today=today, month=DECEMBER, step=1).charged == 600


def test_what_is_left_when_the_month_begins() -> None:
    assert foresee_standing(balance=1_000, daily=100, today=date(2026, 11, 25), month=DECEMBER) == 400
    assert foresee_standing(balance=1_000, daily=100, today=DECEMBER, month=NOVEMBER) == 1_000


def test_bookings_find_their_terms() -> None:
    bookings = [
        booked("top_up", 1_000, 3), booked("top_up", 500, 26), booked("top_up", -200, 4), booked("refund", -50, 5),
        booked("usage", -300, 6), booked("usage", -7, 2, "2026-10"), booked("opening_balance", 40, 1),
    ]  # fmt: skip
    sums = sum_month(opening=10, bookings=bookings, month=NOVEMBER, asked_at=NOON, asked=400)
    assert sums == MonthSums(opening=10, paid=1_300, refunded=-50, adjusted=40, late=-7, used=-300, ahead=400)
    assert sum_month(opening=10, bookings=bookings, month=NOVEMBER, asked_at=None, asked=0).ahead == 0


def test_a_reversal_counts_as_what_it_undoes() -> None:
    one = Booked.of(kind="reversal", origin="top_up", amount=-5, day=NOVEMBER, at=NOON, memo={"period": "2026-11"})
    assert (one.kind, one.period) == ("top_up", "2026-11")


def test_months_follow_each_other() -> None:
    month = date(2027, 11, 1)
    seen = [month := next_month(month) for _ in range(5)]
    assert seen == [date(2027, 12, 1), date(2028, 1, 1), date(2028, 2, 1), date(2028, 3, 1), date(2028, 4, 1)]
    assert days_in(date(2028, 2, 1)) == 29


amounts = st.integers(-(10**9), 10**9)


@given(
    st.lists(st.tuples(st.sampled_from(["top_up", "refund", "usage", "clearing"]), amounts, st.integers(1, 30))),
    amounts,
)
def test_every_booking_is_in_exactly_one_term(lines: list[tuple[str, int, int]], opening: int) -> None:
    bookings = [booked(kind, amount, day) for kind, amount, day in lines]
    sums = sum_month(opening=opening, bookings=bookings, month=NOVEMBER, asked_at=NOON, asked=10**6)
    assert sums.closing == opening + sum(one.amount for one in bookings)
    assert sums.surplus == 0 or sums.shortfall == 0
    assert sums.closing - sums.ahead == sums.surplus - sums.shortfall


@given(st.integers(1, 10**9), amounts)
def test_a_carried_surplus_never_asks_for_more_than_one_given_back(estimate: int, standing: int) -> None:
    carried = find_request(estimate=estimate, standing=standing, is_carried=True)
    back = find_request(estimate=estimate, standing=standing, is_carried=False)
    assert 0 <= carried <= back
    assert carried + max(standing, 0) >= estimate
