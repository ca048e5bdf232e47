"""A2 to A12: what a bus does to answers. No value may stand at a wrong meter, identifier or time, whatever comes."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.fault_rows import Faults
from tests.faults.counting import (
    Bend,
    Heard,
    blamed,
    failed_reads,
    heard_under,
    noise,
    readings,
    reply,
    wrong_readings,
)
from tests.field.virtual_bus import Spoken, VirtualLine, VirtualMeter
from typing_extensions import override

from prewatt.field import exchange
from prewatt.wire.dlt645 import frame as frames
from prewatt.wire.dlt645 import identifiers, replies
from prewatt.wire.dlt645.errors import BadFrame
from prewatt.wire.dlt645.frame import PREAMBLE, Dropped, DropReason, Frame, FrameFound, FrameScanner, decode, encode
from prewatt.wire.dlt645.replies import Answer, Rejected, RejectReason
from prewatt.wire.dlt645.requests import Function

OTHER_VALUE = b"\x11\x11\x11\x11"


def _with_another_digit(raw: bytes, draw: random.Random) -> bytes:
    """Another digit in the total, and the checksum that belonged to the right one."""
    place = len(raw) - 2 - draw.randrange(18, 21)
    other = ((raw[place] - 0x33 & 0xFF) ^ 0x01) + 0x33 & 0xFF
    return raw[:place] + bytes([other]) + raw[place + 1 :]


BENDS: dict[str, Bend] = {
    "late": lambda _meter, _frame, raw, draw: [(draw.uniform(0.3, 3), raw)],
    "garbage": lambda _meter, _frame, _raw, draw: [(0, noise(draw) + b"\x55")],  # FE alone would be an idle line
    "noise_before": lambda _meter, _frame, raw, draw: [(0, noise(draw) + raw)],
    "truncated": lambda _meter, _frame, raw, draw: [(0, raw[: draw.randrange(1, len(raw))])],
    "bad_checksum": lambda _meter, _frame, raw, draw: [(0, _with_another_digit(raw, draw))],
    "bad_bcd": lambda meter, frame, _raw, _draw: [(0, reply(meter, frame, frame.data[:4] + b"\x1a\x00\xfa\x00" * 5))],
    "wrong_address": lambda meter, frame, _raw, _draw: [
        (0, reply(meter, frame, frame.data[:4] + OTHER_VALUE * 5, "999999000000"))
    ],
    "wrong_identifier": lambda meter, frame, _raw, _draw: [
        (0, reply(meter, frame, b"\x00\xff\x02\x00" + OTHER_VALUE * 5))
    ],
    "duplicate": lambda _meter, _frame, raw, _draw: [(0, raw), (0.2, raw)],
    "split": lambda _meter, _frame, raw, _draw: [(0.005 * at, raw[at : at + 1]) for at in range(len(raw))],
}
SHARES = {"late": 0.2, "garbage": 0.1, "bad_checksum": 0.2, "wrong_address": 0.1, "wrong_identifier": 0.1}
ROWS = {
    "late": "A2",
    "garbage": "A3",
    "noise_before": "A4",
    "truncated": "A5",
    "bad_checksum": "A6",
    "bad_bcd": "A7",
    "wrong_address": "A8",
    "wrong_identifier": "A9",
    "duplicate": "A10",
    "split": "A12",
}


def heard(name: str, reads: int) -> Heard:
    return heard_under(BENDS[name], reads=reads, share=SHARES.get(name, 0.3))


def of_row(name: str, **more: bool) -> Any:
    return pytest.param(name, marks=pytest.mark.faults(ROWS[name], **more), id=name)


@pytest.mark.parametrize("name", [of_row(name) for name in ROWS])
def test_nothing_wrong_is_believed_and_nothing_waits(name: str, faults: Faults) -> None:
    result = heard(name, faults.times(short=250, full=5_000 if name == "late" else 3_500))
    faults.hit(result.hits)
    estate = result.estate
    assert result.hits > 20
    assert wrong_readings(estate) == []
    assert result.longest_gap_s < 3
    assert estate.buses[0].collisions == 0 or name in {"late", "duplicate"}  # there the meter speaks into us
    if name not in {"late", "truncated", "noise_before", "duplicate", "split"}:
        assert result.asked_elsewhere_first() == [], "one repeat, at once"
        assert len(result.requests) - len(readings(estate)) <= result.hits + 1, "one more round trip for each"
    if name in {"noise_before", "duplicate", "split"}:
        retries = len(result.requests) - len(readings(estate))
        assert retries <= 1 + result.hits // 100
        assert failed_reads(estate) == 0
        assert blamed(estate) == set()


@pytest.mark.faults("A5")
def test_an_answer_cut_at_any_length_is_asked_for_again(faults: Faults) -> None:
    for length in range(1, 40, faults.times(short=4, full=1)):
        result = heard_under(partial(_cut_at, length), reads=60)
        faults.hit(result.hits)
        assert wrong_readings(result.estate) == []
        assert length <= PREAMBLE or result.asked_elsewhere_first() == []  # idle bytes alone are nobody's voice
        assert result.longest_gap_s < 3


def _cut_at(length: int, _meter: VirtualMeter, _frame: Frame, raw: bytes, _draw: random.Random) -> Spoken:
    return [(0, raw[:length])]


@pytest.mark.faults("A11")
def test_an_echoing_gateway_costs_no_read(faults: Faults) -> None:
    result = heard_under(None, reads=faults.times(short=250, full=3_500), echoes=True)
    faults.hit(len(result.requests))
    assert wrong_readings(result.estate) == []
    assert failed_reads(result.estate) == 0
    assert len(readings(result.estate)) >= len(result.requests) - 1


@pytest.mark.faults("A12")
def test_frames_are_found_however_their_bytes_were_cut(faults: Faults) -> None:
    draw = random.Random(12)
    for _ in range(faults.times(short=500, full=10_000)):
        stream = b"".join(_something(draw) for _ in range(draw.randrange(1, 6)))
        assert _found([stream]) == _found(list(_pieces(stream, draw)))
        faults.hit()


# --- control runs: one defence is off, and the row's fault does harm ------------------------------------------------


def no_match(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever answers is the answer, and what came before the question is not thrown away."""

    def believe(*, request: object, frame: Frame) -> Answer | Rejected:
        return Answer(frame.data[4:]) if frame.is_reply else Rejected(RejectReason.ECHO)

    monkeypatch.setattr(exchange, "answers", believe)
    monkeypatch.setattr(VirtualLine, "discard", lambda _line: 0)


