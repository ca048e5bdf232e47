"""Who pays a month ahead in the demo: whichever day it begins on, one month is settled and the coming one asked for."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.cli.demo.ahead import Task, amount_of, month_steps, paid_at, paying_ahead, settled_month
from prewatt.cli.demo.plan import HISTORY_DAYS, TIME_ZONE, DemoPlan, demo_plan, owned_by_visitor
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, local_date

ZONE = ZoneInfo(TIME_ZONE)
STARTS = st.integers(0, 3 * 366 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))


@pytest.fixture(scope="module")
def plan() -> DemoPlan:
    return demo_plan(seed=1)


def test_the_visitors_shop_is_one_of_three(plan: DemoPlan) -> None:
    tenants = paying_ahead(plan)
    assert tenants is not None
    assert tenants[0] == owned_by_visitor(plan)[0]
    assert len({one.code for one in tenants}) == 3


def test_on_the_22nd_of_november_october_is_settled_and_december_asked_for(plan: DemoPlan) -> None:
    start = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)
    steps = month_steps(plan, first_day=date(2026, 10, 8), start_at=start, zone=ZONE)
    assert [(one.at.astimezone(ZONE).strftime("%m-%d %H:%M"), one.task, one.month.month) for one in steps] == [
        ("09-30 09:00", Task.BEGIN, 10), ("09-30 09:00", Task.BEGIN, 10), ("10-08 09:00", Task.ASK, 10),
        ("10-25 09:00", Task.ASK, 11), ("11-02 09:00", Task.SETTLE, 10), ("11-12 14:32", Task.BEGIN, 12),
        ("11-22 14:32", Task.ASK, 12),
    ]  # fmt: skip


def test_a_short_history_has_none(plan: DemoPlan) -> None:
    start = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)
    assert month_steps(plan, first_day=date(2026, 11, 19), start_at=start, zone=ZONE) == []


@given(STARTS)
def test_whenever_the_demo_begins_its_months_fit_its_history(start: datetime) -> None:
    plan = demo_plan(seed=1)
    first_day = local_date(start, ZONE) - timedelta(days=HISTORY_DAYS)
    steps = month_steps(plan, first_day=first_day, start_at=start, zone=ZONE)
    settled = settled_month(first_day=first_day, start_at=start, zone=ZONE)
    assert settled is not None
    asked = [one for one in steps if one.task is Task.ASK]
    (settling,) = [one for one in steps if one.task is Task.SETTLE]
    assert steps[-1].at <= start
    assert asked[-1].month > local_date(start, ZONE)
    assert all(one.at >= day_start(first_day, ZONE) for one in steps if one.task is not Task.BEGIN)
    paid = paid_at(settled=settled, zone=ZONE)
    assert asked[1].at < paid < settling.at, "it is paid after it was asked for, and counts for the month that follows"
    assert local_date(settling.at, ZONE) > settled + timedelta(days=27)


def test_a_contract_asks_for_whole_tens() -> None:
    assert amount_of(daily=Money(1_001, "CNY"), month=date(2026, 11, 1)) == Money(31_000, "CNY")
