"""A bus on a virtual clock: what is read, what is turned away, who is blamed and who is not."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.field.virtual_bus import START, Estate, Fault, Spoken, VirtualMeter, loop_time, run

from prewatt.link.messages import (
    BusComm,
    BusSweep,
    Comm,
    FieldFault,
    FieldRejected,
    GatewayComm,
    MeterComm,
    ReadingReported,
    ReadItem,
    ReadKind,
    RelayReported,
    RelayState,
)
from prewatt.wire.dlt645.frame import REPLY_BIT, Frame, encode
from prewatt.wire.dlt645.identifiers import FORWARD_ENERGY_BLOCK, STATUS_WORD_3, daily_freeze_time

REGISTERS = frozenset({ReadItem.REGISTERS})


def readings(estate: Estate, kind: ReadKind = ReadKind.SCHEDULED) -> list[ReadingReported]:
    return [one for one in estate.ear.all(ReadingReported) if one.kind is kind]


def assert_true(estate: Estate) -> None:
    """No value may stand at the wrong meter, and nobody may have spoken into another's frame."""
    for one in readings(estate):
        assert one.total_wh == 1_000_000
        assert one.rates_wh == (1_000_000, 0, 0, 0)


async def swept(estate: Estate, seconds: float) -> None:
    estate.start()
    await asyncio.sleep(seconds)
    await estate.collector.stop()


def test_a_sweep_reads_every_meter_once_and_says_so() -> None:
    async def main() -> None:
        estate = Estate(buses=2, meters=3)
        await swept(estate, 30)
        assert sorted(one.installation_id for one in readings(estate)) == [0, 1, 2, 100, 101, 102]
        assert all(one.total_wh == 1_000_000 and one.rates_wh == (1_000_000, 0, 0, 0) for one in readings(estate))
        assert {one.reported for one in estate.ear.all(RelayReported)} == {RelayState.ON}
        assert len(readings(estate, ReadKind.DAILY)) == 6
        assert {one.read_at for one in readings(estate, ReadKind.DAILY)} == {datetime(2026, 11, 21, 16, tzinfo=UTC)}
        assert [one.reads_failed for one in estate.ear.all(BusSweep)] == [0, 0]
        assert {one.comm for one in estate.ear.all(GatewayComm)} == {Comm.ONLINE}
        assert all(one.comm is Comm.ONLINE and one.clock_drift_s in {0, -1, None} for one in estate.ear.all(MeterComm))
        assert all(bus.collisions == 0 for bus in estate.buses)
        assert set(estate.ear.epochs) == {1}

    run(main())


def test_the_wire_is_never_idle_while_there_is_work() -> None:
    async def main() -> None:
        estate = Estate(buses=2, meters=30, items=REGISTERS, interval_s=1)
        estate.start()
        await asyncio.sleep(60)
        for bus in estate.buses:
            assert bus.useful_s / (loop_time() - bus.requests[0][0]) > 0.99
        await estate.collector.stop()

    run(main())


def test_sweeps_begin_at_multiples_of_the_interval_in_estate_time() -> None:
    async def main() -> None:
        estate = Estate(meters=2, items=REGISTERS, interval_s=900, speed=60)
        await asyncio.sleep(3)
        await swept(estate, 60)
        begins = [one.swept_at for one in estate.ear.all(BusSweep)]
        assert len(begins) == 5
        assert all((one - START).total_seconds() % 900 < 2 for one in begins[1:])

    run(main())


def test_read_at_is_the_estate_instant_of_the_last_byte() -> None:
    async def main() -> None:
        estate = Estate(meters=1, items=REGISTERS, speed=10)
        await swept(estate, 2)
        wire_s = (20 + 40) * 11 / 2400
        expected = START + timedelta(seconds=10 * (wire_s + 0.1))
        assert abs(readings(estate)[0].read_at - expected) < timedelta(milliseconds=20)

    run(main())


def test_a_silent_meter_costs_one_time_out_and_is_asked_less_and_less() -> None:
    async def main() -> None:
        estate = Estate(meters=6, items=REGISTERS, interval_s=10)
        dead = estate.buses[0].meters[2]
        estate.buses[0].fault = lambda meter, _frame, _raw: [] if meter is dead else None
        await swept(estate, 10 * 33 - 1)
        assert_true(estate)
        asked = [at for at, frame in estate.buses[0].requests if frame.address == dead.address]
        gaps = [round((later - earlier) / 10) for earlier, later in itertools.pairwise(asked)]
        assert gaps == [0, 2, 4, 8, 16]  # the first one has a second turn in its sweep
        states = [one.comm for one in estate.ear.all(MeterComm) if one.installation_id == 2]
        assert states == [Comm.DEGRADED, Comm.LOST]
        assert len(readings(estate)) == 5 * 33

    run(main())


