"""A29: trips and top-ups cross each other, by real readings, real payments and a bus that loses half of its words."""

import asyncio
import random
from collections.abc import Callable
from functools import partial

import pytest
from tests.fault_rows import Faults, in_full
from tests.faults.bridge import FEN_WH, Bridge, lose_half, virtually
from tests.faults.invariants import assert_sound

from prewatt.supply.models import Command
from prewatt.supply.services import field

pytestmark = pytest.mark.usefixtures("committed_database")


STREETS = 4
BATCH = 5
"""So many registers are read together; payments and words of the field fall between batches."""


class Crossing:
    """Rooms that run out of money and pay at the same moment, again and again, by real readings and real payments."""

    def __init__(self, *, rooms: int, draw: random.Random) -> None:
        self.bridge = Bridge(rooms=rooms, min_reconnect_balance=100)
        self.draw = draw
        self.crossed = 0
        for room in self.bridge.rooms:
            self.bridge.pay(room, 1_000)

    async def round(self) -> None:
        """All come to zero with their last call; then the end of the money, payments and the field in any order."""
        bridge, numbers = self.bridge, list(range(len(self.bridge.rooms)))
        bridge.advance(hours=1)
        left = bridge.all_available()
        bridge.use_all({number: int(left[bridge.rooms[number].account.pk] * FEN_WH) for number in numbers})
        bridge.mall.deliver_letters()
        bridge.advance(seconds=bridge.mall.policy.last_call_s)
        self.draw.shuffle(numbers)
        steps: list[Callable[[], object]] = []
        for at in range(0, len(numbers), BATCH):
            spent = {number: self.draw.choice([20, 100, 500]) for number in numbers[at : at + BATCH]}
            steps.append(partial(bridge.use_all, spent))
        for number in numbers:
            if self.draw.random() < 0.9:
                amount = self.draw.choice([1_000, 1_000, 150, 150, 150, 50])
                steps.append(partial(bridge.pay, bridge.rooms[number], amount))
                self.crossed += 1
        field_steps = [bridge.hand_out, bridge.take_in, lambda: None]
        steps += [self.draw.choice(field_steps) for _ in range(2 * len(bridge.rooms))]
        self.draw.shuffle(steps)
        for step in steps:
            step()
            await asyncio.sleep(self.draw.choice([0, 0, 0.2, 0.7]))
        await bridge.settle()

    def recover(self) -> None:
        """Who has less than it takes to be on pays; the others begin the next round with what they have."""
        left = self.bridge.all_available()
        for room in self.bridge.rooms:
            if left[room.account.pk] < 100:
                self.bridge.pay(room, 100 - left[room.account.pk])

    def wrong(self) -> list[str]:
        """Rooms whose relay is not what the ledger says."""
        found, left = [], self.bridge.all_available()
        for room in self.bridge.rooms:
            available, is_open = left[room.account.pk], self.bridge.meter(room).is_open
            must_be_open, may_be_open = available <= 0, available < 100
            if is_open != must_be_open and not (is_open and may_be_open):
                found.append(f"{room.point.code}: available {available}, open {is_open}")
        return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """In full there are several streets, which workers share out."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(STREETS if "A29" in in_full(metafunc.config) else 1))


@pytest.mark.timeout(900)
@pytest.mark.faults("A29")
def test_trip_and_top_up_cross_and_the_ledger_wins(seed: int, faults: Faults) -> None:
    wanted = faults.times(short=8, full=800 // STREETS)

    async def main() -> None:
        crossing = Crossing(rooms=faults.times(short=8, full=50), draw=random.Random(29 + seed))
        crossing.bridge.bus.fault = lose_half([])
        await crossing.bridge.start()
        while crossing.crossed < wanted:
            await crossing.round()
            assert crossing.wrong() == []
            crossing.recover()
            await crossing.bridge.settle()
        faults.hit(crossing.crossed)
        assert not [meter for meter in crossing.bridge.bus.meters if meter.is_open]
        assert Command.objects.filter(wanted="off", state="verified").exists()
        assert_sound(truths=crossing.bridge.truths(), settled=True)

    virtually(main)


@pytest.mark.faults("A29", control=True)
def test_without_looking_again_somebody_who_paid_stays_dark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "queue_commands", lambda **_: [])

    async def main() -> None:
        bridge = Bridge()
        await bridge.start()
        room = bridge.rooms[0]
        bridge.run_out(room)
        bridge.hand_out()
        bridge.top_up(room)
        await bridge.settle(reconcile=lambda **_: 0)
        assert bridge.available(room) > 0
        assert bridge.meter(room).is_open

    virtually(main)
