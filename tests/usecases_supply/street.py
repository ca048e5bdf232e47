"""Many rooms at once, each with a fate of its own, drawn from one seed: disconnections and top-ups cross."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from tests.usecases_billing.town import Room
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.estate.models import GatewayLease
from prewatt.kernel.clock import machine_now
from prewatt.supply.models import Command, Hold, Relay
from prewatt.supply.values import ClaimedCommand, CommandReport, RelayReport
from prewatt.tenancy.models import Account
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.reconcile_supply import reconcile_supply
from prewatt.usecases.record_command_reports import record_command_reports
from prewatt.usecases.record_relay_reports import record_relay_reports
from prewatt.usecases.review_due import review_due
from prewatt.usecases.work import unit_of_work

MINIMUM = 100
LIVE = ("queued", "sent", "acknowledged")
AMOUNTS = (-6_000, -150, -100, -50, -1, 0, 0, 0, 1, 50, 99, 100, 150, 5_000)


@dataclass
class House:
    """A room with the relay as it really is, and the order that the collector has for it."""

    room: Room
    available: int = 0
    is_on: bool = True
    order: ClaimedCommand | None = None
    late: RelayReport | None = None


@dataclass
class Street:
    """One live site whose rooms all live through the same hours."""

    mall: Mall
    draw: random.Random
    houses: dict[int, House] = field(default_factory=dict)
    crossings: int = 0

    @classmethod
    def build(cls, *, seed: int, rooms: int) -> "Street":
        mall = Mall(rooms=rooms, last_call_s=1, cuts_per_minute=30_000, cuts_per_day=30_000)
        street = cls(mall, random.Random(seed))
        street.houses = {room.installation.pk: House(room) for room in mall.rooms}
        street.move_money({house.room.account.pk: house for house in street.houses.values()})
        return street

    def chance(self, part: float) -> bool:
        return self.draw.random() < part

    # --- one round ---------------------------------------------------------------------------------------------------

    def live_through(self, rounds: int) -> None:
        for _ in range(rounds):
            self._spend_and_pay()
            if self.chance(0.8):
                self.mall.deliver_letters()
            self.mall.wait(seconds=self.draw.choice([1, 20, 61]))
            if self.chance(0.6):
                self.work()
            self._lose_time()
            if self.chance(0.1):
                self.collector_dies()
            if self.chance(0.6):
                self.claim()
            self.carry_out(heard=0.6, done=0.7)
            self.read_relays(0.5)
            self._late_words()

    def _spend_and_pay(self) -> None:
        moved = {}
        off = set(
            Command.objects.filter(wanted="off", state__in=LIVE).values_list("installation_id", flat=True)
        )  # fmt: skip
        for number, house in self.houses.items():
            amount = self.draw.choice(AMOUNTS)
            if amount:
                house.available += amount
                moved[house.room.account.pk] = house
            if amount > 0 and number in off:
                self.crossings += 1
        self.move_money(moved)

    def move_money(self, moved: dict[int, House]) -> None:
        accounts = Account.objects.in_bulk(moved)
        for pk, account in accounts.items():
            account.accrued = -moved[pk].available
        with unit_of_work(actor=ACTOR, verb="move") as work:
            Account.objects.bulk_update(accounts.values(), ["accrued"])
            after_balance_change(work, account_ids=sorted(moved))

    def work(self) -> None:
        review_due(actor=ACTOR)
        reconcile_supply(actor=ACTOR)

    def _lose_time(self) -> None:
        for part, seconds in ((0.15, 1), (0.1, 60)):
            live = list(Command.objects.filter(state__in=LIVE).order_by("pk").values_list("pk", flat=True))
            some = [pk for pk in live if self.chance(part)]
            Command.objects.filter(pk__in=some).update(deadline=machine_now() - timedelta(seconds=seconds))

    # --- the field ---------------------------------------------------------------------------------------------------

    def claim(self) -> None:
        for order in self.mall.claim(limit=500):
            self.houses[order.installation_id].order = order

    def carry_out(self, *, heard: float, done: float) -> None:
        """Some orders are carried out; of some of those the word is heard. None is sent after its deadline."""
        said = []
        deadlines = dict(Command.objects.filter(state__in=LIVE).values_list("pk", "deadline"))
        for house in self.houses.values():
            order = house.order
            if order is None or not self.chance(done):
                continue
            house.order = None
            is_late = deadlines.get(order.command_id, machine_now()) <= machine_now()
            if not is_late and not (order.is_repeat and house.is_on == (order.wanted == "on")):
                house.is_on = order.wanted == "on"
            if self.chance(heard):
                step, error = ("expired", "deadline_passed") if is_late else ("acknowledged", "")
                said.append(CommandReport(order.command_id, step, machine_now(), self.mall.epoch, error))
        record_command_reports(actor=ACTOR, reports=said)

    def read_relays(self, part: float) -> None:
        self.mall.wait(seconds=1)
        heard = []
        for number, house in self.houses.items():
            report = RelayReport(number, "on" if house.is_on else "off", self.mall.now, self.mall.epoch)
            if self.chance(part):
                heard.append(report)
            elif self.chance(0.3):
                house.late = report
        record_relay_reports(actor=ACTOR, reports=heard)

    def _late_words(self) -> None:
        late = [house.late for house in self.houses.values() if house.late is not None and self.chance(0.3)]
        record_relay_reports(actor=ACTOR, reports=late)

    def collector_dies(self) -> None:
        for house in self.houses.values():
            house.order = None
        self.mall.epoch += 1
        GatewayLease.objects.update(epoch=self.mall.epoch)

    # --- the end -----------------------------------------------------------------------------------------------------

    def settle(self, rounds: int = 8) -> None:
        """Nothing is lost any more: letters arrive, the worker works, the field answers."""
        for _ in range(rounds):
            self.mall.deliver_letters()
            self.mall.wait(seconds=61)
            Relay.objects.update(next_try_at=None)
            in_hand = [house.order.command_id for house in self.houses.values() if house.order is not None]
            Command.objects.filter(state__in=["sent", "acknowledged"]).exclude(pk__in=in_hand).update(
                deadline=machine_now() - timedelta(seconds=60)
            )
            self.work()
            self.claim()
            self.carry_out(heard=1.0, done=1.0)
            self.read_relays(1.0)

    def disagreements(self) -> list[str]:
        """Everything that is not as the ledger says."""
        relays = Relay.objects.in_bulk([house.room.point.pk for house in self.houses.values()])
        held = set(Hold.objects.filter(lifted_at=None).values_list("metering_point_id", flat=True))
        live = set(Command.objects.filter(state__in=LIVE).values_list("metering_point_id", flat=True))
        found = []
        for house in self.houses.values():
            point, relay = house.room.point, relays[house.room.point.pk]
            truth = "on" if house.is_on else "off"
            facts = f"{point.code}: available {house.available}, is {truth}, {relay.desired}/{relay.reported}"
            if relay.reported != truth or relay.desired != truth:
                found.append(f"{facts}: they disagree")
            if house.available <= 0 and house.is_on:
                found.append(f"{facts}: out of credit and on")
            if house.available >= MINIMUM and not house.is_on:
                found.append(f"{facts}: in credit and dark")
            if (point.pk in held) is house.is_on:
                found.append(f"{facts}: its hold says otherwise")
            if point.pk in live:
                found.append(f"{facts}: a command is still open")
        return found


@contextmanager
def street(*, seed: int, rooms: int) -> Iterator[Street]:
    """A street that leaves nothing behind."""
    with transaction.atomic():
        yield Street.build(seed=seed, rooms=rooms)
        transaction.set_rollback(True)
