import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.usecases_estate.sheets import BUSINESS, FIRST_DAY, OPENED_AT, estate_sheet, meter_row, site_row

from prewatt.kernel.clock import machine_now
from prewatt.rating.tariff import Tariff
from prewatt.reports.estate_check import check_sheet, count_by_sheet
from prewatt.reports.estate_known import Known, KnownAccount, KnownInstallation, KnownSite, KnownTenancy
from prewatt.reports.estate_sheet import BusRow, CalendarRow, EstateSheet, Problem, TariffRow

NOW = machine_now()
Change = Callable[[EstateSheet], EstateSheet]


def problems(sheet: EstateSheet, known: Known | None = None) -> list[Problem]:
    return check_sheet(sheet=sheet, known=known or Known(), now=NOW)


def site(**changes: Any) -> Change:
    return lambda sheet: dataclasses.replace(sheet, site=site_row(**changes))


def row(table: str, place: int, /, **changes: Any) -> Change:
    def change(sheet: EstateSheet) -> EstateSheet:
        rows = list(getattr(sheet, table))
        rows[place] = dataclasses.replace(rows[place], **changes)
        tables: dict[str, Any] = {table: tuple(rows)}
        return dataclasses.replace(sheet, **tables)

    return change


def tariff(definition: dict[str, Any]) -> Change:
    return row("tariffs", 0, definition=definition)


def business(**changes: Any) -> dict[str, Any]:
    return BUSINESS.to_json() | changes


