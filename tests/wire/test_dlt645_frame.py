"""Finding frames: whatever stands before, between or inside them, however the bytes are cut."""

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.wire.dlt645.errors import BadFrame, BadRequest
from prewatt.wire.dlt645.frame import (
    Dropped,
    DropReason,
    Event,
    Frame,
    FrameFound,
    FrameScanner,
    decode,
    encode,
)

READ = Frame("000000000161", 0x11, bytes.fromhex("00010202"))
READ_RAW = bytes.fromhex("68610100000000681104333435351816")

addresses = st.text("0123456789", min_size=12, max_size=12)
frames = st.builds(Frame, addresses, st.integers(0, 255), st.binary(max_size=60))
noises = st.lists(
    st.one_of(st.binary(max_size=12), st.sampled_from([b"\x68", b"\xfe\xfe", b"\x16", b"\x68" * 9, b"\x33" * 7]))
).map(b"".join)


def scan(*pieces: bytes) -> list[Event]:
    scanner = FrameScanner()
    return [event for piece in pieces for event in scanner.feed(piece)] + scanner.flush()


def found(events: list[Event]) -> list[Frame]:
    return [event.frame for event in events if isinstance(event, FrameFound)]


def test_encode_writes_the_captured_bytes() -> None:
    assert encode(READ, preamble=0) == READ_RAW
    assert encode(READ) == b"\xfe" * 4 + READ_RAW
    assert decode(encode(READ)) == READ


def test_frame_bits() -> None:
    reply = Frame("000000000161", 0x91 | 0x20)
    assert (reply.is_reply, reply.is_error, reply.has_more, reply.function) == (True, False, True, 0x11)
    error = Frame("000000000161", 0xD1, b"\x02")
    assert (error.is_reply, error.is_error, error.has_more) == (True, True, False)
    assert not READ.is_reply


@pytest.mark.parametrize("address", ["", "16", "0000000001611", "00000000016x", "aaaaaaaaaaaa"])
def test_frame_refuses_a_bad_address(address: str) -> None:
    with pytest.raises(BadRequest):
        Frame(address, 0x11)


def test_frame_refuses_what_does_not_fit() -> None:
    with pytest.raises(BadRequest):
        Frame("000000000161", 0x100)
    with pytest.raises(BadRequest):
        Frame("000000000161", 0x11, bytes(256))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        READ_RAW[:-1],
        READ_RAW + b"\x00",
        b"\x00" + READ_RAW,
        READ_RAW[:-1] + b"\x17",
        READ_RAW[:-2] + b"\x00\x16",
        READ_RAW[:7] + b"\x67" + READ_RAW[8:],
    ],
)
def test_decode_refuses_what_is_not_one_frame(raw: bytes) -> None:
    with pytest.raises(BadFrame):
        decode(raw)


@given(frames, st.integers(0, 6))
def test_decode_undoes_encode(frame: Frame, preamble: int) -> None:
    raw = encode(frame, preamble=preamble)
    assert decode(raw) == frame
    assert scan(raw) == [FrameFound(frame, raw[preamble:], preamble)]


