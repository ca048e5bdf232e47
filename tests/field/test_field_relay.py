"""Relay commands on a virtual bus: never blind, never late, never twice a wrong password, and always an end."""

import asyncio
import random
from datetime import timedelta

import pytest
from tests.field.virtual_bus import Estate, Spoken, VirtualMeter, loop_time, run

from prewatt.link.messages import (
    CommandError,
    CommandReported,
    CommandStep,
    LeaseLost,
    ReadingReported,
    ReadItem,
    RelayReported,
    RelayState,
)
from prewatt.wire.dlt645.frame import Frame, encode
from prewatt.wire.dlt645.identifiers import STATUS_WORD_3

QUIET = frozenset({ReadItem.REGISTERS})
ACK, VERIFIED, FAILED, EXPIRED = (
    CommandStep.ACKNOWLEDGED,
    CommandStep.VERIFIED,
    CommandStep.FAILED,
    CommandStep.EXPIRED,
)


def steps(estate: Estate, command_id: int = 1) -> list[CommandStep]:
    return [one.step for one in estate.ear.all(CommandReported) if one.command_id == command_id]


def last(estate: Estate, command_id: int = 1) -> CommandReported:
    return [one for one in estate.ear.all(CommandReported) if one.command_id == command_id][-1]


def said(meter: VirtualMeter) -> int:
    return meter.asked[0x1C]


async def started(estate: Estate, seconds: float = 5) -> Estate:
    estate.start()
    await asyncio.sleep(seconds)
    return estate


def test_a_command_is_accepted_then_proven_by_the_status_word() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        meter = estate.buses[0].meters[2]
        estate.order(0, 2, RelayState.OFF)
        await asyncio.sleep(3)
        assert meter.is_open
        assert steps(estate) == [ACK, VERIFIED]
        (proof,) = estate.ear.all(RelayReported)
        assert (proof.reported, proof.commanded, proof.installation_id) == (RelayState.OFF, RelayState.OFF, 2)
        assert estate.ear.heard.index(proof) < estate.ear.heard.index(last(estate))
        estate.order(0, 2, RelayState.ON, command_id=2)
        await asyncio.sleep(3)
        assert not meter.is_open
        assert steps(estate, 2) == [ACK, VERIFIED]
        await estate.collector.stop()

    run(main())


def test_a_command_waits_for_the_frame_in_flight_and_nothing_else() -> None:
    async def main() -> None:
        estate = await started(Estate(meters=30, items=QUIET, interval_s=1), 4.1)
        meter, at = estate.buses[0].meters[17], loop_time()
        estate.order(0, 17, RelayState.OFF)
        await asyncio.sleep(3)
        one_read_s = (20 + 40) * 11 / 2400 + 0.1
        command_s = 32 * 11 / 2400
        assert meter.acted_at[0] - at <= one_read_s + command_s + 0.001
        proven = (last(estate).machine_at - estate.times.machine_now()).total_seconds() + loop_time() - at
        assert proven < 2 * (one_read_s / 2 + 0.32 + 0.302)
        assert estate.buses[0].collisions == 0
        await estate.collector.stop()

    run(main())


def test_reconnections_go_before_disconnections() -> None:
    async def main() -> None:
        estate = Estate(meters=6, items=QUIET)
        for place in (0, 1, 2):
            estate.buses[0].meters[place].is_open = True
        estate.start()
        for place in range(6):
            wanted = RelayState.ON if place < 3 else RelayState.OFF
            order = estate.order(0, place, wanted, command_id=10 - place)
            assert order.priority == 1
        await asyncio.sleep(10)
        acted = [meter.acted_at[0] for meter in estate.buses[0].meters]
        assert acted == sorted(acted, reverse=True)  # equal priorities: by number
        await estate.collector.stop()

    run(main())


