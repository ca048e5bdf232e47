"""Months that are paid ahead: a site's month to settle and close, and an account's months."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.billing.models import AccountMonth, CloseState, DayClose, MonthAhead, MonthState, Position
from prewatt.billing.month_ahead import next_month
from prewatt.billing.services.months import shortfall_of, surplus_of
from prewatt.estate.models import Site
from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date, month_start
from prewatt.ledger.queries import document_numbers
from prewatt.payments.models import Payment, PaymentKind
from prewatt.tenancy.queries import account_facts, visible_accounts

MONTHS: Final = 12
OUTLIER_PERCENT: Final = 50
"""A use that differs from its estimate by more than this is looked at first."""


@dataclass(frozen=True, slots=True)
class MonthLine:
    """An account's month. Amounts as in ``billing.month_ahead``.

    Before it is settled, ``paid`` is what came in since it was asked for, ``used`` what is used of it by now, and the
    others are nothing.
    """

    account_public_id: UUID
    account: str
    customer: str
    rooms: str
    month: date
    state: str
    estimate: Money | None
    days_counted: int
    requested: Money
    due_on: date | None
    paid: Money
    used: Money
    closing: Money
    surplus: Money
    shortfall: Money
    surplus_way: str
    document_public_id: UUID | None
    number_text: str

    @property
    def is_outlier(self) -> bool:
        """This property will tell whether the month came out far from its estimate, or had none."""
        if self.state == MonthState.REQUESTED:
            return self.estimate is None
        if self.estimate is None:
            return True
        return abs(-self.used.minor - self.estimate.minor) * 100 > self.estimate.minor * OUTLIER_PERCENT


@dataclass(frozen=True, slots=True)
class MonthView:
    """A site's month: its lines, those to look at first on top, and what may be done with it."""

    month: date
    lines: tuple[MonthLine, ...]
    planned: int
    is_over: bool
    currency: str

    @property
    def asked(self) -> bool:
        """This property will tell whether every account of the plan was asked for the month."""
        return len(self.lines) >= self.planned

    @property
    def state(self) -> str:
        """This property will hold how far the month has come: its slowest account's state, nothing without any."""
        states = {line.state for line in self.lines}
        return next((state for state in MonthState.values if state in states), "")

    def total(self, name: str) -> Money:
        """This method will add up a column."""
        return sum((getattr(line, name) for line in self.lines), Money.zero(self.currency))

    @property
    def sums(self) -> dict[str, Money]:
        """This property will hold the sums under the table."""
        return {name: self.total(name) for name in ("requested", "paid", "used", "surplus", "shortfall")}


def see_site_month(*, user: User, site_id: int, month: date) -> MonthView:
    """This function will show a site's month of the accounts that the login may see."""
    site = Site.objects.get(pk=site_id)
    accounts = visible_accounts(user=user, permission=Permission.ACCOUNT_VIEW).filter(site=site_id)
    rows = AccountMonth.objects.filter(month=month, account__in=accounts.values("pk"))
    ended = Q(to_month=None) | Q(to_month__gt=month)
    planned = MonthAhead.objects.filter(ended, account__in=accounts.values("pk"), from_month__lte=month)
    lines = sorted(_lines(rows), key=lambda one: (not one.is_outlier, one.account))
    last = next_month(month) - timedelta(days=1)
    is_over = DayClose.objects.filter(site=site, date=last, state=CloseState.SEALED).exists()
    return MonthView(month, tuple(lines), planned.filter(account__state="open").count(), is_over, site.currency)


def see_account_months(*, account_id: int) -> list[MonthLine]:
    """This function will list an account's months, the newest first; who may see them is asked before."""
    return _lines(AccountMonth.objects.filter(account=account_id).order_by("-month")[:MONTHS])


def months_of_site(*, site_id: int, now: datetime) -> list[date]:
    """This function will return the months to choose from: the next, this one, and those before it, newest first."""
    zone = ZoneInfo(Site.objects.values_list("time_zone", flat=True).get(pk=site_id))
    month = next_month(month_start(local_date(now, zone)))
    months = []
    for _ in range(MONTHS):
        months.append(month)
        month = month_start(month - timedelta(days=1))
    return months


def find_plan(*, account_id: int) -> MonthAhead | None:
    """This function will return how an account pays ahead, None when it pays as it needs."""
    return MonthAhead.objects.filter(account=account_id, to_month=None).first()


def _lines(rows: Iterable[AccountMonth]) -> list[MonthLine]:
    found = list(rows)
    facts = {one.id: one for one in account_facts(account_ids={row.account_id for row in found})}
    ways = dict(MonthAhead.objects.filter(account__in=facts).values_list("account_id", "surplus"))
    numbers = document_numbers(document_ids=[row.document_id for row in found if row.document_id is not None])
    so_far = _so_far([row for row in found if row.state == MonthState.REQUESTED])
    lines = []
    for row in found:
        one = facts[row.account_id]
        document_id, number = numbers.get(row.document_id or 0, (None, ""))
        money = partial(Money, currency=one.currency)
        paid, used = so_far.get(row.pk, (row.paid, row.used))
        lines.append(
            MonthLine(
                account_public_id=one.public_id, account=one.number, customer=one.customer_name, rooms=one.rooms,
                month=row.month, state=row.state, estimate=None if row.estimate is None else money(row.estimate),
                days_counted=row.days_counted, requested=money(row.requested), due_on=row.due_on,
                paid=money(paid), used=money(used), closing=money(row.closing),
                surplus=money(surplus_of(row)), shortfall=money(shortfall_of(row)),
                surplus_way=ways.get(row.account_id, "carry"), document_public_id=document_id, number_text=number,
            )
        )  # fmt: skip
    return lines


def _so_far(rows: Sequence[AccountMonth]) -> dict[int, tuple[int, int]]:
    """Return what came in for months that are not settled, and what is used of them, below zero, by row.

    What comes in after the next month was asked for is paid for that one, as the settlement counts it.
    """
    if not rows:
        return {}
    accounts = {row.account_id for row in rows}
    months = AccountMonth.objects.filter(account__in=accounts, month__in={next_month(row.month) for row in rows})
    until = {(row.account_id, row.month): row.requested_at for row in months}
    first = min((row.requested_at for row in rows if row.requested_at is not None), default=None)
    top_ups = Payment.objects.filter(account__in=accounts, kind=PaymentKind.TOP_UP, reversed_at=None)
    paid = (
        list(top_ups.filter(received_at__gte=first).values_list("account_id", "received_at", "amount")) if first else []
    )
    positions = Position.objects.filter(account__in=accounts, period_start__in={row.month for row in rows})
    sums = positions.values_list("account_id", "period_start").annotate(Sum("rounded"))
    used = {(account_id, month): minor for account_id, month, minor in sums}
    return {
        row.pk: (
            _came_in(paid, row, until.get((row.account_id, next_month(row.month)))),
            -used.get((row.account_id, row.month), 0),
        )
        for row in rows
    }


def _came_in(paid: Iterable[tuple[int | None, datetime, int]], row: AccountMonth, until: datetime | None) -> int:
    return sum(
        amount
        for account_id, at, amount in paid
        if account_id == row.account_id
        and row.requested_at is not None
        and row.requested_at <= at
        and (until is None or at < until)
    )
