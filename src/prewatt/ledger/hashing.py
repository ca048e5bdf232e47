"""One canonical text for the same values in any order; hashes of causes, papers and days stand on it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from prewatt.kernel.money import Money

GENESIS = "0" * 64
"""The seal before the first day of a book."""


def to_plain(value: Any) -> Any:
    """This function will turn a value into plain JSON: instants in UTC, money as [minor, currency]; never a float."""
    match value:
        case None | bool() | int():
            return value
        case str() | UUID():
            return str(value)
        case Mapping():
            return {str(key): to_plain(one) for key, one in value.items()}
        case list() | tuple():
            return [to_plain(one) for one in value]
        case _:
            return _value_to_plain(value)


def _value_to_plain(value: Any) -> Any:
    match value:
        case Money():
            return [value.minor, value.currency]
        case datetime():
            if value.tzinfo is None:
                raise TypeError(f"{value} has no time zone")
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical text in the ledger")


def canonical(value: Any) -> str:
    """This function will write the value as JSON with sorted keys and no spaces."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_inputs(kind: str, inputs: Mapping[str, Any]) -> str:
    """This function will return the hash of what caused an entry."""
    return hashlib.sha256(canonical([kind, inputs]).encode()).hexdigest()


def hash_content(number_text: str, content: Mapping[str, Any]) -> str:
    """This function will return the hash of a paper: its number and what it says."""
    return hashlib.sha256(canonical([number_text, content]).encode()).hexdigest()


def seal(*, before: str, day: date, lines: Iterable[str]) -> str:
    """This function will return the seal of a day: a hash over the seal before it and its entries in id order."""
    digest = hashlib.sha256(f"{before}\n{day.isoformat()}\n".encode())
    for line in lines:
        digest.update(line.encode())
        digest.update(b"\n")
    return digest.hexdigest()
