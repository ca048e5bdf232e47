"""How a paper's number is written."""

from typing import Final

PREFIXES: Final = {"receipt": "R", "refund": "F", "clearing": "C", "reversal": "X"}
"""One letter for each kind of paper."""


def number_text(*, kind: str, year: int, point: str, number: int) -> str:
    """This function will write a paper's number, as ``R-2027-T1-000123``."""
    return f"{PREFIXES[kind]}-{year}-{point}-{number:06}"
