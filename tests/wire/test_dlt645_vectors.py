"""Every public frame in ``tests/vectors/dlt645.jsonl`` is parsed, written back and, where values are given, decoded."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from prewatt.wire.dlt645 import moments
from prewatt.wire.dlt645.errors import BadData, BadRequest
from prewatt.wire.dlt645.frame import WILDCARD, Frame, FrameFound, FrameScanner, decode, encode
from prewatt.wire.dlt645.identifiers import decode_value, decode_values, find_item
from prewatt.wire.dlt645.replies import Answer, ErrorAnswer, Rejected, RejectReason, match
from prewatt.wire.dlt645.requests import (
    Access,
    RelayCommand,
    Request,
    broadcast_time,
    control,
    freeze_now,
    read,
    read_address,
    read_more,
    write,
)
from prewatt.wire.dlt645.status import relay_status
from prewatt.wire.dlt645.traces import masked, masked_bytes

PATH = Path(__file__).parents[1] / "vectors" / "dlt645.jsonl"
RECORDS = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]
SIDES = [
    pytest.param(record, side, id=f"{record['id']}-{side}")
    for record in RECORDS
    for side in ("request", "response")
    if record[side]
]
FACTOR = {"kWh": 1000, "V": 1000, "A": 1000, "kW": 1_000_000, "Hz": 1000, "amount": 100, "count": 1}
LOCAL = UTC


def by_id(number: int) -> dict[str, Any]:
    return next(record for record in RECORDS if record["id"] == f"d645-{number:03d}")


def frame_of(record: dict[str, Any], side: str) -> Frame:
    return decode(bytes.fromhex(record[side]))


def pick(*, categories: set[str] | None = None, keys: set[str] | None = None, side: str = "response") -> list[Any]:
    return [
        pytest.param(record, id=record["id"])
        for record in RECORDS
        if record["protocol"] == "dlt645-2007"
        and record[side]
        and (categories is None or record["category"] in categories)
        and (keys is None or keys & set(record["values"]))
    ]


def test_the_file_is_whole() -> None:
    assert len(RECORDS) == 107
    assert len(SIDES) == 167


@pytest.mark.parametrize(("record", "side"), SIDES)
def test_every_frame_is_parsed_and_written_back(record: dict[str, Any], side: str) -> None:
    raw = bytes.fromhex(record[side])
    expected = record["decoded"][side]
    frame = decode(raw)
    assert frame.address == expected["address"].upper()
    assert f"{frame.control:02X}" == expected["control"].upper()
    assert len(frame.data) == expected["length"]
    assert frame.data.hex().upper() == expected["data"].upper()
    if "di" in expected and record["protocol"].startswith("dlt645-2007"):
        assert frame.data[3::-1].hex().upper() == expected["di"].upper()
    assert encode(frame, preamble=expected["preamble"]) == raw
    scanner = FrameScanner()
    assert scanner.feed(raw) == [FrameFound(frame, raw[expected["preamble"] :], expected["preamble"])]
    assert frame.is_reply == (side == "response")


@pytest.mark.parametrize(("record", "side"), SIDES)
def test_a_flipped_bit_is_never_accepted(record: dict[str, Any], side: str) -> None:
    raw = bytes.fromhex(record[side]).lstrip(b"\xfe")
    for at in range(len(raw)):
        bent = raw[:at] + bytes([raw[at] ^ 0x04]) + raw[at + 1 :]
        scanner = FrameScanner()
        events = scanner.feed(bent) + scanner.flush()
        assert not [event for event in events if isinstance(event, FrameFound)]


@pytest.mark.parametrize("record", pick(keys=set(FACTOR)))
def test_values_decode_to_integers(record: dict[str, Any]) -> None:
    answer = frame_of(record, "response")
    values = record["values"]
    (key,) = set(FACTOR) & set(values)
    texts = values[key] if isinstance(values[key], list) else [values[key]]
    expected = tuple(None if text is None else int(Decimal(text) * FACTOR[key]) for text in texts)
    assert decode_values(di=int(values["di"], 16), data=answer.data[4:]) == expected


def test_status_words_of_a_live_trip_and_close() -> None:
    tripped = relay_status(frame_of(by_id(15), "response").data[4:])
    assert (tripped.word, tripped.is_open, tripped.is_commanded_open) == (0x0050, True, True)
    closed = relay_status(frame_of(by_id(16), "response").data[4:])
    assert (closed.word, closed.is_open, closed.is_commanded_open) == (0, False, False)


def test_clocks_and_freezes() -> None:
    day, weekday = moments.decode_date(frame_of(by_id(6), "response").data[4:])
    assert (day.isoformat(), weekday) == ("2016-01-11", 1)
    assert moments.decode_time(frame_of(by_id(7), "response").data[4:]).isoformat() == "21:53:55"
    assert moments.decode_minute(frame_of(by_id(8), "response").data[4:], zone=LOCAL) == datetime(
        2015, 10, 9, tzinfo=LOCAL
    )
    for number, side in ((42, "request"), (43, "request")):
        stated = datetime.fromisoformat(by_id(number)["values"]["time"]).replace(tzinfo=LOCAL)
        assert moments.decode_second(frame_of(by_id(number), side).data, zone=LOCAL) == stated


def rebuilt(record: dict[str, Any]) -> Request:
    """This function will build the record's request with our own functions, from its values and its data."""
    frame = frame_of(record, "request")
    return BUILDERS[frame.control](frame.address, frame.data)


