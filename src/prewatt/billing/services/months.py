"""Accounts that pay each month ahead: put on that plan, asked for a month, settled by real use, closed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from prewatt.access.audit import require_unit_of_work
from prewatt.billing.errors import MonthClosed, NotMonthAhead
from prewatt.billing.models import AccountMonth, MonthAhead, MonthState, Surplus
from prewatt.billing.month_ahead import (
    DAYS_BACK,
    STEP_MAJOR,
    Booked,
    Estimate,
    estimate_month,
    find_request,
    foresee_standing,
    next_month,
    sum_month,
)
from prewatt.kernel.money import Money, minor_digits
from prewatt.ledger.queries import list_bookings
from prewatt.ledger.values import AccountBookings
from prewatt.tenancy.models import Account, Bucket, BucketKind
from prewatt.tenancy.queries import account_facts

_LOCK: Final = """
SELECT account.id, account.currency, plan.surplus, plan.fixed_estimate
FROM tenancy_account account JOIN billing_monthahead plan ON plan.account_id = account.id
WHERE account.site_id = %s AND account.id > %s AND account.state = 'open' AND plan.from_month <= %s
      AND (plan.to_month IS NULL OR plan.to_month > %s)
ORDER BY account.id LIMIT %s FOR NO KEY UPDATE OF account
"""


@dataclass(frozen=True, slots=True)
class PlannedAccount:
    """A locked account that pays the month ahead. ``fixed`` is what a person set as its estimate, in minor units."""

    account_id: int
    currency: str
    surplus: str
    fixed: int | None

    @property
    def is_carried(self) -> bool:
        """This property will tell whether money left over pays for the next month."""
        return self.surplus == Surplus.CARRY


def keep_plan(*, account: Account, surplus: str, fixed_estimate: int | None, from_month: date) -> MonthAhead:
    """This function will let an account pay ahead from a month on, or change how it does."""
    require_unit_of_work()
    plan, created = MonthAhead.objects.get_or_create(
        account=account, defaults={"surplus": surplus, "fixed_estimate": fixed_estimate, "from_month": from_month}
    )
    if not created:
        if plan.to_month is not None:  # it had ended: a new stretch begins
            plan.from_month, plan.to_month = from_month, None
        plan.surplus, plan.fixed_estimate = Surplus(surplus), fixed_estimate
        plan.save(update_fields=["surplus", "fixed_estimate", "from_month", "to_month"])
    return plan


def end_plan(*, account: Account, to_month: date) -> None:
    """This function will let an account pay as it needs again from a month on. Raises NotMonthAhead."""
    require_unit_of_work()
    plan = MonthAhead.objects.filter(account=account, to_month=None).first()
    if plan is None:
        raise NotMonthAhead("The account does not pay ahead.")
    plan.to_month = max(to_month, plan.from_month)
    plan.save(update_fields=["to_month"])


def lock_planned(*, site_id: int, month: date, after_id: int, limit: int) -> list[PlannedAccount]:
    """This function will lock the next open accounts of a site that pay the month ahead, in id order."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [site_id, after_id, month, month, limit])
        return [PlannedAccount(*row) for row in cursor.fetchall()]


def request_months(
    *, planned: Sequence[PlannedAccount], month: date, today: date, now: datetime
) -> list[tuple[AccountMonth, Estimate]]:
    """This function will ask locked accounts for a month, once each, and return those asked by this call.

    The estimate comes from the account's own charges or from a person; where there is neither, nothing is asked and
    the row says so. The sum is what the account will lack at its usual pace when the month begins.
    """
    require_unit_of_work()
    asked = set(_months(planned, month).values_list("account_id", flat=True))
    wanted = [one for one in planned if one.account_id not in asked]
    if not wanted:
        return []
    booked = _bookings(wanted, today - timedelta(days=DAYS_BACK), today)
    balances = {one.id: one.balance.minor for one in account_facts(account_ids=[one.account_id for one in wanted])}
    made = []
    for one in wanted:
        step = STEP_MAJOR * 10 ** minor_digits(one.currency)
        bookings = booked[one.account_id]
        found = estimate_month(bookings=_booked(bookings), today=today, month=month, step=step)
        amount = one.fixed or found.amount
        standing = foresee_standing(balance=balances[one.account_id], daily=found.daily, today=today, month=month)
        requested = 0 if amount is None else find_request(estimate=amount, standing=standing, is_carried=one.is_carried)
        row = AccountMonth(
            account_id=one.account_id, month=month, estimate=amount, days_counted=found.days, requested=requested,
            requested_at=now, due_on=month - timedelta(days=1),
        )  # fmt: skip
        made.append((row, found))
    AccountMonth.objects.bulk_create([row for row, _ in made])
    return made


