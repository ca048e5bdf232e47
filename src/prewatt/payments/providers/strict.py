"""Reading what came from outside, strictly: one meaning or none. Pure.

What cannot be read raises ``Unreadable``, which tells the field and the rule and never the content; ``refusing`` turns
it into the error of the place (a call-back, an answer, a statement).
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, NoReturn
from urllib.parse import unquote_to_bytes

from prewatt.kernel.errors import PrewattError, Refused
from prewatt.kernel.money import Money, minor_digits, round_half_away

CALLBACK_BYTES_MAX: Final = 256 * 1024
FORM_FIELDS_MAX: Final = 200
MINOR_MAX: Final = 10**13
FRESH_S: Final = 300
"""How far a signed time stamp may lie from now, either way."""

BEIJING: Final = timezone(timedelta(hours=8), "Beijing")

_BROKEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_AMOUNT: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,4}))?")
_FINE: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,6}))?")
_NAME: Final = re.compile(r"[A-Za-z0-9_\-|*@.:=+/]{1,128}")
_WALL: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


class Unreadable(ValueError):
    """The bytes do not have one meaning. The text names the rule, never the content."""


@contextmanager
def refusing(error: type[PrewattError], what: str) -> Iterator[None]:
    """This function will turn what cannot be read within it into an error of the place."""
    try:
        yield
    except Unreadable as reason:
        raise error(f"{what}: {reason}.") from None


def decode(data: bytes, *, bytes_max: int = CALLBACK_BYTES_MAX) -> str:
    """This function will read UTF-8 of a limited size."""
    if len(data) > bytes_max:
        raise Unreadable(f"more than {bytes_max} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None


def read_form(data: bytes) -> dict[str, str]:
    """This function will read ``a=1&b=2``: each key once, every percent sign followed by two hex digits, UTF-8."""
    pairs = decode(data).split("&")
    if len(pairs) > FORM_FIELDS_MAX:
        raise Unreadable(f"more than {FORM_FIELDS_MAX} fields")
    form: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise Unreadable("not a form")
        name = _unquote(name)
        if name in form:
            raise Unreadable("a field comes twice")
        form[name] = _unquote(value)
    return form


def read_json(data: bytes, *, bytes_max: int = CALLBACK_BYTES_MAX) -> dict[str, Any]:
    """This function will read one JSON object: each key once, fractions as Decimal, no NaN."""
    text = decode(data, bytes_max=bytes_max)
    try:
        value = json.loads(text, **_JSON)
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    return value


def read_members(data: bytes, *, bytes_max: int) -> dict[str, tuple[str, Any]]:
    """This function will read a JSON object and keep, beside each value, the very text that it was read from.

    Alipay signs the text of one member, as it was sent: it cannot be written again from the values.
    """
    read_json(data, bytes_max=bytes_max)
    text, members = data.decode(), {}
    at = _after(text, _skip(text, 0))
    decoder = json.JSONDecoder(**_JSON)
    while text[at] != "}":
        name, at = decoder.raw_decode(text, at)
        begins = _after(text, _skip(text, at))
        value, ends = decoder.raw_decode(text, begins)
        members[name] = (text[begins:ends], value)
        at = _skip(text, ends)
        at = _after(text, at) if text[at] == "," else at
    return members


def text_of(fields: Mapping[str, Any], name: str, *, chars_max: int = 256) -> str:
    """This function will return a text without control characters; an absent one is empty."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > chars_max or _BROKEN.search(value):
        raise Unreadable(f"{name} is not a text of at most {chars_max} characters")
    return value


def name_of(fields: Mapping[str, Any], name: str) -> str:
    """This function will return an identifier: ASCII letters, digits and a few marks, at least one."""
    value = text_of(fields, name, chars_max=128)
    if not _NAME.fullmatch(value):
        raise Unreadable(f"{name} is missing or not an identifier")
    return value


def optional_name_of(fields: Mapping[str, Any], name: str) -> str:
    """This function will return an identifier, or nothing where it is absent or empty."""
    return name_of(fields, name) if text_of(fields, name) else ""


