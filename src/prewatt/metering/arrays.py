"""Columns of values as PostgreSQL array literals.

One text a column is dumped many times faster than a list, whose every element the driver inspects; a batch has some
forty columns of 676.
"""

from collections.abc import Iterable
from datetime import date

Plain = int | date | str | bool | None
"""What a column may hold, besides None all of one type. Texts are codes: without double quotes and backslashes."""


def to_array(values: Iterable[Plain]) -> str:
    """This function will write values as an array literal, to be cast to its type in the statement."""
    column = list(values)
    if column and isinstance(column[0], str):
        return "{" + ",".join(map(_quoted, column)) + "}"
    if None in column:
        return "{" + ",".join(["NULL" if value is None else str(value) for value in column]) + "}"
    return "{" + ",".join(map(str, column)) + "}"


def to_int_array(values: Iterable[int]) -> str:
    """This function will write whole numbers as an array literal."""
    return "{" + ",".join(map(str, values)) + "}"


def _quoted(value: Plain) -> str:
    text = str(value)
    if '"' in text or "\\" in text:
        raise ValueError(f"{value!r} cannot stand in an array literal")
    return f'"{text}"'
