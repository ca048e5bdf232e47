"""Estates for tests, as values."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from prewatt.kernel.clock import machine_now
from prewatt.rating.bands import Band, DayType
from prewatt.rating.tariff import Slot, Tariff
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

FIRST_DAY = (machine_now() - timedelta(days=10)).date()
OPENED_AT = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) - timedelta(hours=8)
BUSINESS = Tariff.time_of_use(
    currency="CNY",
    prices={Band.SHARP: 1_350_000, Band.PEAK: 1_120_000, Band.FLAT: 810_000, Band.VALLEY: 410_000},
    days={
        DayType.WORKDAY: [
            Slot(0, 480, Band.VALLEY),
            Slot(480, 660, Band.PEAK),
            Slot(660, 1140, Band.FLAT),
            Slot(1140, 1260, Band.SHARP),
            Slot(1260, 1440, Band.FLAT),
        ]
    },
)


def site_row(**changes: Any) -> SiteRow:
    values: dict[str, Any] = {
        "organisation": "Yongjia Group", "code": "YJ", "name": "永嘉天地", "time_zone": "Asia/Shanghai",
        "currency": "CNY", "operator_name": "永嘉物业", "first_day": FIRST_DAY, "row": 3,
    }  # fmt: skip
    return SiteRow(**(values | changes))


def meter_row(index: int, *, per_bus: int = 26, **changes: Any) -> MeterRow:
    floor, place = divmod(index, per_bus)
    values: dict[str, Any] = {
        "building": "1#", "floor": f"{floor + 1}F", "unit": f"{floor + 1}{place + 1:02d}",
        "point": f"1#-{floor + 1}{place + 1:02d}", "serial": f"2025{index:08d}", "address": f"2025{index:08d}",
        "gateway": f"GW-{floor + 1}F", "port": 8001 + floor, "opened_at": OPENED_AT,
        "opening_total_wh": 1_000_000 + index, "opening_rates_wh": (250_000, 250_000, 250_000, 250_000 + index),
        "password": "02:987654", "row": index + 3,
    }  # fmt: skip
    return MeterRow(**(values | changes))


def estate_sheet(count: int = 4, *, per_bus: int = 26, **changes: Any) -> EstateSheet:
    """A sound estate: a customer, an account and a balance for each meter; the last one is the operator's own."""
    meters = tuple(meter_row(index, per_bus=per_bus) for index in range(count))
    lines = {(row.gateway, row.port): row for row in meters}
    last = count - 1
    values: dict[str, Any] = {
        "site": site_row(),
        "calendar": (CalendarRow(date(2026, 10, 1), "holiday", "国庆节", row=3),),
        "buses": tuple(
            BusRow(gateway, "192.0.2.10", port, building="1#", floor=row.floor, row=number)
            for number, ((gateway, port), row) in enumerate(lines.items(), start=3)
        ),
        "meters": meters,
        "customers": tuple(
            CustomerRow(
                f"C{index:04d}", "永嘉物业" if index == last else f"拾光眼镜 {index}",
                "operator" if index == last else "company", phone=f"+86138{index:08d}", row=index + 3,
            )
            for index in range(count)
        ),
        "accounts": tuple(
            AccountRow(
                f"{100_000 + index}", f"C{index:04d}", "own_use" if index == last else "prepaid", row=index + 3
            )
            for index in range(count)
        ),
        "tenancies": tuple(
            TenancyRow(f"{100_000 + index}", row.point, "BUSINESS", OPENED_AT, row=index + 3)
            for index, row in enumerate(meters)
        ),
        "tariffs": (TariffRow("BUSINESS", "Business 商业", FIRST_DAY, BUSINESS.to_json(), row=3),),
        "opening_balances": tuple(
            OpeningBalanceRow(f"{100_000 + index}", 10_000 + index, row=index + 3) for index in range(last)
        ),
        "signature": Signature(sum(10_000 + index for index in range(last)), "王芳", FIRST_DAY, row=3),
    }  # fmt: skip
    return EstateSheet(**(values | changes))
