import base64
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.estate.errors import BadPassword, KeyMissing, WrongKey
from prewatt.estate.secrets import MeterPassword, MeterSafe

SAFE = MeterSafe(bytes(range(32)))


@given(st.integers(0, 9), st.text("0123456789", min_size=6, max_size=6), st.text(max_size=40), st.text(max_size=40))
def test_what_is_sealed_opens_for_the_same_meter(level: int, secret: str, maker: str, serial: str) -> None:
    password = MeterPassword(level, secret)
    sealed = SAFE.seal(password=password, maker=maker, serial=serial)
    assert SAFE.unseal(sealed=sealed, maker=maker, serial=serial) == password
    assert secret.encode() not in sealed


def test_the_same_password_is_sealed_differently_each_time() -> None:
    password = MeterPassword(2, "123456")
    assert len({SAFE.seal(password=password, maker="", serial="1") for _ in range(5)}) == 5


def test_a_password_does_not_open_for_another_meter_or_with_another_key() -> None:
    sealed = SAFE.seal(password=MeterPassword(2, "123456"), maker="", serial="1")
    with pytest.raises(WrongKey, match="belongs to another meter"):
        SAFE.unseal(sealed=sealed, maker="", serial="2")
    with pytest.raises(WrongKey, match="sealed with another key"):
        MeterSafe(bytes(32)).unseal(sealed=sealed, maker="", serial="1")
    with pytest.raises(WrongKey):
        SAFE.unseal(sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]), maker="", serial="1")
    with pytest.raises(WrongKey):
        SAFE.unseal(sealed=b"", maker="", serial="1")


@pytest.mark.parametrize(
    ("text", "level", "secret"),
    [("123456", 2, "123456"), ("02:000000", 2, "000000"), ("4:111111", 4, "111111"), ("00:999999", 0, "999999")],
)
def test_passwords_are_read_as_people_type_them(text: str, level: int, secret: str) -> None:
    assert MeterPassword.parse(text) == MeterPassword(level, secret)


@pytest.mark.parametrize(
    "text", ["", "98765", "9876543", "abcdef", "10:987654", "02:98765", "02;987654", "９８７６５４"]
)
def test_what_is_no_password_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadPassword) as refused:
        MeterPassword.parse(text)
    assert not text or text not in str(refused.value)


def test_neither_key_nor_password_shows_in_a_text() -> None:
    password = MeterPassword(2, "987654")
    assert "987654" not in repr(password)
    assert repr(SAFE) == "MeterSafe()"


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "meter.key"
    first = MeterSafe.open(path, create=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert MeterSafe.open(path, create=True) == MeterSafe.open(path) == first
    assert [one.name for one in path.parent.iterdir()] == ["meter.key"]


def test_many_at_once_get_the_same_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    gate = threading.Barrier(8)

    def make() -> None:
        gate.wait()
        keys.append(MeterSafe.open(tmp_path / "meter.key", create=True).key)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(keys), len(set(keys))) == (8, 1)


def test_a_missing_or_broken_key_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="Restore it from the backup of the key, or set PREWATT_KEY_FILE"):
        MeterSafe.open(tmp_path / "absent.key")
    (tmp_path / "short.key").write_bytes(base64.b64encode(b"short"))
    with pytest.raises(KeyMissing, match="does not hold a key"):
        MeterSafe.open(tmp_path / "short.key")
    (tmp_path / "text.key").write_text("not base64 at all!")
    with pytest.raises(KeyMissing, match="cannot be read"):
        MeterSafe.open(tmp_path / "text.key")
