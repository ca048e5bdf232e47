"""Reading what a merchant, a visitor or a test sent. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from prewatt.kernel.money import MINOR_DIGITS
from prewatt.testpay.errors import BadQuestion

AMOUNT_MAX: Final = 10**9
_NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ADDRESS: Final = re.compile(r"https?://[\x21-\x7e]{1,500}")


def read_object(body: bytes) -> dict[str, Any]:
    """This function will read one JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadQuestion("The body is not JSON.") from None
    if not isinstance(value, dict):
        raise BadQuestion("The body is not a JSON object.")
    return value


def read_form(body: bytes) -> dict[str, str]:
    """This function will read what the visitor's form sent."""
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=20))
    except ValueError:
        raise BadQuestion("The form cannot be read.") from None


def read_order(fields: Mapping[str, Any]) -> dict[str, Any]:
    """This function will read the wish for an order."""
    return {
        "order_no": number(fields, "order_no"),
        "app_id": number(fields, "app_id"),
        "amount": amount(fields),
        "currency": currency(fields),
        "subject": text(fields, "subject"),
        "notify_url": address(fields, "notify_url"),
        "return_url": address(fields, "return_url"),
        "expires_at": whole(fields, "expires_at"),
        "language": "en" if text(fields, "language").startswith("en") else "zh-hans",
    }


def read_refund(fields: Mapping[str, Any]) -> dict[str, Any]:
    """This function will read the wish for a refund."""
    return {
        "refund_no": number(fields, "refund_no"),
        "order_no": number(fields, "order_no"),
        "amount": amount(fields),
        "currency": currency(fields),
        "reason": text(fields, "reason"),
        "notify_url": address(fields, "notify_url"),
    }


def number(fields: Mapping[str, Any], name: str) -> str:
    """This function will return a number or name of the merchant's."""
    value = fields.get(name)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise BadQuestion(f"{name} is not 1 to 64 letters, digits, - and _.")
    return value


def whole(fields: Mapping[str, Any], name: str) -> int:
    """This function will return a whole number above zero."""
    value = fields.get(name)
    if type(value) is not int or not 0 < value < 10**11:
        raise BadQuestion(f"{name} is not a whole number above zero.")
    return value


def amount(fields: Mapping[str, Any]) -> int:
    """This function will return an amount in minor units."""
    value = whole(fields, "amount")
    if value > AMOUNT_MAX:
        raise BadQuestion(f"amount is above {AMOUNT_MAX}.")
    return value


def currency(fields: Mapping[str, Any]) -> str:
    """This function will return a currency that is known here."""
    value = fields.get("currency")
    if not isinstance(value, str) or value not in MINOR_DIGITS:
        raise BadQuestion("currency is not known here.")
    return value


def text(fields: Mapping[str, Any], name: str) -> str:
    """This function will return a short text; an absent one is empty."""
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > 120:
        raise BadQuestion(f"{name} is not a text of at most 120 characters.")
    return value


def address(fields: Mapping[str, Any], name: str) -> str:
    """This function will return an address of the merchant's, or nothing where it is absent."""
    value = fields.get(name, "")
    if value == "":
        return ""
    try:
        is_good = bool(_ADDRESS.fullmatch(value)) and bool(urlsplit(value).hostname)
    except (ValueError, TypeError):
        is_good = False
    if not is_good:
        raise BadQuestion(f"{name} is not an address of the web.")
    return str(value)
