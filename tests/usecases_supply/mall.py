"""A live site with rooms, meters that answer and a collector that holds them: for stories about supply."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from tests.usecases_billing.town import OPENED, Room, Town, local

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.services import create_login, ensure_roles, grant
from prewatt.estate.models import GatewayLease, SupplyMode
from prewatt.kernel import clock
from prewatt.metering.models import MeterState
from prewatt.notices.models import Ladder, Notice
from prewatt.supply.models import Command, Decision, Hold, Relay, SupplyPolicy
from prewatt.supply.services import ensure_relays
from prewatt.supply.services.field import to_on_off
from prewatt.supply.values import CommandReport, OnOff, RelayReport, ReviewResult
from prewatt.tenancy.models import Account
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.claim_commands import claim_commands
from prewatt.usecases.record_command_reports import record_command_reports
from prewatt.usecases.record_relay_reports import record_relay_reports
from prewatt.usecases.work import unit_of_work

ACTOR = Actor(process="test")
START = local("2026-11-20T12:00")
__all__ = ["ACTOR", "OPENED", "START", "Mall", "date", "local"]


@dataclass(frozen=True, slots=True)
class Person(Actor):
    """An actor who has a login."""

    user: User


class Mall:
    """One live site. ``now`` is the estate's time, which only ``wait`` moves."""

    def __init__(self, *, rooms: int = 1, mode: str = SupplyMode.LIVE, **rules: Any) -> None:
        self.town = Town.build()
        self.site = self.town.site
        self.epoch = 1
        self.now = START
        self.set_clock(START)
        self.site.supply_mode = mode
        self.site.save(update_fields=["supply_mode"])
        defaults = {
            "friendly_from": None, "friendly_to": None, "friendly_weekends": False, "last_call_s": 600,
            "notice_channels": ["letterbox"],
        }  # fmt: skip
        self.policy = SupplyPolicy.objects.create(site=self.site, **(defaults | rules))
        self.gateway = self.town.bus.gateway
        GatewayLease.objects.create(
            gateway=self.gateway, collector="c1", epoch=1, until=clock.machine_now() + timedelta(hours=1)
        )
        self.rooms = [self.add_room() for _ in range(rooms)]

    def set_clock(self, at: datetime) -> None:
        clock.install(clock.EstateClock(clock.machine_now(), at.astimezone(UTC)))

    def wait(self, **amount: float) -> None:
        """Let estate time pass."""
        self.now += timedelta(**amount)
        self.set_clock(self.now)

    def add_room(self, *, account: Account | None = None, own_use: bool = False, reported: str = "on") -> Room:
        room = self.town.add_room(account=account, own_use=own_use, tariff_code=None)
        MeterState.objects.create(installation=room.installation, last_read_at=self.now, last_total_wh=0, comm="online")
        with unit_of_work(actor=ACTOR, verb="ensure"):
            ensure_relays(point_ids=[room.point.pk], now=self.now)
        Relay.objects.filter(pk=room.point.pk).update(
            reported=reported, installation=room.installation, proven_at=self.now, changed_at=self.now
        )
        return room

    def set_available(self, room: Room, available: int) -> ReviewResult:
        """Let use or money bring the account to this; then look at it as every use case does."""
        with unit_of_work(actor=ACTOR, verb="move") as work:
            Account.objects.filter(pk=room.account.pk).update(accrued=-available)
            return after_balance_change(work, account_ids=[room.account.pk])

    def deliver_letters(self) -> None:
        Notice.objects.filter(state="pending").update(state="delivered", delivered_at=self.now, proof="test")

    def warn(self, room: Room) -> None:
        """Bring the account to zero, let the last call arrive and its time pass."""
        self.set_available(room, 0)
        self.deliver_letters()
        self.wait(seconds=self.policy.last_call_s)

    def cut(self, room: Room) -> Command:
        """Disconnect for credit, proven by the meter."""
        self.warn(room)
        self.set_available(room, -1)
        return self.carry_out(room)

    def carry_out(self, room: Room) -> Command:
        """The field takes the command and the relay does it."""
        self.claim()
        command = self.last_command(room)
        self.tell_step(command, "acknowledged")
        self.report(room, to_on_off(command.wanted))
        return self.last_command(room)

    def claim(self, **more: Any) -> list[Any]:
        return claim_commands(actor=ACTOR, epochs={self.gateway.pk: self.epoch}, **more)

    def report(self, room: Room, reported: OnOff, *, epoch: int | None = None, **when: float) -> Any:
        self.wait(**(when or {"seconds": 1}))
        report = RelayReport(room.installation.pk, reported, self.now, epoch or self.epoch)
        return record_relay_reports(actor=ACTOR, reports=[report])

    def tell_step(self, command: Command, step: str, error: str = "", *, epoch: int | None = None) -> Any:
        report = CommandReport(command.pk, step, clock.machine_now(), epoch or self.epoch, error)
        return record_command_reports(actor=ACTOR, reports=[report])

    def relay(self, room: Room) -> Relay:
        return Relay.objects.get(pk=room.point.pk)

    def last_command(self, room: Room) -> Command:
        command = Command.objects.filter(metering_point=room.point).order_by("-id").first()
        assert command is not None
        return command

    def commands(self, room: Room) -> list[tuple[str, str]]:
        return list(
            Command.objects.filter(metering_point=room.point).order_by("id").values_list("wanted", "state")
        )  # fmt: skip

    def decisions(self, room: Room) -> list[tuple[str, str]]:
        rows = Decision.objects.filter(metering_point_id=room.point.pk).order_by("id")
        return list(rows.values_list("answer", "reason"))

    def is_held(self, room: Room) -> bool:
        return Hold.objects.filter(metering_point=room.point, reason="credit", lifted_at=None).exists()

    def notices(self, room: Room) -> list[str]:
        return list(Notice.objects.filter(account=room.account).order_by("id").values_list("kind", flat=True))

    def step(self, room: Room) -> int:
        ladder = Ladder.objects.filter(account=room.account).first()
        return ladder.step if ladder else 0

    def engineer(self) -> Person:
        """A named person who may do everything here."""
        person = self.person()
        with unit_of_work(actor=ACTOR, verb="grant"):
            ensure_roles()
            grant(user=person.user, role_code="administrator", scope=self.site.scope)
        return person

    def person(self, name: str = "Wang Li") -> Person:
        with unit_of_work(actor=ACTOR, verb="login"):
            user = create_login(username=name, password="correct horse battery", name=name, language="en")
        return Person(process="web", user=user)

    def cases(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT kind FROM cases_case WHERE closed_at IS NULL ORDER BY id")
            return [row[0] for row in cursor.fetchall()]
