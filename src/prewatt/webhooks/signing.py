"""How a delivery proves that it is ours: HMAC-SHA256 over its instant and its body, in one header."""

import hashlib
import hmac
from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final

HEADER: Final = "Prewatt-Signature"
MARK: Final = "whsec_"
TOLERANCE_S: Final = 300
"""A receiver refuses what is older: it may have been recorded and sent again by somebody else."""


def new_secret() -> str:
    """This function will make a secret of 256 random bits."""
    return MARK + token_urlsafe(32)


def sign(*, body: bytes, secrets: Sequence[str], at_s: int) -> str:
    """This function will write the header for a body that is sent at a Unix second, one signature for each secret."""
    return ",".join([f"t={at_s}", *(f"v1={_digest(secret, at_s, body)}" for secret in secrets)])


def is_signed(*, header: str, body: bytes, secret: str, now_s: int) -> bool:
    """This function will tell whether the header proves the body: signed with the secret, and not long ago."""
    parts = [part.partition("=") for part in header.split(",")]
    instants = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdigit()]
    if len(instants) != 1 or abs(now_s - int(instants[0])) > TOLERANCE_S:
        return False
    expected = _digest(secret, int(instants[0]), body)
    return any(name == "v1" and hmac.compare_digest(value.encode(), expected.encode()) for name, _, value in parts)


def _digest(secret: str, at_s: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
