import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
import python_calamine
import xlsxwriter
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_estate.sheets import estate_sheet

from prewatt.access.audit import Actor
from prewatt.estate.models import Meter, Site
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel.clock import estate_now
from prewatt.reports.estate_cells import Place, write_cell
from prewatt.reports.estate_columns import METERS, SHEETS
from prewatt.reports.estate_reading import NotAWorkbook, ReadEstate, read_estate
from prewatt.reports.estate_sheet import EstateSheet
from prewatt.reports.estate_workbook import rows_of, write_estate, write_template
from prewatt.tenancy.models import Account
from prewatt.usecases.export_estate import export_estate
from prewatt.usecases.import_estate import EstateRefused, import_estate

CLI = Actor(process="cli")


def read(path: Path) -> ReadEstate:
    return read_estate(path=path, now=estate_now())


def without_passwords(sheet: EstateSheet) -> EstateSheet:
    return dataclasses.replace(sheet, meters=tuple(dataclasses.replace(row, password="") for row in sheet.meters))


def write_raw(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, lines in sheets.items():
            page = book.add_worksheet(name)
            for number, line in enumerate(lines):
                page.write_row(number, 0, line)
    return path


def raw_sheets(sheet: EstateSheet) -> dict[str, list[list[Any]]]:
    """The estate as cells that a person could have typed: all text."""
    place = Place(ZoneInfo("Asia/Shanghai"), "CNY")
    rows = rows_of(sheet)
    return {
        one.name: [
            [column.heading for column in one.columns],
            ["↑ note"] * len(one.columns),
            *[
                [str(write_cell(row.get(column.field), column, place)) for column in one.columns]
                for row in rows[one.name]
            ],
        ]
        for one in SHEETS
    }


def put(sheets: dict[str, list[list[Any]]], sheet: str, row: int, field: str, value: object) -> None:
    columns = next(one for one in SHEETS if one.name == sheet).columns
    place = next(number for number, column in enumerate(columns) if column.field == field)
    sheets[sheet][row - 1][place] = value


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    sheet = estate_sheet(5, per_bus=2)
    write_estate(path=tmp_path / "estate.xlsx", sheet=sheet)
    back = read(tmp_path / "estate.xlsx")
    assert back.problems == ()
    assert back.sheet == sheet
    assert [row.row for row in back.sheet.meters] == [3, 4, 5, 6, 7]


def test_passwords_are_nowhere_in_an_export(tmp_path: Path) -> None:
    write_estate(path=tmp_path / "estate.xlsx", sheet=estate_sheet(3))
    with ZipFile(tmp_path / "estate.xlsx") as archive:
        assert not any(b"987654" in archive.read(name) for name in archive.namelist())


def test_text_cells_are_read_like_typed_ones(tmp_path: Path) -> None:
    sheet = estate_sheet(3)
    back = read(write_raw(tmp_path / "typed.xlsx", raw_sheets(sheet)))
    assert back.problems == ()
    assert back.sheet == sheet


def test_the_template_explains_itself_and_holds_no_data(tmp_path: Path) -> None:
    write_template(path=tmp_path / "template.xlsx")
    book = python_calamine.CalamineWorkbook.from_path(str(tmp_path / "template.xlsx"))
    assert book.sheet_names == ["Read me 说明", *[one.name for one in SHEETS]]
    explained = book.get_sheet_by_name("Read me 说明").to_python()
    assert {row[1] for row in explained} >= {column.heading for one in SHEETS for column in one.columns}
    with pytest.raises(NotAWorkbook, match="no row on the sheet Site"):
        read(tmp_path / "template.xlsx")


def test_every_bad_cell_is_named_by_sheet_row_and_column(tmp_path: Path) -> None:
    sheets = raw_sheets(estate_sheet(4))
    put(sheets, "Units & meters", 3, "opened_at", "yesterday")
    put(sheets, "Units & meters", 4, "multiplier", "ten")
    put(sheets, "Units & meters", 5, "opening_total_wh", "12.3456")
    put(sheets, "Units & meters", 6, "phases", "2")
    put(sheets, "Accounts", 4, "allowed_credit", "1.005")
    put(sheets, "Opening balances", 3, "amount", "")
    put(sheets, "Tariffs", 3, "peak", "dear")
    put(sheets, "Day programmes", 5, "to_time", "25:00")
    put(sheets, "Gateways & buses", 3, "baud", "2401")
    put(sheets, "Units & meters", 3, "password", "12:34")
    sheets["Customers"][0][1] = "Nickname"
    back = read(write_raw(tmp_path / "bad.xlsx", sheets))
    assert {(one.sheet, one.row, one.column) for one in back.problems} == {
        ("Customers", 1, "Nickname"), ("Customers", 1, "Name 名称"),
        ("Units & meters", 3, "Registers taken at 起码时间"), ("Units & meters", 4, "Multiplier (CT × PT) 倍率"),
        ("Units & meters", 5, "Register total (kWh) 总起码（kWh）"), ("Accounts", 4, "Allowed credit 透支金额"),
        ("Opening balances", 3, "Amount 金额"), ("Tariffs", 3, "Peak (per kWh) 峰"), ("Day programmes", 5, "To 结束"),
    }  # fmt: skip


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.xlsx").write_text("not a workbook")
    with pytest.raises(NotAWorkbook, match="cannot be read as a workbook"):
        read(tmp_path / "notes.xlsx")
    with pytest.raises(NotAWorkbook, match="There is no file"):
        read(tmp_path / "absent.xlsx")


def test_numbers_typed_as_numbers_are_exact(tmp_path: Path) -> None:
    sheets = raw_sheets(estate_sheet(2))
    put(sheets, "Units & meters", 3, "opening_total_wh", 1520.36)
    put(sheets, "Units & meters", 3, "address", 7)
    put(sheets, "Units & meters", 3, "password", 1234)
    put(sheets, "Opening balances", 3, "amount", 0.1 + 0.2)
    put(sheets, "Tariffs", 3, "peak", 1.1234)
    back = read(write_raw(tmp_path / "numbers.xlsx", sheets))
    assert back.problems == ()
    meter = back.sheet.meters[0]
    assert (meter.opening_total_wh, meter.address, meter.password) == (1_520_360, "000000000007", "001234")
    assert back.sheet.opening_balances[0].amount == 30
    assert back.sheet.tariffs[0].definition["prices"]["peak"] == int(Decimal("1.1234") * 10**6)


@pytest.mark.django_db
def test_an_export_can_be_imported_again(tmp_path: Path) -> None:
    safe = MeterSafe.open(tmp_path / "meter.key", create=True)
    sheet = estate_sheet(5, per_bus=2)
    import_estate(actor=CLI, sheet=sheet, safe=safe)
    exported = export_estate(site_code="YJ")
    assert exported == without_passwords(sheet)
    write_estate(path=tmp_path / "export.xlsx", sheet=exported)
    back = read(tmp_path / "export.xlsx")
    result = import_estate(actor=CLI, sheet=back.sheet, safe=None, found=back.problems)
    assert (result.total.created, result.total.updated) == (0, 0)


@pytest.mark.django_db
def test_reading_and_checking_name_each_cell_once(tmp_path: Path) -> None:
    sheets = raw_sheets(estate_sheet(4))
    put(sheets, "Units & meters", 4, "multiplier", "ten")
    put(sheets, "Units & meters", 5, "gateway", "")
    put(sheets, "Units & meters", 6, "address", "202500000000")
    put(sheets, "Day programmes", 4, "from_time", "09:00")
    put(sheets, "Day programmes", 5, "from_time", "10:30")
    back = read(write_raw(tmp_path / "bad.xlsx", sheets))
    with pytest.raises(EstateRefused) as refused:
        import_estate(actor=CLI, sheet=back.sheet, safe=None, found=back.problems)
    assert [(one.sheet, one.row, one.column.split()[0]) for one in refused.value.problems] == [
        ("Units & meters", 4, "Multiplier"), ("Units & meters", 5, "Gateway"), ("Units & meters", 6, "Meter"),
        ("Day programmes", 4, "From"),
    ]  # fmt: skip
    assert "08:00 to 09:00 has no band" in refused.value.problems[-1].message


def planted(count: int) -> tuple[EstateSheet, set[int]]:
    """A sheet of so many meters, one in a hundred of them bad."""
    sheet, bad = estate_sheet(count, per_bus=25), set(range(0, count, 100))
    meters = tuple(
        dataclasses.replace(row, multiplier=0) if index in bad else row for index, row in enumerate(sheet.meters)
    )
    return dataclasses.replace(sheet, meters=meters), bad


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.faults("H5")
def test_h5_every_bad_row_is_named_and_none_is_stored(faults: Faults) -> None:
    sheet, bad = planted(faults.times(short=1_000, full=10_000))
    with pytest.raises(EstateRefused) as refused:
        import_estate(actor=CLI, sheet=sheet, safe=None)
    heading = METERS.column("multiplier").heading
    named = {(one.row - 3, one.column) for one in refused.value.problems}
    assert named == {(index, heading) for index in bad}
    assert len(refused.value.problems) == len(bad)
    assert (Site.objects.count(), Meter.objects.count(), Account.objects.count()) == (0, 0, 0)
    faults.hit(len(bad))
    assert_sound()


@pytest.mark.django_db
@pytest.mark.faults("H5")
@pytest.mark.parametrize("step", ["install_meters", "keep_accounts", "begin_tenancies", "post_entries"])
def test_h5_an_import_that_breaks_halfway_leaves_nothing(
    step: str, monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    def broken(**_: object) -> None:
        faults.hit()
        raise OSError("the cable")

    monkeypatch.setattr(f"prewatt.usecases.import_estate.{step}", broken)
    with pytest.raises(OSError, match="the cable"):
        import_estate(actor=CLI, sheet=without_passwords(estate_sheet(4)), safe=None)
    assert (Site.objects.count(), Meter.objects.count(), Account.objects.count()) == (0, 0, 0)
    assert_sound()


@pytest.mark.django_db
@pytest.mark.faults("H5", control=True)
def test_h5_without_the_checks_bad_rows_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prewatt.usecases.import_estate.check_sheet", lambda **_: [])
    sheet = without_passwords(estate_sheet(200))
    meters = (dataclasses.replace(sheet.meters[0], rated_power_w=0), *sheet.meters[1:])
    import_estate(actor=CLI, sheet=dataclasses.replace(sheet, meters=meters), safe=None)
    assert Meter.objects.count() == len(meters)


def test_dates_may_be_written_as_dates(tmp_path: Path) -> None:
    sheets = raw_sheets(estate_sheet(2))
    with xlsxwriter.Workbook(str(tmp_path / "dates.xlsx")) as book:
        shown = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, lines in sheets.items():
            page = book.add_worksheet(name)
            for number, line in enumerate(lines):
                page.write_row(number, 0, line)
            if name == "Calendar":
                page.write_datetime(2, 0, date(2026, 10, 1), shown)
    back = read(tmp_path / "dates.xlsx")
    assert back.problems == ()
    assert back.sheet.calendar[0].date == date(2026, 10, 1)
