"""Webhook secrets: sealed with a key made from the one that seals meter passwords, each bound to its endpoint."""

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
from prewatt.webhooks.signing import MARK

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = len(_VERSION) + _NONCE_BYTES


def new_secret() -> str:
    """This function will make a secret of 256 random bits."""
    return MARK + secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class WebhookSafe:
    """Seals and opens secrets of endpoints; ``place`` is the endpoint's public id."""

    key: bytes = field(repr=False)

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """This method will read the house's key file. Raises KeyMissing."""
        house = MeterSafe.open(path, create=create)
        return cls(hmac.new(house.key, b"prewatt webhook secrets", hashlib.sha256).digest())

    def seal(self, secret: str, *, place: str) -> bytes:
        """This method will return the secret as the database may hold it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + AESGCM(self.key).encrypt(nonce, secret.encode(), place.encode())

    def unseal(self, sealed: bytes, *, place: str) -> str:
        """This method will open a sealed secret. Raises WrongKey when it was sealed otherwise, or for another one."""
        try:
            text = AESGCM(self.key).decrypt(sealed[1:_HEAD_BYTES], sealed[_HEAD_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise WrongKey(
                "A webhook's secret was sealed with another key file, or changed in the database.",
                hint="Put the key file back that belongs to this database, or give the webhook a new secret.",
            ) from None
        return text.decode()
