"""RFC 6238 by its own vectors, and what is taken and what is not."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.access.totp import STEP_S, code_at, find_counter, to_text, to_uri

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at_s", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(at_s: int, code: str) -> None:
    assert code_at(secret=SECRET, counter=at_s // STEP_S, digits=8) == code


@pytest.mark.parametrize(
    ("counter", "code"), list(enumerate(["755224", "287082", "359152", "969429", "338314", "254676"]))
)
def test_the_vectors_of_rfc_4226(counter: int, code: str) -> None:
    assert code_at(secret=SECRET, counter=counter) == code


@given(now_s=st.integers(0, 2**33), off=st.integers(-4, 4), after=st.integers(-4, 4))
def test_one_half_minute_to_either_side_and_later_than_the_last(now_s: int, off: int, after: int) -> None:
    now = now_s // STEP_S
    if now + off < 0:
        return
    found = find_counter(
        secret=SECRET, typed=code_at(secret=SECRET, counter=now + off), now_s=now_s + STEP_S, after=now + after
    )
    if 0 <= off <= 2 and off > after:
        assert found is not None
        assert found >= now + off
    elif found is not None:  # two half minutes with the same six figures
        assert code_at(secret=SECRET, counter=found) == code_at(secret=SECRET, counter=now + off)


def test_what_is_no_code_is_none() -> None:
    for typed in ("", "12345", "１２３４５６", "abcdef", "0" * 99):
        assert find_counter(secret=SECRET, typed=typed, now_s=10**9, after=0) is None


def test_the_secret_as_text_and_as_an_address() -> None:
    assert base64.b32decode(to_text(SECRET).replace(" ", "")) == SECRET
    uri = to_uri(secret=SECRET, login="a b@c", issuer="Prewatt")
    assert uri == "otpauth://totp/Prewatt:a%20b%40c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Prewatt"
