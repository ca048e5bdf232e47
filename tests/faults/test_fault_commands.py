"""A25 to A28, B1, B8, H8: commands that are refused, stuck, lost, too late or fought over, and their truth."""

import asyncio
import random
from typing import Any

import pytest
from tests.fault_rows import Faults
from tests.faults.bridge import Bridge, lose_half, virtually
from tests.faults.invariants import assert_sound, password_forms
from tests.field.virtual_bus import Estate, VirtualMeter

from prewatt.cases.models import Case
from prewatt.field import bus as buses
from prewatt.field import relay as relays
from prewatt.field.bus import Bus
from prewatt.field.relay import Phase, RelayRun
from prewatt.link.messages import CommandReported, CommandStep, ReadItem, RelayState
from prewatt.supply import commands
from prewatt.supply.models import Command
from prewatt.supply.services import alarms
from prewatt.wire.dlt645.frame import Frame

pytestmark = pytest.mark.django_db
SECRET = "123456"
CONTROL = 0x1C
STATUS = frozenset({ReadItem.RELAY})


def said(meter: VirtualMeter) -> int:
    return meter.asked[CONTROL]


# --- A25: the meter refuses the password ------------------------------------------------------------------------------


async def refused_password(capture: list[int], *, tries: int) -> Bridge:
    bridge = Bridge(rooms=tries)
    await bridge.start()
    for room in bridge.rooms:
        bridge.meter(room).password = "654321"
        bridge.run_out(room)
    await bridge.settle(rounds=4)
    capture.extend(said(bridge.meter(room)) for room in bridge.rooms)
    return bridge


@pytest.mark.faults("A25")
def test_a_refused_password_is_said_once_and_calls_a_person(faults: Faults, capfd: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        times: list[int] = []
        bridge = await refused_password(times, tries=faults.times(short=3, full=30))
        assert set(times) == {1}
        faults.hit(len(times))
        assert set(bridge.mall.cases()) == {"password_refused"}
        assert not [room for room in bridge.rooms if bridge.meter(room).is_open]
        out = capfd.readouterr()
        assert_sound(
            truths=bridge.truths(), secrets=password_forms(SECRET), texts=[out.out, out.err, repr(bridge.estate.ear)]
        )

    virtually(main)


@pytest.mark.faults("A25", control=True)
def test_a_refusal_that_is_not_known_is_said_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "PASSWORD_BITS", frozenset())
    monkeypatch.setattr(commands, "REFUSED_PASSWORD", "")

    async def main() -> None:
        times: list[int] = []
        await refused_password(times, tries=1)
        assert times[0] > 1

    virtually(main)


# --- A26: accepted, but the relay does not move -----------------------------------------------------------------------


@pytest.mark.faults("A26")
def test_a_stuck_relay_is_never_shown_off_and_calls_within_five_seconds(faults: Faults) -> None:
    async def main() -> None:
        bridge = Bridge(rooms=faults.times(short=2, full=20))
        await bridge.start()
        for room in bridge.rooms:
            meter = bridge.meter(room)
            meter.is_stuck = True
            bridge.run_out(room)
            await bridge.exchange(for_s=5)
            assert Case.objects.filter(kind="command_failed", subject_id=room.point.pk, closed_at=None).exists()
            faults.hit(said(meter))
        await bridge.settle()
        for room in bridge.rooms:
            assert said(bridge.meter(room)) == 2, "once, and once more"
            assert bridge.mall.relay(room).reported == "on"
            assert [state for _, state in bridge.mall.commands(room)] == ["failed", "failed"]
        assert_sound(truths=bridge.truths(), settled=True)

    virtually(main)


@pytest.mark.faults("A26", control=True)
def test_who_believes_the_answer_calls_a_closed_relay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RelayRun, "_prove", lambda self, **_: self._end(CommandStep.VERIFIED))

    async def main() -> None:
        bridge = Bridge()
        await bridge.start()
        bridge.meter(bridge.rooms[0]).is_stuck = True
        bridge.run_out(bridge.rooms[0])
        await bridge.exchange(for_s=10)
        steps = [one.step for one in bridge.estate.ear.all(CommandReported)]
        assert CommandStep.VERIFIED in steps
        assert not bridge.meter(bridge.rooms[0]).is_open

    virtually(main)


# --- A27: done, but the confirmation is lost --------------------------------------------------------------------------


