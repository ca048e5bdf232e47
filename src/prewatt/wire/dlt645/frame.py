"""Frames, and the finding of frames in a stream of bytes.

A frame is ``68 A0..A5 68 C L DATA CS 16`` after any number of FE. The sender adds 33H to every DATA byte; address,
control and length are as they are. CS is the sum modulo 256 of everything from the first 68 up to the byte before it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush

from prewatt.wire.dlt645.errors import BadFrame, BadRequest

START = 0x68
END = 0x16
IDLE = 0xFE
OFFSET = 0x33
OVERHEAD = 12
"""Characters of a frame without DATA and without leading FE."""

PREAMBLE = 4
"""FE bytes a master sends before a frame, to wake the receiver (DL/T 645-2007)."""

DATA_MAX = 255
"""The standard ends a reply at 200 and a write at 50 bytes; meters in the field exceed both, L itself ends at 255."""

WILDCARD = "A" * 12
"""The only meter on the line, whatever its number."""

BROADCAST = "9" * 12
"""Every meter on the line; none answers."""

REPLY_BIT = 0x80
ERROR_BIT = 0x40
MORE_BIT = 0x20
FUNCTION_BITS = 0x1F

_IDLE = bytes([IDLE])
_CHUNK = 512
_ADDRESS = re.compile(r"[0-9A-F]{12}")
_ADD = bytes((byte + OFFSET) & 0xFF for byte in range(256))
_SUBTRACT = bytes((byte - OFFSET) & 0xFF for byte in range(256))


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``address`` is written as on the meter's face, highest digit first; ``data`` is without the 33H."""

    address: str
    control: int
    data: bytes = b""

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.address):
            raise BadRequest(f"{self.address!r} is not a meter address.", hint="Give twelve digits.")
        if not 0 <= self.control <= 0xFF or len(self.data) > DATA_MAX:
            raise BadRequest(f"Control {self.control} with {len(self.data)} data bytes does not fit a frame.")

    @property
    def is_reply(self) -> bool:
        """This property will be true for what a meter says."""
        return bool(self.control & REPLY_BIT)

    @property
    def is_error(self) -> bool:
        """This property will be true for an error answer."""
        return bool(self.control & ERROR_BIT)

    @property
    def has_more(self) -> bool:
        """This property will be true when more data wait for a follow-up request."""
        return bool(self.control & MORE_BIT)

    @property
    def function(self) -> int:
        """This property will be the function code, without the direction, error and follow-up bits."""
        return self.control & FUNCTION_BITS


@dataclass(frozen=True, slots=True)
class FrameFound:
    """A frame stood in the stream; ``raw`` is it from 68 to 16, ``preamble`` the number of FE before it."""

    frame: Frame
    raw: bytes
    preamble: int


class DropReason(StrEnum):
    """Why bytes were given up."""

    NOISE = "noise"
    BAD_CHECKSUM = "bad_checksum"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Dropped:
    """``count`` bytes (idle FE not counted) belonged to no good frame."""

    count: int
    reason: DropReason


Event = FrameFound | Dropped


def encode(frame: Frame, *, preamble: int = PREAMBLE) -> bytes:
    """This function will write a frame as it goes over the wire, after ``preamble`` bytes FE."""
    body = bytearray((START,))
    body += bytes.fromhex(frame.address)[::-1]
    body += bytes((START, frame.control, len(frame.data)))
    body += frame.data.translate(_ADD)
    body += bytes((sum(body) & 0xFF, END))
    return _IDLE * preamble + bytes(body)


def decode(raw: bytes) -> Frame:
    """This function will read exactly one frame, FE before it allowed. Raises BadFrame for anything else."""
    body = raw.lstrip(_IDLE)
    if len(body) < OVERHEAD or body[0] != START or body[7] != START or len(body) != OVERHEAD + body[9]:
        raise BadFrame(f"{len(raw)} bytes are not one frame.")
    if body[-1] != END or not _sum_is_right(body):
        raise BadFrame("The checksum or the end mark of a frame is wrong.")
    return _parse(body)


