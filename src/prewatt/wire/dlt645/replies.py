"""Does this frame answer that request? A value that answers another question is worse than none."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from prewatt.wire.dlt645.errors import BadData
from prewatt.wire.dlt645.frame import WILDCARD, Frame
from prewatt.wire.dlt645.requests import FOLLOW_UPS_MAX, Function, Request, read_more

ANSWER_BYTES_MAX = 16_384
"""What one read may bring in all its follow-ups before we stop asking."""


class RejectReason(StrEnum):
    """Why a frame is not the answer."""

    ECHO = "echo"
    FOREIGN_ADDRESS = "foreign_address"
    OTHER_FUNCTION = "other_function"
    OTHER_IDENTIFIER = "other_identifier"
    OTHER_SEQUENCE = "other_sequence"
    BAD_LENGTH = "bad_length"
    NOT_EXPECTED = "not_expected"


class ErrorBit(StrEnum):
    """What a meter complains of (ERR, bits 0..6)."""

    OTHER = "other"
    NO_SUCH_DATA = "no_such_data"
    NOT_AUTHORISED = "not_authorised"
    RATE_NOT_CHANGEABLE = "rate_not_changeable"
    TOO_MANY_YEAR_ZONES = "too_many_year_zones"
    TOO_MANY_DAY_SLOTS = "too_many_day_slots"
    TOO_MANY_TARIFFS = "too_many_tariffs"
    RESERVED = "reserved"


_ERROR_BITS = tuple(ErrorBit)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer. ``data`` stands behind the identifier; ``has_more`` says that a follow-up request brings the rest."""

    data: bytes
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """The meter refuses. ``err`` is its byte as sent, ``errors`` says it in words."""

    err: int

    @property
    def errors(self) -> frozenset[ErrorBit]:
        """This property will name the bits that are set; several may be, none means an empty complaint."""
        return frozenset(word for bit, word in enumerate(_ERROR_BITS) if self.err >> bit & 1)


@dataclass(frozen=True, slots=True)
class Rejected:
    """The frame is good but does not answer this request; the real answer may still come."""

    reason: RejectReason


Outcome = Answer | ErrorAnswer | Rejected


def match(*, request: Request, frame: Frame) -> Outcome:
    """This function will say whether a frame answers the request: address, function and echoed identifier must agree.

    An error answer repeats no identifier, so it is believed on address and function alone: drain the line first.
    """
    reason = _envelope(request, frame)
    if reason is not None:
        return Rejected(reason)
    if frame.is_error:
        return ErrorAnswer(frame.data[0]) if len(frame.data) == 1 else Rejected(RejectReason.BAD_LENGTH)
    return _CONTENT[Function(request.function)](request, frame)


def _envelope(request: Request, frame: Frame) -> RejectReason | None:
    if not frame.is_reply:
        return RejectReason.ECHO if frame == request.frame else RejectReason.OTHER_FUNCTION
    if not request.expects_reply:
        return RejectReason.NOT_EXPECTED
    if not _is_from(frame.address, request.frame.address):
        return RejectReason.FOREIGN_ADDRESS
    if frame.function != request.function:
        return RejectReason.OTHER_FUNCTION
    return None


def _is_from(address: str, wanted: str) -> bool:
    """This function will compare digits; where the request says A any digit will do, and so will an echoed A."""
    return all(asked in {"A", digit} for digit, asked in zip(address, wanted, strict=True))


def _read_answer(request: Request, frame: Frame) -> Outcome:
    if len(frame.data) < 4:
        return Rejected(RejectReason.BAD_LENGTH)
    if int.from_bytes(frame.data[:4], "little") != request.di:
        return Rejected(RejectReason.OTHER_IDENTIFIER)
    data = frame.data[4:]
    if request.seq is not None:
        if data[-1:] != bytes([request.seq]):
            return Rejected(RejectReason.OTHER_SEQUENCE)
        data = data[:-1]
    return Answer(data, frame.has_more) if data else Rejected(RejectReason.BAD_LENGTH)


def _address_answer(_request: Request, frame: Frame) -> Outcome:
    if len(frame.data) != 6:
        return Rejected(RejectReason.BAD_LENGTH)
    stated = frame.data[::-1].hex().upper()
    if frame.address not in {stated, WILDCARD} or not stated.isdecimal():
        return Rejected(RejectReason.FOREIGN_ADDRESS)
    return Answer(frame.data)


def _plain_answer(_request: Request, frame: Frame) -> Outcome:
    return Rejected(RejectReason.BAD_LENGTH) if frame.data else Answer(b"")


def _control_answer(_request: Request, frame: Frame) -> Outcome:
    """This function will also take four bytes: meters with a security module add two execution words."""
    return Answer(frame.data) if len(frame.data) in {0, 4} else Rejected(RejectReason.BAD_LENGTH)


_CONTENT: dict[Function, Callable[[Request, Frame], Outcome]] = {
    Function.READ: _read_answer,
    Function.READ_MORE: _read_answer,
    Function.READ_ADDRESS: _address_answer,
    Function.WRITE: _plain_answer,
    Function.FREEZE: _plain_answer,
    Function.CONTROL: _control_answer,
}


class LongRead:
    """A read whose answer may come in parts: ask ``request``, hand each Answer to ``take`` until the data come back."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._data = b""

    def take(self, answer: Answer) -> bytes | None:
        """This method will return all data once they are complete, else None: then ask the new ``request``.

        Raises BadData when a meter never comes to an end.
        """
        self._data += answer.data
        if not answer.has_more:
            return self._data
        seq = (self.request.seq or 0) + 1
        if seq > FOLLOW_UPS_MAX or len(self._data) > ANSWER_BYTES_MAX or self.request.di is None:
            raise BadData(f"An answer did not end after {len(self._data)} bytes.")
        self.request = read_more(address=self.request.frame.address, di=self.request.di, seq=seq)
        return None
