"""What a tenant who pays ahead looks at: a month's use beside its estimate, the next request, the last end."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from prewatt.billing.models import MonthState
from prewatt.billing.month_ahead import days_in, next_month
from prewatt.kernel.money import Money, minor_digits
from prewatt.kernel.period import local_date, month_start
from prewatt.usecases.see_months import MonthLine, see_account_months


@dataclass(frozen=True, slots=True)
class Running:
    """The present month: what it was thought to cost, what is used of it, and how much of its days is over."""

    month: date
    estimate: Money
    used: Money
    day: int
    days: int

    @property
    def used_percent(self) -> int:
        """This property will hold the used share of the estimate, 100 at most: it is for a picture."""
        return min(100, max(0, 100 * self.used.minor // self.estimate.minor)) if self.estimate.minor > 0 else 0

    @property
    def time_percent(self) -> int:
        """This property will hold the share of the month's days that is over with today."""
        return 100 * self.day // self.days


@dataclass(frozen=True, slots=True)
class Coming:
    """The month to come: what was asked for it, and what came in since."""

    month: date
    requested: Money
    paid: Money
    due_on: date | None

    @property
    def due(self) -> Money:
        """This property will hold what is still to be paid."""
        return max(self.requested - self.paid, Money.zero(self.requested.currency))

    @property
    def due_whole(self) -> Money:
        """This property will hold the same, up to whole units: as it is offered for payment."""
        unit = 10 ** minor_digits(self.due.currency)
        return Money(-(-self.due.minor // unit) * unit, self.due.currency)


@dataclass(frozen=True, slots=True)
class PlanView:
    """Months that are paid ahead, as their tenant sees them; what is not there yet is None."""

    running: Running | None
    coming: Coming | None
    settled: MonthLine | None


def see_plan(*, account_id: int, zone: ZoneInfo, now: datetime) -> PlanView | None:
    """This function will show an account's months ahead, None where it has none. Who may see is asked before."""
    lines = see_account_months(account_id=account_id)
    if not lines:
        return None
    today = local_date(now, zone)
    by_month = {line.month: line for line in lines}
    month = month_start(today)
    coming = by_month.get(next_month(month))
    settled = next((line for line in lines if line.state == MonthState.CLOSED), None)
    return PlanView(
        _running(by_month.get(month), today),
        _coming(coming) if coming is not None and coming.state == MonthState.REQUESTED else None,
        settled,
    )


def _running(line: MonthLine | None, today: date) -> Running | None:
    if line is None or line.estimate is None:
        return None
    return Running(line.month, line.estimate, -line.used, today.day, days_in(line.month))


def _coming(line: MonthLine) -> Coming:
    return Coming(line.month, line.requested, line.paid, line.due_on)
