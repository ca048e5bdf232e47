"""Who sits where in the demo estate: pure values from a seed, without a database or a socket."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prewatt.cli.demo.names import shop_names

SITE_CODE = "YJTD"
SITE_NAME = "永嘉天地 Yongjia Tiandi"
OPERATOR = "永嘉天地商业管理有限公司"
TIME_ZONE = "Asia/Shanghai"
CURRENCY = "CNY"
HISTORY_DAYS = 45
HOURLY_DAYS = 3
METERS = 676


class Trade(StrEnum):
    """What a unit is used for; decides its load shape."""

    SHOP = "shop"
    RESTAURANT = "restaurant"
    CINEMA = "cinema"
    SUPERMARKET = "supermarket"
    OFFICE = "office"
    COMMON = "common"
    VACANT = "vacant"


class Fate(StrEnum):
    """How much money a tenant has when the visitor arrives."""

    COMFORTABLE = "comfortable"
    LEVEL_1 = "level_1"
    LEVEL_2 = "level_2"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """A floor with its distribution room: one gateway, one bus."""

    building: str
    floor: int
    rooms: int
    trades: tuple[tuple[Trade, int], ...]
    baud: int

    @property
    def gateway(self) -> str:
        """This property will be the code of the gateway in the floor's distribution room."""
        return f"GW-{self.building}-{self.floor}F"


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """One metered room."""

    room: str
    building: str
    floor: int
    gateway: str
    baud: int
    position: int
    trade: Trade
    mean_w: int
    phases: int
    multiplier: int
    rated_power_w: int
    address: str
    area_dm2: int


@dataclass(frozen=True, slots=True)
class TenantPlan:
    """A customer, the rooms they pay for, and how long their money lasts."""

    code: str
    name: str
    phone: str
    email: str
    language: str
    rooms: tuple[str, ...]
    tariff: str
    fate: Fate
    days_left: int


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """The whole estate."""

    seed: int
    floors: tuple[FloorPlan, ...]
    units: tuple[UnitPlan, ...]
    tenants: tuple[TenantPlan, ...]

    @property
    def operator_rooms(self) -> tuple[str, ...]:
        """This property will be the rooms that belong to the operator: common and vacant."""
        return tuple(unit.room for unit in self.units if unit.trade in {Trade.COMMON, Trade.VACANT})


def _floors() -> Iterator[FloorPlan]:
    mixed = ((Trade.RESTAURANT, 4),)
    for building in ("1#", "2#"):
        for floor in range(1, 6):
            yield FloorPlan(building, floor, 26, mixed if floor < 4 else ((Trade.RESTAURANT, 9),), 2400)
    complex_floors = {
        1: ((Trade.SUPERMARKET, 8), (Trade.RESTAURANT, 3)),
        2: ((Trade.RESTAURANT, 5),),
        3: ((Trade.RESTAURANT, 16),),
        4: ((Trade.CINEMA, 10), (Trade.RESTAURANT, 5)),
    }
    for floor, trades in complex_floors.items():
        yield FloorPlan("1#2#", floor, 30, trades, 2400)
    for floor in range(1, 5):
        yield FloorPlan("3#", floor, 27, ((Trade.RESTAURANT, 8),) if floor < 3 else mixed, 2400)
    for floor in range(1, 5):
        yield FloorPlan("5#", floor, 26, mixed, 9600)
    for floor in range(1, 5):
        yield FloorPlan("6#", floor, 21, ((Trade.OFFICE, 18),) if floor > 1 else mixed, 9600)


_MEAN_W = {
    Trade.SHOP: (500, 2_600),
    Trade.RESTAURANT: (3_000, 9_000),
    Trade.CINEMA: (14_000, 30_000),
    Trade.SUPERMARKET: (18_000, 42_000),
    Trade.OFFICE: (600, 2_400),
    Trade.COMMON: (1_500, 4_000),
    Trade.VACANT: (0, 0),
}
"""Mean power over a week, primary W, from and to."""

_VACANT = 12
_MINUTES = 5