def test_a_repeat_looks_first_and_says_nothing_when_the_relay_is_there() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        meter = estate.buses[0].meters[0]
        meter.is_open = True
        estate.order(0, 0, RelayState.OFF, is_repeat=True)
        await asyncio.sleep(3)
        assert said(meter) == 0
        assert steps(estate) == [VERIFIED]
        estate.order(0, 0, RelayState.ON, command_id=2, is_repeat=True)
        await asyncio.sleep(3)
        assert said(meter) == 1
        assert steps(estate, 2) == [ACK, VERIFIED]
        await estate.collector.stop()

    run(main())


def test_a_late_repeat_looks_and_is_not_sent() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        estate.order(0, 0, RelayState.OFF, is_repeat=True, in_s=-1)
        await asyncio.sleep(3)
        assert said(estate.buses[0].meters[0]) == 0
        assert (last(estate).step, last(estate).error) == (EXPIRED, CommandError.DEADLINE_PASSED)
        await estate.collector.stop()

    run(main())


def test_a_wrong_password_is_said_once() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        meter = estate.buses[0].meters[0]
        meter.password = "654321"
        estate.order(0, 0, RelayState.OFF)
        await asyncio.sleep(10)
        assert said(meter) == 1
        assert steps(estate) == [FAILED]
        assert last(estate).error is CommandError.PASSWORD_REFUSED
        assert "123456" not in repr(estate.ear.heard)
        await estate.collector.stop()

    run(main())


def test_a_stuck_relay_fails_within_five_seconds_and_is_never_called_off() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        estate.buses[0].meters[1].is_stuck = True
        at = estate.times.machine_now()
        estate.order(0, 1, RelayState.OFF)
        await asyncio.sleep(10)
        assert steps(estate) == [ACK, FAILED]
        assert last(estate).error is CommandError.RELAY_STUCK
        assert last(estate).machine_at - at < timedelta(seconds=5.5)
        assert {one.reported for one in estate.ear.all(RelayReported)} == {RelayState.ON}
        await estate.collector.stop()

    run(main())


def test_others_are_read_while_a_relay_takes_its_time() -> None:
    async def main() -> None:
        estate = await started(Estate(meters=10, items=QUIET, interval_s=1))
        estate.buses[0].meters[1].is_stuck = True
        estate.order(0, 1, RelayState.OFF)
        estate.ear.heard.clear()
        await asyncio.sleep(4)
        assert len(estate.ear.all(ReadingReported)) > 4
        await estate.collector.stop()

    run(main())


@pytest.mark.parametrize("lost", ["confirmation", "request"])
def test_after_a_lost_answer_the_status_word_is_asked_before_any_repeat(lost: str) -> None:
    async def main() -> None:
        estate = await started(Estate(meters=5, items=QUIET, interval_s=600))
        bus, draw = estate.buses[0], random.Random(2)
        lost_count = 0

        def lose(meter: VirtualMeter, frame: Frame, raw: bytes) -> Spoken | None:
            nonlocal lost_count
            if frame.function != 0x1C or draw.random() > 0.5:
                return None
            lost_count += 1
            if lost == "request":
                meter.is_open = meter.commanded_open = not meter.is_open
                meter.acted_at.pop()
            return []

        bus.fault = lose
        for number in range(200):
            meter = bus.meters[number % 5]
            wanted = RelayState.ON if meter.is_open else RelayState.OFF
            estate.order(0, number % 5, wanted, command_id=number)
            await asyncio.sleep(9)
            assert steps(estate, number)[-1] in {VERIFIED, FAILED}
            assert (steps(estate, number)[-1] is VERIFIED) == (meter.is_open == (wanted is RelayState.OFF))
        assert lost_count > 50
        previous: Frame | None = None
        for _, frame in bus.requests:
            if frame.function == 0x1C:
                assert previous is None or previous.function != 0x1C or previous.address != frame.address
            previous = frame
        if lost == "confirmation":
            assert {steps(estate, number)[-1] for number in range(200)} == {VERIFIED}
            assert all(said(meter) == 40 for meter in bus.meters)
        await estate.collector.stop()

    run(main())