def rebuilt_time(_address: str, data: bytes) -> Request:
    local_at = moments.decode_second(data, zone=LOCAL)
    assert local_at is not None
    return broadcast_time(local_at)


def rebuilt_control(address: str, data: bytes) -> Request:
    valid_until = moments.decode_second(data[10:], zone=LOCAL)
    assert valid_until is not None
    command = RelayCommand(data[8])
    return control(address=address, access=access_of(data[:8]), command=command, valid_until=valid_until, n2=data[9])


def di_of(data: bytes) -> int:
    return int.from_bytes(data[:4], "little")


BUILDERS: dict[int, Callable[[str, bytes], Request]] = {
    0x08: rebuilt_time,
    0x11: lambda address, data: read(address=address, di=di_of(data)),
    0x12: lambda address, data: read_more(address=address, di=di_of(data), seq=data[4]),
    0x13: lambda _address, _data: read_address(),
    0x14: lambda address, data: write(address=address, di=di_of(data), access=access_of(data[4:12]), data=data[12:]),
    0x16: lambda address, _data: freeze_now(address=address),
    0x1C: rebuilt_control,
}


def access_of(data: bytes) -> Access:
    return Access(data[0], data[3:0:-1].hex(), data[7:3:-1].hex())


NOT_OURS_TO_SAY = {
    "d645-017",  # validity all zero
    "d645-018",
    "d645-021",  # password field of one platform
    "d645-042",  # time to a single meter
    "d645-056",  # change of bit rate
    "d645-105",
    "d645-106",  # clear meter
    "d645-070",  # read from the broadcast address
    "d645-088",  # 2007 identifiers to 1997 meters, at the broadcast address or in list form
    "d645-090",
}


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(record, id=record["id"])
        for record in RECORDS
        if record["request"] and record["protocol"] == "dlt645-2007" and record["id"] not in NOT_OURS_TO_SAY
    ],
)
def test_our_requests_are_the_recorded_ones(record: dict[str, Any]) -> None:
    request = rebuilt(record)
    raw = bytes.fromhex(record["request"])
    assert encode(request.frame, preamble=record["decoded"]["request"]["preamble"]) == raw
    if not record["response"]:
        return
    outcome = match(request=request, frame=frame_of(record, "response"))
    if "err" in record["values"]:
        assert outcome == ErrorAnswer(int(record["values"]["err"], 16))
    else:
        assert isinstance(outcome, Answer)


def test_reading_from_the_broadcast_address_is_refused() -> None:
    with pytest.raises(BadRequest):
        rebuilt(by_id(70))


def test_a_pushed_heartbeat_is_not_an_answer() -> None:
    push = frame_of(by_id(26), "response")
    request = read(address=push.address, di=0x00010000)
    assert match(request=request, frame=push) == Rejected(RejectReason.OTHER_IDENTIFIER)


def test_address_replies() -> None:
    for record in RECORDS:
        if record["category"] == "address" and record["response"]:
            frame = frame_of(record, "response")
            assert match(request=read_address(), frame=frame) == Answer(frame.data)
            assert frame.data[::-1].hex() == frame.address


def test_an_echoed_wildcard_is_taken_as_the_only_meter() -> None:
    frame = frame_of(by_id(46), "response")
    assert frame.address == WILDCARD
    answer = match(request=read(address=WILDCARD, di=0x02010100), frame=frame)
    assert answer == Answer(b"\x00\x00")


@pytest.mark.parametrize("record", [r for r in RECORDS if r["protocol"] == "dlt645-1997"], ids=lambda r: r["id"])
def test_1997_frames_never_pass_for_2007_answers(record: dict[str, Any]) -> None:
    if record["response"]:
        frame = frame_of(record, "response")
        request = read(address="000000063295", di=0x00010000)
        assert isinstance(match(request=request, frame=frame), Rejected)


@pytest.mark.parametrize("number", [95, 96, 97, 98])
def test_a_keypad_channel_is_not_an_answer(number: int) -> None:
    frame = frame_of(by_id(number), "response")
    request = read(address=frame.address, di=0x02010100)
    assert match(request=request, frame=frame) == Rejected(RejectReason.OTHER_FUNCTION)


def test_a_one_byte_refusal_of_a_vendor_function_is_read_by_its_length() -> None:
    frame = frame_of(by_id(22), "response")
    assert (frame.function, frame.is_error, frame.data) == (0x03, True, b"\x02")


def test_a_value_with_a_letter_in_it_is_bad_data() -> None:
    with pytest.raises(BadData):
        decode_value(di=0x00010000, data=bytes.fromhex("0E000000"))


@pytest.mark.parametrize(
    ("number", "secret"), [(13, "37 06 02"), (14, "37 06 02"), (101, "99 99 99"), (21, "8B 79 CF")]
)
def test_no_trace_shows_a_password(number: int, secret: str) -> None:
    raw = bytes.fromhex(by_id(number)["request"])
    assert secret not in masked(decode(raw))
    assert secret not in masked_bytes(raw)
    assert secret not in masked_bytes(raw[:-3])
    assert "** ** **" in masked_bytes(b"\xfe" + raw)


def test_unknown_identifiers_have_no_item() -> None:
    for record in RECORDS:
        if record["category"] == "vendor-push":
            assert find_item(int(record["values"]["di"], 16)) is None
