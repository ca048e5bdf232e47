"""I12: the demo's whole preparation, made twice from the same facts, gives the same books to the last byte."""

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.faults.invariants import assert_sound, ledger_text
from typing_extensions import override

from prewatt.cli.demo.files import DemoFacts
from prewatt.cli.demo.history import fill_history
from prewatt.cli.demo.plan import DemoPlan, Fate, Trade, demo_plan
from prewatt.cli.demo.prepare import prepare
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel import clock
from prewatt.kernel.period import local_date
from prewatt.testpay.keys import Keys

START = datetime(2026, 12, 5, 6, 32, tzinfo=UTC)
DAYS = 12
OF_EACH_FATE = {Fate.COMFORTABLE: 4, Fate.LEVEL_1: 1, Fate.LEVEL_2: 1, Fate.MINUTES: 1}
PREPARED = """
    SELECT (SELECT count(*) FROM metering_reading), (SELECT count(*) FROM ledger_journalentry WHERE kind = 'usage'),
           (SELECT count(*) FROM payments_payment WHERE entry_id IS NOT NULL),
           (SELECT count(*) FROM ledger_ledgerday WHERE seal <> ''),
           (SELECT count(*) FROM ledger_document WHERE kind = 'settlement'),
           (SELECT count(*) FROM billing_accountmonth WHERE month = '2027-01-01' AND requested > 0)"""


class PartFacts(DemoFacts):
    """As the demo's, for some tenants of each fate and a room of the operator's of each kind."""

    __slots__ = ()

    @override
    def plan(self) -> DemoPlan:
        whole = demo_plan(seed=self.seed)
        tenants = tuple(
            one
            for fate, count in OF_EACH_FATE.items()
            for one in [one for one in whole.tenants if one.fate is fate and len(one.rooms) < 3][:count]
        )
        own = {next(unit.room for unit in whole.units if unit.trade is trade) for trade in (Trade.COMMON, Trade.VACANT)}
        rooms = own.union(*(one.rooms for one in tenants))
        units = tuple(unit for unit in whole.units if unit.room in rooms)
        floors = tuple(floor for floor in whole.floors if floor.gateway in {unit.gateway for unit in units})
        return dataclasses.replace(whole, floors=floors, units=units, tenants=tenants)


def facts(seed: int) -> PartFacts:
    at_start = PartFacts(seed=seed, first_day=START.date(), start_at=START)
    return dataclasses.replace(at_start, first_day=local_date(START, at_start.zone) - timedelta(days=DAYS))


def books_of(seed: int, safe: MeterSafe, keys: Keys) -> str:
    """Prepare a demo in the database that is connected, its past too, and return its ledger."""
    given, before = facts(seed), clock.estate_clock()
    clock.install(clock.EstateClock(clock.machine_now(), START))
    try:
        prepare(facts=given, safe=safe, keys=keys, say=lambda _text: None)
        fill_history(facts=given, say=lambda _text: None)
    finally:
        clock.install(before)
    with connection.cursor() as cursor:
        cursor.execute(PREPARED)
        readings, charged, paid, sealed, settled, asked = cursor.fetchone()
    assert readings > DAYS * len(given.plan().units)
    assert charged >= DAYS
    assert paid > 0
    assert sealed >= DAYS
    assert (settled, asked) == (2, 3), "November is settled for two, and three are asked for January"
    assert_sound(seals=True)
    return ledger_text()


@pytest.fixture
def safe(tmp_path: Path, settings: Any) -> MeterSafe:
    """The key that everything of this machine is closed with."""
    settings.METER_KEY_FILE = tmp_path / "meter.key"
    return MeterSafe.open(tmp_path / "meter.key", create=True)


@pytest.mark.slow
def test_the_same_facts_make_the_same_books(
    fresh_databases: Callable[[], AbstractContextManager[str]], safe: MeterSafe, settings: Any
) -> None:
    keys = Keys.make(port=9)
    books = []
    for seed in (7, 7, 8):
        with fresh_databases():
            books.append(books_of(seed, safe, keys))
    assert books[0] == books[1]
    assert books[0] != books[2], "another seed is another history"