def test_a_meter_that_says_nothing_at_all_fails_as_unanswered() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET, interval_s=600))
        estate.buses[0].fault = lambda *_: []
        estate.order(0, 0, RelayState.OFF)
        estate.order(0, 1, RelayState.OFF, command_id=2, is_repeat=True)
        await asyncio.sleep(30)
        assert (last(estate).step, last(estate).error) == (FAILED, CommandError.NO_ANSWER)
        assert last(estate, 2).error is CommandError.NO_ANSWER
        assert said(estate.buses[0].meters[0]) == 1
        assert said(estate.buses[0].meters[1]) == 0
        await estate.collector.stop()

    run(main())


def test_an_order_for_a_gateway_that_is_down_is_given_back_at_once_and_never_sent() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        bus = estate.buses[0]
        bus.is_down = True
        bus.drop()
        await asyncio.sleep(1)
        estate.order(0, 0, RelayState.OFF)
        await asyncio.sleep(0.01)
        assert (last(estate).step, last(estate).error) == (EXPIRED, CommandError.GATEWAY_DOWN)
        await asyncio.sleep(600)
        bus.is_down = False
        await asyncio.sleep(60)
        assert said(bus.meters[0]) == 0
        await estate.collector.stop()

    run(main())


def test_an_order_that_waits_when_the_gateway_goes_is_given_back() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET), 2)
        estate.buses[0].is_down = True
        estate.buses[0].drop()
        estate.order(0, 0, RelayState.OFF)
        await asyncio.sleep(10)
        assert (last(estate).step, last(estate).error) == (EXPIRED, CommandError.GATEWAY_DOWN)
        await estate.collector.stop()

    run(main())


def test_a_command_cut_off_by_the_gateway_is_looked_after_when_it_is_back() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET, interval_s=600))
        bus, meter = estate.buses[0], estate.buses[0].meters[0]

        def cut(_meter: VirtualMeter, frame: Frame, _raw: bytes) -> Spoken | None:
            if frame.function != 0x1C:
                return None
            bus.is_down = True
            bus.drop()
            return []

        bus.fault = cut
        estate.order(0, 0, RelayState.OFF, in_s=120)
        await asyncio.sleep(20)
        assert steps(estate) == []
        bus.is_down = False
        await asyncio.sleep(40)
        assert meter.is_open
        assert said(meter) == 1
        assert steps(estate) == [VERIFIED]
        await estate.collector.stop()

    run(main())


def test_an_outcome_that_nobody_can_learn_ends_after_its_deadline() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET, interval_s=600))
        bus = estate.buses[0]

        def cut(*_: object) -> Spoken:
            bus.is_down = True
            bus.drop()
            return []

        bus.fault = cut
        estate.order(0, 0, RelayState.OFF, in_s=30)
        await asyncio.sleep(120)
        assert (last(estate).step, last(estate).error) == (FAILED, CommandError.NO_ANSWER)
        await estate.collector.stop()

    run(main())


def test_no_command_is_sent_on_a_lease_that_is_not_confirmed() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET, interval_s=10))
        estate.confirm_leases(lasts_s=6)
        await asyncio.sleep(7)
        meter = estate.buses[0].meters[0]
        estate.ear.heard.clear()
        estate.order(0, 0, RelayState.OFF)
        estate.order(0, 1, RelayState.OFF, command_id=2, in_s=8)
        await asyncio.sleep(15)
        assert said(meter) == 0
        assert len(estate.ear.all(ReadingReported)) >= 4  # reading goes on: nobody else can take the lease
        assert last(estate, 2).error is CommandError.DEADLINE_PASSED
        estate.confirm_leases(lasts_s=6)
        await asyncio.sleep(3)
        assert steps(estate) == [ACK, VERIFIED]
        await estate.collector.stop()

    run(main())


