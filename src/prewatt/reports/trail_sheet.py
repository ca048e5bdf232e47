"""The audit trail as a sheet or as CSV, row by row: memory does not grow with its length."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import IO, Final

import xlsxwriter
from django.utils.translation import gettext as _

IN_MEMORY_BYTES: Final = 1_000_000
CELL_CHARS_MAX: Final = 32_000
_OPTIONS: Final = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
WIDTHS: Final = (19, 20, 14, 34, 18, 18, 38, 30, 18, 10, 40, 60)


def heads() -> list[str]:
    """This function will name the columns."""
    return [
        _("Time"), _("Done by"), _("User name"), _("What was done"), _("Where"), _("About"), _("Its id"), _("Reason"),
        _("Address"), _("Outcome"), _("Detail"), _("Before and after"),
    ]  # fmt: skip


def write_trail(*, rows: Iterable[Sequence[str]]) -> IO[bytes]:
    """This function will write a sheet and return it as an open file at its beginning. Text stays text."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # who answers the request closes it
    with xlsxwriter.Workbook(file, dict(_OPTIONS)) as book:
        sheet = book.add_worksheet(_("Audit trail"))
        for place, width in enumerate(WIDTHS):
            sheet.set_column(place, place, width)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, heads(), book.add_format({"bold": True}))
        number = 0
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell[:CELL_CHARS_MAX])
        sheet.autofilter(0, 0, max(1, number), len(WIDTHS) - 1)
    file.seek(0)
    return file


def stream_trail(*, rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """This function will hand out CSV line by line; a cell that would reckon is led by an apostrophe."""
    yield "\ufeff".encode()
    for row in chain([heads()], rows):
        line = io.StringIO()
        csv.writer(line).writerow([_harmless(cell) for cell in row])
        yield line.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
