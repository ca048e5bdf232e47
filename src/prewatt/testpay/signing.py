"""Signed messages, as docs/protocols/payments.md writes them down: a few lines, then the body, under Ed25519. Pure."""

import base64
import binascii
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FRESH_S: Final = 300


def message(kind: str, *lines: str, body: bytes) -> bytes:
    """This function will return the bytes under a signature."""
    return "".join(f"{line}\n" for line in (f"testpay-{kind}-1", *lines)).encode() + body


def sign(key: Ed25519PrivateKey, data: bytes) -> str:
    """This function will return the signature in base64."""
    return base64.b64encode(key.sign(data)).decode()


def is_signed(key: Ed25519PublicKey, data: bytes, signature: str) -> bool:
    """This function will say whether the key made the signature."""
    try:
        key.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def is_fresh(stamp: str, *, now: datetime) -> bool:
    """This function will say whether a stamp in Unix seconds lies within five minutes of now."""
    return stamp.isascii() and stamp.isdigit() and len(stamp) < 12 and abs(int(stamp) - now.timestamp()) <= FRESH_S
