"""Digits, registers, clocks and status words."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.wire.dlt645 import identifiers, moments
from prewatt.wire.dlt645.bcd import from_bcd, to_bcd
from prewatt.wire.dlt645.errors import BadData, BadRequest, UnknownIdentifier
from prewatt.wire.dlt645.identifiers import (
    Item,
    Unit,
    daily_freeze_energy,
    daily_freeze_time,
    decode_value,
    decode_values,
    encode_values,
    energy_of_rate,
    find_item,
    get_item,
    identifier_text,
)
from prewatt.wire.dlt645.status import FLAGS, Supply, flags, relay_status
from prewatt.wire.dlt645.timing import wire_us


@given(st.integers(1, 8), st.booleans(), st.data())
def test_digits_round_trip(length: int, signed: bool, data: st.DataObject) -> None:
    limit = (8 if signed else 10) * 10 ** (2 * length - 1)
    value = data.draw(st.integers(-limit + 1 if signed else 0, limit - 1))
    assert from_bcd(to_bcd(value, length=length, signed=signed), signed=signed) == value


def test_digits_absent_and_bad() -> None:
    assert from_bcd(b"\xff\xff") is None
    assert from_bcd(b"\xee\xee\xee", signed=True) is None
    assert to_bcd(None, length=3) == b"\xff\xff\xff"
    for data in (b"", b"\x0e\x00", b"\xff\x01", b"\xa0"):
        with pytest.raises(BadData):
            from_bcd(data)
    for value, signed in ((100, False), (-1, False), (80, True), (-80, True)):
        with pytest.raises(BadRequest):
            to_bcd(value, length=1, signed=signed)


@pytest.mark.parametrize(
    ("di", "data", "values"),
    [
        (0x00010000, "56 34 12 00", (1_234_560,)),
        (0x00010400, "01 00 00 00", (10,)),
        (0x00000000, "01 00 00 80", (-10,)),
        (0x00020001, "99 99 99 99", (999_999_990,)),
        (0x0001FF00, "29 01 00 00 62 00 00 00", (1290, 620)),
        (0x0203FF00, "12 25 80 00 00 00", (-251_200, 0)),
        (0x02060000, "50 89", (-950,)),
        (0x02070200, "05 12", (120_500,)),
        (0x02040000, "00 00 01", (1_000_000,)),
        (0x02050000, "00 00 01", (1_000_000,)),
        (0x02800007, "15 82", (-21_500,)),
        (0x00900100, "00 01 00 00", (1000,)),
        (0x03330301, "50 00 00 00", (50,)),
        (0x03330201, "07 00", (7,)),
        (0x04001401, "05 00", (300,)),
        (0x05060101, "29 01 00 00 62 00 00 00", (1290, 620)),
        (0x040005FF, "01 00 50 00", (1, 0x50)),
        (0x04050101, "12 34 00 00", (341_200,)),
    ],
)
def test_values_round_trip(di: int, data: str, values: tuple[int, ...]) -> None:
    assert decode_values(di=di, data=bytes.fromhex(data)) == values
    assert encode_values(di=di, values=values) == bytes.fromhex(data)


@pytest.mark.parametrize("di", [0x00014000, 0x0001000D, 0x02010400, 0x02010000, 0x03330100, 0x028011FF, 0x000A0000])
def test_what_is_not_in_the_table_is_said_so(di: int) -> None:
    assert find_item(di) is None
    with pytest.raises(UnknownIdentifier, match=identifier_text(di)):
        get_item(di)


@pytest.mark.parametrize(
    ("di", "data"), [(0x00010000, "00"), (0x00010000, "00" * 8), (0x02030000, "0000"), (0x040005FF, "00" * 16)]
)
def test_a_wrong_length_is_bad_data(di: int, data: str) -> None:
    with pytest.raises(BadData):
        decode_values(di=di, data=bytes.fromhex(data))


def test_one_value_means_one_that_is_there() -> None:
    assert decode_value(di=0x02010100, data=b"\x97\x22") == 229_700
    for data in (b"\xff\xff", b""):
        with pytest.raises(BadData):
            decode_value(di=0x02010100, data=data)
    with pytest.raises(BadData):
        decode_value(di=0x0201FF00, data=b"\x97\x22\x00\x00")


def test_encode_refuses_lost_digits_and_too_many_values() -> None:
    with pytest.raises(BadRequest):
        encode_values(di=0x00010000, values=(1_234_567,))
    with pytest.raises(BadRequest):
        encode_values(di=0x00010000, values=(10, 20))
    assert encode_values(di=0x0201FF00, values=(230_100, None, None)) == bytes.fromhex("0123ffffffff")


def test_names_of_identifiers() -> None:
    assert energy_of_rate(0) == identifiers.FORWARD_ENERGY
    assert energy_of_rate(4) == 0x00010400
    assert daily_freeze_time(1) == 0x05060001
    assert daily_freeze_energy(2) == 0x05060102
    assert get_item(daily_freeze_energy(62)).unit is Unit.WH
    assert not Item(Unit.WH, 4).is_word


def test_a_byte_time() -> None:
    assert wire_us(characters=1, baud=2400) == 4584
    assert wire_us(characters=44, baud=2400) == 201_667


@given(st.integers(946_684_800, 4_102_444_799).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_moments_round_trip(at: datetime) -> None:
    assert moments.decode_second(moments.encode_second(at), zone=UTC) == at
    assert moments.decode_minute(moments.encode_minute(at), zone=UTC) == at.replace(second=0)
    assert moments.decode_clock(moments.encode_clock(at), zone=UTC) == at
    assert moments.decode_date(moments.encode_date(at.date())) == (at.date(), at.isoweekday() % 7)
    assert moments.decode_time(moments.encode_time(at.time())) == at.time()


def test_moments_that_were_never_written() -> None:
    assert moments.decode_second(bytes(6), zone=UTC) is None
    assert moments.decode_minute(bytes(5), zone=UTC) is None
    assert moments.encode_minute(None) == bytes(5)


def test_moments_that_cannot_be() -> None:
    with pytest.raises(BadData, match="no day"):
        moments.decode_date(bytes.fromhex("01300226"))
    with pytest.raises(BadData, match="no time"):
        moments.decode_time(bytes.fromhex("006010"))
    with pytest.raises(BadData):
        moments.decode_time(bytes.fromhex("0A0010"))
    with pytest.raises(BadData):
        moments.decode_time(bytes.fromhex("0010"))
    assert moments.decode_date(moments.encode_date(date(2026, 11, 22)))[1] == 0
    assert moments.encode_time(time(1, 2, 3)) == bytes.fromhex("030201")


def test_status_word_3() -> None:
    status = relay_status(bytes.fromhex("D210"))
    assert (status.is_open, status.is_commanded_open, status.has_pre_trip_alarm, status.keeps_power) == (
        True,
        True,
        True,
        True,
    )
    assert status.supply is Supply.AUXILIARY
    assert relay_status(b"\x00\x00").supply is Supply.MAINS
    with pytest.raises(BadData):
        relay_status(b"\x00")


def test_flags_are_named() -> None:
    assert flags(number=3, word=0x50) == {"relay_open", "commanded_open"}
    assert flags(number=5, word=0x81) == {"voltage_loss", "phase_failure"}
    assert flags(number=1, word=0) == frozenset()
    assert set(FLAGS) == set(range(1, 8))
    with pytest.raises(BadData):
        flags(number=8, word=0)
