"""An estate workbook read from a file: values where they can be read, a named problem where they cannot."""

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile, is_zipfile
from zoneinfo import ZoneInfo

import python_calamine

from prewatt.kernel.errors import Refused
from prewatt.rating.bands import BANDS, DAY_TYPES
from prewatt.rating.tariff import Tariff
from prewatt.reports import estate_columns as columns
from prewatt.reports.estate_cells import BadCell, Place, read_cell, read_clock
from prewatt.reports.estate_columns import Cell, Column, Sheet
from prewatt.reports.estate_problems import zone_of
from prewatt.reports.estate_sheet import (
    AccountRow,
    BusRow,
    CalendarRow,
    CustomerRow,
    EstateSheet,
    MeterRow,
    OpeningBalanceRow,
    Problem,
    Signature,
    SiteRow,
    TariffRow,
    TenancyRow,
)
from prewatt.reports.estate_workbook import NOTE_MARK

ROWS_MAX: Final = 50_000
FILE_BYTES_MAX: Final = 50_000_000
UNPACKED_BYTES_MAX: Final = 400_000_000
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class NotAWorkbook(Refused):
    """The file is not a workbook that can be read."""

    code = "not_a_workbook"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a sheet: its number, its values by field, and the fields that could not be read."""

    number: int
    values: Mapping[str, Any]
    bad: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadEstate:
    """What a workbook says. Where ``problems`` name a cell, ``sheet`` holds something harmless in its place."""

    sheet: EstateSheet
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Reader:
    book: Any
    now: datetime
    place: Place = field(default_factory=lambda: Place(ZoneInfo("UTC"), "CNY"))
    problems: list[Problem] = field(default_factory=list)

    def lines(self, sheet: Sheet) -> list[Line]:
        """This method will read a sheet's lines; a sheet that is not there has none."""
        if sheet.name not in self.book.sheet_names:
            return []
        raw = self.book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
        if not raw:
            return []
        if len(raw) > ROWS_MAX:
            self.problems.append(Problem(sheet.name, ROWS_MAX, "", f"At most {ROWS_MAX} rows."))
            return []
        fields = self._headings(sheet, raw[0])
        return [
            self._line(sheet, number, cells, fields)
            for number, cells in enumerate(raw[1:], start=2)
            if any(_is_filled(cell) for cell in cells) and not _is_note(cells)
        ]

    def _headings(self, sheet: Sheet, cells: Sequence[object]) -> dict[int, Column]:
        by_heading = {
            name.lower(): column
            for column in sheet.columns
            for name in (column.heading, column.english, column.chinese)
        }  # fmt: skip
        found: dict[int, Column] = {}
        for number, cell in enumerate(cells):
            text = str(cell).strip().removesuffix("*").strip()
            column = by_heading.get(text.lower())
            if column is not None and column not in found.values():
                found[number] = column
            elif text:
                message = "This heading is not known, or is there twice. Write it as in the template."
                self.problems.append(Problem(sheet.name, 1, text, message))
        for column in sheet.columns:
            if column.required and column not in found.values():
                self.problems.append(Problem(sheet.name, 1, column.heading, "This column is missing."))
        return found

    def _line(self, sheet: Sheet, number: int, cells: Sequence[object], fields: Mapping[int, Column]) -> Line:
        values: dict[str, Any] = {}
        bad = set()
        places = {column.field: place for place, column in fields.items()}
        for column in sheet.columns:
            place = places.get(column.field, len(cells))
            raw = cells[place] if place < len(cells) else None
            try:
                value = read_cell(raw, column, self.place)
            except BadCell as error:
                self._problem(sheet, number, column, str(error))
                bad.add(column.field)
                value = None
            if value is None and column.required:
                told = column.field in bad or column.field not in places
                if column.cell not in {Cell.TEXT, Cell.CHOICE, Cell.ADDRESS} and not told:
                    self._problem(sheet, number, column, "This cell must be filled.")
                    bad.add(column.field)
                value = self._harmless(column)
            if value is not None:
                values[column.field] = value
        return Line(number, values, frozenset(bad))

    def _harmless(self, column: Column) -> object:
        """This method will return what stands in for a cell that could not be read: its row is still checked."""
        match column.cell:
            case Cell.TEXT | Cell.CHOICE | Cell.ADDRESS | Cell.PASSWORD:
                return ""
            case Cell.DATE:
                return self.now.astimezone(self.place.zone).date()
            case Cell.INSTANT:
                return _LONG_AGO if column in columns.TENANCIES.columns else self.now
            case Cell.INTEGER:
                return column.example
            case Cell.MONEY | Cell.PRICE | Cell.KWH | Cell.AREA:
                return 0

    def _problem(self, sheet: Sheet, number: int, column: Column, message: str) -> None:
        self.problems.append(Problem(sheet.name, number, column.heading, message))

    def clock(self, line: Line, name: str) -> str | None:
        """This method will read a time of a day programme, or name the problem."""
        try:
            return read_clock(str(line.values.get(name, "")))
        except BadCell as error:
            if name not in line.bad:
                self._problem(columns.PROGRAMMES, line.number, columns.PROGRAMMES.column(name), str(error))
            return None


