"""What layouts are made of: tables, equations, charts and facts as plain JSON. Every figure is a string from here on.

Templates only place what they are given. Text from people is cleaned of what no paper can show, and never interpreted.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from prewatt.kernel.money import Money
from prewatt.reports.formats import money as write_money
from prewatt.reports.formats import symbol
from prewatt.reports.papers.words import BANDS, NUMERALS, Both

Plain = dict[str, Any]
Cell = str | Plain
Content = Mapping[str, Any]
"""What was kept of a paper, or a part of it."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")
_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn what follows around: a name that holds one could make the figure behind it read backwards."""
_LONG: Final = re.compile(r"[!-~]{25,}")
_BREAK: Final = "\u200b"
_BREAK_EACH: Final = 12
EMPTY: Final = "—"


def clean(text: object) -> str:
    """This function will take control characters out of a text and let very long words break."""
    flat = _CONTROL.sub(" ", _DIRECTION.sub("", str(text))).strip()
    return _LONG.sub(lambda found: _BREAK.join(_pieces(found[0])), flat)


def _pieces(word: str) -> Iterable[str]:
    return (word[place : place + _BREAK_EACH] for place in range(0, len(word), _BREAK_EACH))


@dataclass(frozen=True, slots=True)
class Issued:
    """An issued paper: its kind and number, when it was issued, and what it says."""

    kind: str
    number: str
    issued_at: datetime
    content: Content


@dataclass(frozen=True, slots=True)
class Figures:
    """How amounts, energies and times are written on one paper: its currency and its zone."""

    currency: str
    zone: ZoneInfo

    @property
    def unit(self) -> str:
        """This property will hold the currency as a column's head says it."""
        return "元" if self.currency == "CNY" else symbol(self.currency).strip()

    def amount(self, minor: int, *, plus: bool = False) -> str:
        """This method will write minor units without a sign of currency: the column's head has it."""
        return write_money(Money(minor, self.currency), sign=False, plus=plus)

    def money(self, minor: int, *, plus: bool = False) -> str:
        """This method will write minor units with their currency."""
        return write_money(Money(minor, self.currency), plus=plus)

    def day(self, at: datetime) -> str:
        """This method will write the local day of an instant."""
        return f"{at.astimezone(self.zone):%Y-%m-%d}"

    def local(self, instant: str) -> datetime:
        """This method will read a kept instant as local time."""
        return datetime.fromisoformat(instant).astimezone(self.zone)

    def minute(self, instant: str) -> str:
        """This method will write an instant to the minute."""
        return f"{self.local(instant):%Y-%m-%d %H:%M}"

    def short(self, instant: str) -> str:
        """This method will write an instant of the paper's year to the minute."""
        return f"{self.local(instant):%m-%d %H:%M}"

    def second(self, instant: str) -> str:
        """This method will write an instant to the second."""
        return f"{self.local(instant):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class EnergyDigits:
    """How many decimals of a kWh a paper writes: two when that is exact for all of it, else three, which always is."""

    digits: int

    @classmethod
    def for_all(cls, quantities_wh: Iterable[int]) -> "EnergyDigits":
        """This method will choose the decimals for every quantity of a paper."""
        return cls(2 if all(wh % 10 == 0 for wh in quantities_wh) else 3)

    def write(self, wh: int) -> str:
        """This method will write Wh as kWh without the unit."""
        scaled = abs(wh) // 10 ** (3 - self.digits)
        whole, rest = divmod(scaled, 10**self.digits)
        return f"{'−' if wh < 0 else ''}{whole:,}.{rest:0{self.digits}d}"


def column(zh: str, en: str, *, right: bool = False, width: int = 0) -> Plain:
    """This function will make a column; ``width`` is a share of the table, 0 as wide as what stands in it."""
    return {"zh": zh, "en": en, "side": "right" if right else "left", "width": width}


def row(*cells: Cell) -> Plain:
    """This function will make a line of a table."""
    return {"kind": "row", "cells": list(cells)}