def settle_months(*, planned: Sequence[PlannedAccount], month: date) -> list[AccountMonth]:
    """This function will settle a month of locked accounts by real use, again as often as it is asked until the close.

    All days of the month must be sealed: what was booked on them cannot change any more. Raises MonthClosed.
    """
    require_unit_of_work()
    if _months(planned, month).filter(state=MonthState.CLOSED).exists():
        raise MonthClosed(
            "%(month)s is closed.", hint="A correction is booked in the month that is open.", month=f"{month:%Y-%m}"
        )
    after = {row.account_id: row for row in _months(planned, next_month(month))}
    booked = _bookings(planned, month, next_month(month))
    settled = [
        AccountMonth(
            account_id=one.account_id, month=month, state=MonthState.SETTLED,
            **_sums(month, booked[one.account_id], after.get(one.account_id)),
        )
        for one in planned
    ]  # fmt: skip
    AccountMonth.objects.bulk_create(
        settled, update_conflicts=True, unique_fields=["account", "month"], update_fields=[*_SUMS, "state"]
    )
    return settled


def close_months(*, rows: Sequence[AccountMonth], documents: Mapping[int, int], now: datetime) -> None:
    """This function will close settled months with their papers, by row number. Raises MonthClosed."""
    require_unit_of_work()
    for row in rows:
        changed = AccountMonth.objects.filter(pk=row.pk, state=MonthState.SETTLED).update(
            state=MonthState.CLOSED, closed_at=now, document_id=documents[row.pk]
        )
        if changed != 1:
            raise MonthClosed(
                "%(month)s changed meanwhile.", hint="Look at the month again.", month=f"{row.month:%Y-%m}"
            )


def find_still_due(
    *, month: date, closed: Sequence[AccountMonth], planned: Mapping[int, PlannedAccount]
) -> dict[int, Money]:
    """This function will return what accounts still lack for ``month``, after the month before it was closed."""
    rows = {
        row.account_id: row
        for row in AccountMonth.objects.filter(
            month=month, account__in=[row.account_id for row in closed], estimate__isnull=False
        )
    }
    lacking = {}
    for before in closed:
        row, plan = rows.get(before.account_id), planned[before.account_id]
        if row is None or row.estimate is None:
            continue
        standing = before.closing if plan.is_carried else before.closing - surplus_of(before)
        due = max(0, row.estimate - standing)
        if due:
            lacking[before.account_id] = Money(due, plan.currency)
    return lacking


def surplus_of(row: AccountMonth) -> int:
    """This function will return what was paid for a settled month and not used."""
    return max(0, row.closing - row.ahead)


def shortfall_of(row: AccountMonth) -> int:
    """This function will return what was used in a settled month and not paid."""
    return max(0, row.ahead - row.closing)


_SUMS: Final = ("opening", "paid", "refunded", "adjusted", "late", "used", "ahead", "closing")


def _months(planned: Iterable[PlannedAccount], month: date) -> QuerySet[AccountMonth]:
    return AccountMonth.objects.filter(month=month, account__in=[one.account_id for one in planned])


def _sums(month: date, bookings: AccountBookings, following: AccountMonth | None) -> dict[str, int]:
    sums = sum_month(
        opening=bookings.opening.minor, bookings=_booked(bookings), month=month,
        asked_at=following.requested_at if following else None, asked=following.requested if following else 0,
    )  # fmt: skip
    return {name: getattr(sums, name) for name in _SUMS}


def _bookings(planned: Sequence[PlannedAccount], from_day: date, to_day: date) -> dict[int, AccountBookings]:
    """Return what was booked on the accounts' cash from a day to before another, by account."""
    buckets = dict(
        Bucket.objects.filter(
            account__in=[one.account_id for one in planned], kind=BucketKind.CASH, medium="electricity"
        ).values_list("ledger_account_id", "account_id")
    )
    found = list_bookings(ledger_account_ids=list(buckets), from_day=from_day, to_day=to_day)
    return {buckets[ledger_account_id]: bookings for ledger_account_id, bookings in found.items()}


def _booked(bookings: AccountBookings) -> list[Booked]:
    return [
        Booked.of(
            kind=one.kind,
            origin=one.origin,
            amount=one.amount.minor,
            day=one.booking_date,
            at=one.occurred_at,
            memo=one.memo,
        )
        for one in bookings.bookings
    ]
