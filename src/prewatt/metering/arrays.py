"""Columns of values as PostgreSQL array literals.

One text a column is dumped many times faster than a list, whose every element the driver inspects; a batch has some
forty columns of 676.
"""

from collections.abc import Iterable
from datetime import date

Plain = int | date | str | bool | None
"""What a column may hold. Texts are written between double quotes and hold none, nor a backslash: codes, no names."""


def to_array(values: Iterable[Plain]) -> str:
    """This function will write values as an array literal, to be cast to its type in the statement."""
    return "{" + ",".join(map(_element, values)) + "}"


def to_int_array(values: Iterable[int]) -> str:
    """This function will write whole numbers as an array literal."""
    return "{" + ",".join(map(str, values)) + "}"


def _element(value: Plain) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        if '"' in value or "\\" in value:
            raise ValueError(f"{value!r} cannot stand in an array literal")
        return f'"{value}"'
    return f'"{value.isoformat()}"' if isinstance(value, date) else str(value)
