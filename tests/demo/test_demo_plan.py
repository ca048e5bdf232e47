from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from prewatt.cli.demo.money import MINUTES_TO_ZERO, Reckoner, chronological, plan_purses
from prewatt.cli.demo.plan import HISTORY_DAYS, METERS, TIME_ZONE, Fate, Trade, demo_plan, owned_by_visitor
from prewatt.cli.demo.tariffs import demo_tariffs
from prewatt.cli.demo.virtual import virtual_estate
from prewatt.kernel.period import local_date
from prewatt.simulator.meters import VirtualMeter
from prewatt.supply.models import SupplyPolicy

START = datetime(2026, 11, 22, 6, 32, tzinfo=UTC)
ZONE = ZoneInfo(TIME_ZONE)
FIRST = local_date(START, ZONE) - timedelta(days=HISTORY_DAYS)


@pytest.fixture(scope="module")
def plan():
    return demo_plan(seed=1)


@pytest.fixture(scope="module")
def meters(plan):
    estate = virtual_estate(plan, first_day=FIRST)
    specs = {spec.address: spec for bus in estate.buses() for spec in bus.meters}
    return {unit.room: VirtualMeter(spec=specs[unit.address], estate=estate) for unit in plan.units}


@pytest.fixture(scope="module")
def purses(plan, meters):
    reckoner = Reckoner(meters=meters, first_day=FIRST, zone=ZONE)
    return {purse.tenant: purse for purse in plan_purses(plan, reckoner=reckoner, start_at=START)}


def test_the_estate_is_the_founding_case(plan):
    assert len(plan.units) == METERS
    assert {unit.building for unit in plan.units} == {"1#", "2#", "1#2#", "3#", "5#", "6#"}
    assert max(Counter(unit.gateway for unit in plan.units).values()) <= 32
    assert {floor.baud for floor in plan.floors} == {2400, 9600}
    assert {unit.phases for unit in plan.units} == {1, 3}
    assert any(unit.multiplier > 1 for unit in plan.units)
    assert set(Trade) == {unit.trade for unit in plan.units}
    assert len({unit.room for unit in plan.units}) == len({unit.address for unit in plan.units}) == METERS


def test_every_room_has_one_payer(plan):
    rooms = [room for tenant in plan.tenants for room in tenant.rooms] + list(plan.operator_rooms)
    assert sorted(rooms) == sorted(unit.room for unit in plan.units)
    assert {len(tenant.rooms) > 1 for tenant in plan.tenants} == {True, False}
    assert len({tenant.name for tenant in plan.tenants}) == len(plan.tenants)
    few = Counter(tenant.fate for tenant in plan.tenants)[Fate.MINUTES]
    assert few == len(MINUTES_TO_ZERO) <= SupplyPolicy().cuts_per_minute, "all at once would stop all disconnections"


def test_the_same_seed_draws_the_same_estate(plan):
    assert demo_plan(seed=1) == plan
    assert demo_plan(seed=2) != plan


def test_money_is_never_short_while_history_is_filled_in(plan, meters, purses):
    reckoner = Reckoner(meters=meters, first_day=FIRST, zone=ZONE)
    for tenant in plan.tenants:
        purse = purses[tenant.code]
        assert purse.level_2 <= purse.level_1
        if tenant.fate is not Fate.MINUTES:
            assert purse.opening > reckoner.cost(tenant, START)


def test_some_tenants_run_dry_within_minutes(plan, meters, purses):
    reckoner = Reckoner(meters=meters, first_day=FIRST, zone=ZONE)
    for tenant in plan.tenants:
        if tenant.fate is Fate.MINUTES:
            opening = purses[tenant.code].opening
            assert reckoner.cost(tenant, START) < opening <= reckoner.cost(tenant, START + timedelta(minutes=16))


def test_top_ups_lie_in_the_past_in_order(purses):
    made = chronological(list(purses.values()))
    assert made
    assert all(first.at <= second.at < START for first, second in pairwise(made))


def test_the_price_plan_and_the_meters_agree_on_the_bands():
    _, tariff = demo_tariffs("CNY")["COM-TOU"]
    assert [band.code for band in tariff.meter_rates] == ["sharp", "peak", "flat", "valley"]


def test_the_visitor_owns_a_shop_of_each_fate_and_one_runs_dry(plan):
    owned = owned_by_visitor(plan)
    assert [one.fate for one in owned] == [Fate.COMFORTABLE, Fate.MINUTES, Fate.LEVEL_1]
    assert len(owned[0].rooms) > 1
