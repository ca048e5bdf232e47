"""The intake against a database that is busy, away, or handed something impossible."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from tests.usecases_billing.town import Town, set_clock

from prewatt.access.audit import Actor
from prewatt.cases.models import Case
from prewatt.estate.models import GatewayLease, TrialRead
from prewatt.intake import service
from prewatt.intake.service import Intake, IntakeOptions
from prewatt.intake.waking import Bell
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.link.encoding import decode
from prewatt.link.errors import LinkFull
from prewatt.link.messages import (
    BusComm,
    CommandOrder,
    CommandReported,
    CommandStep,
    Downward,
    Envelope,
    FieldFault,
    FieldRejected,
    Finding,
    LeaseLost,
    LeasesHeld,
    Plan,
    ReadingReported,
    ReadKind,
    RelayReported,
    RelayState,
    TrialOrder,
    TrialReported,
    Upward,
)
from prewatt.link.spool import Spool
from prewatt.metering.models import Reading
from prewatt.supply.models import Command, Relay
from prewatt.usecases.move_meter import ask_trial
from prewatt.usecases.record_readings import record_readings
from prewatt.usecases.work import Busy


class Field:
    """The way down, kept as a list."""

    def __init__(self) -> None:
        self.told: list[Downward] = []
        self.is_full = False

    def tell(self, message: Downward) -> None:
        if self.is_full:
            raise LinkFull("full")
        self.told.append(message)

    def all(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.told if isinstance(one, kind)]


class Desk:
    """A town with three rooms, a spool, and an intake that is stepped by hand."""

    def __init__(self, folder: Path) -> None:
        self.town = Town.build()
        for _ in range(3):
            self.town.add_room()
        self.field = Field()
        self.bell = Bell()
        self.spool = Spool(path=folder / "c.spool")
        self.refused = folder / "c.refused"
        self.started_at = machine_now()
        self.intake = Intake(
            options=IntakeOptions("c", self.started_at, self.refused),
            spool=self.spool,
            down=self.field,  # type: ignore[arg-type]
            bell=self.bell,
            safe=None,
        )
        self.seq = int(self.started_at.timestamp() * 1_000_000)

    @property
    def gateway_id(self) -> int:
        return self.town.bus.gateway_id

    def say(self, payload: Upward, *, epoch: int = 1, seq: int | None = None) -> None:
        self.seq += 1
        self.spool.put(Envelope("c", epoch, self.seq if seq is None else seq, payload))

    def reading(self, room: int, minutes: int = 0, installation_id: int | None = None) -> ReadingReported:
        installation = self.town.rooms[room].installation.pk if installation_id is None else installation_id
        at = estate_now() - timedelta(minutes=minutes)
        return ReadingReported(self.gateway_id, installation, ReadKind.SCHEDULED, at, 10_000, (10_000, 0, 0, 0))

    def take_in(self) -> bool:
        return self.intake.take_in(at_once=True)


@pytest.fixture
def desk(db: None, tmp_path: Path) -> Iterator[Desk]:
    set_clock("2026-11-20T12:00")
    desk = Desk(tmp_path)
    desk.intake._hold_leases()
    yield desk
    desk.spool.close()
    desk.bell.close()


def fail(times: int, error: Exception, real: Callable[..., Any]) -> Callable[..., Any]:
    left = [times]

    def sometimes(**given: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise error
        return real(**given)

    return sometimes


def test_leases_come_first_then_the_plan_then_the_word_that_they_are_held(desk: Desk) -> None:
    assert [type(one) for one in desk.field.told] == [Plan, LeasesHeld]
    (plan,) = desk.field.all(Plan)
    assert len(plan.gateways[0].buses[0].meters) == 3
    desk.intake._follow_estate(whole=False)
    desk.intake._follow_estate(whole=True)
    assert len(desk.field.all(Plan)) == 1, "nothing has changed"
    desk.town.add_room()
    desk.intake._follow_estate(whole=False)
    assert len(desk.field.all(Plan)[-1].gateways[0].buses[0].meters) == 4


def test_a_lost_lease_is_told_and_no_longer_renewed(desk: Desk) -> None:
    GatewayLease.objects.update(collector="other", epoch=2)
    desk.intake._hold_leases()
    assert desk.field.all(LeaseLost) == [LeaseLost(desk.gateway_id)]
    assert desk.field.told[-1].epochs == {}  # type: ignore[union-attr]
    assert desk.intake.epochs == {}


def test_readings_wait_for_company_and_urgent_ones_do_not(desk: Desk) -> None:
    desk.say(desk.reading(0))
    assert not desk.intake.take_in()
    assert Reading.objects.count() == 0
    desk.say(BusComm(desk.gateway_id, desk.town.bus.pk, is_up=True))
    assert desk.intake.take_in(), "a line came up: commands may go now"
    assert Reading.objects.count() == 0
    desk.take_in()
    assert Reading.objects.count() == 1
    assert not desk.spool.waiting


def test_a_proof_that_came_just_before_does_not_wait_either(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(service, "record_relay_reports", lambda **given: taken.append(len(given["reports"])))
    installation = desk.town.rooms[0].installation.pk
    desk.say(RelayReported(desk.gateway_id, installation, RelayState.OFF, estate_now()))
    desk.intake.take_in()
    assert taken == []
    desk.say(CommandReported(desk.gateway_id, 1, installation, CommandStep.VERIFIED, machine_now()))
    desk.intake.take_in()
    assert taken == [1]
    desk.take_in()
    assert sum(taken) == 1


def test_a_busy_account_makes_the_batch_wait_and_nothing_is_confirmed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "record_readings", fail(2, Busy("busy"), record_readings))
    desk.say(desk.reading(0))
    for _ in range(2):
        desk.take_in()
        assert Reading.objects.count() == 0
    desk.take_in()
    assert Reading.objects.count() == 1


def test_a_database_that_goes_away_leaves_the_batch_to_the_next_round(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "record_readings", fail(1, OperationalError("gone"), record_readings))
    desk.say(desk.reading(0))
    with pytest.raises(OperationalError):
        desk.take_in()
    desk.say(desk.reading(1))
    desk.take_in()
    assert Reading.objects.count() == 2


def test_what_cannot_be_taken_in_is_kept_aside_and_nothing_waits_behind_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = record_readings

    def picky(**given: Any) -> Any:
        if any(one.total_wh == 666 for one in given["readings"]):
            raise ValueError("impossible")
        return real(**given)

    monkeypatch.setattr(service, "record_readings", picky)
    desk.say(desk.reading(0))
    bad = desk.reading(1)
    desk.say(ReadingReported(bad.gateway_id, bad.installation_id, bad.kind, bad.read_at, 666))
    desk.say(desk.reading(2))
    desk.take_in()
    assert Reading.objects.count() == 2
    (kept,) = [decode(line) for line in desk.refused.read_bytes().splitlines(keepends=True)]
    assert kept.payload.total_wh == 666  # type: ignore[union-attr]
    assert not desk.spool.waiting


def test_a_lock_that_is_never_to_be_had_ends_aside_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "record_readings", fail(1_000, Busy("busy"), record_readings))
    desk.say(desk.reading(0))
    for _ in range(service.UNABLE_MAX + 1):
        desk.take_in()
    assert desk.refused.exists()
    assert not desk.spool.waiting


def test_readings_of_an_older_epoch_are_refused_unless_they_are_our_own_former_life(desk: Desk, tmp_path: Path) -> None:
    GatewayLease.objects.update(epoch=5)
    desk.intake.epochs = {desk.gateway_id: 5}
    desk.say(desk.reading(0), epoch=4)
    desk.take_in()
    assert Reading.objects.count() == 0
    desk.say(desk.reading(0), epoch=4, seq=1)
    desk.intake._continued = {desk.gateway_id: 5}
    desk.take_in()
    assert Reading.objects.get().epoch == 5


def test_unknown_gateways_and_meters_of_a_former_plan_are_passed_over(desk: Desk) -> None:
    stray = desk.reading(0)
    desk.say(ReadingReported(999_999, stray.installation_id, stray.kind, stray.read_at, 10_000))
    desk.say(desk.reading(0, installation_id=999_999))
    desk.say(desk.reading(0))
    desk.take_in()
    assert Reading.objects.count() == 1


def test_what_the_field_met_becomes_a_case(desk: Desk) -> None:
    installation = desk.town.rooms[0].installation.pk
    desk.say(FieldRejected(desk.gateway_id, FieldFault.ADDRESS_CLASH, estate_now(), 2, installation))
    desk.take_in()
    assert Case.objects.get().kind == "address_clash"


def command(desk: Desk, room: int) -> Command:
    point = desk.town.rooms[room].point
    return Command.objects.create(
        installation=desk.town.rooms[room].installation,
        metering_point=point,
        gateway=desk.town.bus.gateway,
        wanted="off",
        cause="manual",
        deadline=machine_now() + timedelta(seconds=60),
        queued_at=machine_now(),
        estate_at=estate_now(),
    )


def test_commands_go_down_only_for_lines_that_are_up(desk: Desk) -> None:
    Relay.objects.create(metering_point=desk.town.rooms[0].point, desired_at=estate_now())
    queued = command(desk, 0)
    assert desk.intake.hand_out_commands() == 0
    desk.say(BusComm(desk.gateway_id, desk.town.bus.pk, is_up=True), seq=1)
    desk.take_in()
    assert desk.intake.hand_out_commands() == 0, "that was said in a former life"
    desk.say(BusComm(desk.gateway_id, desk.town.bus.pk, is_up=True))
    desk.take_in()
    assert desk.intake.hand_out_commands() == 1
    (order,) = desk.field.all(CommandOrder)
    assert (order.command_id, order.epoch, order.is_repeat) == (queued.pk, 1, False)
    assert desk.intake.hand_out_commands() == 0, "handed out once"
    desk.say(BusComm(desk.gateway_id, desk.town.bus.pk, is_up=False))
    desk.take_in()
    command(desk, 1)
    assert desk.intake.hand_out_commands() == 0


def test_a_field_that_takes_nothing_is_told_of_in_the_log_alone(desk: Desk) -> None:
    desk.say(BusComm(desk.gateway_id, desk.town.bus.pk, is_up=True))
    desk.take_in()
    command(desk, 0)
    desk.field.is_full = True
    assert desk.intake.hand_out_commands() == 1
    assert desk.field.all(CommandOrder) == []


def test_a_trial_goes_down_once_and_its_outcome_comes_in_at_once(desk: Desk) -> None:
    room = desk.town.rooms[0]

    def ask(address: str) -> TrialRead:
        public_id = ask_trial(
            actor=Actor(process="test"), point_public_id=room.point.public_id, address=address, baud=None,
            bus_public_id=desk.town.bus.public_id, reason="test",
        )  # fmt: skip
        return TrialRead.objects.get(public_id=public_id)

    trial = ask("000000000777")
    assert desk.intake.hand_out_trials() == 1
    (order,) = desk.field.all(TrialOrder)
    assert (order.trial_id, order.address, order.bus_id) == (trial.pk, "000000000777", desk.town.bus.pk)
    assert desk.intake.hand_out_trials() == 0
    desk.say(TrialReported(desk.gateway_id, trial.pk, estate_now(), Finding.SILENT))
    desk.intake.take_in()
    trial.refresh_from_db()
    assert (trial.state, trial.finding) == ("failed", "silent")
    ask("000000000778")
    desk.field.is_full = True
    assert desk.intake.hand_out_trials() == 1
    assert len(desk.field.all(TrialOrder)) == 1


def test_leaving_takes_in_what_is_there_and_frees_the_gateways(desk: Desk) -> None:
    desk.say(desk.reading(0))
    desk.intake._leave()
    assert Reading.objects.count() == 1
    assert GatewayLease.objects.get().until <= machine_now()
