"""A month that was paid ahead is settled by real use: as often as wanted while it is looked at, then closed once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.notify import touch
from prewatt.billing.errors import MonthNotOver, MonthNotSettled
from prewatt.billing.models import AccountMonth, CloseState, DayClose, MonthState, Surplus
from prewatt.billing.month_ahead import next_month
from prewatt.billing.services.months import (
    PlannedAccount,
    close_months,
    find_still_due,
    lock_planned,
    settle_months,
    shortfall_of,
    surplus_of,
)
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Severity
from prewatt.cases.services import open_case
from prewatt.estate.models import Site
from prewatt.kernel.money import Money
from prewatt.ledger.queries import find_book
from prewatt.ledger.services import issue_documents
from prewatt.ledger.values import DocumentDraft
from prewatt.notices.services import tell_request
from prewatt.payments.capitals import to_capitals
from prewatt.payments.limits import require_reason
from prewatt.tenancy.queries import account_facts
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases.work import unit_of_work

ACCOUNTS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class MonthTotals:
    """What a run over a site's month did: accounts, and the sums of what is left over and of what is missing."""

    accounts: int
    surplus: int
    shortfall: int


def settle_month(*, actor: Actor, site_id: int, month: date) -> MonthTotals:
    """This function will settle the site's month for every account that paid ahead; repeated, it finds the same.

    Raises MonthNotOver before its last day is sealed, MonthClosed.
    """
    site = Site.objects.select_related("scope").get(pk=site_id)
    _require_over(site, month)

    def settle(work: UnitOfWork, planned: Sequence[PlannedAccount]) -> list[AccountMonth]:
        del work
        return settle_months(planned=planned, month=month)

    run = _Run(actor, site, month, "settle_month")
    return run.each(settle)


def close_month(*, actor: Actor, site_id: int, month: date, reason: str) -> MonthTotals:
    """This function will close the site's settled month: each account gets its statement, and what it must do next.

    A surplus stays on the balance, or becomes a case that asks the desk to give it back; what is missing for the month
    that follows is asked for again. Raises MonthNotSettled, MonthClosed, ReasonMissing.
    """
    site = Site.objects.select_related("scope").get(pk=site_id)
    require_reason(reason)

    def close(work: UnitOfWork, planned: Sequence[PlannedAccount]) -> list[AccountMonth]:
        return _close(work, site, month, planned)

    run = _Run(actor, site, month, "close_month", reason)
    return run.each(close)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run over the accounts of a site's month, 500 a transaction; each of them may be repeated."""

    actor: Actor
    site: Site
    month: date
    verb: str
    reason: str = ""

    def each(self, settle: Callable[[UnitOfWork, Sequence[PlannedAccount]], list[AccountMonth]]) -> MonthTotals:
        accounts = surplus = shortfall = after_id = 0
        while True:
            with unit_of_work(
                actor=self.actor, verb=self.verb, scope=self.site.scope, subject=("month", f"{self.month:%Y-%m}"),
                reason=self.reason,
            ) as work:  # fmt: skip
                planned = lock_planned(
                    site_id=self.site.pk, month=self.month, after_id=after_id, limit=ACCOUNTS_MAX
                )  # fmt: skip
                rows = settle(work, planned)
                touch(site_id=self.site.pk, accounts=[row.account_id for row in rows])
            accounts += len(rows)
            surplus += sum(surplus_of(row) for row in rows)
            shortfall += sum(shortfall_of(row) for row in rows)
            if len(planned) < ACCOUNTS_MAX:
                return MonthTotals(accounts, surplus, shortfall)
            after_id = planned[-1].account_id


def _require_over(site: Site, month: date) -> None:
    last = next_month(month) - timedelta(days=1)
    if not DayClose.objects.filter(site=site, date=last, state=CloseState.SEALED).exists():
        raise MonthNotOver(
            "%(month)s is not over at %(site)s.", hint="Settle it when %(last)s is closed.",
            month=f"{month:%Y-%m}", site=site.name, last=last,
        )  # fmt: skip