def test_a_meter_that_comes_back_is_online_again() -> None:
    async def main() -> None:
        estate = Estate(meters=3, items=REGISTERS, interval_s=10)
        dead = estate.buses[0].meters[2]
        estate.buses[0].fault = lambda meter, _frame, _raw: [] if meter is dead else None
        estate.start()
        await asyncio.sleep(75)
        estate.buses[0].fault = None
        await asyncio.sleep(100)
        await estate.collector.stop()
        states = [one.comm for one in estate.ear.all(MeterComm) if one.installation_id == 2]
        assert states == [Comm.DEGRADED, Comm.LOST, Comm.ONLINE]

    run(main())


def _reply(meter: VirtualMeter, frame: Frame, data: bytes, address: str = "") -> bytes:
    return encode(Frame(address or meter.address, frame.control | REPLY_BIT, data))


def _noise(draw: random.Random) -> bytes:
    return bytes(draw.choice([0x68, 0xFE, 0x16, draw.randrange(256)]) for _ in range(draw.randrange(1, 60)))


Bend = Callable[[VirtualMeter, Frame, bytes, random.Random], Spoken]
OTHER_VALUE = b"\x11\x11\x11\x11"
FAULTS: dict[str, Bend] = {
    "garbage": lambda _meter, _frame, _raw, draw: [(0, _noise(draw))],
    "noise_before": lambda _meter, _frame, raw, draw: [(0, _noise(draw) + raw)],
    "noise_after": lambda _meter, _frame, raw, draw: [(0, raw + _noise(draw))],
    "truncated": lambda _meter, _frame, raw, draw: [(0, raw[: draw.randrange(1, 24)])],
    "bad_checksum": lambda _meter, _frame, raw, _draw: [(0, raw[:-2] + bytes([(raw[-2] + 1) % 256]) + raw[-1:])],
    "bad_bcd": lambda meter, frame, _raw, _draw: [(0, _reply(meter, frame, frame.data[:4] + b"\x1a\x00\xfa\x00" * 5))],
    "wrong_address": lambda meter, frame, _raw, _draw: [
        (0, _reply(meter, frame, frame.data[:4] + OTHER_VALUE * 5, "999999000000"))
    ],
    "wrong_identifier": lambda meter, frame, _raw, _draw: [
        (0, _reply(meter, frame, b"\x00\x00\x01\x00" + OTHER_VALUE))
    ],
    "duplicate": lambda _meter, _frame, raw, _draw: [(0, raw), (0.2, raw)],
    "late": lambda _meter, _frame, raw, draw: [(draw.uniform(0.3, 3), raw)],
    "split": lambda _meter, _frame, raw, _draw: [(0.005 * at, raw[at : at + 1]) for at in range(len(raw))],
    "silent": lambda _meter, _frame, _raw, _draw: [],
}


def fault_of(name: str, draw: random.Random, hits: Counter[str], share: float = 0.3) -> Fault:
    def bend(meter: VirtualMeter, frame: Frame, raw: bytes) -> Spoken | None:
        hit = draw.random() < share
        hits[name] += hit
        return FAULTS[name](meter, frame, raw, draw) if hit else None

    return bend


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_puts_a_wrong_value_in(name: str) -> None:
    async def main() -> None:
        hits: Counter[str] = Counter()
        estate = Estate(meters=8, items=REGISTERS, interval_s=10)
        for place, meter in enumerate(estate.buses[0].meters):
            meter.total_wh = 10_000 * (place + 1)
        estate.buses[0].fault = fault_of(name, random.Random(11), hits)
        await swept(estate, 600)
        assert hits[name] > 20
        assert len(readings(estate)) > 150
        for one in readings(estate):
            assert one.total_wh == 10_000 * (one.installation_id + 1)
            assert one.rates_wh == (one.total_wh, 0, 0, 0)
        if name in {"noise_before", "noise_after", "split"}:
            assert sum(one.reads_failed for one in estate.ear.all(BusSweep)) == 0

    run(main())


def test_an_echo_is_known_as_our_own_voice() -> None:
    async def main() -> None:
        estate = Estate(meters=4)
        estate.buses[0].echoes = True
        await swept(estate, 130)
        assert [one.reads_failed for one in estate.ear.all(BusSweep)] == [0, 0, 0]
        assert len(readings(estate)) == 12
        estate.buses[0].meters.pop()
        assert estate.ear.all(BusSweep)[0].rejected["echo"] > 4

    run(main())