def test_after_standing_still_longer_than_the_lease_not_a_byte_is_said_until_it_is_confirmed() -> None:
    async def main() -> None:
        estate = await started(Estate(meters=10, items=QUIET, interval_s=1))
        estate.confirm_leases(lasts_s=6)
        stale = estate.times.machine_now()
        loop = asyncio.get_running_loop()
        loop.stand_still(10)  # type: ignore[attr-defined]
        thawed = loop_time()
        await asyncio.sleep(20)
        after = [at for at, _ in estate.buses[0].requests if at > thawed]
        assert len(after) <= 1
        estate.confirm_leases(lasts_s=6)
        await asyncio.sleep(2)
        assert len([at for at, _ in estate.buses[0].requests if at > thawed]) > 3
        assert stale < estate.times.machine_now()
        await estate.collector.stop()

    run(main())


def test_a_lost_lease_silences_the_gateway_at_once() -> None:
    async def main() -> None:
        estate = await started(Estate(buses=2, meters=10, items=QUIET, interval_s=1))
        estate.collector.hear(LeaseLost(0))
        at = loop_time()
        await asyncio.sleep(10)
        assert not [one for one, _ in estate.buses[0].requests if one > at + 1e-6]
        assert [one for one, _ in estate.buses[1].requests if one > at + 5]
        assert estate.collector.bus_count == 1
        await estate.collector.stop()

    run(main())


def test_a_stop_in_the_middle_of_a_command_records_its_outcome_within_two_seconds() -> None:
    async def main() -> None:
        for wait_ms in range(0, 1000, 50):
            estate = await started(Estate(meters=3, items=QUIET, interval_s=1))
            estate.order(0, 1, RelayState.OFF)
            await asyncio.sleep(wait_ms / 1000)
            at = loop_time()
            await estate.collector.stop()
            assert loop_time() - at < 2.2
            meter = estate.buses[0].meters[1]
            assert steps(estate) == ([ACK, VERIFIED] if said(meter) else [])

    run(main())


def test_an_order_for_an_unknown_meter_or_gateway_is_refused_or_ignored() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        estate.order(0, 77, RelayState.OFF)
        assert last(estate).error is CommandError.NOT_IN_PLAN
        estate.epoch = 99
        estate.order(0, 0, RelayState.OFF, command_id=2)
        estate.order(5, 0, RelayState.OFF, command_id=3)
        await asyncio.sleep(5)
        assert steps(estate, 2) == steps(estate, 3) == []
        assert said(estate.buses[0].meters[0]) == 0
        await estate.collector.stop()

    run(main())


def test_the_same_order_twice_is_one() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        order = estate.order(0, 0, RelayState.OFF)
        estate.collector.hear(order)
        await asyncio.sleep(3)
        assert steps(estate) == [ACK, VERIFIED]
        assert said(estate.buses[0].meters[0]) == 1
        await estate.collector.stop()

    run(main())


def test_a_refusal_that_comes_from_a_fast_clock_is_understood_and_mended() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        meter = estate.buses[0].meters[0]
        meter.skew = timedelta(hours=1)
        estate.order(0, 0, RelayState.OFF)
        await asyncio.sleep(5)
        assert meter.is_open
        assert said(meter) == 2
        assert steps(estate) == [ACK, VERIFIED]
        await estate.collector.stop()

    run(main())


def test_any_other_refusal_fails_with_its_words() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET))
        bus = estate.buses[0]

        def refuse(meter: VirtualMeter, frame: Frame, _raw: bytes) -> Spoken | None:
            if frame.function != 0x1C:
                return None
            return [(0, encode(Frame(meter.address, 0xDC, b"\x01")))]

        bus.fault = refuse
        estate.order(0, 0, RelayState.OFF)
        await asyncio.sleep(5)
        assert said(bus.meters[0]) == 1
        assert (last(estate).error, last(estate).detail) == (CommandError.REFUSED, "other")
        await estate.collector.stop()

    run(main())


def test_status_is_read_once_a_look() -> None:
    async def main() -> None:
        estate = await started(Estate(items=QUIET, interval_s=600))
        meter = estate.buses[0].meters[0]
        estate.order(0, 0, RelayState.OFF)
        await asyncio.sleep(5)
        assert meter.asked[STATUS_WORD_3] == 1
        await estate.collector.stop()

    run(main())
