"""What we say to meters. Each function builds one request and refuses what must never be sent.

Nothing that changes a meter goes to the wildcard or the broadcast address, and the functions that clear meters and
events, set addresses or reset a factory state do not exist here (``docs/protocols/dlt645.md``, "Never sent").
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from prewatt.wire.dlt645.bcd import to_bcd
from prewatt.wire.dlt645.errors import BadRequest
from prewatt.wire.dlt645.frame import BROADCAST, OVERHEAD, PREAMBLE, WILDCARD, Frame
from prewatt.wire.dlt645.identifiers import find_item
from prewatt.wire.dlt645.moments import encode_second

WRITE_DATA_MAX = 50
"""Bytes of DATA in a write (DL/T 645-2007)."""

FOLLOW_UPS_MAX = 255

_DI_LENGTH = 4


class Function(IntEnum):
    """Function codes of requests (C, bits 4..0)."""

    BROADCAST_TIME = 0x08
    READ = 0x11
    READ_MORE = 0x12
    READ_ADDRESS = 0x13
    WRITE = 0x14
    FREEZE = 0x16
    CONTROL = 0x1C


class RelayCommand(IntEnum):
    """N1 of function 1CH."""

    TRIP = 0x1A
    ALLOW_CLOSE = 0x1B
    CLOSE = 0x1C
    ALARM_ON = 0x2A
    ALARM_OFF = 0x2B
    KEEP_POWER_ON = 0x3A
    KEEP_POWER_OFF = 0x3B


@dataclass(frozen=True, slots=True)
class Access:
    """Who we say we are: password level (PA), password of six and operator code of eight digits, highest first."""

    level: int
    password: str = field(repr=False)
    operator: str = "00000000"

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 0xFF or not re.fullmatch(r"[0-9A-Fa-f]{6}", self.password):
            raise BadRequest("A password is a level and six digits.", hint="Check the meter's password.")
        if not re.fullmatch(r"[0-9A-Fa-f]{8}", self.operator):
            raise BadRequest("An operator code has eight digits.")

    def to_bytes(self) -> bytes:
        """This method will write PA, P0..P2, C0..C3."""
        return bytes([self.level]) + bytes.fromhex(self.password)[::-1] + bytes.fromhex(self.operator)[::-1]


@dataclass(frozen=True, slots=True)
class Request:
    """One question and what an answer to it must show. ``di`` and ``seq`` are set where an answer repeats them."""

    frame: Frame
    di: int | None = None
    seq: int | None = None
    expects_reply: bool = True

    @property
    def function(self) -> int:
        """This property will be the function code that an answer must carry."""
        return self.frame.function

    @property
    def characters(self) -> int:
        """This property will be the length on the wire, with the usual four FE."""
        return PREAMBLE + OVERHEAD + len(self.frame.data)


def read(*, address: str, di: int) -> Request:
    """This function will ask for an identifier: a register, or a block where a byte of it is FF."""
    return Request(Frame(_readable(address), Function.READ, _di(di)), di=di)


def read_profile(*, address: str, di: int, blocks: int, from_at: datetime | None = None) -> Request:
    """This function will ask for load-profile blocks (06xxxxxx), from a local minute on where one is given."""
    data = _di(di) + to_bcd(blocks, length=1)
    if from_at is not None:
        data += encode_second(from_at)[1:]
    return Request(Frame(_readable(address), Function.READ, data), di=di)


def read_more(*, address: str, di: int, seq: int) -> Request:
    """This function will ask for the data that did not fit into the answer before; ``seq`` runs from 1 to 255."""
    if not 1 <= seq <= FOLLOW_UPS_MAX:
        raise BadRequest(f"Follow-up {seq} does not exist; they run from 1 to {FOLLOW_UPS_MAX}.")
    return Request(Frame(_readable(address), Function.READ_MORE, _di(di) + bytes([seq])), di=di, seq=seq)


def read_address() -> Request:
    """This function will ask the only meter on the line for its address."""
    return Request(Frame(WILDCARD, Function.READ_ADDRESS))


def write(*, address: str, di: int, access: Access, data: bytes) -> Request:
    """This function will set a parameter; ``data`` is its value as the meter stores it."""
    body = _di(di) + access.to_bytes() + data
    if not data or len(body) > WRITE_DATA_MAX:
        raise BadRequest(f"A write of {len(body)} bytes is not possible.", hint=f"At most {WRITE_DATA_MAX}, not empty.")
    return Request(Frame(_meter(address), Function.WRITE, body))


def control(*, address: str, access: Access, command: RelayCommand, valid_until: datetime, n2: int = 0) -> Request:
    """This function will command the relay, the alarm or keep-power.

    The meter refuses it after ``valid_until``, a local instant by *its own* clock. The answer only says "accepted":
    whether the relay moved stands in status word 3. ``n2`` is 0 but for a few makers (meter profile).
    """
    body = access.to_bytes() + bytes((command, n2)) + encode_second(valid_until)
    return Request(Frame(_meter(address), Function.CONTROL, body))


def broadcast_time(local_at: datetime) -> Request:
    """This function will tell all meters the time; none answers. They take at most five minutes, once a day."""
    return Request(Frame(BROADCAST, Function.BROADCAST_TIME, encode_second(local_at)), expects_reply=False)


def freeze_now(*, address: str = BROADCAST) -> Request:
    """This function will have one meter, or all of them at once, freeze their registers (identifiers 0501xxxx)."""
    everyone = address == BROADCAST
    target = address if everyone else _meter(address)
    return Request(Frame(target, Function.FREEZE, b"\x99" * 4), expects_reply=not everyone)


def answer_characters(request: Request) -> int:
    """This function will return how long the answer may be on the wire, with four FE; the longest where unknown."""
    if request.function in {Function.WRITE, Function.CONTROL, Function.FREEZE}:
        return PREAMBLE + OVERHEAD + _DI_LENGTH  # an error answer or an execution word may bring bytes of its own
    if request.function == Function.READ_ADDRESS:
        return PREAMBLE + OVERHEAD + 6
    item = None if request.di is None else find_item(request.di)
    if item is None or item.count_max > 8:
        return PREAMBLE + OVERHEAD + 200
    return PREAMBLE + OVERHEAD + _DI_LENGTH + item.length * item.count_max


def _di(di: int) -> bytes:
    return di.to_bytes(_DI_LENGTH, "little")


def _meter(address: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", address) or address == BROADCAST:
        raise BadRequest(f"{address!r} is not one meter.", hint="Give the twelve digits of one meter.")
    return address


def _readable(address: str) -> str:
    """This function will let through a meter's address, also with its high digits given as AA."""
    if not re.fullmatch(r"(AA)*[0-9]*", address) or len(address) != 12 or address == BROADCAST:
        raise BadRequest(f"{address!r} cannot be read.", hint="Give twelve digits, or AA for the high ones.")
    return address
