"""The demo's past is made once, by the product's use cases, however often it is interrupted or started again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.small_estate import SmallFacts

from prewatt.access.models import Action
from prewatt.billing.models import CloseState, DayClose
from prewatt.cases.models import Progress
from prewatt.cases.services import start_progress
from prewatt.cli.demo import history, readings
from prewatt.cli.demo.files import virtual_meters
from prewatt.cli.demo.history import fill_history
from prewatt.cli.demo.money import Reckoner, plan_purses
from prewatt.cli.demo.patience import patiently
from prewatt.cli.demo.prepare import DEMO, HISTORY
from prewatt.cli.demo.readings import Recorder, history_series, last_day_series
from prewatt.cli.demo.sheet import demo_sheet
from prewatt.estate.models import Site
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel import clock
from prewatt.kernel.clock import EstateClock, machine_now
from prewatt.ledger.models import JournalEntry
from prewatt.metering.models import Reading
from prewatt.tenancy.models import Account
from prewatt.usecases.close_day import close_day
from prewatt.usecases.import_estate import import_estate
from prewatt.usecases.verify_books import verify_books
from prewatt.usecases.work import Busy, unit_of_work

START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
DAYS = 3
FACTS = SmallFacts(seed=7, first_day=START.date() - timedelta(days=DAYS), start_at=START)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site(tmp_path: Path) -> Site:
    """The small estate as it is when the demo's roles start: imported, with its last day, the past still missing."""
    clock.install(EstateClock(machine_now(), START + timedelta(minutes=5), speed=1))
    plan = FACTS.plan()
    estate = FACTS.estate(plan)
    meters = virtual_meters(plan, estate)
    reckoner = Reckoner(meters=meters, first_day=FACTS.first_day, zone=FACTS.zone)
    purses = plan_purses(plan, reckoner=reckoner, start_at=START)
    sheet = demo_sheet(plan, estate=estate, purses=purses, first_day=FACTS.first_day, interval_s=60)
    import_estate(actor=DEMO, sheet=sheet, safe=MeterSafe.open(tmp_path / "key", create=True), reason="test")
    made = Site.objects.select_related("scope").get()
    with unit_of_work(actor=DEMO, verb="begin", scope=made.scope):
        start_progress(scope=made.scope, kind=HISTORY, total=DAYS)
    list(Recorder(actor=DEMO, site_id=made.pk, meters=meters).record(last_day_series(FACTS)))
    return made


def fill() -> list[str]:
    said: list[str] = []
    fill_history(facts=FACTS, say=said.append)
    return said


def books() -> list[tuple[object, ...]]:
    rows = JournalEntry.objects.order_by("kind", "cause_key").values_list(
        "kind", "cause_key", "booking_date", "occurred_at"
    )
    return [*rows, *Account.objects.order_by("number").values_list("number", "accrued")]


def test_the_past_is_whole_and_the_books_agree(site: Site) -> None:
    present = clock.estate_clock()
    assert fill() == ["History: all readings are in", "History: all days are closed"]
    closed = DayClose.objects.filter(site=site, state=CloseState.SEALED).order_by("date").values_list("date", flat=True)
    assert list(closed) == [FACTS.first_day + timedelta(days=number) for number in range(DAYS)]
    meters = len(FACTS.plan().units)
    assert Reading.objects.count() == meters * (len(history_series(FACTS)) + len(last_day_series(FACTS)))
    assert verify_books(seals=True) == []
    assert clock.estate_clock() == present, "forecasts are made for now, not for the past"
    assert Progress.objects.get().finished_at is not None


def test_started_again_it_does_nothing(site: Site) -> None:
    fill()
    finished, before, actions = Progress.objects.get().finished_at, books(), Action.objects.count()
    assert fill() == ["History is complete"]
    assert (Progress.objects.get().finished_at, books(), Action.objects.count()) == (finished, before, actions)


def test_killed_half_way_it_goes_on_and_ends_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    closes: list[object] = []

    def close_and_die(**given: object) -> object:
        closes.append(given)
        if len(closes) == 2:
            raise KeyboardInterrupt
        return close_day(**given)  # type: ignore[arg-type]  # handed on as given

    monkeypatch.setattr(history, "close_day", close_and_die)
    present = clock.estate_clock()
    with pytest.raises(KeyboardInterrupt):
        fill()
    clock.install(present)
    progress = Progress.objects.get()
    assert progress.done > 1
    assert progress.finished_at is None
    monkeypatch.setattr(readings, "record_readings", never)
    monkeypatch.setattr(history, "close_day", close_day)
    fill()
    assert verify_books(seals=True) == []
    assert DayClose.objects.filter(site=site, state=CloseState.SEALED).count() == DAYS


def never(**_: object) -> None:
    pytest.fail("what is in is not recorded again")


def test_who_finds_an_account_in_use_tries_again() -> None:
    tries: list[int] = []

    def busy_twice() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise Busy("Somebody else is changing the same account.")
        return "done"

    assert patiently(busy_twice, pause_s=0) == "done"
    assert len(tries) == 3


def test_patience_ends() -> None:
    def always_busy() -> None:
        raise Busy("Somebody else is changing the same account.")

    with pytest.raises(Busy):
        patiently(always_busy, pause_s=0)