def total(*cells: Cell) -> Plain:
    """This function will make a line that adds up the lines above it."""
    return {"kind": "sum", "cells": list(cells)}


def group(*cells: Cell) -> Plain:
    """This function will make a heading within a table, with a note behind it."""
    return {"kind": "group", "cells": list(cells)}


def band_cell(band: int) -> Plain:
    """This function will make the cell that names a band, with its pattern."""
    return {"band": str(band), "text": BANDS[band].line}


def noted(text: str, sub: str = "", *, soft: bool = False, mark: str = "") -> Plain:
    """This function will make a cell with a second, smaller line or a mark in a frame."""
    return {"text": text, "sub": sub, "soft": soft, "mark": mark}


def fact(label: Both, value: str, *, note: str = "", span: int = 1) -> Plain:
    """This function will make a labelled fact."""
    return {"label": label.plain(), "value": value or EMPTY, "note": note, "span": span}


def term(label: Both, value: str, sign: str = "") -> Plain:
    """This function will make a term of an equation; ``sign`` stands before it."""
    return {"label": label.plain(), "value": value, "sign": sign}


def note(zh: str, en: str = "") -> Plain:
    """This function will make a numbered note."""
    return {"zh": zh, "en": en}


class Sections:
    """Numbers the sections of a paper in the order in which they are asked for."""

    def __init__(self) -> None:
        self._count = 0

    def next(self, zh: str, en: str, note: str = "") -> Plain:
        """This method will return the next section's heading."""
        self._count += 1
        return {"zh": f"{NUMERALS[self._count - 1]}、{zh}", "en": en, "note": note}


def table(section: Plain, columns: Sequence[Plain], rows: Sequence[Plain]) -> Plain:
    """This function will make a table under its heading."""
    return {"section": section, "columns": list(columns), "rows": list(rows)}


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from zero whose steps are 1, 2 or 5 times a power of ten Wh."""

    step_wh: int
    steps: int

    @classmethod
    def up_to(cls, highest_wh: int, lines: int = 4) -> "Axis":
        """This method will choose the smallest steps that reach the highest bar in at most ``lines``."""
        wanted = (factor * 10**power for power in range(2, 15) for factor in (1, 2, 5))
        step_wh = next(step for step in wanted if step * lines >= highest_wh)
        return cls(step_wh, max(1, -(-highest_wh // step_wh)))

    def label(self, step: int) -> str:
        """This method will write a step of the scale in kWh."""
        at_wh = self.step_wh * step
        return f"{at_wh // 1_000:,}" if self.step_wh >= 1_000 else f"{at_wh // 1_000}.{at_wh % 1_000 // 100}"

    @property
    def top_wh(self) -> int:
        """This property will hold the top of the scale."""
        return self.step_wh * self.steps


def chart(section: Plain, *, labels: Sequence[str], bands: Mapping[int, Sequence[int]]) -> Plain:
    """This function will make stacked bars from Wh by band: valley at the foot, sharp on top."""
    order = sorted((band for band, values in bands.items() if any(values)), reverse=True)
    heights = [sum(max(bands[band][place], 0) for band in order) for place in range(len(labels))]
    axis = Axis.up_to(max(heights, default=0))
    columns = []
    for place, label in enumerate(labels):
        parts, foot_wh, foot = [], 0, 0
        for band in order:
            foot_wh += max(bands[band][place], 0)
            top = foot_wh * 1_000 // axis.top_wh
            if top > foot:
                parts.append({"band": str(band), "tall": top - foot})
            foot = top
        columns.append({"label": label, "parts": parts})
    ticks = [{"at": 1_000 * step // axis.steps, "label": axis.label(step)} for step in range(axis.steps + 1)]
    legend = [{"band": str(band)} | BANDS[band].plain() for band in order]
    return {"section": section, "columns": columns, "ticks": ticks, "legend": legend}