class FrameScanner:
    """Finds frames in a stream, whatever stands before, between or inside them.

    Of all places where a frame could begin, the one whose frame is complete *first* wins; so a stray 68 in front of a
    frame cannot hide it, and the events depend on the bytes alone, not on how they were cut on their way. Each place
    is looked at once, and at most 1.5 kB are kept, whatever comes.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._next = 0  # first index that was not yet looked at as a beginning
        self._open: list[tuple[int, int]] = []  # (index of the end mark, index of the beginning), a heap
        self._lost = 0  # bytes given up since the last event
        self._idle = 0  # FE directly before the buffer
        self._broken: int | None = None  # first beginning since the last event whose checksum failed

    def feed(self, data: bytes) -> list[Event]:
        """This method will take bytes as they come and return what they brought to an end."""
        events: list[Event] = []
        if not self._buffer and START not in data:
            self._give_up(data)
            return events
        for at in range(0, len(data), _CHUNK):
            self._buffer += data[at : at + _CHUNK]
            self._look_for_beginnings()
            while self._open and self._open[0][0] < len(self._buffer):
                end, start = heappop(self._open)
                if self._buffer[end] == END:
                    self._try(start, end, events)
            self._tidy()
        return events

    def flush(self) -> list[Event]:
        """This method will give up what is left, because the line has been silent for longer than a frame allows."""
        self._look_for_beginnings()
        unfinished = bool(self._open) or self._next < len(self._buffer)
        self._release(len(self._buffer))
        events: list[Event] = []
        self._report(events, DropReason.TRUNCATED if unfinished else DropReason.NOISE)
        self._open.clear()
        self._next = self._idle = 0
        return events

    def _tidy(self) -> None:
        if not self._open:
            self._release(self._next)
        elif len(self._buffer) > 2 * _CHUNK:  # now and then, so that bytes coming one by one cost no more
            self._release(min(start for _, start in self._open))

    def _look_for_beginnings(self) -> None:
        buffer, at, size = self._buffer, self._next, len(self._buffer)
        while (at := buffer.find(START, at)) >= 0:
            if at + 7 < size and buffer[at + 7] != START:
                at += 1
            elif at + 9 < size:
                end = at + OVERHEAD - 1 + buffer[at + 9]
                if end >= size or buffer[end] == END:
                    heappush(self._open, (end, at))
                at += 1
            else:
                break
        self._next = at if at >= 0 else size

    def _try(self, start: int, end: int, events: list[Event]) -> None:
        raw = bytes(self._buffer[start : end + 1])
        if not _sum_is_right(raw):
            self._broken = start if self._broken is None else min(self._broken, start)
            return
        if self._broken is not None and self._broken > start:
            self._broken = None  # it stood inside this frame: nothing was broken
        shift = end + 1
        self._open = sorted((e, s) for e, s in self._open if s > end)
        self._release(start)
        preamble = self._idle
        self._report(events, DropReason.NOISE)
        events.append(FrameFound(_parse(raw), raw, preamble))
        del self._buffer[: shift - start]
        self._idle = 0
        self._open = [(e - (shift - start), s - (shift - start)) for e, s in self._open]
        self._next = max(self._next - (shift - start), 0)

    def _report(self, events: list[Event], reason: DropReason) -> None:
        if self._broken is not None:
            reason = DropReason.BAD_CHECKSUM
        if self._lost:
            events.append(Dropped(self._lost, reason))
        self._lost = 0
        self._broken = None

    def _release(self, count: int) -> None:
        """This method will let go of the first ``count`` bytes: none of them can begin a frame any more."""
        if not count:
            return
        self._give_up(self._buffer[:count])
        del self._buffer[:count]
        self._open = [(end - count, start - count) for end, start in self._open]
        self._next = max(self._next - count, 0)
        if self._broken is not None:
            self._broken -= count

    def _give_up(self, gone: bytes | bytearray) -> None:
        """This method will count bytes before the buffer in which no frame begins."""
        idle_at_end = len(gone) - len(gone.rstrip(_IDLE))
        self._idle = self._idle + idle_at_end if idle_at_end == len(gone) else idle_at_end
        self._lost += len(gone) - gone.count(IDLE)


def _sum_is_right(body: bytes) -> bool:
    return (sum(body) - body[-1] - body[-2]) & 0xFF == body[-2]


def _parse(body: bytes) -> Frame:
    return Frame(body[6:0:-1].hex().upper(), body[8], body[10:-2].translate(_SUBTRACT))