WRONG: tuple[tuple[str, Change, tuple[str, int, str, str]], ...] = (
    ("no organisation", site(organisation=""), ("Site", 3, "Organisation 单位", "must be filled")),
    ("site code", site(code="a b"), ("Site", 3, "Site code 项目编码", "cannot be a code")),
    ("time zone", site(time_zone="Asia/Atlantis"), ("Site", 3, "Time zone 时区", "no time zone")),
    ("zone that is a folder", site(time_zone="Asia"), ("Site", 3, "Time zone 时区", "no time zone")),
    ("zone outside", site(time_zone="../etc/passwd"), ("Site", 3, "Time zone 时区", "no time zone")),
    ("books in the future", site(first_day=(NOW + timedelta(days=3)).date()), ("Site", 3, "First day", "not come yet")),
    ("reading interval", site(read_interval_s=0), ("Site", 3, "Read every", "1 to 86400")),
    ("kind of day", row("calendar", 0, kind="half"), ("Calendar", 3, "Kind 类型", "holiday, workday")),
    ("baud", row("buses", 0, baud=2401), ("Gateways & buses", 3, "Baud", "2401 baud")),
    ("parity", row("buses", 0, parity="X"), ("Gateways & buses", 3, "Parity", "E, N, O")),
    ("port", row("buses", 0, port=70_000), ("Gateways & buses", 3, "TCP port", "no port")),
    ("host", row("buses", 0, address="not a host"), ("Gateways & buses", 3, "Network address", "host name")),
    ("use", row("meters", 1, use="shop"), ("Units & meters", 4, "Use 用途", "tenant, common, master")),
    ("relay", row("meters", 1, relay="big"), ("Units & meters", 4, "Relay", "internal, external, none")),
    ("phases", row("meters", 1, phases=2), ("Units & meters", 4, "Phases", "1, 3")),
    ("profile", row("meters", 1, profile="modbus"), ("Units & meters", 4, "Protocol", "dlt645-2007")),
    ("power", row("meters", 1, rated_power_w=0), ("Units & meters", 4, "Rated power", "1 to")),
    ("multiplier", row("meters", 1, multiplier=0), ("Units & meters", 4, "Multiplier", "whole number")),
    ("digits", row("meters", 1, register_digits=3), ("Units & meters", 4, "kWh digits", "4 to 9")),
    ("area", row("meters", 1, area_dm2=-1), ("Units & meters", 4, "Area", "0 to")),
    ("password", row("meters", 1, password="hunter2"), ("Units & meters", 4, "Password", "six digits")),
    ("register", row("meters", 1, opening_total_wh=-1), ("Units & meters", 4, "Register total", "does not fit")),
    ("register too large", row("meters", 1, register_digits=4, opening_total_wh=10**7, opening_rates_wh=()),
     ("Units & meters", 4, "Register total", "does not fit a register of 4 digits")),
    ("rate register", row("meters", 1, opening_rates_wh=(1, -1)), ("Units & meters", 4, "T2", "does not fit")),
    ("five rates", row("meters", 1, opening_rates_wh=(1, 2, 3, 4, 5)), ("Units & meters", 4, "T4", "At most 4")),
    ("future", row("meters", 1, opened_at=NOW + timedelta(hours=1)), ("Units & meters", 4, "Registers", "future")),
    ("no line", row("meters", 1, port=9999), ("Units & meters", 4, "TCP port", "has no line at port 9999")),
    ("address", row("meters", 1, address="12"), ("Units & meters", 4, "Meter address", "twelve digits")),
    ("broadcast", row("meters", 1, address="999999999999"), ("Units & meters", 4, "Meter address", "broadcast")),
    ("same address", row("meters", 1, address="202500000000"), ("Units & meters", 4, "Meter address", "at 1#-101")),
    ("same meter", row("meters", 1, serial="202500000000"), ("Units & meters", 4, "Meter number", "in row 3")),
    ("long text", row("meters", 1, maker="x" * 41), ("Units & meters", 4, "Maker", "40 characters")),
    ("long number", row("accounts", 1, number="1" * 21), ("Accounts", 4, "Account number", "At most 20 characters")),
    ("long name", row("customers", 0, name="名" * 121), ("Customers", 3, "Name", "At most 120 characters")),
    ("enormous balance", row("opening_balances", 0, amount=10**13), ("Opening balances", 3, "Amount", "too large")),
    ("unknown money", site(currency="GOLD"), ("Site", 3, "Currency", "not known")),
    ("customer kind", row("customers", 0, kind="king"), ("Customers", 3, "Kind", "company, person, operator")),
    ("language", row("customers", 0, language="tlh"), ("Customers", 3, "Language", "zh-hans, en")),
    ("phone", row("customers", 0, phone="call me"), ("Customers", 3, "Phone", "no telephone number")),
    ("mail", row("customers", 0, email="at home"), ("Customers", 3, "Mail", "no mail address")),
    ("account number", row("accounts", 1, number="1 2"), ("Accounts", 4, "Account number", "cannot be a number")),
    ("payment mode", row("accounts", 0, payment_mode="barter"), ("Accounts", 3, "Pays", "prepaid, own_use")),
    ("tenant as own use", row("accounts", 0, payment_mode="own_use"), ("Accounts", 3, "Pays", "kind operator")),
    ("no such customer", row("accounts", 0, customer="C9"), ("Accounts", 3, "Customer code", "not on the sheet")),
    ("credit", row("accounts", 0, allowed_credit=-1), ("Accounts", 3, "Allowed credit", "0 or more")),
    ("levels", row("accounts", 0, level_1=1, level_2=2), ("Accounts", 3, "Low balance, level 1", "warns first")),
    ("no such point", row("tenancies", 0, point="9#-1"), ("Tenancies", 3, "Metering point", "not on the sheet")),
    ("no such account", row("tenancies", 0, account="9"), ("Tenancies", 3, "Account number", "not on the sheet")),
    ("no such tariff", row("tenancies", 0, tariff="X"), ("Tenancies", 3, "Tariff code", "not on the sheet")),
    ("gap", row("tenancies", 0, from_at=OPENED_AT + timedelta(hours=1)), ("Tenancies", 3, "From", "nobody")),
    ("late price", row("tariffs", 0, effective_from=FIRST_DAY + timedelta(days=1)),
     ("Tenancies", 3, "Tariff", "earlier")),
    ("tariff code", row("tariffs", 0, code="a b"), ("Tariffs", 3, "Tariff code", "cannot be a code")),
    ("currency", tariff(Tariff.flat(currency="EUR", price=1).to_json()), ("Tariffs", 3, "Tariff code", "is in EUR")),
    ("no currency", tariff(business(currency="GOLD")), ("Tariffs", 3, "Tariff code", "not known")),
    ("price", tariff(business(prices={"sharp": -1})), ("Tariffs", 3, "Sharp", "not a price")),
    ("band", tariff(business(prices={"gold": 1})), ("Tariffs", 3, "Tariff code", "not a band")),
    ("hole", tariff(business(days={"workday": [["00:00", "08:00", "flat"]]})),
     ("Tariffs", 3, "Tariff code", "no band")),
    ("overlap", tariff(business(days={"workday": [["00:00", "08:00", "flat"], ["07:00", "24:00", "peak"]]})),
     ("Tariffs", 3, "Tariff code", "has two bands")),
    ("unknown balance", row("opening_balances", 0, account="9"),
     ("Opening balances", 3, "Account", "not on the sheet")),
    ("sum", row("opening_balances", 0, amount=10_001), ("Signature", 3, "Sum", "The sum typed is 300.03")),
    ("no name", lambda sheet: dataclasses.replace(sheet, signature=dataclasses.replace(_signed(sheet), name="")),
     ("Signature", 3, "Name", "must be filled")),
    ("signed tomorrow",
     lambda sheet: dataclasses.replace(
         sheet, signature=dataclasses.replace(_signed(sheet), date=(NOW + timedelta(days=2)).date())),
     ("Signature", 3, "Date", "not come yet")),
    ("no signature", lambda sheet: dataclasses.replace(sheet, signature=None), ("Signature", 0, "", "signature of")),
    ("vacant without payer", lambda sheet: dataclasses.replace(sheet, tenancies=sheet.tenancies[:3]),
     ("Units & meters", 6, "Metering point", "belongs to the operator")),
    ("calendar twice", lambda sheet: dataclasses.replace(sheet, calendar=sheet.calendar * 2),
     ("Calendar", 3, "Date", "there already, in row 3")),
)  # fmt: skip