def test_foreign_answers_and_bad_data_are_shown_to_a_person() -> None:
    async def main() -> None:
        estate = Estate(meters=2, items=REGISTERS)
        hits: Counter[str] = Counter()
        estate.buses[0].fault = fault_of("wrong_address", random.Random(3), hits)
        await swept(estate, 300)
        faults = estate.ear.all(FieldRejected)
        assert {one.fault for one in faults} == {FieldFault.FOREIGN_ADDRESS}
        assert sum(one.count for one in faults) == hits["wrong_address"]

    run(main())


def test_a_late_answer_is_not_taken_for_a_foreign_one() -> None:
    async def main() -> None:
        estate = Estate(meters=4, items=REGISTERS)
        slow = estate.buses[0].meters[1]
        estate.buses[0].fault = lambda meter, _frame, raw: [(0.7, raw)] if meter is slow else None
        await swept(estate, 130)
        assert estate.ear.all(FieldRejected) == []
        assert sum(one.rejected.get("late", 0) for one in estate.ear.all(BusSweep)) >= 2
        assert {one.installation_id for one in readings(estate)} == {0, 2, 3}

    run(main())


def test_two_meters_with_one_address_are_named() -> None:
    async def main() -> None:
        estate = Estate(meters=5, items=REGISTERS)
        twin = estate.buses[0].meters[3]
        estate.buses[0].fault = lambda meter, _frame, raw: (
            [(0, bytes(one & two for one, two in zip(raw, raw[1:] + raw[:1], strict=True)))] if meter is twin else None
        )
        await swept(estate, 60 * 3 + 30)
        clashes = [one for one in estate.ear.all(FieldRejected) if one.fault is FieldFault.ADDRESS_CLASH]
        assert [one.installation_id for one in clashes] == [3]

    run(main())


def test_what_a_meter_does_not_have_is_not_asked_again_that_day() -> None:
    async def main() -> None:
        estate = Estate(meters=2)
        meter = estate.buses[0].meters[0]
        meter.refuses = {FORWARD_ENERGY_BLOCK: 2, daily_freeze_time(1): 2, STATUS_WORD_3: 0x42}
        await swept(estate, 200)
        assert meter.asked[FORWARD_ENERGY_BLOCK] == meter.asked[daily_freeze_time(1)] == meter.asked[STATUS_WORD_3] == 1
        totals = [one for one in readings(estate) if one.installation_id == 0]
        assert len(totals) == 4
        assert all(one.rates_wh == () and one.total_wh == 1_000_000 for one in totals)
        assert not estate.ear.all(FieldRejected)
        assert not [one for one in estate.ear.all(MeterComm) if one.comm is not Comm.ONLINE]

    run(main())


def test_a_refusal_for_another_reason_is_shown_with_its_words() -> None:
    async def main() -> None:
        estate = Estate(meters=1, items=REGISTERS)
        estate.buses[0].meters[0].refuses = {FORWARD_ENERGY_BLOCK: 0x41, 0x00010000: 2}
        await swept(estate, 30)
        (one,) = estate.ear.all(FieldRejected)
        assert (one.fault, one.detail) == (FieldFault.REFUSED_READ, "other, too_many_tariffs")

    run(main())


def test_a_lost_connection_is_made_again_and_the_question_put_once_more() -> None:
    async def main() -> None:
        estate = Estate(meters=10, items=REGISTERS, interval_s=10)
        bus, draw = estate.buses[0], random.Random(5)

        def cut(_meter: VirtualMeter, _frame: Frame, raw: bytes) -> Spoken | None:
            if draw.random() > 0.05:
                return None
            asyncio.get_running_loop().call_later(0.25, bus.drop)
            return [(-0.1, raw[:9])]

        bus.fault = cut
        await swept(estate, 200)
        assert len(bus.connects) > 4
        assert len(readings(estate)) >= 198  # cut twice, the same question waits for the next sweep
        assert [one.comm for one in estate.ear.all(GatewayComm)] == [Comm.ONLINE]
        again = bus.connects[1:]
        assert all(any(0 <= at - sent < 2 for sent, _ in bus.requests) for at in again)

    run(main())


def test_a_gateway_that_refuses_is_told_once_and_nobody_else_suffers() -> None:
    async def main() -> None:
        estate = Estate(buses=2, meters=5, items=REGISTERS, interval_s=10)
        estate.start()
        await asyncio.sleep(12)
        estate.buses[0].is_down = True
        estate.buses[0].drop()
        await asyncio.sleep(300)
        tries = len(estate.buses[0].connects)
        assert tries < 25
        estate.buses[0].is_down = False
        await asyncio.sleep(40)
        await estate.collector.stop()
        mine = [one for one in estate.ear.all(GatewayComm) if one.gateway_id == 0]
        assert [one.comm for one in mine] == [Comm.ONLINE, Comm.LOST, Comm.ONLINE]
        assert "refused" in mine[1].note
        assert not [one for one in estate.ear.all(MeterComm) if one.comm is not Comm.ONLINE]
        assert len([one for one in readings(estate) if one.gateway_id == 1]) == 5 * 36
        assert [one.is_up for one in estate.ear.all(BusComm) if one.bus_id == 0] == [True, False, True]

    run(main())