def blind_repeats(estate: Estate) -> int:
    """Commands said twice to a meter without a word from it in between."""
    previous: Frame | None = None
    count = 0
    for _, frame in estate.buses[0].requests:
        count += (
            frame.function == CONTROL
            and previous is not None
            and (previous.function, previous.address) == (CONTROL, frame.address)
        )
        previous = frame
    return count


@pytest.mark.timeout(900)
@pytest.mark.faults("A27")
def test_a_lost_confirmation_ends_in_the_right_state_and_is_never_repeated_blindly(faults: Faults) -> None:
    async def main() -> None:
        bridge = Bridge(rooms=5)
        lost: list[int] = []
        bridge.bus.fault = lose_half(lost)
        await bridge.start()
        for number in range(faults.times(short=12, full=200)):
            room = bridge.rooms[number % 5]
            if bridge.meter(room).is_open:
                bridge.top_up(room)
            else:
                bridge.run_out(room)
            await bridge.settle(rounds=3)
            assert bridge.meter(room).is_open == (bridge.mall.relay(room).desired == "off")
            assert bridge.mall.last_command(room).state == "verified"
            assert not bridge.mall.relay(room).differs
        assert_sound(truths=bridge.truths(), settled=True)
        faults.hit(len(lost))
        assert len(lost) > 3
        assert blind_repeats(bridge.estate) == 0
        assert sum(said(meter) for meter in bridge.bus.meters) == Command.objects.count(), "each once"

    virtually(main)


@pytest.mark.faults("A27", control=True)
def test_without_a_look_a_lost_confirmation_is_a_blind_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    proving = RelayRun._prove

    def again(self: RelayRun, *, for_s: float) -> None:
        if for_s == relays.UNCONFIRMED_S and self.said < relays.SAID_MAX:
            self.phase = Phase.SAY
        else:
            proving(self, for_s=for_s)

    monkeypatch.setattr(RelayRun, "_prove", again)

    async def main() -> None:
        bridge = Bridge(rooms=5)
        lost: list[int] = []
        bridge.bus.fault = lose_half(lost)
        await bridge.start()
        for room in bridge.rooms:
            bridge.run_out(room)
        await bridge.settle(rounds=2)
        assert blind_repeats(bridge.estate) > 0

    virtually(main)


# --- A28: too late ----------------------------------------------------------------------------------------------------


async def trip_that_waits_for_the_line(rooms: int) -> Bridge:
    """A disconnection is under way when the line goes; ten minutes later money has come and the line is back."""
    bridge = Bridge(rooms=rooms)
    await bridge.start()
    bridge.bus.is_down = True
    bridge.bus.drop()
    for number, room in enumerate(bridge.rooms):
        bridge.run_out(room)
        if number % 2:
            bridge.hand_out()
            await asyncio.sleep(number % 7 * 0.1)
    await asyncio.sleep(600)
    bridge.let_deadlines_pass()
    bridge.take_in()
    for room in bridge.rooms:
        bridge.top_up(room)
    bridge.bus.is_down = False
    await asyncio.sleep(60)
    await bridge.settle()
    return bridge


@pytest.mark.faults("A28")
def test_a_trip_that_could_not_be_sent_is_decided_again_and_never_sent_late(faults: Faults) -> None:
    async def main() -> None:
        bridge = await trip_that_waits_for_the_line(faults.times(short=4, full=60))
        for room in bridge.rooms:
            assert said(bridge.meter(room)) == 0
            assert not bridge.mall.relay(room).differs
            assert {state for _, state in bridge.mall.commands(room)} <= {"expired", "voided"}
            faults.hit(bool(bridge.mall.commands(room)))
        assert_sound(truths=bridge.truths(), settled=True)

    virtually(main)


@pytest.mark.faults("A28", control=True)
def test_an_order_that_is_kept_is_sent_late_and_trips_who_has_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bus, "_is_unreachable", lambda *_: None)
    monkeypatch.setattr(RelayRun, "is_late", False)

    async def main() -> None:
        bridge = await trip_that_waits_for_the_line(2)
        assert [room for room in bridge.rooms if said(bridge.meter(room))]

    virtually(main)


# --- B1 on the bus: killed in the middle of commands ------------------------------------------------------------------


async def killed_in_mid_command(kills: int) -> Bridge:
    bridge, draw = Bridge(rooms=4), random.Random(1)
    await bridge.start()
    for number in range(kills):
        room = bridge.rooms[number % 4]
        if bridge.meter(room).is_open:
            bridge.top_up(room)
        else:
            bridge.run_out(room)
        bridge.hand_out()
        await asyncio.sleep(draw.uniform(0, 0.8))
        bridge.kill_collector()
        await asyncio.sleep(0.5)
        await bridge.another_collector()
        await bridge.settle(rounds=3)
    return bridge