def _signed(sheet: EstateSheet) -> Any:
    assert sheet.signature is not None
    return sheet.signature


def test_a_sound_sheet_has_no_problem() -> None:
    assert problems(estate_sheet(60)) == []


@pytest.mark.parametrize(("change", "expected"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_each_problem_is_named_where_it_stands(change: Change, expected: tuple[str, int, str, str]) -> None:
    found = problems(change(estate_sheet(4)))
    sheet, number, column, words = expected
    assert any(
        (one.sheet, one.row) == (sheet, number) and one.column.startswith(column) and words in one.message
        for one in found
    ), [one.to_text() for one in found]


def test_33_meters_on_a_line_are_one_too_many() -> None:
    assert problems(estate_sheet(32, per_bus=32)) == []
    (found,) = problems(estate_sheet(33, per_bus=40))
    assert (found.row, found.message) == (35, "The line GW-1F port 8001 has more than 32 meters with this one.")


def test_gateways_and_lines_contradict_each_other() -> None:
    sheet = estate_sheet(2)
    buses = (
        *sheet.buses,
        BusRow("GW-1F", "192.0.2.11", 8002, row=4),
        BusRow("GW-X", "192.0.2.10", 8001, row=5),
        BusRow("GW-1F", "192.0.2.10", 8001, row=6),
    )
    assert [(one.row, one.message) for one in problems(dataclasses.replace(sheet, buses=buses))] == [
        (4, "Gateway GW-1F has the address 192.0.2.10 in another row."),
        (5, "192.0.2.10:8001 is a line of gateway GW-1F already."),
        (6, "'GW-1F, 8001' is there already, in row 3."),
    ]


def test_currencies_without_decimals_are_told_as_they_are() -> None:
    sheet = estate_sheet(2)
    yen = Tariff.flat(currency="JPY", price=30_000_000).to_json()
    changed = dataclasses.replace(
        sheet, site=site_row(currency="JPY"), tariffs=(dataclasses.replace(sheet.tariffs[0], definition=yen),),
        signature=dataclasses.replace(_signed(sheet), total=-5),
    )  # fmt: skip
    (found,) = problems(changed)
    assert "typed is -5, the rows add up to 10,000" in found.message


def test_a_sheet_without_a_zone_is_still_checked() -> None:
    sheet = site(time_zone="nowhere")(estate_sheet(2))
    late = dataclasses.replace(_signed(sheet), date=(NOW + timedelta(days=2)).date())
    assert [one.sheet for one in problems(dataclasses.replace(sheet, signature=late))] == ["Site", "Signature"]


def known() -> Known:
    """What the house knows after ``estate_sheet(2)`` was imported."""
    sheet = estate_sheet(2)
    return Known(
        site=KnownSite("Yongjia Group", "Asia/Shanghai", "CNY", FIRST_DAY),
        buses=frozenset({("GW-1F", 8001)}),
        installations={
            one.point: KnownInstallation(
                ("", one.serial), ("GW-1F", 8001), one.address, 1, OPENED_AT, one.opening_total_wh, one.opening_rates_wh
            )
            for one in sheet.meters
        },
        points=frozenset(one.point for one in sheet.meters),
        customers=frozenset({"C0000", "C0001"}),
        accounts={"100000": KnownAccount("C0000", "prepaid"), "100001": KnownAccount("C0001", "own_use")},
        tenancies={one.point: KnownTenancy(one.account, "BUSINESS", OPENED_AT) for one in sheet.tenancies},
        tariffs={("BUSINESS", FIRST_DAY): BUSINESS.to_json()},
        opening_balances={"100000": 10_000},
    )


def test_what_is_known_already_is_no_problem() -> None:
    assert problems(estate_sheet(2), known()) == []
    bare = dataclasses.replace(
        estate_sheet(2), buses=(), meters=(), customers=(), tariffs=(), opening_balances=(), signature=None
    )
    assert problems(bare, known()) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (site(organisation="Other"), ("Site", "Organisation", "Yongjia Group already")),
        (row("meters", 0, serial="9", address="000000000009"), ("Units & meters", "Meter number", "meter exchange")),
        (row("meters", 0, multiplier=2), ("Units & meters", "Multiplier", "The multiplier is 1")),
        (row("meters", 0, opening_total_wh=1), ("Units & meters", "Register total", "was 1000.000 kWh")),
        (row("meters", 0, opening_rates_wh=()), ("Units & meters", "T1", "were others")),
        (row("meters", 0, opened_at=OPENED_AT - timedelta(days=1)), ("Units & meters", "Registers", "were taken")),
        (row("accounts", 0, customer="C0001"), ("Accounts", "Customer code", "belongs to customer C0000")),
        (row("accounts", 1, payment_mode="prepaid"), ("Accounts", "Pays", "is own_use")),
        (row("tenancies", 0, account="100001"), ("Tenancies", "Account number", "move out first")),
        (row("tenancies", 0, from_at=OPENED_AT - timedelta(days=9)), ("Tenancies", "From", "cannot be changed")),
        (row("tariffs", 0, definition=Tariff.flat(currency="CNY", price=1).to_json()),
         ("Tariffs", "Effective from", "Another version")),
        (row("tariffs", 0, effective_from=FIRST_DAY + timedelta(days=1)), ("Tariffs", "Effective from", "not begun")),
        (row("opening_balances", 0, amount=5), ("Opening balances", "Amount", "adjustment")),
    ],
)  # fmt: skip
def test_what_money_and_readings_stand_on_is_not_changed_by_an_import(
    change: Change, expected: tuple[str, str, str]
) -> None:
    found = problems(change(estate_sheet(2)), known())
    assert any(
        one.sheet == expected[0] and one.column.startswith(expected[1]) and expected[2] in one.message for one in found
    ), [one.to_text() for one in found]


