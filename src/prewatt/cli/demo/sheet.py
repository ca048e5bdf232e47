"""The demo plan as an estate sheet: the same values that a workbook would give, for the same import."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from prewatt.cli.demo.money import PursePlan
from prewatt.cli.demo.plan import (
    CURRENCY,
    OPERATOR,
    SITE_CODE,
    SITE_NAME,
    TIME_ZONE,
    DemoPlan,
    FloorPlan,
    Trade,
    UnitPlan,
)
from prewatt.cli.demo.tariffs import OWN_USE, REFERENCE, demo_tariffs
from prewatt.kernel.period import day_start
from prewatt.reports.estate_sheet import (
    AccountRow,
    BusRow,
    CalendarRow,
    CustomerRow,
    EstateSheet,
    MeterRow,
    OpeningBalanceRow,
    Signature,
    SiteRow,
    TariffRow,
    TenancyRow,
)
from prewatt.simulator.estate import MeterSpec, VirtualEstate

OPERATOR_CODE = "OP"
OPERATOR_ACCOUNT = "0000001"


def account_number(tenant: str) -> str:
    """This function will return the account number of a tenant's code: ``C0012`` → ``0010012``."""
    return f"001{tenant[1:]}"


def demo_sheet(
    plan: DemoPlan, *, estate: VirtualEstate, purses: Sequence[PursePlan], first_day: date, interval_s: int
) -> EstateSheet:
    """This function will write the estate as rows; the first day is when Prewatt took over."""
    lines = {bus.name: bus for bus in estate.buses()}
    specs = {spec.address: spec for bus in estate.buses() for spec in bus.meters}
    from_at = day_start(first_day, ZoneInfo(TIME_ZONE))
    names = {room: tenant.name for tenant in plan.tenants for room in tenant.rooms}
    tenancies = [TenancyRow(OPERATOR_ACCOUNT, room, OWN_USE, from_at) for room in plan.operator_rooms]
    tenancies += [
        TenancyRow(account_number(one.code), room, one.tariff, from_at) for one in plan.tenants for room in one.rooms
    ]
    return EstateSheet(
        site=SiteRow(
            organisation=OPERATOR, code=SITE_CODE, name=SITE_NAME, time_zone=TIME_ZONE, currency=CURRENCY,
            operator_name=OPERATOR, first_day=first_day, operator_tax_no="91320600MA00000000",
            service_phone="0513-5555 0100", read_interval_s=interval_s,
        ),
        calendar=_calendar(first_day),
        buses=tuple(_bus(floor, estate.host, lines[floor.gateway].port) for floor in plan.floors),
        meters=tuple(
            _meter(unit, specs[unit.address], lines[unit.gateway].port, names.get(unit.room, ""), from_at)
            for unit in plan.units
        ),
        customers=(CustomerRow(OPERATOR_CODE, OPERATOR, kind="operator"), *_customers(plan)),
        accounts=(AccountRow(OPERATOR_ACCOUNT, OPERATOR_CODE, payment_mode="own_use"), *_accounts(purses)),
        tenancies=tuple(tenancies),
        tariffs=tuple(
            TariffRow(code, name, first_day, tariff.to_json(), REFERENCE)
            for code, (name, tariff) in demo_tariffs(CURRENCY).items()
        ),
        opening_balances=tuple(OpeningBalanceRow(account_number(one.tenant), one.opening.minor) for one in purses),
        signature=Signature(sum(one.opening.minor for one in purses), "Chen Jing 陈静", first_day),
    )  # fmt: skip


def _bus(floor: FloorPlan, host: str, port: int) -> BusRow:
    return BusRow(
        gateway=floor.gateway, address=host, port=port, baud=floor.baud, name=f"{floor.building}-{floor.floor}F-A",
        building=floor.building, floor=f"{floor.floor}F",
    )  # fmt: skip


def _meter(unit: UnitPlan, spec: MeterSpec, port: int, name: str, from_at: datetime) -> MeterRow:
    return MeterRow(
        building=unit.building, floor=f"{unit.floor}F", unit=unit.room, point=unit.room, serial=unit.address,
        gateway=unit.gateway, port=port, address=unit.address, opened_at=from_at,
        opening_total_wh=sum(spec.opening_wh), opening_rates_wh=spec.opening_wh,
        use="common" if unit.trade is Trade.COMMON else "tenant", rated_power_w=unit.rated_power_w, maker="Demo",
        phases=unit.phases, multiplier=unit.multiplier, password=f"{spec.level:02d}:{spec.password}",
        unit_name=name, area_dm2=unit.area_dm2,
    )  # fmt: skip


def _customers(plan: DemoPlan) -> tuple[CustomerRow, ...]:
    return tuple(
        CustomerRow(one.code, one.name, phone=one.phone, email=one.email, language=one.language) for one in plan.tenants
    )


def _accounts(purses: Sequence[PursePlan]) -> tuple[AccountRow, ...]:
    return tuple(
        AccountRow(account_number(one.tenant), one.tenant, level_1=one.level_1.minor, level_2=one.level_2.minor)
        for one in purses
    )


def _calendar(first_day: date) -> tuple[CalendarRow, ...]:
    """The national day of the year, and new year's day after it."""
    holidays = [(date(first_day.year, 10, day), "国庆节") for day in range(1, 8)] + [
        (date(first_day.year + 1, 1, 1), "元旦")
    ]
    return tuple(CalendarRow(day, "holiday", name) for day, name in holidays)