def _close(work: UnitOfWork, site: Site, month: date, planned: Sequence[PlannedAccount]) -> list[AccountMonth]:
    plans = {one.account_id: one for one in planned}
    rows = list(
        AccountMonth.objects.select_related("account__customer")
        .filter(month=month, account__in=plans)
        .exclude(state=MonthState.CLOSED)
        .order_by("account__number")
    )
    if any(row.state != MonthState.SETTLED for row in rows):
        raise MonthNotSettled(
            "%(month)s is not settled.", hint="Settle it, look at the list, then close it.", month=f"{month:%Y-%m}"
        )
    facts = {one.id: one for one in account_facts(account_ids=[row.account_id for row in rows])}
    due = find_still_due(month=next_month(month), closed=rows, planned=plans)
    for row in rows:
        _follow(work, site, row, plans[row.account_id], due.get(row.account_id))
    drafts = [
        DocumentDraft(
            subject=("account_month", str(row.public_id)),
            content=_content(site, row, plans[row.account_id], facts[row.account_id], due.get(row.account_id)),
        )
        for row in rows
    ]
    book_id = find_book(code=site.code)
    if rows and book_id is not None:
        papers = issue_documents(
            book_id=book_id, kind="settlement", year=month.year, point=f"{month:%m}", issued_at=work.now, drafts=drafts
        )
        close_months(
            rows=rows, documents={row.pk: paper.id for row, paper in zip(rows, papers, strict=True)}, now=work.now
        )
    return rows


def _follow(work: UnitOfWork, site: Site, row: AccountMonth, plan: PlannedAccount, due: Money | None) -> None:
    left = surplus_of(row)
    if left and plan.surplus == Surplus.REFUND:
        open_case(
            scope=site.scope, kind=Kind.SURPLUS_TO_REFUND, subject_kind="account",
            subject_id=str(row.account.public_id), subject_label=row.account.number, severity=Severity.INFO,
            now=work.now,
            detail={"month": f"{row.month:%Y-%m}", "amount": left, "currency": plan.currency},
        )  # fmt: skip
    if due is not None:
        following = next_month(row.month)
        tell_request(
            account_id=row.account_id, amount=due, month=following, due_on=None,
            estimate=None, cause_key=f"settled:{row.public_id}", now=work.now,
        )  # fmt: skip


def _content(
    site: Site, row: AccountMonth, plan: PlannedAccount, facts: AccountFacts, due: Money | None
) -> Mapping[str, Any]:
    def money(minor: int) -> Money:
        return Money(minor, plan.currency)

    left, missing = surplus_of(row), shortfall_of(row)
    return {
        "operator": site.operator_name,
        "operator_tax_no": site.operator_tax_no,
        "service_phone": site.service_phone,
        "site": site.name,
        "time_zone": site.time_zone,
        "account": facts.number,
        "account_public_id": str(facts.public_id),
        "customer": facts.customer_name,
        "customer_tax_no": row.account.customer.tax_no,
        "rooms": [point.code for point in facts.points if point.to_at is None],
        "month": f"{row.month:%Y-%m}",
        "estimate": None if row.estimate is None else money(row.estimate),
        "days_counted": row.days_counted,
        "requested": money(row.requested),
        "opening": money(row.opening),
        "paid": money(row.paid),
        "refunded": money(row.refunded),
        "adjusted": money(row.adjusted),
        "late": money(row.late),
        "used": money(row.used),
        "ahead": money(row.ahead),
        "closing": money(row.closing),
        "surplus": money(left),
        "shortfall": money(missing),
        "surplus_way": plan.surplus,
        "next_month": f"{next_month(row.month):%Y-%m}",
        "still_due": due,
        "amount": money(left or -missing),
        "amount_capitals": to_capitals(money(left or missing)),
    }
