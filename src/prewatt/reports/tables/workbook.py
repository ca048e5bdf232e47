"""Rows as a workbook, written one by one: its memory does not grow with its length. The one writer of all sheets."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter

from prewatt.kernel.money import minor_digits
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.spool import spool

SHEET_ROWS_MAX: Final = 1_048_575
"""Rows below the head that one sheet of a workbook holds; a longer table goes on upon the next."""
CHARS_MAX: Final = 32_767
_OPTIONS: Final = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
"""Text stays text: a room whose name begins with = does not reckon in whoever's program opens the sheet."""
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - where workbooks count local days from
_EPOCH_DAY: Final = _EPOCH.date()
_DAY_S: Final = 86_400
_WIDTHS: Final = {Kind.TEXT: 18, Kind.WORD: 16, Kind.INSTANT: 20}
_FORMATS: Final = {
    Kind.ENERGY: "#,##0.000",
    Kind.COUNT: "#,##0",
    Kind.SPAN: "#,##0",
    Kind.PERMILLE: "0.0%",
    Kind.DAY: "yyyy-mm-dd",
    Kind.MONTH: "yyyy-mm",
    Kind.YEAR: "yyyy",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
}

Write = Callable[[int, int, Any], object]


def write_workbook(
    *, title: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], zone: ZoneInfo, currency: str = "",
    about: str = "", rows_a_sheet: int = SHEET_ROWS_MAX,
) -> IO[bytes]:  # fmt: skip
    """This function will write the table and return it as an open file at its beginning; times are local."""
    with spool() as file, xlsxwriter.Workbook(file, dict(_OPTIONS)) as book:
        book.set_properties({"title": title, "comments": about})
        _Table(book, title, columns, zone, currency).fill(rows, rows_a_sheet)
    return file


class _Table:
    """A table in a workbook, on as many sheets as it needs."""

    def __init__(self, book: Any, title: str, columns: Sequence[Column], zone: ZoneInfo, currency: str) -> None:
        self._book, self._title, self._columns, self._zone, self._currency = book, title, columns, zone, currency
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._formats = {one.kind: _format(book, one.kind, currency) for one in columns}
        self._sheets = 0

    def fill(self, rows: Iterable[Sequence[Any]], rows_a_sheet: int) -> None:
        """This method will write the rows, a new sheet whenever one is full."""
        last = len(self._columns) - 1
        sheet, writes = self._begin()
        number = 0
        for row in rows:
            if number == rows_a_sheet:
                sheet.autofilter(0, 0, number, last)
                sheet, writes = self._begin()
                number = 0
            number += 1
            for place, value in enumerate(row):
                if value is not None:
                    writes[place](number, place, value)
        sheet.autofilter(0, 0, max(1, number), last)

    def _begin(self) -> tuple[Any, list[Write]]:
        self._sheets += 1
        sheet = self._book.add_worksheet(_tab(self._title, self._sheets))
        sheet.freeze_panes(1, 0)
        heads = [
            f"{one.label}, {self._currency}" if one.kind is Kind.MONEY and self._currency else str(one.label)
            for one in self._columns
        ]
        for place, (column, head) in enumerate(zip(self._columns, heads, strict=True)):
            sheet.set_column(place, place, max(_WIDTHS.get(column.kind, 13), min(len(head) + 2, 40)))
        for place, head in enumerate(heads):
            sheet.write_string(0, place, head, self._bold)
        return sheet, [
            _writer(sheet, column, self._formats[column.kind], self._zone, self._currency) for column in self._columns
        ]


def _tab(title: str, number: int) -> str:
    """This function will name a sheet: at most 31 characters, none of them one that workbooks keep for themselves."""
    name = "".join(one for one in title if one not in "[]:*?/\\").strip("'")[:26] or "Prewatt"
    return name if number == 1 else f"{name} {number}"


def _format(book: Any, kind: Kind, currency: str) -> Any:
    if kind is Kind.MONEY:
        digits = minor_digits(currency) if currency else 2
        return book.add_format({"num_format": f"#,##0.{'0' * digits}" if digits else "#,##0"})
    pattern = _FORMATS.get(kind)
    return book.add_format({"num_format": pattern}) if pattern else None


def _writer(sheet: Any, column: Column, form: Any, zone: ZoneInfo, currency: str) -> Write:
    """Return what writes a value of the column: a double holds every amount and register exactly as shown."""
    number, text = sheet.write_number, sheet.write_string
    match column.kind:
        case Kind.TEXT:
            return lambda row, place, value: text(row, place, str(value)[:CHARS_MAX])
        case Kind.WORD:
            words = {code: column.word(code) for code in column.words}  # translated once, not for each row
            return lambda row, place, value: text(row, place, words.get(value) or column.word(value)[:CHARS_MAX])
        case Kind.MONEY | Kind.ENERGY | Kind.PERMILLE:
            by = 1000 if column.kind is not Kind.MONEY else 10 ** (minor_digits(currency) if currency else 2)
            return lambda row, place, value: number(row, place, value / by, form)
        case Kind.COUNT | Kind.SPAN:
            return lambda row, place, value: number(row, place, value, form)
        case Kind.DAY | Kind.MONTH | Kind.YEAR:
            return lambda row, place, value: number(row, place, _day_number(value), form)
        case Kind.INSTANT:
            return lambda row, place, value: number(row, place, _instant_number(value, zone), form)


def _day_number(day: date) -> int:
    return (day - _EPOCH_DAY).days


def _instant_number(at: datetime, zone: ZoneInfo) -> float:
    span: timedelta = at.astimezone(zone).replace(tzinfo=None) - _EPOCH
    return span.days + span.seconds / _DAY_S
