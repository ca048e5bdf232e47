"""A mall whose meters hang on a virtual bus: the core's own tables above, the collector's own buses below.

The field lives in virtual time, which jumps; the core in estate time, which only ``advance`` moves by more than what
the machine takes. What the field says is stamped when the core takes it in, in its own order.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from django.db import connections
from tests.field.virtual_bus import Estate, Spoken, VirtualMeter, run
from tests.usecases_billing.town import Room, reading
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.access.audit import Actor
from prewatt.estate.models import GatewayLease
from prewatt.field.collector import Collector
from prewatt.kernel import clock
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.money import Money
from prewatt.link.messages import CommandOrder, CommandReported, ReadItem, RelayReported, RelayState
from prewatt.supply.models import Command, Relay
from prewatt.supply.values import CommandReport, RelayReport
from prewatt.tenancy.models import Bucket
from prewatt.usecases.reconcile_supply import reconcile_supply
from prewatt.usecases.record_command_reports import record_command_reports
from prewatt.usecases.record_relay_reports import record_relay_reports
from prewatt.usecases.take_payment import take_payment
from prewatt.wire.dlt645.frame import Frame

REGISTERS = frozenset({ReadItem.REGISTERS})
FEN_WH = Decimal("12.5")
"""What one minor unit pays for, at 0.80 a kWh."""
CONTROL = 0x1C
LIVE = ("queued", "sent", "acknowledged")


class Bridge:
    """``mall.rooms[n]`` has meter ``n`` of the only bus. Make it inside the virtual loop, then ``start``."""

    def __init__(self, *, rooms: int = 1, items: frozenset[ReadItem] = REGISTERS, interval_s: int = 600, **rules: Any):
        free = {"friendly_from": None, "friendly_to": None, "cuts_per_minute": 30_000, "cuts_per_day": 30_000}
        self.mall = Mall(rooms=rooms, **(free | rules))
        self.estate = Estate(meters=rooms, items=items, interval_s=interval_s)
        self.bus = self.estate.buses[0]
        self._total_wh = dict.fromkeys(range(rooms), 0)
        self._taken = 0
        self._payer: Actor | None = None
        self._trades = 0
        for number, room in enumerate(self.mall.rooms):
            self.mall.town.assign(room.tenancy, "shop")
            self.use(number, 0)

    @property
    def rooms(self) -> list[Room]:
        return self.mall.rooms

    def meter(self, room: Room) -> VirtualMeter:
        return self.bus.meters[self.rooms.index(room)]

    async def start(self) -> None:
        self.estate.start()
        await asyncio.sleep(1 + len(self.rooms) * 0.5)

    def advance(self, **amount: float) -> None:
        """Let estate time pass in the core; it never goes back."""
        self.mall.now = max(self.mall.now, estate_now()) + timedelta(**amount)
        self.mall.set_clock(self.mall.now)

    # --- money and use ------------------------------------------------------------------------------------------------

    def use(self, number: int, wh: int) -> None:
        """The meter has counted so much more, and its register is read."""
        self.use_all({number: wh})

    def use_all(self, wh: Mapping[int, int]) -> None:
        """These meters have counted so much more, and are read in one batch, as a bus is."""
        self.advance(milliseconds=1)
        for number, more in wh.items():
            self._total_wh[number] += more
        self.mall.town.record(
            *[reading(self.rooms[number], self.mall.now, self._total_wh[number]) for number in wh]
        )  # fmt: skip

    def run_out(self, room: Room) -> None:
        """Use up what is there; the last call arrives, its time passes, and a little more is used."""
        number = self.rooms.index(room)
        self.advance(hours=1)
        self.use(number, int(max(self.available(room), 0) * FEN_WH) // 10 * 10 + 20)
        self.mall.deliver_letters()
        self.advance(seconds=self.mall.policy.last_call_s)
        self.use(number, 20)

    def top_up(self, room: Room) -> None:
        """Pay until five units are there."""
        self.pay(room, 500 - self.available(room))

    def pay(self, room: Room, amount: int) -> None:
        self._payer = self._payer or self.mall.person()
        self._trades += 1
        take_payment(
            actor=self._payer, account_id=room.account.pk, amount=Money(amount, "CNY"), channel="cash",
            token=f"trade-{self._trades}",
        )  # fmt: skip

    def available(self, room: Room) -> int:
        return self.all_available()[room.account.pk]

    def all_available(self) -> dict[int, int]:
        """What each account has, by its id: the ledger's balance less what is accrued."""
        found = Bucket.objects.values_list("account_id", "ledger_account__balance", "account__accrued")
        return {account: (balance or 0) - accrued for account, balance, accrued in found}

    # --- between core and field ---------------------------------------------------------------------------------------

    def hand_out(self) -> int:
        """The intake claims what waits and orders it from the field."""
        claimed = self.mall.claim()
        numbers = {room.installation.pk: number for number, room in enumerate(self.rooms)}
        for one in claimed:
            self.estate.collector.hear(
                CommandOrder(
                    gateway_id=0,
                    command_id=one.command_id,
                    installation_id=numbers[one.installation_id],
                    wanted=RelayState(one.wanted),
                    deadline=self.estate.times.machine_now() + (one.deadline - machine_now()),
                    epoch=self.estate.epoch,
                    priority=one.priority,
                    is_repeat=one.is_repeat,
                )
            )
        return len(claimed)

    def take_in(self) -> None:
        """What the field said since the last time becomes rows: in its order, and in batches, as the intake does it."""
        heard = list(zip(self.estate.ear.heard, self.estate.ear.epochs, strict=True))[self._taken :]
        self._taken += len(heard)
        for kind, words in groupby(heard, key=lambda one: type(one[0])):
            if kind is RelayReported:
                record_relay_reports(actor=ACTOR, reports=[self._relay_report(*one) for one in words])
            elif kind is CommandReported:
                record_command_reports(actor=ACTOR, reports=[_command_report(*one) for one in words])

    def _relay_report(self, said: Any, epoch: int) -> RelayReport:
        installation = self.rooms[said.installation_id].installation.pk
        return RelayReport(installation, said.reported.value, estate_now(), epoch)

    async def exchange(self, *, for_s: float = 3.0) -> None:
        """Orders go down, the field works, what it says comes up."""
        self.hand_out()
        await asyncio.sleep(for_s)
        self.take_in()

    async def settle(self, *, reconcile: Callable[..., object] = reconcile_supply, rounds: int = 10) -> None:
        """Let the worker and the field go on until nothing differs and nothing is under way."""
        for _ in range(rounds):
            Relay.objects.exclude(next_try_at=None).update(next_try_at=machine_now() - timedelta(seconds=1))
            reconcile(actor=ACTOR)
            await self.exchange(for_s=5 + len(self.rooms))
            if not Relay.objects.filter(differs=True, stopped="").exists() and not self.live_commands():
                return

    def live_commands(self) -> int:
        return Command.objects.filter(state__in=LIVE).count()

    def let_deadlines_pass(self) -> None:
        Command.objects.filter(state__in=LIVE).update(deadline=machine_now() - timedelta(seconds=40))

    def truths(self) -> dict[str, dict[str, Any]]:
        """What the meters would say, as the oracle wants it."""
        return {room.installation.address: {"is_open": self.meter(room).is_open, "relay_acts": []}
                for room in self.rooms}  # fmt: skip

    # --- the end of a collector ---------------------------------------------------------------------------------------

    def kill_collector(self) -> None:
        """As kill -9: nothing more is said or reported; what was reported lies in the spool."""
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        self.bus.drop()

    async def another_collector(self) -> None:
        """A new process takes the lease over with the next epoch."""
        self.mall.epoch += 1
        self.estate.epoch += 1
        GatewayLease.objects.update(epoch=self.mall.epoch)
        draw = random.Random(self.mall.epoch)
        self.estate.collector = Collector(
            up=self.estate.ear, times=self.estate.times, connector=self.estate, draw=draw
        )  # fmt: skip
        await self.start()


def _command_report(said: Any, epoch: int) -> CommandReport:
    error = "" if said.error is None else said.error.value
    return CommandReport(said.command_id, said.step, machine_now(), epoch, error, said.detail)


def lose_half(lost: list[int]) -> Callable[[VirtualMeter, Frame, bytes], Spoken | None]:
    draw = random.Random(2)

    def lose(_meter: VirtualMeter, frame: Frame, _raw: bytes) -> Spoken | None:
        if frame.function != CONTROL or draw.random() > 0.5:
            return None
        lost.append(1)
        return []

    return lose


def virtually(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a story on a virtual clock, on the test's own connection, which a loop would not find by itself.

    The core is called from the loop here, which Django forbids elsewhere for good reasons.
    """
    outer, before = connections["default"], clock.estate_clock()

    async def inside() -> None:
        connections["default"] = outer
        await main()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        try:
            run(inside())
        finally:
            clock.install(before)
