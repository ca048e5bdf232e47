"""Merchants' keys: sealed with a key made from the one that seals meter passwords, each bound to its row."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class MerchantSafe:
    """Seals and opens the keys of merchants."""

    key: bytes = field(repr=False)

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """This method will read the house's key file. Raises KeyMissing."""
        house = MeterSafe.open(path, create=create)
        return cls(hmac.new(house.key, b"prewatt merchant keys", hashlib.sha256).digest())

    def fingerprint(self, text: str) -> str:
        """This method will tell a key from others and say nothing about it."""
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:FINGERPRINT_CHARS]

    def seal(self, text: str, *, bound_to: str) -> bytes:
        """This method will return the key as the database may hold it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + AESGCM(self.key).encrypt(nonce, text.encode(), bound_to.encode())

    def unseal(self, sealed: bytes, *, bound_to: str) -> str:
        """This method will open a sealed key. Raises WrongKey when it was sealed otherwise, or for another row."""
        if sealed[:1] != _VERSION:
            raise _wrong_key()
        try:
            text = AESGCM(self.key).decrypt(sealed[1:_HEAD_BYTES], sealed[_HEAD_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError):
            raise _wrong_key() from None
        return text.decode()


def _wrong_key() -> WrongKey:
    return WrongKey(
        "A merchant's key was sealed with another key file, or changed in the database.",
        hint="Put the key file back that belongs to this database, or enter the merchant's key again.",
    )


def place_of(*, channel: str, merchant_no: str, app_id: str, kind: str, name: str, serial: str) -> str:
    """This function will name the row that a sealed key belongs to: moved to another one, it does not open."""
    return "\n".join((channel, merchant_no, app_id, kind, name, serial))
