"""Rows as CSV in UTF-8, with the mark that spreadsheet programs know it by; nothing in it reckons when it is opened."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from prewatt.reports.tables.columns import Column, Kind

FORMULA_SIGNS: Final = "=+-@\t\r\n＝＋－＠"
"""What makes a cell reckon in the programs that open text files, full width too: an apostrophe is put before it."""
_BOM: Final = "\ufeff"


def head_line(columns: Sequence[Column]) -> bytes:
    """This function will return the mark and the heads in the reader's language, as a file of text begins."""
    return (_BOM + _line([str(one.label) for one in columns])).encode()


def write_text(*, file: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Any]], zone: ZoneInfo) -> None:
    """This function will write rows of words, counts and instants as people read them, times local."""
    file.write(head_line(columns))
    for row in rows:
        cells = [_cell(value, column, zone) for column, value in zip(columns, row, strict=True)]
        file.write(_line(cells).encode())


def _cell(value: Any, column: Column, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    text = column.word(value) if column.kind is Kind.WORD else str(value)
    return f"'{text}" if text.startswith(tuple(FORMULA_SIGNS)) else text


def _line(cells: Sequence[str]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
