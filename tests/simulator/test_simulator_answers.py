"""What a meter answers: held against public frames of real meters, and against the rules of the standard."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulator.virtual import ACCESS, NOW, ONE, command, estate, meter

from prewatt.simulator.answers import HEALTHY, Quirks, Reply, answer, is_addressed
from prewatt.simulator.estate import VirtualEstate
from prewatt.simulator.meters import EventKind, MeterEvent, VirtualMeter
from prewatt.wire.dlt645 import identifiers, moments
from prewatt.wire.dlt645.bcd import to_bcd
from prewatt.wire.dlt645.frame import BROADCAST, WILDCARD, Frame, decode, encode
from prewatt.wire.dlt645.identifiers import decode_value, decode_values
from prewatt.wire.dlt645.replies import Answer, ErrorAnswer, ErrorBit, match
from prewatt.wire.dlt645.requests import (
    Access,
    RelayCommand,
    Request,
    broadcast_time,
    freeze_now,
    read,
    read_address,
    read_more,
    write,
)
from prewatt.wire.dlt645.status import relay_status

VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "vectors" / "dlt645.jsonl").read_text(encoding="utf-8").splitlines()
]


def virtual(**changes: Any) -> VirtualMeter:
    return VirtualMeter(spec=meter(**changes), estate=estate())


def say(subject: VirtualMeter, request: Request, *, at: datetime = NOW, quirks: Quirks = HEALTHY) -> Reply:
    """This function will ask, let happen what the meter does, and return its reply."""
    reply = answer(meter=subject, frame=request.frame, at=at, quirks=quirks)
    for event in reply.events:
        subject.apply(event)
    return reply


def outcome(subject: VirtualMeter, request: Request, *, at: datetime = NOW, quirks: Quirks = HEALTHY) -> object:
    reply = say(subject, request, at=at, quirks=quirks)
    assert reply.frame is not None
    return match(request=request, frame=reply.frame)


def data(subject: VirtualMeter, di: int, *, at: datetime = NOW) -> bytes:
    got = outcome(subject, read(address=subject.spec.address, di=di), at=at)
    assert isinstance(got, Answer), got
    return got.data


OPENINGS = {
    12: (6780, 0, 0, 0),
    35: (1_234_560, 0, 0, 0),
    40: (2560, 190, 380, 33_170),
    45: (0, 0, 0, 0),
    60: (0, 0, 3890, 0),
    67: (20, 0, 0, 0),
    99: (123_456_780, 0, 0, 0),
}


@pytest.mark.parametrize("number", [3, 10, 11, 36, 39, 101, 104, *OPENINGS])
def test_our_meter_answers_like_the_recorded_one(number: int) -> None:
    record = VECTORS[number - 1]
    assert record["id"] == f"d645-{number:03d}"
    recorded = decode(bytes.fromhex(record["response"]))
    spec = meter(recorded.address, mean_w=0, opening_wh=OPENINGS.get(number, (0, 0, 0, 0)))
    subject = VirtualMeter(spec=spec, estate=estate())
    request = (
        bytes.fromhex(record["request"])
        if record["request"]
        else encode(read(address=recorded.address, di=int(record["values"]["di"], 16)).frame)
    )
    reply = answer(meter=subject, frame=decode(request), at=NOW)
    assert reply.frame == recorded


def test_our_meter_trips_and_closes_like_the_recorded_one() -> None:
    trip, close, opened, closed = (VECTORS[number - 1] for number in (13, 14, 15, 16))
    address = "151230011061"
    subject = VirtualMeter(spec=meter(address, password="020637"), estate=estate())
    for order, status in ((trip, opened), (close, closed)):
        for record in (order, status):
            reply = answer(meter=subject, frame=decode(bytes.fromhex(record["request"])), at=NOW)
            for event in reply.events:
                subject.apply(event)
            assert reply.frame == decode(bytes.fromhex(record["response"]))


def test_our_meter_tells_time_and_freezes_like_the_recorded_one() -> None:
    old = VirtualEstate(zone="Asia/Shanghai", first_day=date(2015, 10, 1), gateways=())
    subject = VirtualMeter(spec=meter("201000000012"), estate=old)
    for number, at in (
        (6, datetime(2016, 1, 11, 9, tzinfo=UTC)),
        (7, datetime(2016, 1, 11, 13, 53, 55, tzinfo=UTC)),
        (8, datetime(2015, 10, 9, 4, tzinfo=UTC)),
    ):
        record = VECTORS[number - 1]
        reply = answer(meter=subject, frame=decode(bytes.fromhex(record["request"])), at=at)
        assert reply.frame == decode(bytes.fromhex(record["response"]))


def test_registers_block_and_single_agree() -> None:
    subject = virtual()
    block = decode_values(di=identifiers.FORWARD_ENERGY_BLOCK, data=data(subject, identifiers.FORWARD_ENERGY_BLOCK))
    singles = [decode_value(di=di, data=data(subject, di)) for di in map(identifiers.energy_of_rate, range(5))]
    assert list(block) == singles
    assert singles[0] == sum(singles[1:]) == subject.registers(NOW).total_wh
    assert data(subject, identifiers.COMBINED_ENERGY) == data(subject, identifiers.FORWARD_ENERGY)
    assert data(subject, 0x00020000) == bytes(4)
    assert data(subject, 0x0002FF00) == bytes(20)


def test_measurements_are_read() -> None:
    single, three = virtual(), virtual(phases=3)
    measured = single.measure(NOW)
    assert decode_values(di=identifiers.VOLTAGE_BLOCK, data=data(single, identifiers.VOLTAGE_BLOCK)) == (
        measured.voltages_mv
    )
    assert decode_value(di=identifiers.POWER, data=data(single, identifiers.POWER)) == measured.powers_mw[0]
    assert decode_value(di=identifiers.CURRENT_A, data=data(single, identifiers.CURRENT_A)) == measured.currents_ma[0]
    assert decode_value(di=identifiers.POWER_FACTOR, data=data(single, identifiers.POWER_FACTOR)) == 950
    assert decode_value(di=identifiers.FREQUENCY, data=data(single, identifiers.FREQUENCY)) == measured.frequency_mhz
    assert decode_values(di=0x02010200, data=data(single, 0x02010200)) == (None,)
    assert decode_values(di=identifiers.POWER_BLOCK, data=data(three, identifiers.POWER_BLOCK)) == (
        three.measure(NOW).powers_mw
    )


def test_the_rest_of_the_table() -> None:
    subject = virtual(multiplier=20)
    for di in (identifiers.ADDRESS, identifiers.METER_NUMBER):
        assert data(subject, di)[::-1].hex() == ONE
    assert decode_value(di=0x04000306, data=data(subject, 0x04000306)) == 20
    assert decode_value(di=0x04000204, data=data(subject, 0x04000204)) == 4
    assert decode_value(di=0x04000409, data=data(subject, 0x04000409)) == 1600
    assert decode_value(di=0x04000501, data=data(subject, 0x04000501)) == 0
    assert len(data(subject, identifiers.STATUS_WORDS)) == 14
    clock = moments.decode_clock(data(subject, identifiers.CLOCK), zone=subject.zone)
    assert clock == NOW
    assert decode_value(di=identifiers.TRIP_DELAY, data=data(subject, identifiers.TRIP_DELAY)) == 0


@pytest.mark.parametrize(
    "di",
    [
        0x00010500,
        0x00010001,
        0x00020500,
        0x00020001,
        0x02010000,
        0x02010400,
        0x02010101,
        0x02030400,
        0x04000C01,
        0x05010101,
        0x05060000,
        0x0506013F,
        0x05060201,
        0x05060136,
        0x1D00010B,
        0x1D000201,
        0x00900200,
        0xFFFFFFFF,
    ],
)
def test_what_the_meter_does_not_have(di: int) -> None:
    got = outcome(virtual(), read(address=ONE, di=di))
    assert isinstance(got, ErrorAnswer)
    assert got.errors == {ErrorBit.NO_SUCH_DATA}


def test_daily_freezes_hold_the_registers_of_midnight() -> None:
    subject = virtual()
    midnight = subject.daily_freeze_at(NOW, days_back=2)
    assert midnight is not None
    stamp = data(subject, identifiers.daily_freeze_time(2))
    assert moments.decode_minute(stamp, zone=subject.zone) == midnight
    frozen = data(subject, identifiers.daily_freeze_energy(2))
    registers = subject.registers(midnight)
    assert decode_values(di=identifiers.daily_freeze_energy(2), data=frozen) == (
        registers.total_wh,
        *registers.rates_wh,
    )


def test_a_freeze_on_order() -> None:
    subject = virtual()
    assert outcome(subject, freeze_now(address=ONE)) == Answer(b"")
    later = NOW + timedelta(hours=2)
    frozen = data(subject, 0x05010101, at=later)
    assert decode_values(di=0x05010101, data=frozen)[0] == subject.registers(NOW).total_wh
    assert moments.decode_minute(data(subject, 0x05010001, at=later), zone=subject.zone) == NOW
    assert say(subject, freeze_now(), at=later).frame is None
    assert subject.frozen_at == [NOW, later]
    timed = Frame(ONE, 0x16, bytes.fromhex("00000101"))
    reply = answer(meter=subject, frame=timed, at=NOW)
    assert reply.frame == Frame(ONE, 0xD6, b"\x01")


def test_a_long_answer_comes_in_parts() -> None:
    subject = virtual(answer_bytes_max=8)
    first = say(subject, read(address=ONE, di=identifiers.FORWARD_ENERGY_BLOCK))
    assert first.frame is not None
    assert first.frame.has_more
    whole, rest, seq = first.frame.data[4:], first.rest, 0
    while rest:
        seq += 1
        request = read_more(address=ONE, di=identifiers.FORWARD_ENERGY_BLOCK, seq=seq)
        reply = answer(meter=subject, frame=request.frame, at=NOW, pending=rest)
        assert reply.frame is not None
        got = match(request=request, frame=reply.frame)
        assert isinstance(got, Answer)
        whole, rest = whole + got.data, reply.rest
    assert seq == 2
    assert whole == data(virtual(), identifiers.FORWARD_ENERGY_BLOCK)
    nothing = read_more(address=ONE, di=identifiers.FORWARD_ENERGY_BLOCK, seq=1)
    assert outcome(subject, nothing) == ErrorAnswer(1)


def word(subject: VirtualMeter) -> tuple[bool, bool]:
    status = relay_status(data(subject, identifiers.STATUS_WORD_3))
    return status.is_open, status.is_commanded_open


def test_trip_allow_close_and_close() -> None:
    subject = virtual()
    assert outcome(subject, command(RelayCommand.TRIP)) == Answer(b"")
    assert word(subject) == (True, True)
    assert [event.kind for event in say(subject, command(RelayCommand.TRIP)).events] == [EventKind.COMMANDED]
    say(subject, command(RelayCommand.ALLOW_CLOSE))
    assert word(subject) == (False, False)
    assert decode_value(di=identifiers.TRIP_COUNT, data=data(subject, identifiers.TRIP_COUNT)) == 1
    assert moments.decode_second(data(subject, 0x1D000101), zone=subject.zone) == NOW
    assert data(subject, 0x1E000102) == bytes(6)
    button = virtual(closes_on_permit=False)
    say(button, command(RelayCommand.TRIP))
    say(button, command(RelayCommand.ALLOW_CLOSE))
    assert word(button) == (True, False)
    say(button, command(RelayCommand.CLOSE))
    assert word(button) == (False, False)


def test_keep_power_refuses_a_trip() -> None:
    subject = virtual()
    say(subject, command(RelayCommand.TRIP))
    say(subject, command(RelayCommand.KEEP_POWER_ON))
    assert word(subject)[0] is False
    assert outcome(subject, command(RelayCommand.TRIP)) == ErrorAnswer(1)
    say(subject, command(RelayCommand.KEEP_POWER_OFF))
    assert outcome(subject, command(RelayCommand.TRIP)) == Answer(b"")
    assert outcome(subject, command(RelayCommand.ALARM_ON)) == Answer(b"")


@pytest.mark.parametrize("access", [Access(2, "654321"), Access(4, ACCESS.password)])
def test_a_wrong_password_or_level_is_refused(access: Access) -> None:
    subject = virtual()
    reply = say(subject, command(RelayCommand.TRIP, access=access))
    assert reply.password_refused
    assert reply.frame == Frame(ONE, 0xDC, b"\x04")
    assert not subject.is_open
    setting = write(address=ONE, di=identifiers.TRIP_DELAY, access=access, data=b"\x05\x00")
    assert outcome(subject, setting) == ErrorAnswer(4)


def test_an_expired_or_senseless_command_is_refused() -> None:
    subject = virtual()
    late = command(RelayCommand.TRIP, at=NOW - timedelta(hours=1))
    assert outcome(subject, late) == ErrorAnswer(1)
    fast = virtual(clock_skew_s=3600)  # a meter whose clock is ahead refuses a short validity
    assert outcome(fast, command(RelayCommand.TRIP)) == ErrorAnswer(1)
    good = command(RelayCommand.TRIP).frame
    for bent in (good.data[:8] + b"\x77" + good.data[9:], good.data[:10] + b"\xaa" * 6, good.data[:10] + bytes(6)):
        reply = answer(meter=subject, frame=Frame(ONE, 0x1C, bent), at=NOW)
        assert reply.frame == Frame(ONE, 0xDC, b"\x01")
    short = answer(meter=subject, frame=Frame(ONE, 0x1C, good.data[:12]), at=NOW)
    assert short.frame == Frame(ONE, 0xDC, b"\x04")
    assert not subject.is_open


def test_settings_are_written() -> None:
    subject = virtual()

    def put(di: int, value: bytes) -> object:
        return outcome(subject, write(address=ONE, di=di, access=ACCESS, data=value))

    assert put(identifiers.TRIP_DELAY, to_bcd(5, length=2)) == Answer(b"")
    assert subject.trip_delay_min == 5
    local = NOW.astimezone(subject.zone) + timedelta(minutes=3)
    assert put(identifiers.CLOCK, moments.encode_clock(local)) == Answer(b"")
    assert subject.skew_s == 180
    assert put(identifiers.TIME, moments.encode_time(local.time().replace(minute=20))) == Answer(b"")
    assert subject.skew_s == -600
    assert put(identifiers.DATE, moments.encode_date(local.date() + timedelta(days=1))) == Answer(b"")
    assert subject.skew_s == 86_400 - 600
    assert put(identifiers.TIME, b"\x77\x77\x77") == ErrorAnswer(1)
    assert put(0x04000103, b"\x15") == ErrorAnswer(2)


def test_broadcast_time_is_taken_as_meters_do() -> None:
    def told(subject: VirtualMeter, off_s: int, at: datetime = NOW) -> int:
        local = at.astimezone(subject.zone) + timedelta(seconds=off_s)
        assert say(subject, broadcast_time(local), at=at).frame is None
        return subject.skew_s

    subject = virtual(clock_skew_s=40)
    assert told(subject, 0) == 0
    assert told(subject, 100) == 0  # once a day
    assert told(subject, 100, NOW + timedelta(days=1)) == 100
    assert told(virtual(), 301) == 0
    assert told(virtual(), 60, datetime(2026, 11, 21, 15, 56, tzinfo=UTC)) == 0  # 23:56
    assert told(virtual(), 60, datetime(2026, 11, 21, 16, 4, tzinfo=UTC)) == 0  # 00:04
    for bad in (b"\xaa" * 6, bytes(6)):
        assert answer(meter=virtual(), frame=Frame(BROADCAST, 0x08, bad), at=NOW) == Reply(None)
    direct = answer(meter=subject, frame=Frame(ONE, 0x08, bytes(6)), at=NOW)
    assert direct.frame is None


def test_who_feels_meant() -> None:
    subject = virtual()
    frame = read(address=ONE, di=identifiers.FORWARD_ENERGY).frame
    assert is_addressed(meter=subject, frame=frame)
    assert is_addressed(meter=subject, frame=Frame("AAAAAAAA0101", 0x11))
    assert not is_addressed(meter=subject, frame=Frame("AAAAAAAA0102", 0x11))
    assert answer(meter=subject, frame=Frame("000000000999", 0x11, frame.data), at=NOW).frame is None
    wild = answer(meter=subject, frame=Frame(WILDCARD, 0x11, frame.data), at=NOW)
    assert wild.frame is not None
    assert wild.frame.address == ONE
    assert answer(meter=subject, frame=read_address().frame, at=NOW).frame is not None


def test_what_a_meter_does_not_even_hear() -> None:
    subject = virtual()
    order = command(RelayCommand.TRIP).frame
    silent = (
        Frame(WILDCARD, 0x1C, order.data),
        Frame(BROADCAST, 0x1C, order.data),
        Frame(BROADCAST, 0x11, bytes(4)),
        Frame(ONE, 0x91, bytes(8)),
        Frame("AAAAAAAA0101", 0x13),
        Frame(WILDCARD, 0x13, b"\x00"),
    )
    for frame in silent:
        assert answer(meter=subject, frame=frame, at=NOW) == Reply(None)


@pytest.mark.parametrize("control", [0x1F, 0x1A, 0x1B, 0x15, 0x03, 0x01])
def test_functions_that_are_not_there(control: int) -> None:
    reply = answer(meter=virtual(), frame=Frame(ONE, control, bytes(8)), at=NOW)
    assert reply.frame == Frame(ONE, control | 0xC0, b"\x01")


def test_quirks() -> None:
    subject = virtual()
    say(subject, command(RelayCommand.TRIP), quirks=Quirks(relay_stuck=True))
    assert word(subject) == (False, True)
    refused = outcome(subject, command(RelayCommand.TRIP), quirks=Quirks(password_refused=True))
    assert refused == ErrorAnswer(4)
    energy = read(address=ONE, di=identifiers.FORWARD_ENERGY_BLOCK)
    assert outcome(subject, energy, quirks=Quirks(err=0x40)) == ErrorAnswer(0x40)
    plain = decode_values(di=energy.di or 0, data=data(subject, energy.di or 0))
    for shift_wh in (5_000_000, -100_000):
        bent = outcome(subject, energy, quirks=Quirks(shift_wh=shift_wh))
        assert isinstance(bent, Answer)
        total, *rates = decode_values(di=energy.di or 0, data=bent.data)
        assert total == sum(rate or 0 for rate in rates)
        assert total == (plain[0] or 0) + shift_wh
    stuck = virtual()
    stuck.apply(MeterEvent(ONE, NOW, EventKind.RELAY_OPENED))
    say(stuck, command(RelayCommand.KEEP_POWER_ON), quirks=Quirks(relay_stuck=True))
    assert stuck.is_open


@settings(max_examples=300)
@given(st.sampled_from([ONE, WILDCARD, BROADCAST, "AAAAAAAA0101"]), st.integers(0, 255), st.binary(max_size=30))
def test_no_request_makes_a_meter_stumble(address: str, control: int, payload: bytes) -> None:
    reply = answer(meter=virtual(), frame=Frame(address, control, payload), at=NOW)
    assert reply.frame is None or reply.frame.is_reply
