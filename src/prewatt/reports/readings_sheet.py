"""Readings as an Excel sheet, written row by row: its memory does not grow with its length."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final
from zoneinfo import ZoneInfo

import xlsxwriter
from django.utils.translation import gettext as _

IN_MEMORY_BYTES: Final = 1_000_000
_OPTIONS: Final = {
    "constant_memory": True,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
    "strings_to_formulas": False,
    "strings_to_urls": False,
}
"""Text stays text: a room whose name begins with = does not reckon in whoever's program opens the sheet."""


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
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # who answers the request closes it
    with xlsxwriter.Workbook(file, dict(_OPTIONS)) as book:
        sheet = book.add_worksheet(_("Readings"))
        kwh = book.add_format({"num_format": "#,##0.000"})
        sheet.set_column(0, 3, 14)
        sheet.set_column(4, 4, 20)
        sheet.set_column(6, 10, 13, kwh)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, _heads(), book.add_format({"bold": True}))
        number = 0
        for number, row in enumerate(rows, start=1):
            cells = [row.room, row.serial, row.address, row.multiplier]
            cells += [row.read_at.astimezone(zone).replace(tzinfo=None, microsecond=0), row.kind]
            cells += [_kwh(row.total_wh), *(_kwh(wh) for wh in [*row.rates_wh, None, None, None, None][:4])]
            sheet.write_row(number, 0, [*cells, row.quality, row.cause])
        sheet.autofilter(0, 0, max(1, number), len(_heads()) - 1)
    file.seek(0)
    return file


def _heads() -> list[str]:
    return [
        _("Room"), _("Meter"), _("Address"), _("Multiplier"), _("Read at"), _("Kind"), _("Total, kWh"),
        "T1, kWh", "T2, kWh", "T3, kWh", "T4, kWh", _("State"), _("Cause"),
    ]  # fmt: skip


def _kwh(wh: int | None) -> float | None:
    """This function will turn Wh into what a cell can hold; a double is exact to the Wh far beyond a meter."""
    return None if wh is None else wh / 1000
