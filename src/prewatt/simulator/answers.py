"""What a virtual meter answers: a request frame and an instant in, a reply frame and events out. Nothing is changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from prewatt.simulator.items import item_data
from prewatt.simulator.meters import EventKind, MeterEvent, VirtualMeter
from prewatt.wire.dlt645 import identifiers, moments
from prewatt.wire.dlt645.bcd import from_bcd
from prewatt.wire.dlt645.errors import WireError
from prewatt.wire.dlt645.frame import BROADCAST, ERROR_BIT, MORE_BIT, REPLY_BIT, WILDCARD, Frame
from prewatt.wire.dlt645.requests import Function, RelayCommand

ERR_OTHER = 0x01
ERR_NO_DATA = 0x02
ERR_PASSWORD = 0x04

BROADCAST_TIME_MAX_S = 300


@dataclass(frozen=True, slots=True)
class Quirks:
    """What is wrong with a meter at the moment of an answer (faults that change what it says, not how it arrives)."""

    relay_stuck: bool = False
    password_refused: bool = False
    err: int | None = None
    shift_wh: int = 0


HEALTHY = Quirks()


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply, or None for silence, and what happens to the meter."""

    frame: Frame | None
    events: tuple[MeterEvent, ...] = ()
    password_refused: bool = False
    rest: bytes = field(default=b"", repr=False)
    """What did not fit and waits for a follow-up request."""


