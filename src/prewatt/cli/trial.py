"""The trial reading of an import: what is new or changed on the lines is read once before anything is stored."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from prewatt.estate.queries import find_site_by_code, list_gateway_ids, plan_of_gateways
from prewatt.field.lines import Connector, TcpConnector
from prewatt.field.times import Times
from prewatt.field.trial import Failed, TrialLine, TrialMeter, try_lines
from prewatt.kernel.clock import estate_clock
from prewatt.link.messages import Finding
from prewatt.reports import estate_columns as columns
from prewatt.reports.estate_problems import at
from prewatt.reports.estate_sheet import BusRow, EstateSheet, MeterRow, Problem

_Spoken = tuple[str, int, int, str, str, str]


@dataclass(frozen=True, slots=True)
class Untried:
    """A line of the sheet with the meters on it that nobody has read as they stand there."""

    bus: BusRow
    meters: tuple[MeterRow, ...]


def find_untried(*, sheet: EstateSheet) -> list[Untried]:
    """This function will find the meters that are new, or that would be spoken to otherwise than before.

    That is: another address, gateway, port, baud, parity or profile. A sheet whose references do not fit has no lines.
    """
    known = _spoken_to(sheet.site.code)
    lines: dict[tuple[str, int], BusRow] = {(row.gateway, row.port): row for row in sheet.buses}
    found: dict[tuple[str, int], list[MeterRow]] = {}
    for row in sheet.meters:
        bus = lines.get((row.gateway, row.port))
        if bus is not None and _spoken(bus, row) != known.get((row.maker, row.serial)):
            found.setdefault((row.gateway, row.port), []).append(row)
    return [Untried(lines[key], tuple(meters)) for key, meters in found.items()]


def try_untried(untried: Sequence[Untried], *, connector: Connector | None = None) -> list[Problem]:
    """This function will read every untried meter once, and name the row of each that does not answer as typed."""

    async def read() -> list[Failed]:
        return await try_lines(
            lines=[_line(one) for one in untried],
            connector=connector or TcpConnector(),
            times=Times.of(estate_clock()),
        )

    return [_problem(untried[failed.line], failed) for failed in asyncio.run(read())]


def _spoken_to(site_code: str) -> dict[tuple[str, str], _Spoken]:
    """Return how each meter of the site is spoken to today, by maker and number."""
    site = find_site_by_code(code=site_code)
    if site is None:
        return {}
    return {
        (one.maker, one.serial): (one.gateway_address, one.port, one.baud, one.parity, one.address, one.profile)
        for one in plan_of_gateways(gateway_ids=list_gateway_ids(site_id=site.id))
    }


def _spoken(bus: BusRow, meter: MeterRow) -> _Spoken:
    return bus.address, bus.port, bus.baud, bus.parity, meter.address, meter.profile


def _line(untried: Untried) -> TrialLine:
    bus = untried.bus
    meters = tuple(TrialMeter(row.address, row.profile) for row in untried.meters)
    return TrialLine(bus.address, bus.port, bus.baud, meters)


def _problem(untried: Untried, failed: Failed) -> Problem:
    bus = untried.bus
    where = f"{bus.address}:{bus.port}"
    if failed.finding is Finding.NO_LINE:
        return at(columns.BUSES, bus, "address", f"{failed.words} Is the gateway on, and is this its address and port?")
    if failed.finding is Finding.OTHER_PACE or failed.meter is None:
        message = f"Answers on {where} come at the pace of {failed.words} baud, not of {bus.baud}."
        return at(columns.BUSES, bus, "baud", f"{message} Write what is set at the gateway.")
    meter = untried.meters[failed.meter]
    heard = "is silent" if failed.finding is Finding.SILENT else "cannot be understood"
    message = (
        f"{meter.address} {heard} on {where} at {bus.baud} baud. Look at the address on the meter, at the line it hangs"
        f" on and at the gateway's baud."
    )
    return at(columns.METERS, meter, "address", message)
