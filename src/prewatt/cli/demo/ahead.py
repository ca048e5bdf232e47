"""Who pays a month ahead in the demo, and when they are put on the plan, asked, settled. Pure.

Two have paid ahead since before the books begin, by the amount of their old contract; what they do not use is given
back. The month that ended last is settled and closed. A third begins with a month to come and carries what is left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.billing.month_ahead import days_in, next_month
from prewatt.cli.demo.plan import CURRENCY, DemoPlan, Fate, TenantPlan, shop_of
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, local_date, month_start

ASK_DAY: Final = 25
PAY_DAY: Final = 27
SETTLE_DAY: Final = 2
_SETTLED_BY: Final = timedelta(days=SETTLE_DAY)
_NEWCOMER: Final = timedelta(days=10)
_STEP_MINOR: Final = 1_000
_LEAST: Final = 3
_MORNING: Final = timedelta(hours=9)


class Task(StrEnum):
    """What is done about months."""

    BEGIN = "begin"
    ASK = "ask"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class MonthStep:
    """A task at its instant; ``month`` is asked for, settled, or the first of a beginning, with tenant and surplus."""

    at: datetime
    task: Task
    month: date
    tenant: str = ""
    surplus: str = ""


def paying_ahead(plan: DemoPlan) -> tuple[TenantPlan, TenantPlan, TenantPlan] | None:
    """This function will choose two who have paid ahead all along, the visitor's own among them, and a newcomer.

    None where the estate has too few tenants at their ease.
    """
    at_ease = [one for one in plan.tenants if one.fate is Fate.COMFORTABLE]
    small = [one for one in at_ease if len(one.rooms) == 1]
    if len(small) < _LEAST:
        return None
    own = shop_of(at_ease)
    others = [one for one in small if one is not own]
    return own, others[0], others[1]


def settled_month(*, first_day: date, start_at: datetime, zone: ZoneInfo) -> date | None:
    """This function will return the last month that is settled when the demo begins; None when history is too short."""
    following = month_start(local_date(start_at - _SETTLED_BY, zone))
    month = month_start(following - timedelta(days=1))
    return month if month.replace(day=ASK_DAY) >= first_day else None


def amount_of(*, daily: Money, month: date) -> Money:
    """This function will return what the old contract asks for a month: its usual cost, up to whole tens."""
    return Money(-(-daily.minor * days_in(month) // _STEP_MINOR) * _STEP_MINOR, CURRENCY)


def paid_at(*, settled: date, zone: ZoneInfo) -> datetime:
    """This function will return when the month after the settled one is paid, two days after it was asked for."""
    return day_start(settled.replace(day=PAY_DAY), zone) + timedelta(hours=10, minutes=40)


def month_steps(plan: DemoPlan, *, first_day: date, start_at: datetime, zone: ZoneInfo) -> list[MonthStep]:
    """This function will list all that is done about months until the demo begins, in order."""
    month, tenants = settled_month(first_day=first_day, start_at=start_at, zone=zone), paying_ahead(plan)
    if month is None or tenants is None:
        return []
    signed = day_start(month - timedelta(days=1), zone) + _MORNING
    steps = [MonthStep(signed, Task.BEGIN, month, tenant=one.code, surplus="refund") for one in tenants[:2]]
    joined = start_at - _NEWCOMER
    begins = next_month(month_start(local_date(joined, zone)))
    steps.append(MonthStep(joined, Task.BEGIN, begins, tenant=tenants[2].code, surplus="carry"))
    steps += _askings(month, first_day, start_at, zone)
    settled_at = day_start(next_month(month).replace(day=SETTLE_DAY), zone) + _MORNING
    steps.append(MonthStep(settled_at, Task.SETTLE, month))
    return sorted(steps, key=lambda one: one.at)


def _askings(month: date, first_day: date, start_at: datetime, zone: ZoneInfo) -> Iterator[MonthStep]:
    """Each month is asked for on the 25th before it, the coming one when the demo begins at the latest."""
    last = next_month(month_start(local_date(start_at, zone)))
    while month <= last:
        day = max((month - timedelta(days=1)).replace(day=ASK_DAY), first_day)
        yield MonthStep(min(day_start(day, zone) + _MORNING, start_at), Task.ASK, month)
        month = next_month(month)
