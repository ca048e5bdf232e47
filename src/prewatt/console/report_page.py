"""A report as its page shows it: cells typeset, totals, and the chart where a person would rather look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from prewatt.kernel.clock import estate_now
from prewatt.kernel.money import Money, minor_digits
from prewatt.kernel.period import days, month_start
from prewatt.reports import formats
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.report import Report, Wanted
from prewatt.usecases.see_report import ReportPage
from prewatt.usecases.see_site import SiteView

SERIES_MAX: Final = 6
BARS_MAX: Final = 40
NAMES_MAX: Final = 2
DAYS_MAX: Final = 400
_TIMES: Final = {"day", "month", "year"}
"""The columns of the question by which stretch of time."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is shown. ``is_head`` marks the first of a row."""

    text: str
    label: str
    is_figure: bool
    is_head: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head."""

    label: str
    is_figure: bool


def heads_of(page: ReportPage, site: SiteView) -> list[Head]:
    """This function will return the heads; an amount's names the currency once."""
    return [Head(_head(one, site), one.kind.is_figure) for one in page.columns]


def cells_of(page: ReportPage, site: SiteView) -> list[list[Cell]]:
    """This function will typeset the rows of a page."""
    labels = [_head(one, site) for one in page.columns]
    return [
        [
            Cell(show(value, column, site), label, column.kind.is_figure, place == 0)
            for place, (value, column, label) in enumerate(zip(row, page.columns, labels, strict=True))
        ]
        for row in page.rows
    ]


def totals_of(page: ReportPage, site: SiteView) -> list[Cell]:
    """This function will typeset the totals' row: empty where adding up makes no sense."""
    return [
        Cell(
            show(page.totals[one.name], one, site) if one.name in page.totals else "", _head(one, site),
            one.kind.is_figure, place == 0,
        )
        for place, one in enumerate(page.columns)
    ]  # fmt: skip


def show(value: Any, column: Column, site: SiteView) -> str:
    """This function will typeset one value; an unknown is a dash and never zero."""
    if value is None:
        return formats.UNKNOWN
    today = estate_now().astimezone(site.zone).date()
    match column.kind:
        case Kind.MONEY:
            text = formats.money(Money(value, site.currency), sign=False)
        case Kind.ENERGY:
            text = formats.energy(value, unit=False)
        case Kind.COUNT:
            text = f"{formats.MINUS if value < 0 else ''}{abs(value):,}"
        case Kind.PERMILLE:
            text = f"{formats.MINUS if value < 0 else ''}{abs(value) // 10}.{abs(value) % 10}"
        case Kind.SPAN:
            text = formats.age(timedelta(seconds=value))
        case Kind.INSTANT:
            text = formats.clock(value, now=estate_now(), zone=site.zone)
        case Kind.WORD:
            text = column.word(value)
        case _:
            text = _dated(value, column.kind, today)
    return text


def chart_of(*, report: Report, wanted: Wanted, page: ReportPage, site: SiteView) -> dict[str, Any] | None:
    """This function will return what a chart of the rows shows, or None where a table says it better.

    Along its foot stands time, or else the first column; a second column becomes stacked series, the smallest of many
    together as one.
    """
    columns = list(page.columns)
    value_at = next((at for at, one in enumerate(columns) if one.name == report.charted), None)
    named = [at for at, one in enumerate(columns) if not one.is_measure]
    if value_at is None or not named or page.count > len(page.rows) or page.count < 2:
        return None
    foot = next((at for at in named if columns[at].name in _TIMES), named[0])
    is_time = columns[foot].name in _TIMES
    split = next((at for at in named if at != foot), None) if is_time else None
    feet = _feet(columns[foot].kind, [row[foot] for row in page.rows], wanted)
    if not is_time and (len(feet) > BARS_MAX or len(named) > NAMES_MAX):
        return None
    by = 1000 if columns[value_at].kind is Kind.ENERGY else 10 ** minor_digits(site.currency)
    series = _series(page.rows, foot, split, value_at)
    today = estate_now().astimezone(site.zone).date()
    return {
        "titles": [_dated(one, columns[foot].kind, today) if is_time else columns[foot].word(one)
                   for one in feet],
        "unit": "kWh" if columns[value_at].kind is Kind.ENERGY else site.currency,
        "digits": 2,
        "series": [
            {
                "name": columns[split].word(name) if split is not None and name is not None else _("Others")
                if name is None and split is not None else str(columns[value_at].label),
                "band": str(name) if split is not None and columns[split].name == "band" else "",
                "data": [None if one not in values else values[one] / by for one in feet],
            }
            for name, values in series
        ],
    }  # fmt: skip


def _series(
    rows: Sequence[tuple[Any, ...]], foot: int, split: int | None, value_at: int
) -> list[tuple[Any, dict[Any, int]]]:
    found: dict[Any, dict[Any, int]] = {}
    for row in rows:
        values = found.setdefault(row[split] if split is not None else "", {})
        values[row[foot]] = values.get(row[foot], 0) + (row[value_at] or 0)
    ordered = sorted(found.items(), key=lambda one: -sum(abs(value) for value in one[1].values()))
    if len(ordered) <= SERIES_MAX:
        return sorted(ordered, key=lambda one: str(one[0]))
    others: dict[Any, int] = {}
    for _name, values in ordered[SERIES_MAX - 1 :]:
        for at, value in values.items():
            others[at] = others.get(at, 0) + value
    return [*ordered[: SERIES_MAX - 1], (None, others)]


def _feet(kind: Kind, found: Sequence[Any], wanted: Wanted) -> list[Any]:
    """Return what stands along the foot: every day or month of the period, or what was found, each once."""
    if kind is Kind.DAY and (wanted.to_day - wanted.from_day).days < DAYS_MAX:
        return list(days(wanted.from_day, wanted.to_day))
    if kind is Kind.MONTH:
        return list(_months(wanted.from_day, wanted.to_day))
    return list(dict.fromkeys(found))


def _months(first: date, last: date) -> Iterator[date]:
    month = month_start(first)
    while month <= last:
        yield month
        month = month_start(month + timedelta(days=32))


def _dated(value: Any, kind: Kind, today: date) -> str:
    match kind:
        case Kind.DAY:
            return formats.day(value, today=today)
        case Kind.MONTH:
            return f"{value:%Y-%m}"
        case Kind.YEAR:
            return f"{value:%Y}"
        case _:
            return str(value)


def _head(column: Column, site: SiteView) -> str:
    return (
        f"{column.label}, {formats.symbol(site.currency).strip()}" if column.kind is Kind.MONEY else str(column.label)
    )
