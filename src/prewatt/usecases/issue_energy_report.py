"""The energy report of an account and a month: issued once, as its statement is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

from prewatt.access.audit import Actor
from prewatt.estate.models import Site
from prewatt.ledger.queries import find_book
from prewatt.ledger.values import DocumentValue
from prewatt.usecases._energy_reports import energy_report_contents
from prewatt.usecases._money import scope_of_account
from prewatt.usecases._papers import PaperMonth, issue_in_force, require_month_over
from prewatt.usecases.issue_statement import month_of, month_series, month_subject
from prewatt.usecases.work import unit_of_work

KIND: Final = "energy_report"


def issue_energy_report(
    *, actor: Actor, account_id: int, month: date, correcting: bool = False, reason: str = ""
) -> DocumentValue:
    """This function will issue the energy report of an account for the month of a day, or return the one in force.

    ``correcting`` as for a statement. Raises MonthNotOver.
    """
    scope, subject = scope_of_account(account_id=account_id)
    site = Site.objects.get(accounts=account_id)
    paper_month = month_of(site=site, day=month)
    contents = _contents(site=site, account_ids=[account_id], month=paper_month)
    with unit_of_work(actor=actor, verb="issue_energy_report", scope=scope, subject=subject, reason=reason) as work:
        series = month_series(site=site, month=paper_month, kind=KIND)
        return next(iter(issue_in_force(work, series=series, contents=contents, correcting=correcting).values()))


def issue_energy_reports(
    *, actor: Actor, site: Site, account_ids: Sequence[int], month: PaperMonth
) -> list[DocumentValue]:
    """This function will issue the energy reports of many accounts of a site for a month, in the accounts' order.

    Raises MonthNotOver.
    """
    contents = _contents(site=site, account_ids=account_ids, month=month)
    with unit_of_work(
        actor=actor, verb="issue_energy_reports", scope=site.scope, subject=("month", month.text)
    ) as work:
        issued = issue_in_force(work, series=month_series(site=site, month=month, kind=KIND), contents=contents)
    return [issued[subject_id] for subject_id in contents]


def _contents(*, site: Site, account_ids: Collection[int], month: PaperMonth) -> dict[str, Mapping[str, Any]]:
    require_month_over(book_id=find_book(code=site.code), month=month)
    contents = energy_report_contents(account_ids=account_ids, site_id=site.pk, month=month)
    return {
        month_subject(account_public_id=contents[one]["account_public_id"], month=month): contents[one]
        for one in account_ids
    }