def _unit(floor: FloorPlan, position: int, trade: Trade, serial: int, rng: random.Random) -> UnitPlan:
    low, high = _MEAN_W[trade]
    mean_w = rng.randrange(low, high + 1, 10)
    multiplier = 1
    if trade in {Trade.CINEMA, Trade.SUPERMARKET}:
        multiplier = 20 if mean_w < 22_000 else 40
    phases = 1 if mean_w < 2_400 and multiplier == 1 else 3
    return UnitPlan(
        room=f"{floor.building}-{floor.floor}{position:02d}",
        building=floor.building,
        floor=floor.floor,
        gateway=floor.gateway,
        baud=floor.baud,
        position=position,
        trade=trade,
        mean_w=mean_w,
        phases=phases,
        multiplier=multiplier,
        rated_power_w=max(8_000, -(-mean_w * 5 // 1_000) * 1_000),
        address=f"2025{serial:08d}",
        area_dm2=rng.randrange(25, 220) * 100 if trade not in {Trade.CINEMA, Trade.SUPERMARKET} else 60_000,
    )


def _units(floors: tuple[FloorPlan, ...], rng: random.Random) -> tuple[UnitPlan, ...]:
    slots: list[tuple[FloorPlan, int, Trade]] = []
    for floor in floors:
        trades = [trade for trade, count in floor.trades for _ in range(count)]
        spare = Trade.OFFICE if floor.building == "6#" and floor.floor > 1 else Trade.SHOP
        trades += [spare] * (floor.rooms - 1 - len(trades))
        trades.append(Trade.COMMON)
        slots += [(floor, position, trade) for position, trade in enumerate(trades, start=1)]
    shops = [index for index, slot in enumerate(slots) if slot[2] is Trade.SHOP]
    for index in rng.sample(shops, _VACANT):
        slots[index] = (slots[index][0], slots[index][1], Trade.VACANT)
    return tuple(
        _unit(floor, position, trade, serial, rng) for serial, (floor, position, trade) in enumerate(slots, start=1)
    )


def _groups(units: tuple[UnitPlan, ...], rng: random.Random) -> Iterator[tuple[Trade, tuple[str, ...]]]:
    """Rooms that one customer pays for: cinema and supermarket whole, some neighbours together, the rest alone."""
    by_trade: dict[Trade, list[str]] = defaultdict(list)
    for unit in units:
        by_trade[unit.trade].append(unit.room)
    for whole in (Trade.SUPERMARKET, Trade.CINEMA):
        yield whole, tuple(by_trade[whole])
    for trade in (Trade.SHOP, Trade.RESTAURANT, Trade.OFFICE):
        rooms = by_trade[trade]
        while rooms:
            size = min(len(rooms), rng.choices((1, 2, 3, 4), weights=(80, 13, 5, 2))[0])
            yield trade, tuple(rooms[:size])
            del rooms[:size]


def _fates(count: int, candidates: list[int], rng: random.Random) -> list[Fate]:
    """A fate for each of ``count`` tenants; only ``candidates`` (lively single rooms) may be minutes from zero."""
    fates = [Fate.COMFORTABLE] * count
    showcase = set(rng.sample(candidates, _MINUTES))
    others = [index for index in range(count) if index not in showcase]
    rng.shuffle(others)
    for index in showcase:
        fates[index] = Fate.MINUTES
    for index in others[:14]:
        fates[index] = Fate.LEVEL_2
    for index in others[14:52]:
        fates[index] = Fate.LEVEL_1
    return fates


_DAYS_LEFT = {Fate.COMFORTABLE: (9, 60), Fate.LEVEL_1: (4, 6), Fate.LEVEL_2: (1, 3), Fate.MINUTES: (0, 0)}


def _tenants(units: tuple[UnitPlan, ...], rng: random.Random) -> tuple[TenantPlan, ...]:
    names = {trade: shop_names(trade, rng) for trade in (Trade.SHOP, Trade.RESTAURANT, Trade.OFFICE)}
    whole = {
        Trade.SUPERMARKET: ("Fresh Square Supermarket", "鲜生广场超市"),
        Trade.CINEMA: ("Starlight Cinema", "星光影城"),
    }
    groups = list(_groups(units, rng))
    lively = [index for index, (trade, rooms) in enumerate(groups) if trade is Trade.RESTAURANT and len(rooms) == 1]
    fates = _fates(len(groups), lively, rng)
    tenants = []
    for number, ((trade, rooms), fate) in enumerate(zip(groups, fates, strict=True), start=1):
        english, chinese = whole[trade] if trade in whole else next(names[trade])
        code = f"C{number:04d}"
        tenants.append(
            TenantPlan(
                code=code,
                name=f"{chinese} {english}",
                phone=f"+8613{rng.randrange(10**9):09d}",
                email=f"{code.lower()}@tenants.example",
                language="en" if rng.random() < 0.15 else "zh-hans",
                rooms=rooms,
                tariff="COM-FLAT" if trade is Trade.OFFICE else "COM-TOU",
                fate=fate,
                days_left=rng.randint(*_DAYS_LEFT[fate]),
            )
        )
    return tuple(tenants)


def demo_plan(*, seed: int) -> DemoPlan:
    """This function will draw the estate. The same seed gives the same estate."""
    rng = random.Random(seed)
    floors = tuple(_floors())
    units = _units(floors, rng)
    assert len(units) == METERS
    return DemoPlan(seed=seed, floors=floors, units=units, tenants=_tenants(units, rng))


_OWNED: Final = (Fate.COMFORTABLE, Fate.MINUTES, Fate.LEVEL_1)


def owned_by_visitor(plan: DemoPlan) -> tuple[TenantPlan, ...]:
    """This function will choose a shop of each fate: one with several rooms, one that runs dry, one that is low."""
    return tuple(shop_of([one for one in plan.tenants if one.fate is fate]) for fate in _OWNED)


def shop_of(tenants: Sequence[TenantPlan]) -> TenantPlan:
    """This function will choose the one that shows most: of several rooms, and not of a whole floor."""
    return max(tenants, key=lambda one: (1 < len(one.rooms) < 5, one.code))
