"""Columns of values as PostgreSQL array literals.

One text a column is dumped many times faster than a list, whose every element the driver inspects; a batch has some
forty columns of 676. Whole numbers take the shortest way: Python writes a list of them in one go.
"""

from collections.abc import Iterable
from datetime import date
from types import NoneType
from typing import Final

Plain = int | date | str | bool | None
"""What a column may hold, besides None all of one type. Texts are codes: without double quotes and backslashes."""

_NUMBERS: Final = frozenset({int, bool, NoneType})


def to_array(values: Iterable[Plain]) -> str:
    """This function will write values as an array literal, to be cast to its type in the statement."""
    column = list(values)
    if _NUMBERS.issuperset(map(type, column)):
        return _braced(repr(column)[1:-1].replace("None", "NULL"))
    texts = {value: _text(value) for value in set(column)}  # days and codes: few in many rows
    return _braced(",".join([texts[value] for value in column]))


def to_int_array(values: Iterable[int]) -> str:
    """This function will write whole numbers as an array literal."""
    return _braced(repr([*map(int, values)])[1:-1])  # of an enumeration, the number


def to_nested_array(values: Iterable[Iterable[int]]) -> str:
    """This function will write lists of whole numbers, of any lengths, as an array literal of array literals."""
    return _braced(repr([[*row] for row in values])[1:-1].replace("[", '"{').replace("]", '}"'))


def _braced(inner: str) -> str:
    return f"{{{inner}}}"


def _text(value: Plain) -> str:
    if value is None:
        return "NULL"
    if not isinstance(value, str):
        return str(value)
    if '"' in value or "\\" in value:
        raise ValueError(f"{value!r} cannot stand in an array literal")
    return f'"{value}"'
