"""Secrets of merchants, webhooks and second factors: sealed for one purpose and one place."""

from pathlib import Path

import pytest

from prewatt.estate.errors import KeyMissing, WrongKey
from prewatt.estate.safe import Purpose, SecretSafe

PLACE = "row 7"


def test_a_secret_opens_in_its_own_place_alone(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        SecretSafe.open(tmp_path / "none.key", Purpose.MERCHANTS)
    safe = SecretSafe.open(tmp_path / "meter.key", Purpose.MERCHANTS, create=True)
    sealed = safe.seal("the secret", bound_to=PLACE)
    assert b"the secret" not in sealed
    assert safe.unseal(sealed, bound_to=PLACE) == "the secret"
    other_house = SecretSafe.open(tmp_path / "other.key", Purpose.MERCHANTS, create=True)
    other_purpose = SecretSafe.open(tmp_path / "meter.key", Purpose.WEBHOOKS)
    for bad_safe, bad, where in (
        (safe, sealed, PLACE + "x"), (safe, sealed[:-1] + b"\x00", PLACE), (safe, b"\x02" + sealed[1:], PLACE),
        (safe, b"", PLACE), (safe, b"\x01", PLACE), (other_house, sealed, PLACE), (other_purpose, sealed, PLACE),
    ):  # fmt: skip
        with pytest.raises(WrongKey):
            bad_safe.unseal(bad, bound_to=where)
    assert safe.fingerprint("the secret") == safe.fingerprint("the secret") != other_house.fingerprint("the secret")
    assert repr(safe) == "SecretSafe()"


def test_what_was_sealed_before_the_safes_were_one_still_opens() -> None:
    safe = SecretSafe(bytes(32))
    sealed = bytes.fromhex("018f3378316236d25c5f1f56ea46442b3ff8967227f03c67614a21bca38d0ee8")
    assert safe.unseal(sealed, bound_to="alipay\n1") == "key"