def test_a_tenancy_keeps_its_tariff() -> None:
    sheet = row("tenancies", 0, tariff="NEW")(estate_sheet(2))
    flat = TariffRow("NEW", "New", FIRST_DAY, Tariff.flat(currency="CNY", price=1).to_json(), row=4)
    (found,) = problems(dataclasses.replace(sheet, tariffs=(*sheet.tariffs, flat)), known())
    assert "rated by tariff BUSINESS" in found.message


def test_a_new_version_of_a_tariff_begins_on_a_day_to_come() -> None:
    sheet = estate_sheet(2)
    coming = TariffRow("BUSINESS", "Next", (NOW + timedelta(days=30)).date(), BUSINESS.to_json(), row=4)
    assert problems(dataclasses.replace(sheet, tariffs=(*sheet.tariffs, coming)), known()) == []


def test_a_meter_that_hangs_elsewhere_is_told() -> None:
    elsewhere = dataclasses.replace(Known(), meters_elsewhere={("", "202500000000"): "2#-7, Other site"})
    (found,) = problems(estate_sheet(2), elsewhere)
    assert found.message == "Meter 202500000000 hangs at 2#-7, Other site. Take it down there first."


def test_an_address_that_hangs_on_the_line_already_is_told() -> None:
    sheet = estate_sheet(3)
    added = dataclasses.replace(
        sheet, meters=(meter_row(2, address="202500000000"),), tenancies=sheet.tenancies[2:],
        accounts=sheet.accounts[2:], customers=sheet.customers[2:], opening_balances=(), signature=None,
    )  # fmt: skip
    (found,) = problems(added, known())
    assert found.message.startswith("Address 202500000000 is on this line already, at 1#-101.")


def test_problems_read_as_a_line_and_are_counted_by_sheet() -> None:
    found = problems(row("meters", 1, phases=2)(estate_sheet(4)))
    assert found[0].to_text() == "Units & meters, row 4, Phases 相数: '2' is not possible. Write one of 1, 3."
    assert Problem("Signature", 0, "", "Missing.").to_text() == "Signature: Missing."
    assert count_by_sheet(found) == {"Units & meters": 1}


def test_rows_without_a_workbook_are_told_apart_by_their_key() -> None:
    day = CalendarRow(datetime(2026, 1, 1, tzinfo=UTC).date(), "holiday")
    (found,) = problems(dataclasses.replace(estate_sheet(2), calendar=(day, day)))
    assert found.message.endswith("is there already, in an earlier row.")