def read_estate(*, path: Path, now: datetime) -> ReadEstate:
    """This function will read a workbook. Raises NotAWorkbook when the file is none, or has no site.

    ``now`` is estate time; it stands in for instants that cannot be read.
    """
    reader = _Reader(_open(path), now)
    sites = reader.lines(columns.SITE)
    if not sites:
        raise NotAWorkbook(
            "%(file)s has no row on the sheet %(sheet)s.",
            hint="Begin with the template; what is typed begins in line 3.",
            file=path.name,
            sheet=columns.SITE.name,
        )
    for extra in sites[1:]:
        reader.problems.append(Problem(columns.SITE.name, extra.number, "", "One site to a workbook."))
    zone = zone_of(str(sites[0].values.get("time_zone", "")))
    reader.place = Place(zone or ZoneInfo("UTC"), str(sites[0].values.get("currency", "CNY")))
    site = SiteRow(**_with_row(sites[0]))
    sheet = EstateSheet(
        site=site,
        calendar=tuple(CalendarRow(**_with_row(line)) for line in reader.lines(columns.CALENDAR)),
        buses=tuple(BusRow(**_bus_values(line)) for line in reader.lines(columns.BUSES)),
        meters=tuple(MeterRow(**_meter_values(line)) for line in reader.lines(columns.METERS)),
        customers=tuple(CustomerRow(**_with_row(line)) for line in reader.lines(columns.CUSTOMERS)),
        accounts=tuple(AccountRow(**_with_row(line)) for line in reader.lines(columns.ACCOUNTS)),
        tenancies=tuple(TenancyRow(**_with_row(line)) for line in reader.lines(columns.TENANCIES)),
        tariffs=_read_tariffs(reader, site.currency),
        opening_balances=tuple(
            OpeningBalanceRow(**_with_row(line)) for line in reader.lines(columns.OPENING_BALANCES)
        ),
        signature=_read_signature(reader),
    )  # fmt: skip
    return ReadEstate(sheet, tuple(reader.problems))


def read_estate_data(*, data: bytes, now: datetime) -> ReadEstate:
    """This function will read a workbook that was sent. Raises NotAWorkbook."""
    with tempfile.TemporaryDirectory(prefix="prewatt-") as folder:
        path = Path(folder) / "estate.xlsx"
        path.write_bytes(data)
        return read_estate(path=path, now=now)


