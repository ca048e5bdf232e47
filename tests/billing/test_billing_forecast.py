"""How long the money lasts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.billing.forecast import (
    DAY_US,
    MINUTE_US,
    DailyCost,
    DaysLeft,
    find_daily_cost,
    find_days_left,
    find_empties_us,
    has_moved,
)


def test_the_average_of_the_days_and_their_quartiles() -> None:
    assert find_daily_cost(day_costs=[]) is None
    assert find_daily_cost(day_costs=[500]) == DailyCost(500, 500, 500)
    assert find_daily_cost(day_costs=[100, 200, 300, 400, 1_000]) == DailyCost(400, 200, 400)


def test_days_left() -> None:
    assert find_days_left(available=2_000, cost=DailyCost(400, 200, 500)) == DaysLeft(5, 4, 10)
    assert find_days_left(available=-5, cost=DailyCost(400, 0, 500)) == DaysLeft(0, 0, None)
    assert find_days_left(available=5, cost=DailyCost(0, 0, 0)) is None


def test_the_instant_of_nothing() -> None:
    assert find_empties_us(available=800, daily_cost=400, now_us=7) == 7 + 2 * DAY_US
    assert find_empties_us(available=0, daily_cost=400, now_us=7) == 7
    assert find_empties_us(available=800, daily_cost=None, now_us=7) is None
    assert find_empties_us(available=800, daily_cost=0, now_us=7) is None


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (None, None, False),
        (None, 5, True),
        (5, None, True),
        (10 * DAY_US, 11 * DAY_US, False),
        (10 * DAY_US, 11 * DAY_US + 1, True),
        (10 * DAY_US, 9 * DAY_US - 1, True),
        (MINUTE_US, 2 * MINUTE_US, False),
        (-5, 0, False),
        (-5, DAY_US, True),
    ],
)
def test_a_tenth_of_the_time_left(before: int | None, after: int | None, moved: bool) -> None:
    assert has_moved(before_us=before, after_us=after, now_us=0) is moved


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=14), st.integers(0, 10**9))
def test_busy_days_leave_the_fewest(costs: list[int], available: int) -> None:
    cost = find_daily_cost(day_costs=costs)
    assert cost is not None
    assert cost.quiet <= cost.busy
    left = find_days_left(available=available, cost=cost)
    if left is not None:
        assert left.at_least <= left.days
