"""The demo's past, filled in behind the running estate by the product's own use cases.

Readings come first, meter by meter; then each day is closed in order, at its own past instant: this process, and no
other, sets its estate clock there. What is in is not done again: killed half-way, the next start goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from prewatt.billing.errors import MonthClosed
from prewatt.billing.models import CloseState, DayClose
from prewatt.cases.models import Progress
from prewatt.cases.services import advance_progress, finish_progress
from prewatt.cli.demo.ahead import MonthStep, Task, month_steps
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
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, days, local_date
from prewatt.tenancy.models import Account
from prewatt.usecases.close_day import close_day, refresh_forecasts
from prewatt.usecases.keep_month_ahead import keep_month_ahead
from prewatt.usecases.request_month import request_month
from prewatt.usecases.settle_month import close_month, settle_month
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.work import unit_of_work

CLOSE_AFTER: Final = timedelta(minutes=5)

Deed = tuple[datetime, Callable[[], None]]
"""What somebody did, and when; done again it changes nothing."""


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
    deeds: list[Deed] = [(top_up.at, partial(_pay, site, top_up)) for top_up in chronological(purses)]
    fixed = {purse.tenant: purse.ahead for purse in purses}
    steps = month_steps(plan, first_day=facts.first_day, start_at=facts.start_at, zone=facts.zone)
    deeds += [(step.at, partial(_take_step, site, step, fixed)) for step in steps]
    _close_days(site, facts, deeds, series)
    clock.install(present)
    with unit_of_work(actor=DEMO, verb="fill_history", scope=site.scope):
        finish_progress(scope=site.scope, kind=HISTORY)
    patiently(partial(refresh_forecasts, actor=DEMO, site_id=site.pk))
    say("History: all days are closed")


def _close_days(site: Site, facts: DemoFacts, deeds: Sequence[Deed], series: Series) -> None:
    by_day = defaultdict(list)
    for at, do in sorted(deeds, key=lambda deed: deed[0]):
        by_day[max(local_date(at, facts.zone), facts.first_day)].append((at, do))
    today = local_date(facts.start_at, facts.zone)
    sealed = set(DayClose.objects.filter(site=site, state=CloseState.SEALED).values_list("date", flat=True))
    for number, day in enumerate(days(facts.first_day, today), start=batches_of(series) + 1):
        if day in sealed:
            continue
        for at, do in by_day[day]:
            _at(at)
            patiently(do)
        if day < today:
            _at(day_start(day + timedelta(days=1), facts.zone) + CLOSE_AFTER)
            patiently(partial(close_day, actor=DEMO, site_id=site.pk, day=day))
            _tell(site, number)


def _pay(site: Site, top_up: TopUpPlan) -> None:
    account = Account.objects.get(site=site, number=account_number(top_up.tenant))
    take_payment(
        actor=DEMO,
        account_id=account.pk,
        amount=top_up.amount,
        channel=top_up.channel,
        till=top_up.till,
        token=f"demo:{top_up.tenant}:{top_up.at:%Y%m%d%H%M%S}",
    )


def _take_step(site: Site, step: MonthStep, fixed: Mapping[str, Money | None]) -> None:
    """This function will do about months what the plan says; again, it finds it done."""
    match step.task:
        case Task.BEGIN:
            account = Account.objects.get(site=site, number=account_number(step.tenant))
            keep_month_ahead(
                actor=DEMO, account_id=account.pk, surplus=step.surplus, reason="Contract",
                fixed_estimate=fixed.get(step.tenant),
            )  # fmt: skip
        case Task.ASK:
            request_month(actor=DEMO, site_id=site.pk, month=step.month)
        case Task.SETTLE:
            with suppress(MonthClosed):  # killed right after its close, the demo comes by here again
                settle_month(actor=DEMO, site_id=site.pk, month=step.month)
            close_month(actor=DEMO, site_id=site.pk, month=step.month, reason="Looked at")


def _at(instant: datetime) -> None:
    """This function will stop this process's estate clock at a past instant: the same history, whenever it is made."""
    clock.install(EstateClock(machine_now(), instant, speed=0))


def _tell(site: Site, number: int) -> None:
    with unit_of_work(actor=DEMO, verb="fill_history", scope=site.scope):
        advance_progress(scope=site.scope, kind=HISTORY, done=number)