def test_one_bus_of_two_that_is_down_degrades_its_gateway() -> None:
    async def main() -> None:
        estate = Estate(buses=2, meters=2, items=REGISTERS, buses_per_gateway=2)
        estate.buses[1].is_down = True
        await swept(estate, 20)
        assert estate.ear.all(GatewayComm)[-1].comm is Comm.DEGRADED
        assert estate.ear.all(GatewayComm)[-1].note.startswith("1 of 2 buses")

    run(main())


def test_a_half_open_connection_is_one_alarm_and_not_one_a_meter() -> None:
    async def main() -> None:
        estate = Estate(meters=12, items=REGISTERS, interval_s=30)
        estate.start()
        await asyncio.sleep(29)
        estate.buses[0].swallows = True
        await asyncio.sleep(120)
        assert len(estate.buses[0].connects) > 1
        estate.buses[0].swallows = False
        back = loop_time()
        await asyncio.sleep(60)
        await estate.collector.stop()
        assert [one.comm for one in estate.ear.all(GatewayComm)] == [Comm.ONLINE, Comm.LOST, Comm.ONLINE]
        assert not [one for one in estate.ear.all(MeterComm) if one.comm is not Comm.ONLINE]
        first = next(at for at, _ in estate.buses[0].requests if at > back)
        assert first - back <= 30
        assert [one.is_up for one in estate.ear.all(BusComm)] == [True]

    run(main())


def test_a_gateway_that_closes_each_connection_is_not_stormed() -> None:
    async def main() -> None:
        estate = Estate(meters=4, items=REGISTERS, interval_s=10)
        bus = estate.buses[0]

        def close(*_: object) -> Spoken:
            bus.drop()
            return []

        bus.fault = close
        await swept(estate, 120)
        assert len(bus.connects) < 120
        assert [one.comm for one in estate.ear.all(GatewayComm)][-1] is Comm.LOST
        assert not [one for one in estate.ear.all(MeterComm) if one.comm is not Comm.ONLINE]

    run(main())


def test_a_standstill_of_ours_is_not_blamed_on_meters() -> None:
    async def main() -> None:
        estate = Estate(meters=10, items=REGISTERS, interval_s=10)
        estate.start()
        loop = asyncio.get_running_loop()
        for at in range(1, 20):
            loop.call_later(at * 5 + 0.3, loop.stand_still, 4.0)  # type: ignore[attr-defined]
        await asyncio.sleep(200)
        await estate.collector.stop()
        assert not [one for one in estate.ear.all(MeterComm) if one.comm is not Comm.ONLINE]
        assert [one.fault for one in estate.ear.all(FieldRejected)][:1] == [FieldFault.LOOP_BLOCKED]

    run(main())


def test_a_full_way_up_stretches_sweeps_and_then_stops_them() -> None:
    async def main() -> None:
        estate = Estate(meters=2, items=REGISTERS, interval_s=10)
        estate.start()
        await asyncio.sleep(5)
        for fill, sweeps in ((0.0, 12), (0.6, 6), (0.9, 3), (1.0, 0)):
            estate.ear.fill = fill
            await asyncio.sleep(120)
            estate.ear.heard.clear()
            await asyncio.sleep(120)
            assert len(estate.ear.all(BusSweep)) == sweeps
        await estate.collector.stop()

    run(main())


def test_a_changed_plan_is_followed_between_two_turns() -> None:
    async def main() -> None:
        estate = Estate(buses=2, meters=3, items=REGISTERS, interval_s=10)
        estate.start()
        await asyncio.sleep(15)
        estate.buses[0].meters.append(VirtualMeter("000000000009", estate.times))
        del estate.buses[1]
        estate.epoch = 2
        estate.start()
        await asyncio.sleep(1)
        estate.ear.heard.clear()
        estate.ear.epochs.clear()
        await asyncio.sleep(10)
        assert {one.installation_id for one in readings(estate)} == {0, 1, 2, 3}
        assert set(estate.ear.epochs) == {2}
        assert estate.collector.bus_count == 1
        estate.buses[0].baud = 9600
        estate.start()
        await asyncio.sleep(5)
        assert estate.collector.bus_count == 1
        await estate.collector.stop()
        assert estate.buses[0].collisions == 0

    run(main())
