"""The provider's own key and the merchants it knows, made at the first start and kept in one file.

A real provider never holds a merchant's private key. This one makes it, so that the demo has a merchant at once.
"""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from prewatt.testpay.errors import KeysBroken

KEYS_FILE: Final = "keys.json"
MERCHANT_NO: Final = "TP100001"
APP_ID: Final = "prewatt-demo"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An Ed25519 key and the name by which messages call it."""

    serial: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def make(cls, prefix: str) -> Self:
        """This method will make a new key."""
        return cls(f"{prefix}-{secrets.token_hex(4)}", Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, fields: dict[str, str]) -> Self:
        """This method will read what ``dump`` wrote."""
        key = load_pem_private_key(fields["private_key_pem"].encode(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("not an Ed25519 key")
        return cls(fields["serial"], key)

    def dump(self) -> dict[str, str]:
        """This method will write the key as JSON can hold it."""
        return {"serial": self.serial, "private_key_pem": self.private_pem}

    @property
    def private_pem(self) -> str:
        """This property will hold the private key as PEM."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def public_pem(self) -> str:
        """This property will hold the public key as PEM."""
        public = self.private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who may ask, and with which key."""

    merchant_no: str
    app_id: str
    key: KeyPair


@dataclass(frozen=True, slots=True)
class Keys:
    """Everything that proves who is who. ``control_token`` opens the control port, ``port`` is where it listens."""

    own: KeyPair
    merchants: dict[str, Merchant]
    control_token: str = field(repr=False)
    port: int

    @classmethod
    def make(cls, *, port: int, merchant_numbers: tuple[str, ...] = (MERCHANT_NO,)) -> Self:
        """This method will make new keys for the provider and its merchants."""
        merchants = {number: Merchant(number, APP_ID, KeyPair.make("merchant")) for number in merchant_numbers}
        return cls(KeyPair.make("testpay"), merchants, secrets.token_urlsafe(24), port)

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """This method will read the keys of a folder; None when it has none. Raises KeysBroken."""
        try:
            fields: dict[str, Any] = json.loads((folder / KEYS_FILE).read_text())
            merchants = {
                number: Merchant(number, one["app_id"], KeyPair.load(one["key"]))
                for number, one in fields["merchants"].items()
            }
            return cls(KeyPair.load(fields["own"]), merchants, fields["control_token"], int(fields["port"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeysBroken(
                f"The test provider's keys in {folder} cannot be read ({type(error).__name__}).",
                hint="Remove the folder: new ones are made, and the demo's orders there are forgotten.",
            ) from None

    def save(self, folder: Path) -> None:
        """This method will put the file in place whole, readable by its owner alone."""
        merchants = {one.merchant_no: {"app_id": one.app_id, "key": one.key.dump()} for one in self.merchants.values()}
        fields = {
            "own": self.own.dump(),
            "merchants": merchants,
            "control_token": self.control_token,
            "port": self.port,
        }
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{KEYS_FILE}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(fields, file, indent=2)
        draft.replace(folder / KEYS_FILE)
