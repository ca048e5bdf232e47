"""B1, B2, B4, B8 with collectors as processes: killed, frozen, cut off from the database, told to end."""

import random
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from django.db import InterfaceError, OperationalError, connection
from tests.clusters import OwnCluster
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound, password_forms
from tests.faults.processes import (
    all_ended,
    collector_process,
    has_swept,
    switch,
    truths,
    untrue_readings,
    url_of,
)
from tests.intake.live import ACTOR, SECRET, LiveSite, live_site, until
from tests.usecases_billing.town import Town, local
from typing_extensions import override

from prewatt.estate.models import GatewayLease
from prewatt.kernel.clock import machine_now
from prewatt.link.messages import Comm, Envelope, GatewayComm
from prewatt.link.spool import Spool
from prewatt.metering.models import Reading
from prewatt.supply.models import Command, CommandState, Relay, SupplyPolicy
from prewatt.usecases import record_readings
from prewatt.usecases.reconcile_supply import reconcile_supply
from prewatt.usecases.work import Busy

MB = 1024 * 1024


@pytest.fixture
def url(postgres_url: str, committed_database: str) -> str:
    return url_of(postgres_url, committed_database)


def leave_everything_sound(live: LiveSite, *, logs: list[Path]) -> None:
    """Every command ends, every relay is as desired, and the oracle has nothing to say."""
    until(all_ended, "every command ends", within_s=90)
    reconcile_supply(actor=ACTOR)
    until(lambda: all_ended() and not Relay.objects.filter(differs=True).exists(), "all is as desired", within_s=60)
    assert untrue_readings(live) == []
    assert_sound(
        truths=truths(live),
        secrets=password_forms(SECRET),
        texts=[log.read_text() for log in logs],
        settled=True,
    )


def all_proven(live: LiveSite) -> bool:
    return Relay.objects.exclude(reported="unknown").count() == len(live.sheet.meters)


# --- B1 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(900)
@pytest.mark.faults("B1")
def test_killed_at_any_moment_nothing_is_doubled_lost_or_left_open(tmp_path: Path, url: str, faults: Faults) -> None:
    draw, wanted_off, wishes = random.Random(4), [False] * 8, [0] * 8
    kills, swept = faults.times(short=2, full=50), 1
    with live_site(tmp_path, meters=8, per_bus=2, interval_s=1, apart_wh=50_000) as live:
        SupplyPolicy.objects.update_or_create(
            site=live.site, defaults={"cuts_per_minute": kills, "cuts_per_day": kills}
        )
        for number in range(kills):
            with collector_process(live, url) as running:
                began, index = machine_now(), draw.randrange(8)
                if number == 0:
                    until(lambda: all_proven(live), "every relay is proven", within_s=60)
                elif draw.random() < 0.8:
                    until(partial(has_swept, began), "it sweeps", within_s=60)
                    swept += 1
                time.sleep(draw.uniform(0, 1.5))
                wanted_off[index] = not wanted_off[index]
                wishes[index] += 1
                switch(live, index, off=wanted_off[index])
                time.sleep(draw.uniform(0, 0.5))
                running.kill()
                faults.hit()
        with collector_process(live, url) as running:
            began = machine_now()
            until(lambda: has_swept(began, buses=4), "all four buses are swept again", within_s=60)
            leave_everything_sound(live, logs=[running.log])
            assert running.end() == 0
        for lease in GatewayLease.objects.all():
            assert swept + 1 <= lease.epoch <= kills + 1, (
                "each that lived long enough took it over, and so did the last"
            )
        for index in range(8):
            truth, relay = live.truth(index), Relay.objects.get(pk=live.installation(index).metering_point_id)
            assert truth["is_open"] == wanted_off[index] == (relay.reported == "off") == (relay.desired == "off")
            assert sum(truth["commands"].values()) <= 2 * wishes[index], "at most said again after a look"
        assert not Reading.objects.exclude(quality=1).exists()


# --- B2 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(900)
@pytest.mark.faults("B2")
def test_a_collector_that_thaws_after_its_lease_writes_nothing(tmp_path: Path, url: str, faults: Faults) -> None:
    with live_site(tmp_path, meters=6, interval_s=1, apart_wh=50_000) as live:
        for number in range(faults.times(short=1, full=5)):
            began, names = machine_now(), (f"a{number}", f"b{number}")
            with collector_process(live, url, name=names[0]) as first:
                until(partial(has_swept, began), "the first sweeps", within_s=60)
                first.freeze()
                with collector_process(live, url, name=names[1]) as second:
                    until(partial(_is_held_by, names[1]), "the second takes over", within_s=60)
                    lease, taken, collisions = GatewayLease.objects.get(), machine_now(), _collisions(live)
                    assert lease.epoch == 2 * (number + 1), "each takes it with an epoch of its own"
                    until(partial(has_swept, taken), "the second sweeps", within_s=60)
                    first.thaw()
                    faults.hit()
                    until(partial(_was_told, first.log), "it is told")
                    time.sleep(1)
                    late = Reading.objects.filter(received_at__gt=taken, epoch__gt=0)
                    until(late.exists, "its readings are stored")
                    assert set(late.values_list("epoch", flat=True)) == {lease.epoch}
                    assert _is_held_by(names[1])
                    assert _collisions(live) - collisions <= 2, "question and answer of one round trip"
                    assert first.process.poll() is None
                    assert first.end() == 0
                    if number == 0:
                        leave_everything_sound(live, logs=[first.log, second.log])
                    assert second.end() == 0


def _is_held_by(name: str) -> bool:
    return GatewayLease.objects.get().collector == name


def _was_told(log: Path) -> bool:
    return "another collector has taken" in log.read_text()


