"""Meter passwords: sealed in the database, with a key that lies in a file outside of it.

A sealed password is one version byte, four bytes that name the key, twelve of nonce, and AES-256-GCM over the text
with the meter's maker and serial as associated data: a password moved to another meter's row does not open.
"""

import base64
import binascii
import contextlib
import hashlib
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from prewatt.estate.errors import BadPassword, KeyMissing, WrongKey

_TYPED = re.compile(r"(0?[0-9]:)?[0-9]{6}")
_VERSION = b"\x01"
KEY_BYTES = 32
_NAME_BYTES = 4
_NONCE_BYTES = 12
_HEAD_BYTES = len(_VERSION) + _NAME_BYTES + _NONCE_BYTES


@dataclass(frozen=True, slots=True)
class MeterPassword:
    """Level and secret as DL/T 645 speaks them: ``02`` and six digits. It never shows in a text of ours."""

    level: int
    secret: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """This method will read ``LL:SSSSSS``, or six digits alone at level 2.

        Raises BadPassword; the message never repeats what was typed.
        """
        level, _, secret = text.rpartition(":")
        if not _TYPED.fullmatch(text):
            raise BadPassword(
                "The password is not one that a meter can take.",
                hint="Type six digits, or the level (00 to 09), a colon and six digits: 02:123456.",
            )
        return cls(int(level or 2), secret)

    def to_text(self) -> str:
        """This method will return what ``parse`` reads."""
        return f"{self.level:02d}:{self.secret}"


@dataclass(frozen=True, slots=True)
class MeterSafe:
    """Seals and opens meter passwords with one key."""

    key: bytes = field(repr=False)

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """This method will read the key file; with ``create`` it makes one, readable by its owner alone, when absent.

        Raises KeyMissing when there is none, or when it holds something else.
        """
        if create:
            _create_key(path)
        try:
            key = base64.b64decode(path.read_bytes().strip(), validate=True)
        except FileNotFoundError:
            raise KeyMissing(
                "The key file %(path)s is not there.",
                hint="Restore it from the backup of the key, or set PREWATT_KEY_FILE.",
                path=str(path),
            ) from None
        except (OSError, binascii.Error) as error:
            raise KeyMissing(
                "The key file %(path)s cannot be read: %(why)s.", path=str(path), why=type(error).__name__
            ) from None
        if len(key) != KEY_BYTES:
            raise KeyMissing(
                "The key file %(path)s does not hold a key.", hint="Restore it from the backup of the key.",
                path=str(path),
            )  # fmt: skip
        return cls(key)

    @property
    def name(self) -> bytes:
        """This property will hold four bytes that tell this key from others and nothing about it."""
        return hashlib.sha256(b"prewatt meter key" + self.key).digest()[:_NAME_BYTES]

    def seal(self, *, password: MeterPassword, maker: str, serial: str) -> bytes:
        """This method will return the password as the database may hold it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        head = _VERSION + self.name + nonce
        return head + AESGCM(self.key).encrypt(nonce, password.to_text().encode(), _bound_to(maker, serial))

    def unseal(self, *, sealed: bytes, maker: str, serial: str) -> MeterPassword:
        """This method will open a sealed password. Raises WrongKey when it was sealed otherwise."""
        if sealed[:1] != _VERSION or sealed[1 : 1 + _NAME_BYTES] != self.name:
            raise WrongKey(
                "The password of meter %(serial)s was sealed with another key.",
                hint="Put the key file back that belongs to this database.",
                serial=serial,
            )
        nonce = sealed[1 + _NAME_BYTES : _HEAD_BYTES]
        try:
            text = AESGCM(self.key).decrypt(nonce, sealed[_HEAD_BYTES:], _bound_to(maker, serial))
        except InvalidTag:
            raise WrongKey(
                "The password of meter %(serial)s was changed in the database or belongs to another meter.",
                hint="Import it again.",
                serial=serial,
            ) from None
        return MeterPassword.parse(text.decode())


def _bound_to(maker: str, serial: str) -> bytes:
    return f"{maker}\n{serial}".encode()


def _create_key(path: Path) -> None:
    """This function will put a new key in place whole, for the folder's owner, or leave the one that is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            if os.geteuid() == 0:  # the roles run as the folder's owner, and must read it
                folder = path.parent.stat()
                os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
