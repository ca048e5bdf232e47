"""Use, payments, commands, lost words and late words in any order: a machine whose end must be the ledger's."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.usecases_supply.mall import ACTOR, Mall
from typing_extensions import override

from prewatt.estate.models import GatewayLease
from prewatt.kernel import clock
from prewatt.kernel.clock import machine_now
from prewatt.supply.models import Command, Hold, Relay
from prewatt.supply.values import ClaimedCommand, OnOff, RelayReport
from prewatt.tenancy.models import Account
from prewatt.usecases.reconcile_supply import reconcile_supply
from prewatt.usecases.record_relay_reports import record_relay_reports
from prewatt.usecases.review_due import review_due

MINIMUM = 100
LIVE = ("queued", "sent", "acknowledged")


@dataclass
class World:
    """What is out there: the relay itself, and the orders that the collector holds."""

    is_on: bool = True
    orders: list[ClaimedCommand] = field(default_factory=list)
    cuts: int = 0


class Crossing(RuleBasedStateMachine):
    """One room. Every word from the field may be lost or late; none may bring it into a wrong state for good."""

    @initialize()
    def begin(self) -> None:
        self.before = clock.estate_clock()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.mall = Mall(last_call_s=60, cuts_per_minute=1_000, cuts_per_day=1_000)
        self.room = self.mall.rooms[0]
        self.world = World()
        self.available = 5_000
        self.mall.set_available(self.room, self.available)

    # --- money ------------------------------------------------------------------------------------------------------

    @rule(amount=st.sampled_from([1, 50, 4_000, 6_000]))
    def spend(self, amount: int) -> None:
        self.available -= amount
        self.mall.set_available(self.room, self.available)

    @rule(amount=st.sampled_from([1, 50, 99, 100, 5_000, 9_000]))
    def pay(self, amount: int) -> None:
        self.available += amount
        self.mall.set_available(self.room, self.available)

    # --- time and the worker ----------------------------------------------------------------------------------------

    @rule()
    def notices_arrive_and_time_passes(self) -> None:
        self.mall.deliver_letters()
        self.mall.wait(seconds=61)

    @rule()
    def work(self) -> None:
        review_due(actor=ACTOR)
        reconcile_supply(actor=ACTOR)

    @rule()
    def deadlines_pass(self) -> None:
        Command.objects.update(deadline=machine_now() - timedelta(seconds=1))

    @rule()
    def silence_lasts(self) -> None:
        Command.objects.update(deadline=machine_now() - timedelta(seconds=60))

    # --- the field --------------------------------------------------------------------------------------------------

    @rule()
    def claim(self) -> None:
        self.world.orders += self.mall.claim()

    @rule(is_heard=st.booleans())
    def carry_out(self, is_heard: bool) -> None:
        if not self.world.orders:
            return
        order = self.world.orders.pop(0)
        command = Command.objects.get(pk=order.command_id)
        if command.deadline <= machine_now():
            if is_heard:
                self.mall.tell_step(command, "expired", "deadline_passed")
            return
        if order.is_repeat and self.world.is_on == (order.wanted == "on"):
            return
        self.world.is_on = order.wanted == "on"
        self.world.cuts += order.wanted == "off"
        if is_heard:
            self.mall.tell_step(command, "acknowledged")

    @rule(is_late=st.booleans())
    def read_relay(self, is_late: bool) -> None:
        state: OnOff = "on" if self.world.is_on else "off"
        self.mall.wait(seconds=1)
        report = RelayReport(self.room.installation.pk, state, self.mall.now, self.mall.epoch)
        if is_late:
            self.late = report
            return
        record_relay_reports(actor=ACTOR, reports=[report])

    @rule()
    def a_late_word_arrives(self) -> None:
        if getattr(self, "late", None) is not None:
            record_relay_reports(actor=ACTOR, reports=[self.late])

    @rule()
    def the_collector_dies(self) -> None:
        self.world.orders.clear()
        self.mall.epoch += 1
        GatewayLease.objects.update(epoch=self.mall.epoch)

    # --- what always holds ------------------------------------------------------------------------------------------

    @invariant()
    def one_live_command_with_a_decision(self) -> None:
        live = Command.objects.filter(installation=self.room.installation, state__in=LIVE)
        assert live.count() <= 1
        assert not Command.objects.filter(decision_id=None).exists()

    @invariant()
    def a_hold_stands_only_on_arrears_or_below_the_minimum(self) -> None:
        if Hold.objects.filter(lifted_at=None).exists():
            assert self.available < MINIMUM

    @override
    def teardown(self) -> None:
        if not hasattr(self, "atomic"):
            return
        try:
            self._settle()
            self._agree()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)
            clock.install(self.before)

    def _settle(self) -> None:
        """Nothing is lost any more: notices arrive, the worker works, the field answers."""
        assert Account.objects.get(pk=self.room.account.pk).accrued == -self.available
        for _ in range(8):
            self.mall.deliver_letters()
            self.mall.wait(seconds=61)
            Relay.objects.update(next_try_at=None)
            Command.objects.filter(state__in=["sent", "acknowledged"]).exclude(
                pk__in=[order.command_id for order in self.world.orders]
            ).update(deadline=machine_now() - timedelta(seconds=60))
            self.work()
            self.claim()
            while self.world.orders:
                self.carry_out(is_heard=True)
            self.read_relay(is_late=False)

    def _agree(self) -> None:
        relay = self.mall.relay(self.room)
        assert relay.reported == relay.desired == ("on" if self.world.is_on else "off")
        assert not Command.objects.filter(state__in=LIVE).exists()
        if self.available <= 0:
            assert not self.world.is_on, "out of credit, warned, and still on"
        if self.available >= MINIMUM:
            assert self.world.is_on, "in credit and dark"
        assert self.mall.is_held(self.room) is (not self.world.is_on)
        assert [kind for kind in self.mall.cases() if kind != "paid_not_on"] == []
