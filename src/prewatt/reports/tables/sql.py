"""From a description and what a reader asked to SQL: rows, totals, and rows as PostgreSQL itself writes CSV."""

from typing import Any, Final

from prewatt.kernel.money import minor_digits
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.report import Report, Wanted
from prewatt.reports.tables.text import FORMULA_SIGNS

_PATTERNS: Final = {Kind.MONTH: "YYYY-MM", Kind.YEAR: "YYYY"}


def rows_sql(report: Report, wanted: Wanted) -> str:
    """This function will write the query of a report's rows, in their order; its parameters are not filled in."""
    columns = report.columns_for(wanted)
    select = ", ".join(f"{one.sql} AS {one.name}" for one in columns)
    groups = [str(place) for place, one in enumerate(columns, start=1) if not one.is_measure]
    grouping = ""
    if report.is_grouped:
        grouping = f" GROUP BY {', '.join(groups)}" if groups else " HAVING count(*) > 0"
    order = report.order or ", ".join(groups) or "1"
    return f"SELECT {select} {report.source}{grouping} ORDER BY {order}"


def totals_sql(report: Report, wanted: Wanted) -> str:
    """This function will write the query of how many rows there are and of the sums of those columns that add up."""
    sums = [f"sum(t.{one.name})::bigint" for one in summed(report, wanted)]
    return f"SELECT {', '.join(['count(*)', *sums])} FROM ({rows_sql(report, wanted)}) t"


def summed(report: Report, wanted: Wanted) -> list[Column]:
    """This function will return the columns that the totals' row fills."""
    return [one for one in report.columns_for(wanted) if one.sums]


def csv_sql(report: Report, wanted: Wanted, *, currency: str, at_most: int) -> tuple[str, dict[str, Any]]:
    """This function will write a COPY of the rows as people read them, and the parameters that it adds.

    PostgreSQL formats: money and energy with their point, instants in the site's zone, codes as words. Text that a
    program would take for a formula begins with an apostrophe.
    """
    words: dict[str, Any] = {"copy_limit": at_most}
    columns = [_cell(one, words, minor_digits(currency)) for one in report.columns_for(wanted)]
    inner = f"SELECT * FROM ({rows_sql(report, wanted)}) r LIMIT %(copy_limit)s"
    return f"COPY (SELECT {', '.join(columns)} FROM ({inner}) t) TO STDOUT (FORMAT csv)", words


def _cell(column: Column, words: dict[str, Any], digits: int) -> str:
    value = f"t.{column.name}"
    match column.kind:
        case Kind.TEXT | Kind.WORD:
            return _worded(column, value, words)
        case Kind.MONEY | Kind.ENERGY | Kind.PERMILLE:
            return _scaled(value, {Kind.ENERGY: 3, Kind.PERMILLE: 1}.get(column.kind, digits))
        case Kind.MONTH | Kind.YEAR:
            return f"to_char({value}, '{_PATTERNS[column.kind]}')"
        case Kind.INSTANT:
            return f"date_trunc('second', {value} AT TIME ZONE %(zone)s)"
        case Kind.COUNT | Kind.DAY | Kind.SPAN:
            return value


def _harmless(value: str) -> str:
    signs = ", ".join(str(ord(one)) for one in FORMULA_SIGNS)
    return f"CASE WHEN ascii({value}) IN ({signs}) THEN '''' || {value} ELSE {value} END"


def _worded(column: Column, value: str, words: dict[str, Any]) -> str:
    if column.kind is Kind.TEXT:
        return _harmless(value)
    cases = []
    for place, code in enumerate(column.words):
        words[f"{column.name}_code_{place}"] = code
        words[f"{column.name}_word_{place}"] = column.word(code)
        cases.append(f"WHEN %({column.name}_code_{place})s THEN %({column.name}_word_{place})s")
    other = f"replace({value}, '_', ' ')"
    return f"CASE {value} {' '.join(cases)} ELSE {_harmless(other)} END" if cases else _harmless(other)


def _scaled(value: str, digits: int) -> str:
    return f"{value} * {'0.' + '0' * (digits - 1) + '1'}" if digits else value
