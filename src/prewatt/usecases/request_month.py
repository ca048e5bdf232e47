"""Accounts that pay ahead are asked for the coming month, a few days before it begins."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.access.audit import Actor
from prewatt.access.notify import touch
from prewatt.billing.models import AccountMonth
from prewatt.billing.month_ahead import next_month
from prewatt.billing.services.months import lock_planned, request_months
from prewatt.estate.models import Site
from prewatt.kernel.clock import estate_now
from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date, month_start
from prewatt.notices.services import tell_request
from prewatt.usecases.work import unit_of_work

REQUEST_DAY: Final = 25
"""From this day of a month on, the next one is asked for."""
ACCOUNTS_MAX: Final = 500


def request_due_months(*, actor: Actor) -> int:
    """This function will ask every account that pays ahead for the coming month, where its day has come; once each."""
    count = 0
    for site in Site.objects.filter(accounts__month_ahead__isnull=False).distinct().order_by("pk"):
        today = local_date(estate_now(), ZoneInfo(site.time_zone))
        if today.day >= REQUEST_DAY:
            count += request_month(actor=actor, site_id=site.pk, month=next_month(month_start(today)))
    return count


def request_month(*, actor: Actor, site_id: int, month: date) -> int:
    """This function will ask the site's accounts that pay ahead for a month, and return how many this call asked.

    Every account is asked once for a month; a repeated call asks those that are new.
    """
    site = Site.objects.select_related("scope").get(pk=site_id)
    count, after_id = 0, 0
    while True:
        with unit_of_work(
            actor=actor, verb="request_month", scope=site.scope, subject=("month", f"{month:%Y-%m}")
        ) as work:
            today = local_date(work.now, ZoneInfo(site.time_zone))
            planned = lock_planned(site_id=site.pk, month=month, after_id=after_id, limit=ACCOUNTS_MAX)
            made = request_months(planned=planned, month=month, today=today, now=work.now)
            currency = {one.account_id: one.currency for one in planned}
            for row, _ in made:
                _tell(row, currency[row.account_id], work.now)
            touch(site_id=site.pk, accounts=[row.account_id for row, _ in made])
        count += len(made)
        if len(planned) < ACCOUNTS_MAX:
            return count
        after_id = planned[-1].account_id


def _tell(row: AccountMonth, currency: str, now: datetime) -> None:
    if row.requested and row.due_on is not None:
        tell_request(
            account_id=row.account_id, amount=Money(row.requested, currency), month=row.month, due_on=row.due_on,
            estimate=Money(row.estimate or 0, currency), cause_key=f"request:{row.public_id}", now=now,
        )  # fmt: skip
