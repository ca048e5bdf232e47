"""One cell of the estate workbook: from what a person typed to a value, and back. Figures become integers, exactly."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.kernel.money import MINOR_DIGITS
from prewatt.reports.estate_columns import Cell, Column

TEXT_CHARS_MAX: Final = 200
FIGURES_MAX: Final = 10**15
_INSTANT_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_DECIMALS: Final = {Cell.PRICE: 6, Cell.KWH: 3, Cell.AREA: 2}
_TIME: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")


class BadCell(ValueError):
    """The cell does not hold what its column takes. The text is for the person who fills it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a cell's meaning depends on: the site's zone and its money."""

    zone: ZoneInfo
    currency: str

    @property
    def minor_digits(self) -> int:
        """This property will hold the decimals of the site's money; two while the currency is not known."""
        return MINOR_DIGITS.get(self.currency, 2)


def read_cell(raw: object, column: Column, place: Place) -> object:
    """This function will return the cell's value, or None when it is empty. Raises BadCell.

    Money is in minor units, prices in 1e-6 per kWh, energy in Wh, areas in 0.01 m², instants in UTC.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    return _READERS[column.cell](raw, column, place)


def _text(raw: object, column: Column, place: Place) -> str:
    del place
    text = raw.strip() if isinstance(raw, str) else str(_figure(raw))
    if len(text) > TEXT_CHARS_MAX:
        raise BadCell(f"At most {TEXT_CHARS_MAX} characters.")
    if column.cell is Cell.CHOICE:
        return next((one for one in column.choices if one.lower() == text.lower()), text)
    return text


def _whole(raw: object, column: Column, place: Place) -> int:
    del column, place
    figure = _figure(raw)
    if figure != figure.to_integral_value():
        raise BadCell(f"{figure} is not a whole number.")
    return int(figure)


def _scaled(digits: int, what: str, raw: object) -> int:
    scaled = _figure(raw).scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise BadCell(f"{_figure(raw)} is not {what}: at most {digits} decimals.")
    return int(scaled)


def _money(raw: object, column: Column, place: Place) -> int:
    del column
    return _scaled(place.minor_digits, f"an amount in {place.currency}", raw)


def _price(raw: object, column: Column, place: Place) -> int:
    del column, place
    return _scaled(_DECIMALS[Cell.PRICE], "a price per kWh", raw)


def _kwh(raw: object, column: Column, place: Place) -> int:
    del column, place
    return _scaled(_DECIMALS[Cell.KWH], "a register in kWh", raw)


def _area(raw: object, column: Column, place: Place) -> int:
    del column, place
    return _scaled(_DECIMALS[Cell.AREA], "an area in m²", raw)


def _date(raw: object, column: Column, place: Place) -> date:
    del column, place
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    try:
        return date.fromisoformat(str(raw).strip())
    except ValueError:
        raise BadCell(f"{raw!s} is not a date. Write it as 2026-10-01.") from None


def _instant(raw: object, column: Column, place: Place) -> datetime:
    del column
    local = _local(raw).replace(tzinfo=place.zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(place.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise BadCell(f"{local:%Y-%m-%d %H:%M} was skipped by the change to summer time. Write another time.")
    return instant


def _local(raw: object) -> datetime:
    if isinstance(raw, datetime):
        return _to_second(raw.replace(tzinfo=None))
    if isinstance(raw, date):
        return datetime.combine(raw, time())
    for pattern in _INSTANT_FORMATS:
        try:
            return datetime.strptime(str(raw).strip(), pattern)  # noqa: DTZ007 - local by the column; the zone follows
        except ValueError:
            continue
    raise BadCell(f"{raw!s} is not a time. Write it as 2026-10-01 00:00.")


def _to_second(local: datetime) -> datetime:
    """This function will round to the second: workbooks keep time as a fraction of a day."""
    return (local + timedelta(microseconds=500_000)).replace(microsecond=0)


def _address(raw: object, column: Column, place: Place) -> str:
    text = _text(raw, column, place)
    return text.zfill(12) if text.isascii() and text.isdigit() else text


def _password(raw: object, column: Column, place: Place) -> str:
    del column, place
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, float | int) and not isinstance(raw, bool) and raw == int(raw):
        return str(int(raw)).zfill(6)
    raise BadCell("The password is not one. Format the cell as text and write 02:123456.")


def _figure(raw: object) -> Decimal:
    """This function will return the figure that the person sees: workbooks keep binary fractions."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise BadCell(f"{raw!s} is not a figure.")
    text = f"{raw:.9f}" if isinstance(raw, float) else str(raw).replace(",", "").replace("−", "-").strip()
    try:
        figure = Decimal(text)
    except InvalidOperation:
        raise BadCell(f"{raw!s} is not a figure.") from None
    if not figure.is_finite():
        raise BadCell(f"{raw!s} is not a figure.")
    if abs(figure) >= FIGURES_MAX:
        raise BadCell(f"{raw!s} is too large.")
    whole = figure.to_integral_value()
    return whole.quantize(Decimal(1)) if figure == whole else figure.normalize()


_READERS: Final[dict[Cell, Callable[[object, Column, Place], object]]] = {
    Cell.TEXT: _text,
    Cell.CHOICE: _text,
    Cell.INTEGER: _whole,
    Cell.MONEY: _money,
    Cell.PRICE: _price,
    Cell.KWH: _kwh,
    Cell.AREA: _area,
    Cell.DATE: _date,
    Cell.INSTANT: _instant,
    Cell.ADDRESS: _address,
    Cell.PASSWORD: _password,
}


def read_clock(text: str) -> str:
    """This function will return a time of a day programme as ``08:00``, up to ``24:00``. Raises BadCell."""
    padded = text.zfill(5) if len(text) == 4 else text[:5] if len(text) == 8 and text.endswith(":00") else text
    if not _TIME.fullmatch(padded) or padded > "24:00":
        raise BadCell(f"{text} is not a time. Write 00:00 to 24:00.")
    return padded


def write_cell(value: object, column: Column, place: Place) -> object:
    """This function will return what the workbook shows for a value: figures, local times, texts; never a password."""
    if value is None or column.cell is Cell.PASSWORD:
        return ""
    if column.cell is Cell.INSTANT and isinstance(value, datetime):
        return value.astimezone(place.zone).replace(tzinfo=None)
    if column.cell in {Cell.INTEGER, Cell.DATE}:
        return value
    digits = {**_DECIMALS, Cell.MONEY: place.minor_digits}.get(column.cell)
    return str(value) if digits is None else _decimal(value, digits)


def _decimal(value: object, digits: int) -> Decimal:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number of the smallest unit")
    return Decimal(value).scaleb(-digits)