def no_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange.Conversation, "ask", lambda self, question, **_: self._ask_once(question))


class RigidScanner(FrameScanner):
    """Takes a frame only where it stands alone."""

    @override
    def feed(self, data: bytes) -> list[frames.Event]:
        try:
            return [FrameFound(decode(data), data, 0)]
        except BadFrame:
            return [Dropped(len(data), DropReason.NOISE)]


def no_hunting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "FrameScanner", RigidScanner)


def no_gap_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "QUIET_S", 60.0)


def no_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_sum_is_right", lambda _body: True)


def no_digit_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def lenient(data: bytes, *, signed: bool = False) -> int:
        return sum((byte % 16 + byte // 16 * 10) * 100**place for place, byte in enumerate(data))

    monkeypatch.setattr(identifiers, "from_bcd", lenient)


def no_address_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "_is_from", lambda *_: True)


def no_identifier_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(replies._CONTENT, Function.READ, lambda _request, frame: Answer(frame.data[4:]))


OFF: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "late": no_match,
    "bad_checksum": no_checksum,
    "bad_bcd": no_digit_check,
    "wrong_address": no_address_check,
    "wrong_identifier": no_identifier_check,
    "duplicate": no_match,
}


@pytest.mark.parametrize("name", [of_row(name, control=True) for name in OFF])
def test_undefended_wrong_values_get_in(name: str, monkeypatch: pytest.MonkeyPatch, faults: Faults) -> None:
    OFF[name](monkeypatch)
    result = heard(name, 250)
    faults.hit(result.hits)
    assert wrong_readings(result.estate)


@pytest.mark.faults("A3", control=True)
def test_without_a_repeat_garbage_costs_the_meter_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    no_repeat(monkeypatch)
    assert heard("garbage", 250).asked_elsewhere_first()


@pytest.mark.parametrize("name", [of_row("noise_before", control=True), of_row("split", control=True)])
def test_without_a_stream_parser_frames_are_lost(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    no_hunting(monkeypatch)
    result = heard(name, 250)
    assert len(result.requests) - len(readings(result.estate)) > 1 + result.hits // 100


@pytest.mark.faults("A5", control=True)
def test_without_a_limit_between_characters_the_bus_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    no_gap_limit(monkeypatch)
    assert heard("truncated", 100).longest_gap_s > 10


@pytest.mark.faults("A11", control=True)
def test_an_echo_that_is_not_known_ends_the_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def believe_everything(*, request: object, frame: Frame) -> Answer:
        return Answer(frame.data[4:])

    monkeypatch.setattr(exchange, "answers", believe_everything)
    result = heard_under(None, reads=60, echoes=True)
    assert len(readings(result.estate)) < len(result.requests) // 2


def _something(draw: random.Random) -> bytes:
    data = bytes(draw.randrange(256) for _ in range(draw.randrange(30)))
    whole = encode(Frame(f"{draw.randrange(10**12):012d}", draw.choice([0x91, 0x9C, 0xD1]), data))
    return draw.choice([whole, whole, whole, noise(draw), whole[: draw.randrange(len(whole))]])


def _pieces(stream: bytes, draw: random.Random) -> list[bytes]:
    cuts = sorted(draw.randrange(len(stream) + 1) for _ in range(draw.choice([1, 3, len(stream)])))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def _found(pieces: list[bytes]) -> list[frames.Event]:
    scanner = FrameScanner()
    return [event for piece in pieces for event in scanner.feed(piece)] + scanner.flush()
