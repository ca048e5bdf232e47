from pathlib import Path
from typing import Any

import pytest
from tests.usecases_estate.sheets import estate_sheet
from tests.usecases_estate.test_estate_workbook import put, raw_sheets, write_raw

from prewatt.kernel.clock import estate_now
from prewatt.reports import estate_reading
from prewatt.reports.estate_reading import NotAWorkbook, ReadEstate, read_estate

Sheets = dict[str, list[list[Any]]]


@pytest.fixture
def sheets() -> Sheets:
    return raw_sheets(estate_sheet(3))


def read(tmp_path: Path, sheets: Sheets) -> ReadEstate:
    return read_estate(path=write_raw(tmp_path / "estate.xlsx", sheets), now=estate_now())


def told(tmp_path: Path, sheets: Sheets) -> list[tuple[str, int, str]]:
    return [(one.sheet, one.row, one.message) for one in read(tmp_path, sheets).problems]


def test_sheets_that_are_not_needed_may_be_absent_or_empty(tmp_path: Path, sheets: Sheets) -> None:
    del sheets["Calendar"]
    sheets["Opening balances"] = []
    back = read(tmp_path, sheets)
    assert (back.problems, back.sheet.calendar, back.sheet.opening_balances) == ((), (), ())


def test_without_the_line_of_notes_the_second_line_is_data(tmp_path: Path, sheets: Sheets) -> None:
    del sheets["Units & meters"][1]
    assert [row.row for row in read(tmp_path, sheets).sheet.meters] == [2, 3, 4]


def test_empty_lines_are_passed_over_and_lines_keep_their_numbers(tmp_path: Path, sheets: Sheets) -> None:
    sheets["Customers"].insert(3, ["", "  ", "", "", "", "", ""])
    assert [row.row for row in read(tmp_path, sheets).sheet.customers] == [3, 5, 6]


def test_columns_may_stand_in_any_order_and_be_named_in_one_language(tmp_path: Path, sheets: Sheets) -> None:
    sheets["Customers"] = [list(reversed(line)) for line in sheets["Customers"]]
    sheets["Customers"][0][-1] = "Customer code *"
    sheets["Customers"][0][-2] = "名称"
    back = read(tmp_path, sheets)
    assert (back.problems, back.sheet.customers) == ((), estate_sheet(3).customers)


def test_a_heading_twice_or_a_missing_column_is_told_once(tmp_path: Path, sheets: Sheets) -> None:
    sheets["Units & meters"][0][6] = sheets["Units & meters"][0][5]
    place = next(n for n, head in enumerate(sheets["Units & meters"][0]) if head.startswith("Registers taken at"))
    for line in sheets["Units & meters"]:
        del line[place]
    assert [message for _, _, message in told(tmp_path, sheets)] == [
        "This heading is not known, or is there twice. Write it as in the template.",
        "This column is missing.",
    ]


def test_one_site_and_one_signature_to_a_workbook(tmp_path: Path, sheets: Sheets) -> None:
    sheets["Site"].append(sheets["Site"][2])
    sheets["Signature"].append(sheets["Signature"][2])
    assert told(tmp_path, sheets) == [
        ("Site", 4, "One site to a workbook."), ("Signature", 4, "One signature to a workbook."),
    ]  # fmt: skip


def test_a_site_in_no_zone_is_read_for_the_checks_to_name(tmp_path: Path, sheets: Sheets) -> None:
    put(sheets, "Site", 3, "time_zone", "nowhere")
    put(sheets, "Site", 3, "currency", "")
    back = read(tmp_path, sheets)
    assert (back.problems, back.sheet.site.time_zone) == ((), "nowhere")


def test_a_tariff_of_one_price_needs_no_hours(tmp_path: Path, sheets: Sheets) -> None:
    sheets["Day programmes"] = sheets["Day programmes"][:2]
    for band in ("sharp", "peak", "valley"):
        put(sheets, "Tariffs", 3, band, "")
    back = read(tmp_path, sheets)
    assert back.problems == ()
    assert back.sheet.tariffs[0].definition["days"]["workday"] == [["00:00", "24:00", "flat"]]


def test_several_prices_without_hours_are_told(tmp_path: Path, sheets: Sheets) -> None:
    sheets["Day programmes"] = sheets["Day programmes"][:2]
    ((sheet, row, message),) = told(tmp_path, sheets)
    assert (sheet, row) == ("Tariffs", 3)
    assert "several prices and no hours" in message


def test_a_meter_that_knows_the_band_needs_no_hours_but_its_registers(tmp_path: Path, sheets: Sheets) -> None:
    sheets["Day programmes"] = sheets["Day programmes"][:2]
    put(sheets, "Tariffs", 3, "band_source", "meter")
    put(sheets, "Tariffs", 3, "meter_rates", "peak, flat , valley")
    back = read(tmp_path, sheets)
    assert back.problems == ()
    assert back.sheet.tariffs[0].definition["meter_rates"] == ["peak", "flat", "valley"]


def test_hours_of_no_tariff_and_words_that_are_none_are_told(tmp_path: Path, sheets: Sheets) -> None:
    put(sheets, "Day programmes", 3, "tariff", "GHOST")
    put(sheets, "Day programmes", 4, "day_type", "someday")
    put(sheets, "Day programmes", 5, "band", "gold")
    assert told(tmp_path, sheets) == [
        ("Day programmes", 4, "'someday' is not possible. Write one of workday, weekend, holiday."),
        ("Day programmes", 5, "'gold' is not possible. Write one of sharp, peak, flat, valley, deep_valley."),
        ("Day programmes", 3, "No row on the sheet Tariffs has this code and this day."),
    ]


def test_files_and_sheets_have_limits(tmp_path: Path, sheets: Sheets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estate_reading, "ROWS_MAX", 4)
    assert ("Units & meters", 4, "At most 4 rows.") in told(tmp_path, sheets)
    monkeypatch.setattr(estate_reading, "FILE_BYTES_MAX", 100)
    with pytest.raises(NotAWorkbook, match="larger than"):
        read(tmp_path, sheets)