def _open(path: Path) -> Any:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise NotAWorkbook("%(file)s is larger than %(most)s MB.", file=path.name, most=FILE_BYTES_MAX // 1_000_000)
        if _unpacked_bytes(path) > UNPACKED_BYTES_MAX:
            raise NotAWorkbook("%(file)s holds far more than an estate: it is not opened.", file=path.name)
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except FileNotFoundError:
        raise NotAWorkbook("There is no file %(file)s.", file=str(path)) from None
    except (OSError, BadZipFile, python_calamine.CalamineError) as error:
        raise NotAWorkbook(
            "%(file)s cannot be read as a workbook: %(why)s.", hint="Save it as .xlsx and try again.",
            file=path.name, why=str(error),
        ) from error  # fmt: skip


def _unpacked_bytes(path: Path) -> int:
    """This function will return what a packed file says that it holds: a small file may unpack to fill a machine."""
    if not is_zipfile(path):
        return 0
    with ZipFile(path) as archive:
        return sum(one.file_size for one in archive.infolist())


def _is_filled(cell: object) -> bool:
    return cell is not None and str(cell).strip() != ""


def _is_note(cells: Sequence[object]) -> bool:
    return all(str(cell).startswith(NOTE_MARK.strip()) for cell in cells if _is_filled(cell))


def _with_row(line: Line) -> dict[str, Any]:
    return {**line.values, "row": line.number}


def _bus_values(line: Line) -> dict[str, Any]:
    values = _with_row(line)
    values["baud"] = _number(values.get("baud", "2400"))
    return values


def _meter_values(line: Line) -> dict[str, Any]:
    values = _with_row(line)
    rates = [values.pop(f"t{rate}_wh", None) for rate in range(1, columns.RATES + 1)]
    filled = max((place for place, rate in enumerate(rates, start=1) if rate is not None), default=0)
    values["opening_rates_wh"] = tuple(rate or 0 for rate in rates[:filled])
    values["phases"] = _number(values.get("phases", "1"))
    return values


def _number(text: object) -> int:
    """This function will return the number that was chosen; −1 for what is none, for the checks to name."""
    return int(str(text)) if str(text).isdigit() else -1


def _read_signature(reader: _Reader) -> Signature | None:
    lines = reader.lines(columns.SIGNATURE)
    for extra in lines[1:]:
        reader.problems.append(Problem(columns.SIGNATURE.name, extra.number, "", "One signature to a workbook."))
    return Signature(**_with_row(lines[0])) if lines else None


def _read_tariffs(reader: _Reader, currency: str) -> tuple[TariffRow, ...]:
    programmes: dict[tuple[str, object], list[Line]] = defaultdict(list)
    for line in reader.lines(columns.PROGRAMMES):
        programmes[str(line.values.get("tariff", "")), line.values.get("effective_from")].append(line)
    rows = []
    for line in reader.lines(columns.TARIFFS):
        key = (str(line.values.get("code", "")), line.values.get("effective_from"))
        rows.append(_read_tariff(reader, line, programmes.pop(key, []), currency))
    for lines in programmes.values():
        for line in lines:
            message = "No row on the sheet Tariffs has this code and this day."
            heading = columns.PROGRAMMES.column("tariff").heading
            reader.problems.append(Problem(columns.PROGRAMMES.name, line.number, heading, message))
    return tuple(rows)


def _read_tariff(reader: _Reader, line: Line, programme: list[Line], currency: str) -> TariffRow:
    values = line.values
    slots, rows = _read_slots(reader, programme)
    prices = {band.code: values[band.code] for band in BANDS if band.code in values}
    definition: Mapping[str, Any] = {
        "currency": currency,
        "prices": prices,
        "days": slots or {"workday": [["00:00", "24:00", "flat"]]},
        "band_source": values.get("band_source", "clock"),
    }
    if "meter_rates" in values:
        definition = {**definition, "meter_rates": [one.strip() for one in str(values["meter_rates"]).split(",")]}
    unread = line.bad & set(columns.BANDS)
    if slots is None or unread:  # named already: what is left of it would only repeat the same problem
        definition = Tariff.flat(currency="CNY", price=0).to_json() | {"currency": currency}
    elif not slots and len(prices) > 1 and definition["band_source"] == "clock":
        message = "It has several prices and no hours. Fill the sheet Day programmes, or leave the flat price alone."
        heading = columns.TARIFFS.column("code").heading
        reader.problems.append(Problem(columns.TARIFFS.name, line.number, heading, message))
    with suppress(Refused):  # what rating refuses is told by the checks, with its line
        definition = Tariff.from_json(definition).to_json()
    return TariffRow(
        code=str(values.get("code", "")), name=str(values.get("name", "")), definition=definition,
        effective_from=values.get("effective_from", reader.now.date()), reference=str(values.get("reference", "")),
        programme_rows=rows, row=line.number,
    )  # fmt: skip


def _read_slots(
    reader: _Reader, programme: list[Line]
) -> tuple[dict[str, list[list[str]]] | None, dict[str, int]]:  # fmt: skip
    """This function will return the slots by type of day and the lines they stand in; None when one cannot be read."""
    found: dict[str, list[tuple[list[str], int]]] = defaultdict(list)
    sound = True
    for line in programme:
        from_time, to_time = reader.clock(line, "from_time"), reader.clock(line, "to_time")
        day_type, band = str(line.values.get("day_type", "")), str(line.values.get("band", ""))
        for name, word, words in (("day_type", day_type, DAY_TYPES), ("band", band, columns.BANDS)):
            if word not in words:
                heading = columns.PROGRAMMES.column(name).heading
                message = f"{word!r} is not possible. Write one of {', '.join(words)}."
                reader.problems.append(Problem(columns.PROGRAMMES.name, line.number, heading, message))
                sound = False
        if from_time is None or to_time is None:
            sound = False
        else:
            found[day_type].append(([from_time, to_time, band], line.number))
    rows = {}
    for day_type, entries in found.items():
        entries.sort()
        rows[f"days.{day_type}"] = entries[-1][1]
        rows |= {f"days.{day_type}[{place}]": number for place, (_, number) in enumerate(entries)}
    if not sound:
        return None, rows
    return {day_type: [slot for slot, _ in entries] for day_type, entries in found.items()}, rows
