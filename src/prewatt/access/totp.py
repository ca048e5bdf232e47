"""One-time passwords by time (RFC 6238): six figures of an HMAC over the half minute. Pure."""

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import quote, urlencode

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20
DRIFT: Final = 1
"""So many half minutes before and after are taken: a phone's clock may be off, and a person types slowly."""


def code_at(*, secret: bytes, counter: int, digits: int = DIGITS) -> str:
    """This function will return the code of one half minute, counted since 1970 (RFC 4226, section 5.3)."""
    mac = hmac.new(secret, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def find_counter(*, secret: bytes, typed: str, now_s: int, after: int) -> int | None:
    """This function will return the half minute that a code belongs to, if it is now and later than ``after``.

    What was used once is not taken again, nor anything older (RFC 6238, section 5.2).
    """
    now, found = now_s // STEP_S, None
    for counter in range(now - DRIFT, now + DRIFT + 1):
        is_it = hmac.compare_digest(code_at(secret=secret, counter=counter).encode(), typed.encode())
        if is_it and counter > after:
            found = counter
    return found


def to_text(secret: bytes) -> str:
    """This function will write a secret as people type it into their app: base 32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def to_uri(*, secret: bytes, login: str, issuer: str) -> str:
    """This function will write what an app reads from a QR code."""
    asked = urlencode({"secret": base64.b32encode(secret).decode().rstrip("="), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(login)}?{asked}"
