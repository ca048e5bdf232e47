"""The estate workbook as a file: the empty template with its explanations, and the export of a site."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter

from prewatt.rating.bands import BANDS
from prewatt.rating.tariff import Tariff
from prewatt.reports import estate_columns as columns
from prewatt.reports.estate_cells import Place, write_cell
from prewatt.reports.estate_columns import SHEETS, Cell, Column, Sheet
from prewatt.reports.estate_sheet import EstateSheet, MeterRow, TariffRow

FIRST_ROW: Final = 2
"""Headings are in line 1, notes in line 2; what is typed begins in line 3."""

NOTE_MARK: Final = "↑ "
ROWS_CHECKED: Final = 20_000
EXPLANATIONS: Final = "Read me 说明"
_INTRODUCTION: Final = """
How to fill this workbook 填写说明
Each sheet has its headings in line 1 and a note for each column in line 2. Fill from line 3 on. Do not rename sheets
or headings; columns that you do not need may be deleted. 第一行为列名，第二行为说明，从第三行开始填写。
请勿修改工作表名称和列名。

Columns marked * must be filled. 带 * 的列必填。

Then: prewatt estate import FILE. Every problem is reported with sheet, row and column; as long as there is one,
nothing is imported. 导入时逐条报告问题（工作表、行、列）；有任何问题则全部不导入。

The same file can be imported again: what changed is brought in line, nothing is doubled, nothing is deleted.
可重复导入：只更新变化，不会重复，也不会删除。

Passwords of meters are sealed with a key outside the database and never exported. Delete them from the file, or the
file, after the import. 电表密码加密保存，导出时不包含；导入后请删除文件中的密码。

The site begins in the mode 'reading only': nothing is disconnected until an administrator signs for it.
导入后为“仅抄表”模式：管理员签字投运之前不会停电。
""".strip()
_NUMBER_FORMATS: Final = {
    Cell.TEXT: "@", Cell.CHOICE: "@", Cell.ADDRESS: "@", Cell.PASSWORD: "@", Cell.INTEGER: "0", Cell.MONEY: "#,##0.00",
    Cell.PRICE: "0.000000", Cell.KWH: "#,##0.000", Cell.AREA: "#,##0.00", Cell.DATE: "yyyy-mm-dd",
    Cell.INSTANT: "yyyy-mm-dd hh:mm:ss",
}  # fmt: skip


def write_template(*, path: Path) -> None:
    """This function will write an empty workbook with explanations, notes and lists to choose from."""
    _write(path, {}, Place(ZoneInfo("UTC"), "CNY"))


def write_estate(*, path: Path, sheet: EstateSheet) -> None:
    """This function will write an estate in the format of the template, without meter passwords."""
    _write(path, rows_of(sheet), Place(ZoneInfo(sheet.site.time_zone), sheet.site.currency))


def _write(path: Path, rows: Mapping[str, Sequence[Mapping[str, object]]], place: Place) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        formats = _Formats(book)
        _write_explanations(book, formats)
        for sheet in SHEETS:
            _write_sheet(book, formats, sheet, rows.get(sheet.name, ()), place)


class _Formats:
    """The styles of the workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14})
        box = {"text_wrap": True, "valign": "top", "border": 1}
        self.head = book.add_format({"bold": True, "bg_color": "#0B5C7A", "font_color": "#FFFFFF"} | box)
        self.note = book.add_format({"italic": True, "bg_color": "#F2F4F3", "font_color": "#43514E"} | box)
        self.text = book.add_format({"text_wrap": True, "valign": "top"})
        self.cells = {cell: book.add_format({"num_format": pattern}) for cell, pattern in _NUMBER_FORMATS.items()}


def _write_explanations(book: Any, formats: _Formats) -> None:
    page = book.add_worksheet(EXPLANATIONS)
    page.set_column(0, 1, 26)
    page.set_column(2, 2, 10)
    page.set_column(3, 3, 70)
    page.set_column(4, 4, 30)
    title, _, rest = _INTRODUCTION.partition("\n")
    page.merge_range(0, 0, 0, 4, title, formats.title)
    for line, text in enumerate(rest.split("\n\n"), start=1):
        page.merge_range(line, 0, line, 4, text.replace("\n", " "), formats.text)
        page.set_row(line, 34)
    line = rest.count("\n\n") + 3
    for place, heading in enumerate(
        ("Sheet 工作表", "Column 列", "Needed 必填", "What to write 填写内容", "Example 示例")
    ):
        page.write_string(line, place, heading, formats.head)
    for sheet in SHEETS:
        line += 1
        page.write_string(line, 0, f"{sheet.name} {sheet.chinese}", formats.note)
        page.merge_range(line, 1, line, 4, sheet.purpose, formats.note)
        page.set_row(line, 32)
        for column in sheet.columns:
            line += 1
            page.write_string(line, 0, sheet.name)
            page.write_string(line, 1, column.heading)
            page.write_string(line, 2, "*" if column.required else "")
            page.write_string(line, 3, _note(column), formats.text)
            page.write_string(line, 4, str(column.example))


