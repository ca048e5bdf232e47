"""The demo plan as a virtual estate: what the simulator runs, and what history is reckoned from."""

import random
from datetime import date

from prewatt.cli.demo.plan import TIME_ZONE, DemoPlan, Trade, UnitPlan
from prewatt.cli.demo.tariffs import RATES
from prewatt.simulator.estate import BusSpec, GatewaySpec, MeterSpec, VirtualEstate
from prewatt.simulator.loads import LoadKind

PORT_FIRST = 16_450
"""The first bus listens here, the others follow; another block is taken when one of them is in use."""

_KIND = {
    Trade.SHOP: LoadKind.SHOP,
    Trade.RESTAURANT: LoadKind.RESTAURANT,
    Trade.CINEMA: LoadKind.CINEMA,
    Trade.SUPERMARKET: LoadKind.SUPERMARKET,
    Trade.OFFICE: LoadKind.OFFICE,
    Trade.COMMON: LoadKind.COMMON,
    Trade.VACANT: LoadKind.SHOP,
}


def _meter(unit: UnitPlan, seed: int) -> MeterSpec:
    rng = random.Random(f"{seed}:{unit.address}")
    return MeterSpec(
        address=unit.address,
        kind=_KIND[unit.trade],
        mean_w=unit.mean_w,
        seed=rng.getrandbits(48),
        phases=unit.phases,
        multiplier=unit.multiplier,
        password=f"{rng.randrange(10**6):06d}",
        opening_wh=tuple(rng.randrange(2_000, 900_000) * 10 for _ in range(4)),
        clock_skew_s=rng.randrange(-20, 21),
    )


def virtual_estate(plan: DemoPlan, *, first_day: date, port_first: int = PORT_FIRST) -> VirtualEstate:
    """This function will return the estate that the simulator runs: one gateway and one bus per floor."""
    gateways = []
    for number, floor in enumerate(plan.floors):
        meters = tuple(_meter(unit, plan.seed) for unit in plan.units if unit.gateway == floor.gateway)
        bus = BusSpec(name=floor.gateway, baud=floor.baud, meters=meters, port=port_first + number)
        gateways.append(GatewaySpec(name=floor.gateway, buses=(bus,)))
    return VirtualEstate(zone=TIME_ZONE, first_day=first_day, gateways=tuple(gateways), rates=RATES, seed=plan.seed)