@settings(max_examples=400)
@given(st.lists(st.one_of(frames.map(encode), noises), max_size=6), st.lists(st.integers(0, 400), max_size=12))
def test_any_cut_gives_the_same_events(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    whole = scan(stream)
    assert scan(*pieces) == whole
    assert scan(*(bytes([byte]) for byte in stream)) == whole


@settings(max_examples=300)
@given(frames, noises, noises)
def test_noise_around_a_frame_does_not_hide_it(frame: Frame, before: bytes, after: bytes) -> None:
    """Unless noise and the frame's first bytes make one with a right check sum, by chance: that one came first."""
    stream = before + encode(frame) + after
    seen = scan(stream)
    earlier = [one for one in seen if isinstance(one, FrameFound) and stream.find(one.raw) < len(before)]
    assert frame in found(seen) or earlier


@pytest.mark.parametrize("length", range(1, 61))
def test_stray_start_bytes_do_not_hide_a_frame(length: int) -> None:
    for noise in (b"\x68" * length, (b"\x68\xfe" * length)[:length], b"\x00" * (length - 1) + b"\x68"):
        assert found(scan(noise + encode(READ))) == [READ]


def test_false_start_that_claims_the_frames_own_bytes() -> None:
    noise = b"\x68\x01\x02"  # 68 seven bytes before the second 68 of the frame behind it? the scanner must not wait
    false_start = b"\x68" + bytes(6) + b"\x68\x91\xff" + bytes(3)  # promises 255 bytes that never come
    assert scan(noise + false_start + READ_RAW) == [
        Dropped(len(noise + false_start), DropReason.NOISE),
        FrameFound(READ, READ_RAW, 0),
    ]


def test_dropped_says_why() -> None:
    bad = READ_RAW[:-2] + b"\x00\x16"
    assert scan(b"\x00\x01") == [Dropped(2, DropReason.NOISE)]
    assert scan(bad) == [Dropped(len(bad), DropReason.BAD_CHECKSUM)]
    assert scan(bad + READ_RAW)[0] == Dropped(len(bad), DropReason.BAD_CHECKSUM)
    assert scan(READ_RAW[:-1]) == [Dropped(len(READ_RAW) - 1, DropReason.TRUNCATED)]
    assert scan(READ_RAW[:5]) == [Dropped(5, DropReason.TRUNCATED)]
    assert scan(b"\xfe" * 9) == []


def test_a_failed_beginning_inside_a_good_frame_breaks_nothing() -> None:
    # DATA that looks like a frame with a wrong checksum: 68 ... 68 C 0 CS 16, before the 33H is added
    inner = bytes((byte - 0x33) & 0xFF for byte in b"\x68" + bytes(6) + b"\x68\x11\x00\x00\x16")
    frame = Frame("000000000161", 0x91, inner + b"\x01")
    assert scan(b"\x55" + encode(frame, preamble=0))[0] == Dropped(1, DropReason.NOISE)
    assert found(scan(encode(frame))) == [frame]


def test_two_frames_glued_and_a_frame_after_a_pause() -> None:
    assert found(scan(encode(READ) + encode(READ))) == [READ, READ]
    scanner = FrameScanner()
    assert scanner.feed(READ_RAW[:9]) == []
    assert scanner.flush() == [Dropped(9, DropReason.TRUNCATED)]
    assert scanner.feed(READ_RAW[9:]) == []  # the second half alone is noise
    assert scanner.flush() == [Dropped(len(READ_RAW) - 9, DropReason.NOISE)]
    assert found(scanner.feed(READ_RAW)) == [READ]


@settings(max_examples=60)
@given(st.binary(max_size=4096))
def test_hostile_bytes_raise_nothing_and_every_byte_is_accounted_for(data: bytes) -> None:
    total = 0
    for event in scan(data):
        total += event.count if isinstance(event, Dropped) else len(event.raw)
    assert total <= len(data)
    assert total >= len(data) - data.count(0xFE)


HOSTILE = {
    "starts": b"\x68" * 65536,
    "starts and ends": b"\x68\x16" * 32768,
    "promises": (b"\x68" + bytes(6) + b"\x68\x91\xff") * 6553,
    "dense ends": (b"\x68" * 12 + b"\x16" * 12) * 2730,
    "idle": b"\xfe" * 65536,
    "frames": encode(READ) * 3276,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_and_memory_stay_linear(name: str) -> None:
    data = HOSTILE[name]
    short_s, long_s = cpu_s(data[: len(data) // 8]), cpu_s(data)
    assert long_s < 30 * max(short_s, 0.002)  # eight times the bytes; a quadratic scanner would take 64 times as long


def cpu_s(data: bytes) -> float:
    """This function will return the CPU time of scanning, whole and byte by byte, and look at what is kept."""
    begun = process_time()
    whole, trickle = FrameScanner(), FrameScanner()
    whole.feed(data)
    for at in range(len(data)):
        trickle.feed(data[at : at + 1])
    assert len(whole._buffer) <= 1536
    assert len(trickle._buffer) <= 1536
    return process_time() - begun
