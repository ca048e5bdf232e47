"""How a problem is named: the row's line, the column's heading, and the sentence."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from prewatt.reports.estate_columns import Cell, Sheet
from prewatt.reports.estate_sheet import Problem

CODE = re.compile(r"[0-9A-Za-z._-]{1,40}")
CODE_HINT = "Use letters, digits, . _ and -."


class Row(Protocol):
    """A row of a sheet: it knows its line."""

    @property
    def row(self) -> int:
        """The line in the workbook, or 0."""


def at(sheet: Sheet, row: Row, field: str, message: str) -> Problem:
    """This function will name a problem in one cell."""
    return Problem(sheet.name, row.row, sheet.column(field).heading, message)


def texts(sheet: Sheet, row: Row) -> Iterator[Problem]:
    """This function will name each required text of a row that is empty, and each text that is too long."""
    for column in sheet.columns:
        value = getattr(row, column.field, None)
        if column.required and value == "":
            yield at(sheet, row, column.field, "This cell must be filled.")
        if isinstance(value, str) and column.cell is Cell.TEXT and len(value) > column.chars_max:
            yield at(sheet, row, column.field, f"At most {column.chars_max} characters.")


def choice(sheet: Sheet, row: Row, field: str) -> Iterator[Problem]:
    """This function will name a cell that holds none of the words that its column takes."""
    column = sheet.column(field)
    value = str(getattr(row, field))
    if value not in column.choices:
        yield at(sheet, row, field, f"{value!r} is not possible. Write one of {', '.join(column.choices)}.")


def repeated(sheet: Sheet, rows: Sequence[Row], *fields: str) -> Iterator[Problem]:
    """This function will name every row whose fields were met in an earlier row; an empty last field is no key."""
    met: dict[tuple[object, ...], Row] = {}
    again: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        key = tuple(getattr(row, field) for field in fields)
        if key[-1] == "":
            continue
        if key in met:
            again[key].append(row)
        met.setdefault(key, row)
    for key, copies in again.items():
        for row in copies:
            what = ", ".join(str(part) for part in key)
            first = f"row {met[key].row}" if met[key].row else "an earlier row"
            yield at(sheet, row, fields[-1], f"{what!r} is there already, in {first}.")


def zone_of(name: str) -> ZoneInfo | None:
    """This function will return the time zone of that name, or None when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