SILENT = Reply(None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request at one meter."""

    meter: VirtualMeter
    frame: Frame
    at: datetime
    quirks: Quirks
    pending: bytes

    def reply(self, data: bytes = b"", *events: MeterEvent) -> Reply:
        return Reply(Frame(self.meter.spec.address, self.frame.control | REPLY_BIT, data), events)

    def refuse(self, err: int) -> Reply:
        control = self.frame.control | REPLY_BIT | ERROR_BIT
        return Reply(Frame(self.meter.spec.address, control, bytes([err])), password_refused=bool(err & ERR_PASSWORD))

    def event(self, kind: EventKind, *values: int, cause: str = "command") -> MeterEvent:
        return MeterEvent(self.meter.spec.address, self.at, kind, values, cause)


def is_addressed(*, meter: VirtualMeter, frame: Frame) -> bool:
    """This function will say whether the meter feels meant: by its number, the broadcast or a wildcard."""
    own = meter.spec.address
    if frame.address in {own, BROADCAST}:
        return True
    return all(asked in {"A", digit} for asked, digit in zip(frame.address, own, strict=True))


def answer(*, meter: VirtualMeter, frame: Frame, at: datetime, quirks: Quirks = HEALTHY, pending: bytes = b"") -> Reply:
    """This function will return what the meter says and does; ``pending`` is the rest of its last long answer."""
    asked = _Asked(meter, frame, at, quirks, pending)
    wild = "A" in frame.address
    if frame.is_reply or not is_addressed(meter=meter, frame=frame):
        return SILENT
    if frame.address == BROADCAST:
        respond = _BROADCASTS.get(frame.function)
        return Reply(None, respond(asked).events) if respond else SILENT
    if wild and frame.function not in _READS:
        return SILENT  # nothing that changes a meter is taken from a wildcard
    respond = _FUNCTIONS.get(frame.function)
    if respond is None:
        return asked.refuse(ERR_OTHER)
    if quirks.err is not None:
        return asked.refuse(quirks.err)
    return respond(asked)


def _read(asked: _Asked) -> Reply:
    if len(asked.frame.data) != 4:
        return asked.refuse(ERR_OTHER)
    di = int.from_bytes(asked.frame.data, "little")
    data = item_data(meter=asked.meter, di=di, at=asked.at, shift_wh=asked.quirks.shift_wh)
    if data is None:
        return asked.refuse(ERR_NO_DATA)
    return _in_parts(asked, data, b"")


def _read_more(asked: _Asked) -> Reply:
    if len(asked.frame.data) != 5 or not asked.pending:
        return asked.refuse(ERR_OTHER)
    return _in_parts(asked, asked.pending, asked.frame.data[4:])


def _in_parts(asked: _Asked, data: bytes, seq: bytes) -> Reply:
    most = asked.meter.spec.answer_bytes_max
    head, rest = data[:most], data[most:]
    control = asked.frame.control | REPLY_BIT | (MORE_BIT if rest else 0)
    return Reply(Frame(asked.meter.spec.address, control, asked.frame.data[:4] + head + seq), rest=rest)


def _read_address(asked: _Asked) -> Reply:
    if asked.frame.address != WILDCARD or asked.frame.data:
        return SILENT
    return asked.reply(bytes.fromhex(asked.meter.spec.address)[::-1])


def _write(asked: _Asked) -> Reply:
    data = asked.frame.data
    if len(data) < 13 or not _is_allowed(asked, data[4:8]):
        return asked.refuse(ERR_PASSWORD)
    write = _WRITES.get(int.from_bytes(data[:4], "little"))
    if write is None:
        return asked.refuse(ERR_NO_DATA)
    try:
        return asked.reply(b"", write(asked, data[12:]))
    except WireError:
        return asked.refuse(ERR_OTHER)


def _control(asked: _Asked) -> Reply:
    data, meter = asked.frame.data, asked.meter
    if len(data) != 16 or not _is_allowed(asked, data[:4]):
        return asked.refuse(ERR_PASSWORD)
    try:
        valid_until = moments.decode_second(data[10:], zone=meter.zone)
        command = RelayCommand(data[8])
    except (WireError, ValueError):
        return asked.refuse(ERR_OTHER)
    if valid_until is None or valid_until < meter.clock(asked.at):
        return asked.refuse(ERR_OTHER)
    if command is RelayCommand.TRIP and meter.keeps_power:
        return asked.refuse(ERR_OTHER)
    return asked.reply(b"", *_effects(asked, command))


def _effects(asked: _Asked, command: RelayCommand) -> list[MeterEvent]:
    meter, moves = asked.meter, not asked.quirks.relay_stuck
    events = []
    match command:
        case RelayCommand.TRIP:
            events.append(asked.event(EventKind.COMMANDED, 1))
            if moves and not meter.is_open:
                events.append(asked.event(EventKind.RELAY_OPENED))
        case RelayCommand.ALLOW_CLOSE | RelayCommand.CLOSE:
            events.append(asked.event(EventKind.COMMANDED, 0))
            closes = command is RelayCommand.CLOSE or meter.spec.closes_on_permit
            if moves and closes and meter.is_open:
                events.append(asked.event(EventKind.RELAY_CLOSED))
        case RelayCommand.KEEP_POWER_ON | RelayCommand.KEEP_POWER_OFF:
            events.append(asked.event(EventKind.KEEP_POWER, int(command is RelayCommand.KEEP_POWER_ON)))
            if command is RelayCommand.KEEP_POWER_ON and moves and meter.is_open:
                events.append(asked.event(EventKind.RELAY_CLOSED))
        case RelayCommand.ALARM_ON | RelayCommand.ALARM_OFF:
            pass  # a lamp and a beeper: nothing that a status word shows
    return events


def _is_allowed(asked: _Asked, access: bytes) -> bool:
    spec = asked.meter.spec
    good = access == bytes([spec.level]) + bytes.fromhex(spec.password)[::-1]
    return good and not asked.quirks.password_refused


def _broadcast_time(asked: _Asked) -> Reply:
    """This function will take the time as meters do: at most five minutes off, once a day, not around midnight."""
    meter = asked.meter
    local = meter.clock(asked.at)
    minute = local.hour * 60 + local.minute
    already = meter.clock_set_on is not None and meter.clock_set_on.astimezone(meter.zone).date() == local.date()
    try:
        told = moments.decode_second(asked.frame.data, zone=meter.zone)
    except WireError:
        return SILENT
    if told is None or already or not 5 <= minute < 23 * 60 + 55:
        return SILENT
    if abs((told - local).total_seconds()) > BROADCAST_TIME_MAX_S:
        return SILENT
    return Reply(None, (asked.event(EventKind.CLOCK_SET, _skew_s(asked, told), cause="broadcast"),))


def _freeze(asked: _Asked) -> Reply:
    if asked.frame.data != b"\x99" * 4:
        return asked.refuse(ERR_OTHER)  # timed freezes are not simulated
    return asked.reply(b"", asked.event(EventKind.FROZEN))


def _skew_s(asked: _Asked, told: datetime) -> int:
    return round((told - asked.at).total_seconds())


def _set_date(asked: _Asked, data: bytes) -> MeterEvent:
    day, _ = moments.decode_date(data)
    told = datetime.combine(day, asked.meter.clock(asked.at).time(), tzinfo=asked.meter.zone)
    return asked.event(EventKind.CLOCK_SET, _skew_s(asked, told))


def _set_time(asked: _Asked, data: bytes) -> MeterEvent:
    told = datetime.combine(asked.meter.clock(asked.at).date(), moments.decode_time(data), tzinfo=asked.meter.zone)
    return asked.event(EventKind.CLOCK_SET, _skew_s(asked, told))


def _set_clock(asked: _Asked, data: bytes) -> MeterEvent:
    return asked.event(EventKind.CLOCK_SET, _skew_s(asked, moments.decode_clock(data, zone=asked.meter.zone)))


def _set_trip_delay(asked: _Asked, data: bytes) -> MeterEvent:
    return asked.event(EventKind.TRIP_DELAY_SET, from_bcd(data) or 0)


_READS = {Function.READ, Function.READ_MORE, Function.READ_ADDRESS}

_FUNCTIONS: dict[int, Callable[[_Asked], Reply]] = {
    Function.READ: _read,
    Function.READ_MORE: _read_more,
    Function.READ_ADDRESS: _read_address,
    Function.WRITE: _write,
    Function.FREEZE: _freeze,
    Function.CONTROL: _control,
    Function.BROADCAST_TIME: _broadcast_time,
}

_BROADCASTS: dict[int, Callable[[_Asked], Reply]] = {
    Function.BROADCAST_TIME: _broadcast_time,
    Function.FREEZE: _freeze,
}

_WRITES: dict[int, Callable[[_Asked, bytes], MeterEvent]] = {
    identifiers.DATE: _set_date,
    identifiers.TIME: _set_time,
    identifiers.CLOCK: _set_clock,
    identifiers.TRIP_DELAY: _set_trip_delay,
}