@pytest.mark.timeout(900)
@pytest.mark.faults("B1")
def test_a_collector_killed_in_mid_command_looks_before_it_says_anything_again(faults: Faults) -> None:
    async def main() -> None:
        kills = faults.times(short=5, full=50)
        bridge = await killed_in_mid_command(kills)
        faults.hit(kills)
        for room in bridge.rooms:
            meter = bridge.meter(room)
            assert meter.is_open == (bridge.mall.relay(room).reported == "off")
            assert len(meter.acted_at) == len(bridge.mall.commands(room)), "each wish moved the relay once"
        assert set(Command.objects.values_list("state", flat=True)) == {"verified"}
        assert_sound(truths=bridge.truths(), settled=True)

    virtually(main)


@pytest.mark.faults("B1", control=True)
def test_without_a_look_the_new_collector_says_it_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    making = RelayRun.__init__

    def hasty(self: RelayRun, **parts: Any) -> None:
        making(self, **parts)
        self.phase = Phase.SAY

    monkeypatch.setattr(RelayRun, "__init__", hasty)

    async def main() -> None:
        bridge = await killed_in_mid_command(8)
        assert sum(len(meter.acted_at) for meter in bridge.bus.meters) > Command.objects.count()

    virtually(main)


# --- B8: a clean stop in the middle of a command ----------------------------------------------------------------------


async def stopped_in_mid_command(wait_s: float) -> tuple[int, list[CommandStep]]:
    """Return how often the command was said, and the steps that were reported of it."""
    estate = Estate(meters=3, items=REGISTERS_ONLY, interval_s=1)
    estate.start()
    await asyncio.sleep(5)
    estate.order(0, 1, RelayState.OFF)
    await asyncio.sleep(wait_s)
    await estate.collector.stop()
    return said(estate.buses[0].meters[1]), [one.step for one in estate.ear.all(CommandReported)]


REGISTERS_ONLY = frozenset({ReadItem.REGISTERS})
KNOWN_ENDS = {CommandStep.VERIFIED, CommandStep.FAILED, CommandStep.EXPIRED}


@pytest.mark.faults("B8")
def test_a_stop_leaves_no_command_without_an_outcome(faults: Faults) -> None:
    async def main() -> None:
        for number in range(times := faults.times(short=25, full=300)):
            count, steps = await stopped_in_mid_command(number / times)
            assert count <= 1
            assert not count or steps[-1] in KNOWN_ENDS
            faults.hit(count)

    virtually(main)
    assert faults.hits >= faults.times(short=8, full=100), "so many were said before the stop"


@pytest.mark.faults("B8", control=True)
def test_without_the_last_look_outcomes_stay_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buses, "FINISH_S", 0.0)

    async def main() -> None:
        ends = [await stopped_in_mid_command(number / 25) for number in range(25)]
        assert [steps for count, steps in ends if count and not KNOWN_ENDS.intersection(steps)]

    virtually(main)


# --- H8: somebody works at the relay ----------------------------------------------------------------------------------


async def fought_over(times: int) -> Bridge:
    """Somebody opens a relay by hand, and again each time that it was closed."""
    bridge = Bridge(items=STATUS, interval_s=30)
    await bridge.start()
    bridge.take_in()
    room = bridge.rooms[0]
    for _ in range(times):
        bridge.meter(room).is_open = True
        await asyncio.sleep(31)
        bridge.take_in()
        assert bridge.mall.relay(room).reported == "off", "seen within one cycle"
        await bridge.settle(rounds=2)
        bridge.advance(minutes=3)
    return bridge


@pytest.mark.faults("H8")
def test_a_relay_moved_by_hand_is_a_case_and_no_war(faults: Faults) -> None:
    async def main() -> None:
        times = faults.times(short=3, full=30)
        bridge = await fought_over(times)
        faults.hit(times)
        room = bridge.rooms[0]
        assert said(bridge.meter(room)) <= 1
        assert "relay_differs" in bridge.mall.cases()
        assert_sound(truths=bridge.truths(), settled=True)

    virtually(main)


@pytest.mark.faults("H8", control=True)
def test_without_a_limit_there_is_a_war_of_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "CHANGED_BY_HAND", "")

    async def main() -> None:
        bridge = await fought_over(3)
        assert said(bridge.meter(bridge.rooms[0])) > 1

    virtually(main)
