"""The close of a site's local day: accrued money becomes journal entries, forecasts move, the book-day is sealed.

It closes money, not readings: it never waits for a meter. What comes late changes its position and is posted by the
next close. Every step is a transaction that may be repeated; a close that died is begun again and ends the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.access.audit import Actor
from prewatt.access.notify import touch
from prewatt.billing.errors import DayNotOver
from prewatt.billing.models import CloseState, DayClose
from prewatt.billing.queries.payers import load_payers
from prewatt.billing.services.closing import (
    begin_close,
    count_posted,
    finish_close,
    lock_unposted_accounts,
    post_positions,
)
from prewatt.billing.services.forecasts import refresh_daily_costs, refresh_ends
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Progress, Severity
from prewatt.cases.services import open_case
from prewatt.estate.models import MeteringPoint, Site
from prewatt.kernel.clock import estate_now
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, local_date
from prewatt.ledger.services import booking_date_for, ensure_book, seal_day
from prewatt.tenancy.models import AccountState
from prewatt.usecases.work import unit_of_work

ACCOUNTS_MAX: Final = 500
DAYS_AT_ONCE: Final = 400
GRACE: Final = timedelta(minutes=2)
"""A collector has this long to bring in the registers of midnight before the worker closes the day."""

_LOCK_OPEN: Final = """
SELECT id FROM tenancy_account WHERE site_id = %s AND id > %s AND state = %s ORDER BY id LIMIT %s FOR NO KEY UPDATE
"""


@dataclass(frozen=True, slots=True)
class CloseResult:
    """A closed day. ``posted`` is what its entries charged; ``difference`` what re-adding found, in minor units."""

    site_id: int
    day: date
    accounts: int
    entries: int
    posted: Money
    difference: int
    was_closed: bool


def close_day(*, actor: Actor, site_id: int, day: date) -> CloseResult:
    """This function will close a local day of a site, or answer with the close that was made before.

    Raises DayNotOver.
    """
    site = Site.objects.select_related("scope").get(pk=site_id)
    ends_at = day_start(day + timedelta(days=1), ZoneInfo(site.time_zone))
    if estate_now() < ends_at:
        raise DayNotOver(f"{day} has not ended at {site.name}.", hint=f"Close it after {ends_at.isoformat()}.")
    before = DayClose.objects.filter(site=site, date=day, state=CloseState.SEALED).first()
    if before is not None:
        return _result(site, before, was_closed=True)
    _post(actor, site, day, ends_at)
    if not _is_loading(site):
        refresh_forecasts(actor=actor, site_id=site.pk)
    return _seal(actor, site, day)


def close_due_days(*, actor: Actor) -> list[CloseResult]:
    """This function will close every site-day that has ended and is not closed, the oldest first.

    A site whose history is still being filled in closes its days by itself.
    """
    results = []
    for site in Site.objects.select_related("scope").order_by("pk"):
        if _is_loading(site):
            continue
        results += [close_day(actor=actor, site_id=site.pk, day=day) for day in _due_days(site)]
    return results


def refresh_forecasts(*, actor: Actor, site_id: int) -> None:
    """This function will reckon anew what each open account uses a day, and when its money will be gone.

    While history is being filled in nobody asks for it: from half a past nothing can be foreseen.
    """
    site = Site.objects.select_related("scope").get(pk=site_id)
    zone = ZoneInfo(site.time_zone)
    after_id: int | None = 0
    while after_id is not None:
        with unit_of_work(actor=actor, verb="close_day", scope=site.scope, reason="forecast") as work:
            with connection.cursor() as cursor:
                cursor.execute(_LOCK_OPEN, [site.pk, after_id, AccountState.OPEN, ACCOUNTS_MAX])
                account_ids = [account_id for (account_id,) in cursor.fetchall()]
            points = MeteringPoint.objects.filter(tenancies__account__in=account_ids).values_list("pk", flat=True)
            payers = load_payers(
                point_ids=list(points), site_id=site.pk, zone=site.time_zone, from_at=work.now, to_at=work.now
            )
            refresh_daily_costs(account_ids=account_ids, payers=payers, zone=zone, now=work.now)
            refresh_ends(account_ids=account_ids, now=work.now)
            after_id = account_ids[-1] if len(account_ids) == ACCOUNTS_MAX else None


def _is_loading(site: Site) -> bool:
    return Progress.objects.filter(scope=site.scope, finished_at=None).exists()


def _due_days(site: Site) -> Iterator[date]:
    sealed = DayClose.objects.filter(site=site, state=CloseState.SEALED).order_by("-date").first()
    day = sealed.date + timedelta(days=1) if sealed is not None else site.first_day
    today = local_date(estate_now() - GRACE, ZoneInfo(site.time_zone))
    for _ in range(DAYS_AT_ONCE):
        if day >= today:
            return
        yield day
        day += timedelta(days=1)


def _post(actor: Actor, site: Site, day: date, ends_at: datetime) -> None:
    after_id: int | None = 0
    while after_id is not None:
        with unit_of_work(
            actor=actor, verb="close_day", scope=site.scope, subject=("day", day.isoformat()), reason="post"
        ):
            book_id = ensure_book(code=site.code, issuer=site.operator_name)
            close = begin_close(site=site, day=day)
            account_ids = lock_unposted_accounts(site_id=site.pk, after_id=after_id, limit=ACCOUNTS_MAX)
            posted = post_positions(
                account_ids=account_ids,
                book_id=book_id,
                day=day,
                booking_date=booking_date_for(book_id=book_id, wanted=day),
                occurred_at=ends_at,
            )
            count_posted(close=close, posted=posted)
            touch(site_id=site.pk, accounts=posted.account_ids)
            after_id = account_ids[-1] if len(account_ids) == ACCOUNTS_MAX else None


def _seal(actor: Actor, site: Site, day: date) -> CloseResult:
    with unit_of_work(
        actor=actor, verb="close_day", scope=site.scope, subject=("day", day.isoformat()), reason="seal"
    ) as work:
        book_id = ensure_book(code=site.code, issuer=site.operator_name)
        seal_day(book_id=book_id, day=day)
        close = finish_close(close=begin_close(site=site, day=day), now=work.now)
        if close.difference:
            open_case(
                scope=site.scope,
                kind=Kind.LEDGER_DIFFERENCE,
                subject_kind="site",
                subject_id=str(site.public_id),
                subject_label=site.name,
                severity=Severity.URGENT,
                now=work.now,
                detail={"day": day.isoformat(), "difference": close.difference, "what": "accruals"},
            )
    return _result(site, close, was_closed=False)


def _result(site: Site, close: DayClose, *, was_closed: bool) -> CloseResult:
    return CloseResult(
        site_id=site.pk,
        day=close.date,
        accounts=close.accounts,
        entries=close.entries,
        posted=Money(close.posted, site.currency),
        difference=close.difference,
        was_closed=was_closed,
    )
