"""A demo that is started again at another speed, or where somebody has taken its ports."""

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.small_estate import SmallFacts

from prewatt.cli.demo.command import keep_ports
from prewatt.cli.demo.files import DemoFacts, virtual_meters
from prewatt.cli.demo.money import Reckoner, plan_purses
from prewatt.cli.demo.prepare import DEMO, adjust
from prewatt.cli.demo.sheet import demo_sheet
from prewatt.cli.testpay import keys_that_fit
from prewatt.estate.models import Bus, Site
from prewatt.estate.secrets import MeterSafe
from prewatt.payments.models import Merchant
from prewatt.simulator.estate import load
from prewatt.supply.models import SupplyPolicy
from prewatt.testpay.keys import Keys
from prewatt.usecases._providers import provider_of
from prewatt.usecases.import_estate import import_estate

START = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)


@pytest.mark.django_db
def test_the_site_follows_the_speed_and_everything_the_ports(tmp_path: Path, settings: Any) -> None:
    settings.METER_KEY_FILE = tmp_path / "key"
    keys = Keys.make(port=8190)
    facts = SmallFacts(seed=7, first_day=START.date() - timedelta(days=2), start_at=START)
    plan = facts.plan()
    estate = facts.estate(plan)
    reckoner = Reckoner(meters=virtual_meters(plan, estate), first_day=facts.first_day, zone=facts.zone)
    purses = plan_purses(plan, reckoner=reckoner, start_at=START)
    sheet = demo_sheet(plan, estate=estate, purses=purses, first_day=facts.first_day, interval_s=60)
    import_estate(actor=DEMO, sheet=sheet, safe=MeterSafe.open(tmp_path / "key", create=True), reason="test")
    meters = dict(Bus.objects.values_list("pk", "installations__address"))
    moved = replace(facts, port_first=facts.port_first + 300)
    adjust(facts=moved, speed=4, keys=keys)
    assert Site.objects.get().read_interval_s == 240
    assert SupplyPolicy.objects.get().last_call_s == 240
    assert sorted(Bus.objects.values_list("port", flat=True)) == sorted(bus.port for bus in moved.estate(plan).buses())
    assert dict(Bus.objects.values_list("pk", "installations__address")) == meters
    adjust(facts=moved, speed=4, keys=replace(keys, port=8191))
    merchant = Merchant.objects.get()
    assert merchant.gateway_url == "http://127.0.0.1:8191"
    assert provider_of(merchant).channel == "testpay"


def test_the_test_provider_moves_when_its_port_is_taken(tmp_path: Path) -> None:
    first = keys_that_fit(tmp_path / "testpay", host="127.0.0.1")
    assert keys_that_fit(tmp_path / "testpay", host="127.0.0.1").port == first.port
    with socket.create_server(("127.0.0.1", first.port)):
        moved = keys_that_fit(tmp_path / "testpay", host="127.0.0.1")
    assert moved.port > first.port
    assert moved.own.serial == first.own.serial
    assert Keys.load(tmp_path / "testpay") is not None


def test_ports_are_kept_until_somebody_else_has_them(tmp_path: Path) -> None:
    first = DemoFacts(seed=1, first_day=START.date(), start_at=START, port_first=17_700)
    facts, held = keep_ports(tmp_path, first)
    held.close()
    again, held = keep_ports(tmp_path, facts)
    held.close()
    assert again == facts == DemoFacts.load(tmp_path / "demo.json")
    with socket.create_server(("127.0.0.1", facts.port_first)):
        moved, held = keep_ports(tmp_path, facts)
        beside, others = keep_ports(tmp_path / ".", replace(facts, seed=2))
    held.close()
    others.close()
    assert facts.port_first < moved.port_first < beside.port_first
    assert min(bus.port for bus in load(tmp_path / "estate.json").buses()) == beside.port_first