def _collisions(live: LiveSite) -> int:
    async def ask() -> int:
        return sum(live.sim.counters(bus.name)["collisions"] for bus in live.sim.estate.buses())

    return live.loop.do(ask())


@pytest.mark.django_db
@pytest.mark.faults("B2", control=True)
def test_without_the_fence_the_old_holder_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town.build()
    room = town.add_room()
    GatewayLease.objects.create(gateway=town.bus.gateway, collector="b", epoch=5, until=local("2027-01-01T00:00"))
    assert town.read(room, "2026-11-01T10:00", 5_000, epoch=4).inserted == 0
    monkeypatch.setattr(record_readings, "_without_stale", lambda given, _facts: dict(given))
    assert town.read(room, "2026-11-01T10:00", 5_000, epoch=4).inserted == 1


# --- B4 ---------------------------------------------------------------------------------------------------------------


class Desk(threading.Thread):
    """Somebody who presses a button while the database hangs, and again when told that it was busy."""

    def __init__(self, live: LiveSite, index: int) -> None:
        super().__init__(daemon=True)
        self.live, self.index, self.tries = live, index, 0

    @override
    def run(self) -> None:
        try:
            while not self._pressed():
                time.sleep(0.1)
        finally:
            connection.close()

    def _pressed(self) -> bool:
        self.tries += 1
        try:
            switch(self.live, self.index, off=True)
        except (OperationalError, InterfaceError, Busy):
            connection.close()
            return False
        return True


def _answers(live: LiveSite) -> int:
    return sum(truth["replies"] for truth in truths(live).values())


@pytest.mark.timeout(900)
@pytest.mark.faults("B4")
def test_a_database_that_hangs_costs_no_reading_and_little_memory(
    tmp_path: Path, own_database: OwnCluster, faults: Faults
) -> None:
    pause_s, url = faults.times(short=3, full=30), own_database.url
    with live_site(tmp_path, meters=8, per_bus=4, interval_s=1, apart_wh=50_000) as live:
        with collector_process(live, url) as proving:
            until(lambda: all_proven(live), "every relay is proven", within_s=60)
            assert proving.end() == 0
        before_answers, before_rows = _answers(live), _rows()
        with collector_process(live, url, name="c2", only="registers") as running:
            until(lambda: _rows() > before_rows + 24, "it sweeps", within_s=60)
            rss, answered, desk = running.rss_bytes, _answers(live), Desk(live, 5)
            highest = rss
            with own_database.frozen() as stopped:
                assert stopped > 6, "the postmaster, its helpers and everybody's server process"
                desk.start()
                end = time.monotonic() + pause_s
                while time.monotonic() < end:
                    highest = max(highest, running.rss_bytes)
                    time.sleep(0.1)
                kept = _answers(live) - answered
                faults.hit(kept)
                assert desk.is_alive(), "it really hung"
            thawed = machine_now()
            until(lambda: live.truth(5)["is_open"], "the command is carried out")
            assert (machine_now() - thawed).total_seconds() <= 5
            assert kept > pause_s * 2, "the field went on reading"
            assert highest - rss <= 20 * MB
            desk.join(10)
            until(all_ended, "it is proven")
            commands = live.truth(5)["commands"]
            assert running.end() == 0
        spoken_of_relay = _answers(live) - before_answers - (_rows() - before_rows)
        assert sum(commands.values()) == 1
        assert 1 <= spoken_of_relay <= 8, "one answer to the command, some status words: every other one is a reading"
        with collector_process(live, url, name="c3") as last:
            leave_everything_sound(live, logs=[running.log, last.log])


def _rows() -> int:
    return Reading.objects.filter(kind=1).count()


def _said(number: int) -> Envelope:
    return Envelope("c1", 1, number, GatewayComm(1, Comm.ONLINE, machine_now(), ""))


@pytest.mark.faults("B4", control=True)
def test_without_the_file_what_is_said_meanwhile_is_lost(tmp_path: Path) -> None:
    number = 500
    kept = {}
    for name, file_bytes in (("with", 1 * MB), ("without", 0)):
        spool = Spool(path=tmp_path / name, memory_max=100, file_bytes_max=file_bytes)
        for seq in range(number):
            spool.put(_said(seq))
        kept[name] = _taken(spool)
        spool.close()
    assert kept["with"] == number
    assert kept["without"] < number


def _taken(spool: Spool) -> int:
    count = 0
    while envelopes := spool.take(50):
        count += len(envelopes)
        spool.confirm(envelopes[-1].seq)
    return count


# --- B8 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(900)
@pytest.mark.faults("B8")
def test_told_to_end_in_mid_command_the_outcome_is_recorded(tmp_path: Path, url: str, faults: Faults) -> None:
    draw = random.Random(8)
    with live_site(tmp_path, meters=4, interval_s=1, baud=2400) as live:
        for number in range(faults.times(short=2, full=20)):
            with collector_process(live, url) as running:
                began = machine_now()
                until(partial(has_swept, began), "it sweeps", within_s=60)
                until(lambda: all_proven(live), "every relay is proven", within_s=60)
                wants_off = number // 4 % 2 == 0
                switch(live, number % 4, off=wants_off)
                command = Command.objects.latest("id")
                time.sleep(draw.uniform(0.02, 0.9))
                told = time.monotonic()
                assert running.end() == 0
                assert time.monotonic() - told < 5, "two seconds for the answer, the rest to go"
            command.refresh_from_db()
            moved = live.truth(number % 4)["is_open"] == wants_off
            if moved:
                faults.hit()
                assert command.state == CommandState.VERIFIED
            else:
                assert command.state in {CommandState.QUEUED, CommandState.SENT}, "not said yet: the next one has it"
        with collector_process(live, url) as running:
            leave_everything_sound(live, logs=[running.log])
    assert faults.hits