def part_of(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """This function will return an inner object."""
    value = fields.get(name)
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is not an object")
    return value


def optional_part_of(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """This function will return an inner object, empty where it is absent, null or an empty list (as PHP writes it)."""
    return part_of(fields, name) if fields.get(name) not in (None, []) else {}


def list_of(fields: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """This function will return a list of objects."""
    value = fields.get(name)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Unreadable(f"{name} is not a list of objects")
    return value


def whole_of(fields: Mapping[str, Any], name: str) -> int:
    """This function will return an integer that was written as one: neither 1.0 nor true nor "1"."""
    value = fields.get(name)
    if type(value) is not int or abs(value) >= MINOR_MAX:
        raise Unreadable(f"{name} is not a whole number")
    return value


def minor_of(fields: Mapping[str, Any], name: str, currency: str) -> Money:
    """This function will return an amount that was written in minor units, above zero."""
    return above_zero(any_minor_of(fields, name, currency), name)


def any_minor_of(fields: Mapping[str, Any], name: str, currency: str) -> Money:
    """This function will return an amount that was written in minor units, of either sign."""
    return Money(whole_of(fields, name), known_currency(currency))


def major_of(fields: Mapping[str, Any], name: str, currency: str) -> Money:
    """This function will return an amount that was written as ``88.88``, above zero."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"{name} is not an amount as text")
    return above_zero(read_amount(value, currency), name)


def above_zero(amount: Money, name: str) -> Money:
    """This function will let pass an amount above zero."""
    if amount.minor <= 0:
        raise Unreadable(f"{name} is not above zero")
    return amount


def read_amount(text: str, currency: str) -> Money:
    """This function will read ``88.88`` or ``-0.6`` exactly; more decimals than the currency has are refused."""
    found, digits = _AMOUNT.fullmatch(text), minor_digits(known_currency(currency))
    if not found or len(found[3] or "") > digits:
        raise Unreadable(f"not an amount in {currency}")
    minor = int(found[2] + (found[3] or "").ljust(digits, "0"))
    return Money(-minor if found[1] else minor, currency)


def read_fee(text: str, currency: str) -> Money:
    """This function will read a fee, which some statements write finer than the minor unit: it is rounded to it."""
    found, digits = _FINE.fullmatch(text or "0"), minor_digits(known_currency(currency))
    if not found:
        raise Unreadable(f"not a fee in {currency}")
    fine = int(found[2] + (found[3] or "").ljust(6, "0"))
    minor = round_half_away(fine, 10 ** (6 - digits))
    return Money(-minor if found[1] else minor, currency)


def write_amount(amount: Money) -> str:
    """This function will write an amount as providers read it: ``88.88``."""
    return f"{amount.to_decimal():.{minor_digits(amount.currency)}f}"


def known_currency(currency: str) -> str:
    """This function will let pass a currency in which Prewatt keeps accounts."""
    try:
        minor_digits(currency)
    except Refused:
        raise Unreadable("the currency is not known here") from None
    return currency


def read_wall_time(text: str) -> datetime:
    """This function will read ``2026-11-22 10:00:05`` as Beijing's wall clock shows it."""
    if not _WALL.fullmatch(text):
        raise Unreadable("not a time")
    return _instant(text, BEIJING)


def read_rfc3339(text: str) -> datetime:
    """This function will read ``2026-11-22T10:00:05+08:00``."""
    if not _RFC3339.fullmatch(text):
        raise Unreadable("not a time")
    return _instant(text, UTC)


def read_unix(seconds: int) -> datetime:
    """This function will read seconds since 1970."""
    if not 0 < seconds < 10**11:
        raise Unreadable("not a time")
    return datetime.fromtimestamp(seconds, UTC)


def is_fresh(stamp: str, *, now: datetime) -> bool:
    """This function will say whether a time stamp in Unix seconds lies within five minutes of now."""
    return bool(re.fullmatch(r"[1-9][0-9]{8,10}", stamp)) and abs(int(stamp) - int(now.timestamp())) <= FRESH_S


def read_base64(text: str) -> bytes:
    """This function will read base64 in its one canonical form, without spaces."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Unreadable("not base64 in its canonical form")
    return data


def _unquote(text: str) -> str:
    if _PERCENT.search(text):
        raise Unreadable("a percent sign without two digits")
    return decode(unquote_to_bytes(text.replace("+", " ")))


def _instant(text: str, zone: timezone) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("not a time") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """This function will build an object whose keys come once each."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Unreadable("a key comes twice")
    return value


def _no_constant(_name: str) -> NoReturn:
    raise Unreadable("a number that is none")


_JSON: Final[dict[str, Any]] = {
    "object_pairs_hook": _once,
    "parse_float": Decimal,
    "parse_constant": _no_constant,
}


def _skip(text: str, at: int) -> int:
    """This function will step over spaces."""
    while text[at : at + 1].isspace():
        at += 1
    return at


def _after(text: str, at: int) -> int:
    """This function will step over one mark and the spaces behind it."""
    return _skip(text, at + 1)
