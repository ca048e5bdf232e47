"""Problems of gateways, lines and meters."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from prewatt.kernel.energy import Energy
from prewatt.reports import estate_columns as columns
from prewatt.reports.estate_known import Known, KnownInstallation
from prewatt.reports.estate_problems import at, choice, repeated, texts
from prewatt.reports.estate_sheet import BAUDS, METERS_A_BUS_MAX, BusRow, EstateSheet, MeterRow, Problem

MULTIPLIER_MAX = 100_000
RATED_POWER_W_MAX = 100_000_000
REGISTER_DIGITS = range(4, 10)
AREA_DM2_MAX = 10**8
_ADDRESS = re.compile(r"[0-9]{12}")
_PASSWORD = re.compile(r"(0?[0-9]:)?[0-9]{6}")
_HOST = re.compile(r"[0-9A-Za-z][0-9A-Za-z.:-]{0,118}")
BROADCAST = "999999999999"


def check_buses(sheet: EstateSheet) -> Iterator[Problem]:
    """This function will find lines that cannot be, gateways with two addresses, and two gateways at one."""
    first: dict[str, BusRow] = {}
    owner: dict[tuple[str, int], BusRow] = {}
    for row in sheet.buses:
        yield from texts(columns.BUSES, row)
        yield from choice(columns.BUSES, row, "parity")
        if row.baud not in BAUDS:
            message = f"{row.baud} baud is not possible. Write one of {', '.join(str(one) for one in BAUDS)}."
            yield at(columns.BUSES, row, "baud", message)
        if not 1 <= row.port <= 65_535:
            yield at(columns.BUSES, row, "port", f"{row.port} is no port. Write 1 to 65535.")
        if row.address and not _HOST.fullmatch(row.address):
            yield at(columns.BUSES, row, "address", f"{row.address!r} is neither an address nor a host name.")
        before = first.setdefault(row.gateway, row)
        if before.address != row.address:
            message = f"Gateway {row.gateway} has the address {before.address} in another row."
            yield at(columns.BUSES, row, "address", message)
        other = owner.setdefault((row.address, row.port), row)
        if other.gateway != row.gateway:
            message = f"{row.address}:{row.port} is a line of gateway {other.gateway} already."
            yield at(columns.BUSES, row, "port", message)
    yield from repeated(columns.BUSES, sheet.buses, "gateway", "port")


def check_meters(sheet: EstateSheet, known: Known, now: datetime) -> Iterator[Problem]:
    """This function will find what is wrong with units, points, meters, addresses and registers."""
    lines = {(row.gateway, row.port) for row in sheet.buses} | known.buses
    for row in sheet.meters:
        yield from texts(columns.METERS, row)
        yield from _check_device(row)
        yield from _check_registers(row, now)
        yield from _check_line(row, lines)
        yield from _against_known(row, known)
    yield from repeated(columns.METERS, sheet.meters, "point")
    yield from repeated(columns.METERS, sheet.meters, "maker", "serial")
    yield from _check_addresses(sheet, known)


def _check_device(row: MeterRow) -> Iterator[Problem]:
    for field in ("use", "relay", "phases"):
        yield from choice(columns.METERS, row, field)
    if row.profile not in columns.PROFILES:
        message = f"Protocol {row.profile!r} is not known. Write one of {', '.join(columns.PROFILES)}."
        yield at(columns.METERS, row, "profile", message)
    if not 1 <= row.rated_power_w <= RATED_POWER_W_MAX:
        yield at(columns.METERS, row, "rated_power_w", f"Write 1 to {RATED_POWER_W_MAX:,} W.")
    if not 1 <= row.multiplier <= MULTIPLIER_MAX:
        yield at(columns.METERS, row, "multiplier", f"Write a whole number from 1 to {MULTIPLIER_MAX:,}.")
    if row.register_digits not in REGISTER_DIGITS:
        yield at(columns.METERS, row, "register_digits", "Write 4 to 9.")
    if row.area_dm2 is not None and not 0 <= row.area_dm2 <= AREA_DM2_MAX:
        yield at(columns.METERS, row, "area_dm2", "Write an area of 0 to 1,000,000 m².")
    if row.password and not _PASSWORD.fullmatch(row.password):
        message = "The password is not one. Write six digits, or level, colon and six digits, as 02:123456."
        yield at(columns.METERS, row, "password", message)


def _check_registers(row: MeterRow, now: datetime) -> Iterator[Problem]:
    full_wh = 10**row.register_digits * 1_000 if row.register_digits in REGISTER_DIGITS else None
    registers = {"opening_total_wh": row.opening_total_wh}
    registers |= {f"t{rate}_wh": value for rate, value in enumerate(row.opening_rates_wh, start=1)}
    if len(row.opening_rates_wh) > columns.RATES:
        yield at(columns.METERS, row, "t4_wh", f"At most {columns.RATES} rate registers.")
        return
    for field, value in registers.items():
        if value < 0 or (full_wh is not None and value >= full_wh):
            message = f"{Energy(value)} does not fit a register of {row.register_digits} digits."
            yield at(columns.METERS, row, field, message)
    if row.opened_at > now:
        yield at(columns.METERS, row, "opened_at", "The registers cannot have been taken in the future.")


def _check_line(row: MeterRow, lines: set[tuple[str, int]] | frozenset[tuple[str, int]]) -> Iterator[Problem]:
    if row.gateway and (row.gateway, row.port) not in lines:
        message = f"Gateway {row.gateway} has no line at port {row.port} on the sheet Gateways & buses."
        yield at(columns.METERS, row, "port", message)
    if row.address and not _ADDRESS.fullmatch(row.address):
        yield at(columns.METERS, row, "address", f"{row.address!r} is no address. Write twelve digits.")
    if row.address == BROADCAST:
        yield at(columns.METERS, row, "address", "This is the broadcast address; no meter has it.")


def _check_addresses(sheet: EstateSheet, known: Known) -> Iterator[Problem]:
    """This function will count each line with the meters that hang on it already, and find an address used twice."""
    named = {row.point for row in sheet.meters}
    on_line: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for point, hanging in known.installations.items():
        if point not in named:
            on_line[hanging.bus][hanging.address] = point
    for row in sheet.meters:
        bus = on_line[row.gateway, row.port]
        other = bus.get(row.address)
        if other is not None and row.address:
            message = f"Address {row.address} is on this line already, at {other}. Only one meter may answer to it."
            yield at(columns.METERS, row, "address", message)
        bus[row.address] = row.point
        if len(bus) == METERS_A_BUS_MAX + 1:
            message = f"The line {row.gateway} port {row.port} has more than {METERS_A_BUS_MAX} meters with this one."
            yield at(columns.METERS, row, "port", message)


def _against_known(row: MeterRow, known: Known) -> Iterator[Problem]:
    elsewhere = known.meters_elsewhere.get((row.maker, row.serial))
    if elsewhere is not None:
        yield at(columns.METERS, row, "serial", f"Meter {row.serial} hangs at {elsewhere}. Take it down there first.")
    before = known.installations.get(row.point)
    if before is not None:
        for field, message in _fixed(row, before):
            yield at(columns.METERS, row, field, f"{message} Record it as a meter exchange; an import does not.")


def _fixed(row: MeterRow, before: KnownInstallation) -> Iterator[tuple[str, str]]:
    if before.meter != (row.maker, row.serial):
        yield "serial", f"Point {row.point} has meter {before.meter[1]}."
        return
    if before.multiplier != row.multiplier:
        yield "multiplier", f"The multiplier is {before.multiplier}."
    if before.opening_total_wh != row.opening_total_wh:
        yield "opening_total_wh", f"The opening register was {Energy(before.opening_total_wh)}."
    if before.opening_rates_wh != row.opening_rates_wh:
        yield "t1_wh", "The opening rate registers were others."
    if before.opened_at != row.opened_at:
        yield "opened_at", f"The registers were taken {before.opened_at.isoformat()}."
