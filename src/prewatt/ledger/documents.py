"""How a paper's number and its check code are written, and read back from what a person types."""

import re
from typing import Final, NamedTuple

PREFIXES: Final = {
    "receipt": "R",
    "refund": "F",
    "clearing": "C",
    "reversal": "X",
    "statement": "S",
    "settlement": "M",
    "energy_report": "E",
    "agreement": "A",
    "cashier_report": "D",
}
"""One letter for each kind of paper."""

CHECK_DIGITS: Final = 12
_NUMBER: Final = re.compile(r"([A-Z])-(\d{4})-(.{1,40})-(\d{6,9})")
_KINDS: Final = {prefix: kind for kind, prefix in PREFIXES.items()}


class NumberParts(NamedTuple):
    """What a printed number says."""

    kind: str
    year: int
    point: str
    number: int


def number_text(*, kind: str, year: int, point: str, number: int) -> str:
    """This function will write a paper's number, as ``R-2027-T1-000123``."""
    return f"{PREFIXES[kind]}-{year}-{point}-{number:06}"


def parse_number(text: str) -> NumberParts | None:
    """This function will read a printed number back; None for what is none."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or found[1].upper() not in _KINDS:
        return None
    return NumberParts(_KINDS[found[1].upper()], int(found[2]), found[3], int(found[4]))


def check_code(content_hash: str) -> str:
    """This function will return the code that binds a paper to its content, as ``7F3A-20C9-E1B4``.

    It is the beginning of the hash over number and content: whoever changes a figure would need another code.
    """
    digits = content_hash[:CHECK_DIGITS].upper()
    return "-".join(digits[place : place + 4] for place in range(0, CHECK_DIGITS, 4))


def plain_check(text: str) -> str:
    """This function will read a check code as people type it: any case, with or without strokes."""
    return "".join(one for one in text.upper() if one.isalnum())