def _note(column: Column) -> str:
    choices = f"One of: {', '.join(column.choices)}. " if column.choices else ""
    return f"{choices}{column.note}".strip()


def _write_sheet(
    book: Any, formats: _Formats, sheet: Sheet, rows: Iterable[Mapping[str, object]], place: Place
) -> None:
    page = book.add_worksheet(sheet.name)
    page.freeze_panes(FIRST_ROW, 0)
    page.set_row(1, 45)
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width, formats.cells[column.cell])
        page.write_string(0, number, column.heading + (" *" if column.required else ""), formats.head)
        page.write_string(1, number, NOTE_MARK + (_note(column) or f"e.g. {column.example}"), formats.note)
        if column.choices:
            rule = {"validate": "list", "source": list(column.choices), "error_title": column.heading}
            page.data_validation(FIRST_ROW, number, ROWS_CHECKED, number, rule)
    for line, row in enumerate(rows, start=FIRST_ROW):
        for number, column in enumerate(sheet.columns):
            _write_value(
                page, line, number, write_cell(row.get(column.field), column, place), formats.cells[column.cell]
            )


def _write_value(page: Any, line: int, number: int, value: object, style: Any) -> None:
    match value:
        case "":
            return
        case str():
            page.write_string(line, number, value, style)
        case datetime() | date():
            page.write_datetime(line, number, value, style)
        case int() | Decimal():
            page.write_number(line, number, value, style)
        case _:
            raise TypeError(f"{value!r} cannot stand in a workbook")


def rows_of(sheet: EstateSheet) -> dict[str, list[dict[str, object]]]:
    """This function will return an estate as rows by sheet name: field by field, as the columns name them."""
    return {
        columns.SITE.name: [_fields(columns.SITE, sheet.site)],
        columns.CALENDAR.name: [_fields(columns.CALENDAR, row) for row in sheet.calendar],
        columns.BUSES.name: [_fields(columns.BUSES, row) for row in sheet.buses],
        columns.METERS.name: [_meter_fields(row) for row in sheet.meters],
        columns.CUSTOMERS.name: [_fields(columns.CUSTOMERS, row) for row in sheet.customers],
        columns.ACCOUNTS.name: [_fields(columns.ACCOUNTS, row) for row in sheet.accounts],
        columns.TENANCIES.name: [_fields(columns.TENANCIES, row) for row in sheet.tenancies],
        columns.TARIFFS.name: [_tariff_fields(row) for row in sheet.tariffs],
        columns.PROGRAMMES.name: [line for row in sheet.tariffs for line in _programme_fields(row)],
        columns.OPENING_BALANCES.name: [_fields(columns.OPENING_BALANCES, row) for row in sheet.opening_balances],
        columns.SIGNATURE.name: [_fields(columns.SIGNATURE, sheet.signature)] if sheet.signature is not None else [],
    }


def _fields(sheet: Sheet, row: object) -> dict[str, object]:
    return {column.field: getattr(row, column.field, None) for column in sheet.columns}


def _meter_fields(row: MeterRow) -> dict[str, object]:
    rates = {f"t{rate}_wh": value for rate, value in enumerate(row.opening_rates_wh, start=1)}
    return _fields(columns.METERS, row) | rates | {"password": None}


def _tariff_fields(row: TariffRow) -> dict[str, object]:
    definition = Tariff.from_json(row.definition).to_json()
    prices = definition["prices"]
    return _fields(columns.TARIFFS, row) | {
        "band_source": definition["band_source"],
        "meter_rates": ", ".join(definition["meter_rates"]),
        **{band.code: prices.get(band.code) for band in BANDS},
    }


def _programme_fields(row: TariffRow) -> list[dict[str, object]]:
    return [
        {
            "tariff": row.code, "effective_from": row.effective_from, "day_type": day_type,
            "from_time": slot[0], "to_time": slot[1], "band": slot[2],
        }
        for day_type, slots in Tariff.from_json(row.definition).to_json()["days"].items()
        for slot in slots
    ]  # fmt: skip
