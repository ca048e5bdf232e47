"""The driver: what we ask a DL/T 645-2007 meter, and what its answers mean to us. No waiting, no bytes on a line."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from prewatt.field.exchange import Question
from prewatt.field.profiles import Profile
from prewatt.link.messages import Password, RelayState
from prewatt.wire.dlt645.errors import BadData
from prewatt.wire.dlt645.frame import OVERHEAD, PREAMBLE
from prewatt.wire.dlt645.identifiers import (
    CLOCK,
    DATE,
    FORWARD_ENERGY,
    FORWARD_ENERGY_BLOCK,
    STATUS_WORD_3,
    TIME,
    daily_freeze_energy,
    daily_freeze_time,
    decode_values,
)
from prewatt.wire.dlt645.moments import decode_clock, decode_date, decode_minute, decode_time
from prewatt.wire.dlt645.replies import ErrorBit
from prewatt.wire.dlt645.requests import Access, RelayCommand, answer_characters, control, read
from prewatt.wire.dlt645.status import relay_status

PASSWORD_BITS = frozenset({ErrorBit.NOT_AUTHORISED})
ENERGY_BYTES = 4
_IDENTIFIER_BYTES = 4
_EMPTY = PREAMBLE + OVERHEAD + _IDENTIFIER_BYTES


@dataclass(frozen=True, slots=True)
class Registers:
    """Forward active energy in Wh: the total, and the rates that the meter keeps."""

    total_wh: int
    rates_wh: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RelayFacts:
    """What status word 3 says of the relay."""

    reported: RelayState
    commanded: RelayState


def ask_registers(*, address: str, profile: Profile) -> Question[Registers]:
    """This function will ask for the total and all rates in one answer (0001FF00)."""
    return _energy(address=address, di=FORWARD_ENERGY_BLOCK, values=1 + profile.rates)


def ask_total(*, address: str) -> Question[Registers]:
    """This function will ask for the total alone, from meters without the block (00010000)."""
    return _energy(address=address, di=FORWARD_ENERGY, values=1)


def ask_relay(*, address: str) -> Question[RelayFacts]:
    """This function will ask for status word 3: relay (bit 4) and command (bit 6)."""
    request = read(address=address, di=STATUS_WORD_3)
    return Question(request, answer_characters(request), _relay_facts)


def ask_clock(*, address: str, zone: ZoneInfo) -> Question[datetime]:
    """This function will ask for the meter's date and time in one answer (0400010C)."""
    request = read(address=address, di=CLOCK)
    return Question(request, _EMPTY + 7, lambda data: decode_clock(data, zone=zone))


def ask_date(*, address: str) -> Question[date]:
    """This function will ask for the meter's date (04000101)."""
    return Question(read(address=address, di=DATE), _EMPTY + 4, lambda data: decode_date(data)[0])


def ask_time(*, address: str) -> Question[time]:
    """This function will ask for the meter's time of day (04000102)."""
    return Question(read(address=address, di=TIME), _EMPTY + 3, decode_time)


def ask_freeze_time(*, address: str, zone: ZoneInfo) -> Question[datetime | None]:
    """This function will ask when the meter last froze its daily registers, by its own clock."""
    return Question(
        read(address=address, di=daily_freeze_time(1)), _EMPTY + 5, lambda data: decode_minute(data, zone=zone)
    )


def ask_freeze(*, address: str, profile: Profile) -> Question[Registers]:
    """This function will ask for the registers of the last daily freeze."""
    return _energy(address=address, di=daily_freeze_energy(1), values=1 + profile.rates)


def say_relay(
    *, address: str, profile: Profile, password: Password, wanted: RelayState, now: datetime, drift_s: int
) -> Question[None]:
    """This function will command the relay. ``now`` is local estate time, ``drift_s`` how far the meter is ahead of it.

    The answer says "accepted", no more. The password stands in the frame alone, never in a text form of the question.
    """
    request = control(
        address=address,
        access=Access(password.level, password.secret),
        command=RelayCommand.TRIP if wanted is RelayState.OFF else profile.close,
        valid_until=now + timedelta(seconds=drift_s + profile.validity_s),
        n2=profile.n2,
    )
    return Question(request, answer_characters(request), _nothing)


def _energy(*, address: str, di: int, values: int) -> Question[Registers]:
    return Question(read(address=address, di=di), _EMPTY + ENERGY_BYTES * values, lambda data: _registers(di, data))


def _registers(di: int, data: bytes) -> Registers:
    total, *rates = decode_values(di=di, data=data)
    if total is None:
        raise BadData("The meter fills its total as not available.")
    known = [rate for rate in rates if rate is not None]
    return Registers(total, tuple(known) if len(known) == len(rates) else ())


def _relay_facts(data: bytes) -> RelayFacts:
    status = relay_status(data)
    return RelayFacts(_state(is_open=status.is_open), _state(is_open=status.is_commanded_open))


def _state(*, is_open: bool) -> RelayState:
    return RelayState.OFF if is_open else RelayState.ON


def _nothing(_data: bytes) -> None:
    """This function will find nothing in an answer that says only that it is one."""
