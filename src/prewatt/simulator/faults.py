"""Faults that are switched on and off while the estate runs, and what they do to bytes."""

from dataclasses import dataclass, replace
from enum import StrEnum

from prewatt.simulator.answers import Quirks
from prewatt.simulator.draws import Draws
from prewatt.simulator.errors import BadOrder
from prewatt.wire.dlt645.frame import IDLE, Frame, encode

ALWAYS = 1000
"""Probability in thousandths."""

_WORDS = 0x04
"""DI3 of parameters and status words, whose bits need not be digits."""


class FaultKind(StrEnum):
    """What can go wrong. ``docs/protocols/simulator.md`` says what each one's argument means."""

    SILENT = "silent"
    NOISE_BEFORE = "noise_before"
    NOISE_INSIDE = "noise_inside"
    NOISE_AFTER = "noise_after"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    BAD_CHECKSUM = "bad_checksum"
    BAD_BCD = "bad_bcd"
    WRONG_ADDRESS = "wrong_address"
    WRONG_IDENTIFIER = "wrong_identifier"
    LATE = "late"
    DUPLICATE = "duplicate"
    SPLIT = "split"
    ECHO = "echo"
    TWIN = "twin"
    DISCONNECT_MID = "disconnect_mid"
    GATEWAY_DOWN = "gateway_down"
    SWALLOW = "swallow"
    RELAY_STUCK = "relay_stuck"
    LOST_CONFIRM = "lost_confirm"
    ACCESS_REFUSED = "password_refused"
    ERROR_REPLY = "error_reply"
    VALUE_DROP = "value_drop"
    VALUE_JUMP = "value_jump"
    HAND_OPEN = "hand_open"
    HAND_CLOSE = "hand_close"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happens, or where a fault applies: empty names stand for all."""

    gateway: str = ""
    bus: str = ""
    meter: str = ""

    def covers(self, other: "Place") -> bool:
        """This method will say whether a fault at this place touches the other one."""
        pairs = ((self.gateway, other.gateway), (self.bus, other.bus), (self.meter, other.meter))
        return all(mine in {"", theirs} for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is switched on. ``times_left`` None means until it is switched off."""

    number: int
    kind: FaultKind
    place: Place
    per_mille: int = ALWAYS
    arg: int = 0
    times_left: int | None = None
    hits: int = 0


