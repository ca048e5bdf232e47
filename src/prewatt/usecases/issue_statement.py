"""The fee statement of an account and a month: issued once; asked for again it is the same paper."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from prewatt.access.audit import Actor
from prewatt.estate.models import Site
from prewatt.kernel.clock import estate_now
from prewatt.kernel.period import local_date, month_start
from prewatt.ledger.queries import find_book
from prewatt.ledger.values import DocumentValue
from prewatt.usecases._money import scope_of_account
from prewatt.usecases._papers import PaperMonth, Series, issue_in_force, require_month_over
from prewatt.usecases._statements import statement_contents
from prewatt.usecases.work import unit_of_work

SUBJECT: Final = "account_month"
KIND: Final = "statement"


def issue_statement(
    *, actor: Actor, account_id: int, month: date, correcting: bool = False, reason: str = ""
) -> DocumentValue:
    """This function will issue the statement of an account for the month of a day, or return the one in force.

    ``correcting``: when the facts say something else than the paper in force, that becomes void and another takes its
    place. Raises MonthNotOver.
    """
    scope, subject = scope_of_account(account_id=account_id)
    site = Site.objects.get(accounts=account_id)
    paper_month = month_of(site=site, day=month)
    contents = contents_of_month(site=site, account_ids=[account_id], month=paper_month)
    with unit_of_work(actor=actor, verb="issue_statement", scope=scope, subject=subject, reason=reason) as work:
        series = month_series(site=site, month=paper_month, kind=KIND)
        return next(iter(issue_in_force(work, series=series, contents=contents, correcting=correcting).values()))


def issue_statements(*, actor: Actor, site: Site, account_ids: Sequence[int], month: PaperMonth) -> list[DocumentValue]:
    """This function will issue the statements of many accounts of a site for a month, and return those in force.

    In the order of the accounts. Raises MonthNotOver.
    """
    contents = contents_of_month(site=site, account_ids=account_ids, month=month)
    with unit_of_work(actor=actor, verb="issue_statements", scope=site.scope, subject=("month", month.text)) as work:
        issued = issue_in_force(work, series=month_series(site=site, month=month, kind=KIND), contents=contents)
    return [issued[subject_id] for subject_id in contents]


def contents_of_month(*, site: Site, account_ids: Collection[int], month: PaperMonth) -> dict[str, Mapping[str, Any]]:
    """This function will return what statements of a month say, by subject. Raises MonthNotOver."""
    require_month_over(book_id=find_book(code=site.code), month=month)
    today = local_date(estate_now(), month.zone)
    contents = statement_contents(account_ids=account_ids, month=month, today=today)
    return {
        month_subject(account_public_id=contents[one]["account_public_id"], month=month): contents[one]
        for one in account_ids
    }


def month_of(*, site: Site, day: date) -> PaperMonth:
    """This function will return the month of a day at a site."""
    return PaperMonth(month_start(day), ZoneInfo(site.time_zone))


def month_subject(*, account_public_id: str, month: PaperMonth) -> str:
    """This function will name an account's month as the subject of a paper."""
    return f"{account_public_id}:{month.text}"


def month_series(*, site: Site, month: PaperMonth, kind: str) -> Series:
    """This function will return the series that numbers a site's papers of a month."""
    book_id = find_book(code=site.code)
    if book_id is None:
        raise RuntimeError(f"site {site.code} has no book")
    return Series(book_id, kind, month.first.year, f"{month.first:%m}", SUBJECT)
