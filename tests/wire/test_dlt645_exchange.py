"""Requests that may be built, and answers that may be believed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.wire.dlt645.errors import BadData, BadRequest
from prewatt.wire.dlt645.frame import BROADCAST, WILDCARD, Frame
from prewatt.wire.dlt645.replies import (
    ANSWER_BYTES_MAX,
    Answer,
    ErrorAnswer,
    ErrorBit,
    LongRead,
    Rejected,
    RejectReason,
    match,
)
from prewatt.wire.dlt645.requests import (
    Access,
    RelayCommand,
    Request,
    answer_characters,
    broadcast_time,
    control,
    freeze_now,
    read,
    read_address,
    read_more,
    read_profile,
    write,
)
from prewatt.wire.dlt645.traces import masked, masked_bytes

METER = "201000000012"
ENERGY = 0x00010000
ACCESS = Access(2, "020637", "00000001")
UNTIL = datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)
READ = read(address=METER, di=ENERGY)
DATA = bytes.fromhex("00000100 78060000")


def trip(address: str = METER) -> Request:
    return control(address=address, access=ACCESS, command=RelayCommand.TRIP, valid_until=UNTIL)


def test_requests_say_what_they_mean() -> None:
    assert trip().frame.data.hex(" ") == "02 37 06 02 01 00 00 00 1a 00 15 30 09 22 11 26"
    assert read_more(address=METER, di=0x03300001, seq=1).frame.data.hex() == "0100300301"
    profile = read_profile(address=METER, di=0x06000001, blocks=3, from_at=UNTIL)
    assert profile.frame.data.hex(" ") == "01 00 00 06 03 30 09 22 11 26"
    assert read_profile(address=METER, di=0x06000000, blocks=1).frame.data.hex() == "0000000601"
    assert broadcast_time(UNTIL).frame == Frame(BROADCAST, 0x08, bytes.fromhex("153009221126"))
    assert not broadcast_time(UNTIL).expects_reply
    assert not freeze_now().expects_reply
    assert freeze_now(address=METER).expects_reply
    assert read(address="AAAAAAAA0012", di=ENERGY).frame.address == "AAAAAAAA0012"
    assert READ.characters == 20


@pytest.mark.parametrize("address", [WILDCARD, BROADCAST, "AAAAAAAA0012", "12", ""])
def test_nothing_that_changes_a_meter_goes_to_many(address: str) -> None:
    with pytest.raises(BadRequest):
        trip(address)
    with pytest.raises(BadRequest):
        write(address=address, di=0x04001401, access=ACCESS, data=b"\x00\x00")
    if address != BROADCAST:
        with pytest.raises(BadRequest):
            freeze_now(address=address)


@pytest.mark.parametrize("address", [BROADCAST, "12AAAAAAAAAA", "00000000001", "A00000000012"])
def test_an_address_that_cannot_be_read(address: str) -> None:
    with pytest.raises(BadRequest):
        read(address=address, di=ENERGY)


@pytest.mark.parametrize("seq", [0, 256])
def test_a_follow_up_that_does_not_exist(seq: int) -> None:
    with pytest.raises(BadRequest):
        read_more(address=METER, di=ENERGY, seq=seq)


@pytest.mark.parametrize("data", [b"", bytes(39)])
def test_a_write_that_is_empty_or_too_long(data: bytes) -> None:
    with pytest.raises(BadRequest):
        write(address=METER, di=0x04001401, access=ACCESS, data=data)


@pytest.mark.parametrize(
    ("level", "password", "operator"), [(256, "000000", "0" * 8), (2, "12345", "0" * 8), (2, "123456", "1")]
)
def test_access_must_be_complete(level: int, password: str, operator: str) -> None:
    with pytest.raises(BadRequest) as caught:
        Access(level, password, operator)
    assert password not in str(caught.value)


def test_access_does_not_print_its_password() -> None:
    assert "020637" not in repr(ACCESS)


@pytest.mark.parametrize(
    ("frame", "outcome"),
    [
        (Frame(METER, 0x91, DATA), Answer(DATA[4:])),
        (Frame(METER, 0xB1, DATA), Answer(DATA[4:], has_more=True)),
        (Frame(METER, 0xD1, b"\x02"), ErrorAnswer(2)),
        (Frame(METER, 0xD1, b"\x02\x00"), Rejected(RejectReason.BAD_LENGTH)),
        (READ.frame, Rejected(RejectReason.ECHO)),
        (Frame(METER, 0x11, b"\x00\x00\x02\x00"), Rejected(RejectReason.OTHER_FUNCTION)),
        (Frame("201000000013", 0x91, DATA), Rejected(RejectReason.FOREIGN_ADDRESS)),
        (Frame("201000000013", 0xD1, b"\x02"), Rejected(RejectReason.FOREIGN_ADDRESS)),
        (Frame(METER, 0x9C), Rejected(RejectReason.OTHER_FUNCTION)),
        (Frame(METER, 0x91, b"\x00\x01" + DATA[2:]), Rejected(RejectReason.OTHER_IDENTIFIER)),
        (Frame(METER, 0x91, DATA[:4]), Rejected(RejectReason.BAD_LENGTH)),
        (Frame(METER, 0x91, DATA[:3]), Rejected(RejectReason.BAD_LENGTH)),
    ],
)
def test_only_the_answer_is_the_answer(frame: Frame, outcome: object) -> None:
    assert match(request=READ, frame=frame) == outcome


def test_wildcards_match_what_they_leave_open() -> None:
    answer = Frame(METER, 0x91, DATA)
    assert isinstance(match(request=read(address=WILDCARD, di=ENERGY), frame=answer), Answer)
    assert isinstance(match(request=read(address="AAAAAAAA0012", di=ENERGY), frame=answer), Answer)
    foreign = match(request=read(address="AAAAAAAA0013", di=ENERGY), frame=answer)
    assert foreign == Rejected(RejectReason.FOREIGN_ADDRESS)


def test_address_answers_state_their_own_address() -> None:
    good = Frame(METER, 0x93, bytes.fromhex(METER)[::-1])
    assert match(request=read_address(), frame=good) == Answer(good.data)
    assert match(request=read_address(), frame=Frame(METER, 0x93, bytes(6))) == Rejected(RejectReason.FOREIGN_ADDRESS)
    letters = Frame(WILDCARD, 0x93, b"\xaa" * 6)
    assert match(request=read_address(), frame=letters) == Rejected(RejectReason.FOREIGN_ADDRESS)
    assert match(request=read_address(), frame=Frame(METER, 0x93)) == Rejected(RejectReason.BAD_LENGTH)


def test_commands_and_writes() -> None:
    setting = write(address=METER, di=0x04001401, access=ACCESS, data=b"\x05\x00")
    assert match(request=trip(), frame=Frame(METER, 0x9C)) == Answer(b"")
    assert match(request=trip(), frame=Frame(METER, 0x9C, bytes(4))) == Answer(bytes(4))
    assert match(request=trip(), frame=Frame(METER, 0x9C, bytes(3))) == Rejected(RejectReason.BAD_LENGTH)
    assert match(request=trip(), frame=Frame(METER, 0xDC, b"\x04")) == ErrorAnswer(4)
    assert match(request=setting, frame=Frame(METER, 0x94)) == Answer(b"")
    assert match(request=setting, frame=Frame(METER, 0x94, b"\x00")) == Rejected(RejectReason.BAD_LENGTH)
    assert match(request=freeze_now(address=METER), frame=Frame(METER, 0x96)) == Answer(b"")
    assert match(request=broadcast_time(UNTIL), frame=Frame(METER, 0x88)) == Rejected(RejectReason.NOT_EXPECTED)


@pytest.mark.parametrize(("bit", "word"), list(enumerate(ErrorBit)))
def test_each_error_bit_has_a_word(bit: int, word: ErrorBit) -> None:
    assert ErrorAnswer(1 << bit).errors == {word}


def test_several_error_bits() -> None:
    assert ErrorAnswer(0x06).errors == {ErrorBit.NO_SUCH_DATA, ErrorBit.NOT_AUTHORISED}
    assert ErrorAnswer(0).errors == frozenset()


def follow_up(seq: int, part: bytes, *, more: bool) -> Frame:
    return Frame(METER, 0xB2 if more else 0x92, ENERGY.to_bytes(4, "little") + part + bytes([seq]))


def test_a_long_answer_is_put_together() -> None:
    talk = LongRead(READ)
    assert talk.take(Answer(b"\x01", has_more=True)) is None
    assert talk.request == read_more(address=METER, di=ENERGY, seq=1)
    first = match(request=talk.request, frame=follow_up(1, b"\x02", more=True))
    assert first == Answer(b"\x02", has_more=True)
    assert isinstance(first, Answer)
    assert talk.take(first) is None
    stale = match(request=talk.request, frame=follow_up(1, b"\x02", more=True))
    assert stale == Rejected(RejectReason.OTHER_SEQUENCE)
    last = match(request=talk.request, frame=follow_up(2, b"\x03", more=False))
    assert isinstance(last, Answer)
    assert talk.take(last) == b"\x01\x02\x03"
    assert LongRead(READ).take(Answer(b"\x07")) == b"\x07"


def test_a_long_answer_must_end() -> None:
    talk = LongRead(READ)
    for _ in range(255):
        talk.take(Answer(b"\x01", has_more=True))
    with pytest.raises(BadData):
        talk.take(Answer(b"\x01", has_more=True))
    with pytest.raises(BadData):
        LongRead(READ).take(Answer(bytes(ANSWER_BYTES_MAX + 1), has_more=True))


@given(st.integers(0, 255), st.binary(max_size=40))
def test_no_frame_makes_the_matcher_stumble(control_code: int, data: bytes) -> None:
    for request in (READ, trip(), read_address(), read_more(address=METER, di=ENERGY, seq=1)):
        match(request=request, frame=Frame(METER, control_code, data))


@pytest.mark.parametrize(
    ("request_", "characters"),
    [
        (READ, 24),
        (trip(), 20),
        (read_address(), 22),
        (read(address=METER, di=0x0001FF00), 216),
        (read(address=METER, di=0x0203FF00), 32),
        (read(address=METER, di=0x028022FF), 216),
    ],
)
def test_how_long_an_answer_may_be(request_: Request, characters: int) -> None:
    assert answer_characters(request_) == characters


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (READ.frame, "201000000012 11 00 00 01 00"),
        (trip().frame, "201000000012 1C 02 ** ** ** 01 00 00 00 1A 00 15 30 09 22 11 26"),
        (Frame(METER, 0x1C, b"\x98\x01\x02"), "201000000012 1C 98 ** **"),
        (
            write(address=METER, di=0x04001401, access=ACCESS, data=b"\x05\x00").frame,
            "201000000012 14 01 14 00 04 02 ** ** ** 01 00 00 00 05 00",
        ),
        (
            write(address=METER, di=0x04000C03, access=ACCESS, data=b"\x02\x11\x22\x33").frame,
            "201000000012 14 03 0C 00 04 02 " + " ".join(["**"] * 11),
        ),
        (Frame(METER, 0x91, bytes.fromhex("030C000402112233")), "201000000012 91 03 0C 00 04 ** ** ** **"),
        (Frame(METER, 0x91, DATA), "201000000012 91 00 00 01 00 78 06 00 00"),
        (Frame(METER, 0x98, b"\x02\x11\x22\x33"), "201000000012 98 02 ** ** **"),
        (Frame(METER, 0x83, bytes(5)), "201000000012 83 00 00 00 00 **"),
        (Frame(METER, 0x03, bytes(10)), "201000000012 03 00 00 00 00 00 00 00 00 ** **"),
        (Frame(METER, 0x9C), "201000000012 9C"),
    ],
)
def test_traces_hide_what_is_secret(frame: Frame, text: str) -> None:
    assert masked(frame) == text


def test_traces_of_raw_bytes_show_frames_only() -> None:
    assert masked_bytes(b"\x01\x02") == "[2 bytes, noise]"
