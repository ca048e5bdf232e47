"""A small estate that lives: eight meters behind two gateways, two tenants with a load that eats a yuan in a minute.

``python -m tests.e2e.small_estate`` creates it in the database that the environment names, by the product's own import.
"""

import importlib
from typing import Final

from typing_extensions import override

from prewatt.cli.demo.files import DemoFacts
from prewatt.cli.demo.plan import DemoPlan, Fate, FloorPlan, TenantPlan, Trade, UnitPlan
from prewatt.cli.embedded import database
from prewatt.cli.entering import enter
from prewatt.config.environment import Process

FACTS_FILE: Final = "small.json"
ESTATE_FILE: Final = "estate.json"
DAYS: Final = 3
TENANT: Final = "tenant"
READ_INTERVAL_S: Final = 2
LAST_CALL_S: Final = 3
LEFT_FEN: Final = 30_000
"""What a hungry tenant has when the books begin: hours. The tests refund all but some fen, and the load takes those."""

LEVEL_1_FEN, LEVEL_2_FEN = 2_000, 1_000
HUNGRY: Final = ("1#-101", "2#-101")
SHOP: Final = "1#-102"
_FLOORS: Final = (FloorPlan("1#", 1, 4, (), 9600), FloorPlan("2#", 1, 4, (), 9600))
_NAMES: Final = ("海棠火锅 Haitang Hot Pot", "兰亭书屋 Lanting Books", "南禾面馆 Nanhe Noodles")


class SmallFacts(DemoFacts):
    """As the demo's, with a plan that is written down, not drawn."""

    __slots__ = ()

    @override
    def plan(self) -> DemoPlan:
        return small_plan()


def small_plan() -> DemoPlan:
    """Four rooms a floor: the first hungry, two shops, one of the operator's own."""
    units, tenants = [], []
    for at, floor in enumerate(_FLOORS):
        for position in range(1, 5):
            serial = 4 * at + position
            unit = _unit(floor, position, serial)
            units.append(unit)
            if unit.trade is not Trade.COMMON:
                tenants.append(_tenant(unit, serial, _NAMES[position - 1]))
    return DemoPlan(seed=7, floors=_FLOORS, units=tuple(units), tenants=tuple(tenants))


def _unit(floor: FloorPlan, position: int, serial: int) -> UnitPlan:
    is_hungry = position == 1
    trade = Trade.SUPERMARKET if is_hungry else Trade.COMMON if position == 4 else Trade.SHOP
    return UnitPlan(
        room=f"{floor.building}-{floor.floor}{position:02d}", building=floor.building, floor=floor.floor,
        gateway=floor.gateway, baud=floor.baud, position=position, trade=trade,
        mean_w=120_000 if is_hungry else 800, phases=3 if is_hungry else 1, multiplier=2 if is_hungry else 1,
        rated_power_w=400_000 if is_hungry else 8_000, address=f"2026{serial:08d}", area_dm2=5_000,
    )  # fmt: skip


def _tenant(unit: UnitPlan, serial: int, name: str) -> TenantPlan:
    return TenantPlan(
        code=f"C{serial:04d}", name=f"{name} {unit.building}", phone=f"+8613900000{serial:03d}",
        email=f"c{serial}@tenants.example", language="en" if unit.building == "1#" else "zh-hans", rooms=(unit.room,),
        tariff="COM-FLAT", fate=Fate.COMFORTABLE, days_left=30,
    )  # fmt: skip


if __name__ == "__main__":
    with database():
        enter(Process.COMMAND)
        importlib.import_module("tests.e2e.small_create").create()
