"""Readings as an Excel sheet, written by the writer of all sheets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.workbook import write_workbook


@dataclass(frozen=True, slots=True)
class SheetReading:
    """A reading as the sheet shows it. Registers in Wh."""

    room: str
    serial: str
    address: str
    multiplier: int
    read_at: datetime
    kind: str
    total_wh: int
    rates_wh: Sequence[int]
    quality: str
    cause: str


def write_readings(*, rows: Iterable[SheetReading], zone: ZoneInfo) -> IO[bytes]:
    """This function will write the sheet and return it as an open file at its beginning; times are local."""
    return write_workbook(title=_("Readings"), columns=_columns(), rows=map(_row, rows), zone=zone)


def _columns() -> list[Column]:
    return [
        Column("room", _("Room")),
        Column("meter", _("Meter")),
        Column("address", _("Address")),
        Column("multiplier", _("Multiplier"), Kind.COUNT),
        Column("read_at", _("Read at"), Kind.INSTANT),
        Column("kind", _("Kind")),
        Column("total", _("Total, kWh"), Kind.ENERGY),
        *(Column(f"t{number}", f"T{number}, kWh", Kind.ENERGY) for number in range(1, 5)),
        Column("state", _("State")),
        Column("cause", _("Cause")),
    ]


def _row(one: SheetReading) -> list[Any]:
    rates = [*one.rates_wh, None, None, None, None][:4]
    return [
        one.room, one.serial, one.address, one.multiplier, one.read_at, one.kind, one.total_wh, *rates, one.quality,
        one.cause,
    ]  # fmt: skip
