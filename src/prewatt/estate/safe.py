"""Other people's secrets: sealed with keys made from the house's key file, one for each purpose, bound to their place.

A sealed secret is one version byte, twelve of nonce, and AES-256-GCM over the text with its place as associated data:
moved to another row it does not open. Meter passwords have a format of their own (``prewatt.estate.secrets``).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from prewatt.estate.errors import WrongKey
from prewatt.estate.secrets import MeterSafe

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_VERSION) + _NONCE_BYTES
FINGERPRINT_CHARS: Final = 16


class Purpose(Enum):
    """What a key is made for. The words are part of the key: another word opens nothing that was sealed before."""

    MERCHANTS = b"prewatt merchant keys"
    WEBHOOKS = b"prewatt webhook secrets"
    SECOND_FACTORS = b"prewatt second factors"


@dataclass(frozen=True, slots=True)
class SecretSafe:
    """Seals and opens secrets of one purpose; ``bound_to`` names the row that a secret belongs to."""

    key: bytes = field(repr=False)

    @classmethod
    def open(cls, path: Path, purpose: Purpose, *, create: bool = False) -> Self:
        """This method will read the house's key file. Raises KeyMissing."""
        house = MeterSafe.open(path, create=create)
        return cls(hmac.new(house.key, purpose.value, hashlib.sha256).digest())

    def fingerprint(self, text: str) -> str:
        """This method will tell a secret from others and say nothing about it."""
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:FINGERPRINT_CHARS]

    def seal(self, text: str, *, bound_to: str) -> bytes:
        """This method will return the secret as the database may hold it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + AESGCM(self.key).encrypt(nonce, text.encode(), bound_to.encode())

    def unseal(self, sealed: bytes, *, bound_to: str) -> str:
        """This method will open a sealed secret. Raises WrongKey when it was sealed otherwise, or for another row."""
        if sealed[:1] != _VERSION:
            raise _wrong_key()
        try:
            text = AESGCM(self.key).decrypt(sealed[1:_HEAD_BYTES], sealed[_HEAD_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError):
            raise _wrong_key() from None
        return text.decode()


def _wrong_key() -> WrongKey:
    return WrongKey(
        "A secret was sealed with another key file, or changed in the database.",
        hint="Put the key file back that belongs to this database, or enter the secret again.",
    )
