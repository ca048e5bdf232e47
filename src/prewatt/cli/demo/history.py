"""The demo's past, filled in behind the running estate by the product's own use cases.

Readings come first, meter by meter; then each day is closed in order, at its own past instant: this process, and no
other, sets its estate clock there. What is in is not done again: killed half-way, the next start goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from prewatt.billing.models import CloseState, DayClose
from prewatt.cases.models import Progress
from prewatt.cases.services import advance_progress, finish_progress
from prewatt.cli.demo.files import DemoFacts, virtual_meters
from prewatt.cli.demo.money import Reckoner, TopUpPlan, chronological, plan_purses
from prewatt.cli.demo.patience import patiently
from prewatt.cli.demo.plan import SITE_CODE
from prewatt.cli.demo.prepare import DEMO, HISTORY
from prewatt.cli.demo.readings import Recorder, Series, batches_of, history_series
from prewatt.cli.demo.sheet import account_number
from prewatt.estate.models import Site
from prewatt.kernel import clock
from prewatt.kernel.clock import EstateClock, machine_now
from prewatt.kernel.period import day_start, days, local_date
from prewatt.tenancy.models import Account
from prewatt.usecases.close_day import close_day, refresh_forecasts
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.work import unit_of_work

CLOSE_AFTER: Final = timedelta(minutes=5)


def fill_history(*, facts: DemoFacts, say: Callable[[str], None]) -> None:
    """This function will record all past readings, then close every day in order with what was paid on it."""
    site = Site.objects.select_related("scope").get(code=SITE_CODE)
    progress = Progress.objects.get(scope=site.scope, kind=HISTORY)
    if progress.finished_at is not None:
        say("History is complete")
        return
    present = clock.estate_clock()
    plan = facts.plan()
    meters = virtual_meters(plan, facts.estate(plan))
    series = history_series(facts)
    _at(facts.start_at)
    for number in Recorder(actor=DEMO, site_id=site.pk, meters=meters).record(series, after=progress.done):
        _tell(site, number)
    say("History: all readings are in")
    reckoner = Reckoner(meters=meters, first_day=facts.first_day, zone=facts.zone)
    purses = plan_purses(plan, reckoner=reckoner, start_at=facts.start_at, speed=facts.speed)
    _close_days(site, facts, chronological(purses), series)
    clock.install(present)
    with unit_of_work(actor=DEMO, verb="fill_history", scope=site.scope):
        finish_progress(scope=site.scope, kind=HISTORY)
    patiently(partial(refresh_forecasts, actor=DEMO, site_id=site.pk))
    say("History: all days are closed")


def _close_days(site: Site, facts: DemoFacts, paid: Sequence[TopUpPlan], series: Series) -> None:
    top_ups = defaultdict(list)
    for top_up in paid:
        top_ups[local_date(top_up.at, facts.zone)].append(top_up)
    today = local_date(facts.start_at, facts.zone)
    sealed = set(DayClose.objects.filter(site=site, state=CloseState.SEALED).values_list("date", flat=True))
    for number, day in enumerate(days(facts.first_day, today), start=batches_of(series) + 1):
        if day in sealed:
            continue
        for top_up in top_ups[day]:
            _pay(site, top_up)
        if day < today:
            _at(day_start(day + timedelta(days=1), facts.zone) + CLOSE_AFTER)
            patiently(partial(close_day, actor=DEMO, site_id=site.pk, day=day))
            _tell(site, number)


def _pay(site: Site, top_up: TopUpPlan) -> None:
    _at(top_up.at)
    account = Account.objects.get(site=site, number=account_number(top_up.tenant))
    pay = partial(
        take_payment,
        actor=DEMO,
        account_id=account.pk,
        amount=top_up.amount,
        channel=top_up.channel,
        till=top_up.till,
        token=f"demo:{top_up.tenant}:{top_up.at:%Y%m%d%H%M%S}",
    )
    patiently(pay)


def _at(instant: datetime) -> None:
    """This function will stop this process's estate clock at a past instant: the same history, whenever it is made."""
    clock.install(EstateClock(machine_now(), instant, speed=0))


def _tell(site: Site, number: int) -> None:
    with unit_of_work(actor=DEMO, verb="fill_history", scope=site.scope):
        advance_progress(scope=site.scope, kind=HISTORY, done=number)