class FaultBoard:
    """All faults that are on, and how often each kind has really hit."""

    def __init__(self, *, seed: int) -> None:
        self.draws = Draws(seed)
        self.hits = dict.fromkeys(FaultKind, 0)
        self._faults: dict[int, Fault] = {}
        self._last = 0

    def switch_on(
        self, kind: FaultKind, *, place: Place, per_mille: int = ALWAYS, arg: int = 0, times: int | None = None
    ) -> Fault:
        """This method will switch a fault on. Raises BadOrder for a probability or a count that cannot be."""
        if not 0 < per_mille <= ALWAYS or (times is not None and times < 1) or arg < 0:
            raise BadOrder(
                "A fault has a probability of 1 to 1000 per mille, at least one hit and no negative argument."
            )
        self._last += 1
        fault = Fault(self._last, kind, place, per_mille, arg, times)
        self._faults[fault.number] = fault
        return fault

    def switch_off(self, *, number: int | None = None, kind: FaultKind | None = None) -> list[Fault]:
        """This method will switch off one fault, all of a kind, or all, and return them."""
        chosen = [
            fault
            for fault in self._faults.values()
            if (number is None or fault.number == number) and (kind is None or fault.kind is kind)
        ]
        for fault in chosen:
            del self._faults[fault.number]
        return chosen

    def list_on(self) -> list[Fault]:
        """This method will return the faults that are on."""
        return list(self._faults.values())

    def find_on(self, kind: FaultKind, *, place: Place) -> Fault | None:
        """This method will return a fault of the kind that is on at a place, without counting a hit."""
        return next((f for f in self._faults.values() if f.kind is kind and f.place.covers(place)), None)

    def strike(self, kind: FaultKind, *, place: Place) -> Fault | None:
        """This method will say whether a fault hits now, and count it."""
        if not self._faults:
            return None
        fault = self.find_on(kind, place=place)
        if fault is None or (fault.per_mille < ALWAYS and self.draws.between(1, ALWAYS) > fault.per_mille):
            return None
        self.hits[kind] += 1
        left = None if fault.times_left is None else fault.times_left - 1
        if left == 0:
            del self._faults[fault.number]
        else:
            self._faults[fault.number] = replace(fault, times_left=left, hits=fault.hits + 1)
        return fault


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes over the wire in answer to a request."""

    raw: bytes
    extra_delay_ms: int = 0
    repeat_after_ms: int | None = None
    piece_ms: int | None = None
    cut_connection: bool = False


def quirks_at(board: FaultBoard, *, place: Place, is_command: bool, is_energy: bool) -> Quirks:
    """This function will draw the faults that change what a meter says and does."""
    drop = board.strike(FaultKind.VALUE_DROP, place=place) if is_energy else None
    jump = board.strike(FaultKind.VALUE_JUMP, place=place) if is_energy else None
    error = board.strike(FaultKind.ERROR_REPLY, place=place)
    return Quirks(
        relay_stuck=is_command and board.strike(FaultKind.RELAY_STUCK, place=place) is not None,
        password_refused=is_command and board.strike(FaultKind.ACCESS_REFUSED, place=place) is not None,
        err=None if error is None else error.arg or 1,
        shift_wh=(jump.arg if jump else 0) * 1000 - (drop.arg if drop else 0) * 1000,
    )


def deliver(board: FaultBoard, *, place: Place, frame: Frame, is_command: bool, preamble: int) -> Delivery | None:
    """This function will turn a reply into bytes, with the faults that hit at this place; None for silence."""
    strike = board.strike
    if strike(FaultKind.SILENT, place=place) or (is_command and strike(FaultKind.LOST_CONFIRM, place=place)):
        return None
    raw = _damaged(board, place, encode(_bent(board, place, frame), preamble=preamble))
    late = strike(FaultKind.LATE, place=place)
    duplicate = strike(FaultKind.DUPLICATE, place=place)
    split = strike(FaultKind.SPLIT, place=place)
    return Delivery(
        raw,
        extra_delay_ms=late.arg or 1000 if late else 0,
        repeat_after_ms=duplicate.arg if duplicate else None,
        piece_ms=split.arg or 5 if split else None,
        cut_connection=strike(FaultKind.DISCONNECT_MID, place=place) is not None,
    )


def _bent(board: FaultBoard, place: Place, frame: Frame) -> Frame:
    """This function will change what a frame says, under a good checksum."""
    if board.strike(FaultKind.WRONG_ADDRESS, place=place):
        frame = replace(frame, address=f"{(int(frame.address) + 1) % 10**12:012d}")
    answers_read = frame.function in {0x11, 0x12} and not frame.is_error and len(frame.data) > 4
    if answers_read and board.strike(FaultKind.WRONG_IDENTIFIER, place=place):
        frame = replace(frame, data=bytes([frame.data[0], frame.data[1] ^ 0x01]) + frame.data[2:])
    if answers_read and frame.data[3] != _WORDS and board.strike(FaultKind.BAD_BCD, place=place):
        frame = replace(frame, data=frame.data[:4] + bytes([frame.data[4] | 0x0E]) + frame.data[5:])
    return frame


def _damaged(board: FaultBoard, place: Place, raw: bytes) -> bytes:
    """This function will damage bytes on their way."""
    draws = board.draws
    if board.strike(FaultKind.BAD_CHECKSUM, place=place):
        raw = raw[:-2] + bytes([raw[-2] ^ draws.between(1, 255), raw[-1]])
    if garbage := board.strike(FaultKind.GARBAGE, place=place):
        raw = noise(draws, garbage.arg or 40)
    if truncated := board.strike(FaultKind.TRUNCATED, place=place):
        raw = raw[: truncated.arg or draws.between(1, len(raw) - 1)]
    if before := board.strike(FaultKind.NOISE_BEFORE, place=place):
        raw = noise(draws, before.arg or 60) + raw
    if inside := board.strike(FaultKind.NOISE_INSIDE, place=place):
        at = draws.between(1, max(len(raw) - 1, 1))
        raw = raw[:at] + noise(draws, inside.arg or 8) + raw[at:]
    if after := board.strike(FaultKind.NOISE_AFTER, place=place):
        raw += noise(draws, after.arg or 60)
    return raw


def noise(draws: Draws, most: int) -> bytes:
    """This function will return 1 to ``most`` bytes of noise, rich in 68 and FE."""
    count = draws.between(1, most)
    likely = (0x68, IDLE, 0x16)
    return bytes(likely[pick] if (pick := draws.between(0, 8)) < 3 else draws.between(0, 255) for _ in range(count))


def garbled(draws: Draws, raw: bytes) -> bytes:
    """This function will return what is heard when two speak at once: every byte bent, so that no checksum holds."""
    return bytes(byte ^ draws.between(1, 255) for byte in raw)
