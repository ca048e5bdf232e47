"""The collector as a process of its own: killed, stopped, woken up again, and told to end in the middle of things."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from tests.intake.live import ACTOR, LiveSite, live_site, until

from prewatt.estate.models import GatewayLease, MeteringPoint
from prewatt.kernel.clock import machine_now
from prewatt.metering.models import BusState, Reading
from prewatt.supply.models import Command, CommandState, Relay
from prewatt.usecases.disconnect_point import disconnect_point
from prewatt.usecases.reconcile_supply import reconcile_supply
from prewatt.usecases.reconnect_point import reconnect_point

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("committed_database")]
ENDED = {CommandState.VERIFIED, CommandState.FAILED, CommandState.EXPIRED, CommandState.VOIDED}


@pytest.fixture
def url(postgres_url: str, committed_database: str) -> str:
    return urlunsplit(urlsplit(postgres_url)._replace(path=f"/{committed_database}"))


def start(folder: Path, url: str, name: str = "c1") -> subprocess.Popen[bytes]:
    variables = {
        **os.environ,
        "PREWATT_DATABASE_URL": url,
        "PREWATT_DATA": str(folder),
        "PREWATT_ALLOW_UNSAFE_DATABASE": "true",
        "PYTHONPATH": "src",
    }
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "prewatt.cli.main", "collector", "--name", name],
            env=variables,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@contextmanager
def process(folder: Path, url: str, name: str = "c1") -> Iterator[subprocess.Popen[bytes]]:
    running = start(folder, url, name)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGCONT)
        running.kill()
        running.wait()


def sweeps_from_now() -> Callable[[], bool]:
    now = machine_now()
    return lambda: BusState.objects.filter(swept_at__gt=now).exists()


def switch(live: LiveSite, index: int, *, off: bool) -> None:
    public_id = MeteringPoint.objects.get(pk=live.installation(index).metering_point_id).public_id
    act = disconnect_point if off else reconnect_point
    act(actor=ACTOR, point_public_id=public_id, reason="test")


def test_killed_again_and_again_nothing_is_lost_doubled_or_left_open(tmp_path: Path, url: str) -> None:
    draw = random.Random(4)
    with live_site(tmp_path, meters=6, interval_s=1) as live:
        for round_number in range(3):
            with process(tmp_path, url) as running:
                until(sweeps_from_now(), "it sweeps", within_s=30)
                switch(live, round_number, off=round_number != 1)
                time.sleep(draw.uniform(0, 0.6))
                running.kill()
                running.wait()
        with process(tmp_path, url):
            until(lambda: not Command.objects.exclude(state__in=ENDED).exists(), "every command ends", within_s=60)
            reconcile_supply(actor=ACTOR)
            until(lambda: not Relay.objects.filter(differs=True).exists(), "every relay is as desired", within_s=60)
        assert GatewayLease.objects.get().epoch == 4
        for index in range(6):
            relay = Relay.objects.get(metering_point=live.installation(index).metering_point_id)
            assert live.truth(index)["is_open"] == (relay.reported == "off") == (relay.desired == "off")
            assert sum(live.truth(index)["commands"].values()) <= 2
        assert not Reading.objects.exclude(quality=1).exists()


def test_a_collector_that_wakes_up_after_its_lease_writes_nothing_and_falls_silent(tmp_path: Path, url: str) -> None:
    with live_site(tmp_path, meters=6, interval_s=1) as live, process(tmp_path, url, "c1") as first:
        until(sweeps_from_now(), "c1 sweeps", within_s=30)
        os.kill(first.pid, signal.SIGSTOP)
        with process(tmp_path, url, "c2"):
            until(lambda: GatewayLease.objects.get().collector == "c2", "c2 takes over", within_s=30)
            until(sweeps_from_now(), "c2 sweeps", within_s=30)
            collisions = _collisions(live)
            os.kill(first.pid, signal.SIGCONT)
            woken = machine_now()
            time.sleep(4)
            assert _collisions(live) - collisions <= 2, "one round trip may meet one round trip"
            lease = GatewayLease.objects.get()
            assert (lease.collector, lease.epoch) == ("c2", 2)
            assert set(Reading.objects.filter(received_at__gt=woken).values_list("epoch", flat=True)) == {2}
            assert first.poll() is None
        assert "another collector has taken a gateway" in (tmp_path / "c1.log").read_text()


def _collisions(live: LiveSite) -> int:
    async def ask() -> int:
        return sum(live.sim.counters(bus.name)["collisions"] for bus in live.sim.estate.buses())

    return live.loop.do(ask())


def test_told_to_end_in_the_middle_of_commands_their_outcomes_are_recorded(tmp_path: Path, url: str) -> None:
    with live_site(tmp_path, meters=4, interval_s=1, baud=2400) as live:
        for round_number, wait_s in enumerate((0.1, 0.5)):
            with process(tmp_path, url) as running:
                until(sweeps_from_now(), "it sweeps", within_s=30)
                switch(live, round_number, off=True)
                time.sleep(wait_s)
                running.terminate()
                told = time.monotonic()
                assert running.wait(10) == 0
                assert time.monotonic() - told < 5
            opened = live.truth(round_number)["is_open"]
            state = Command.objects.latest("id").state
            assert state in ({CommandState.VERIFIED} if opened else {CommandState.QUEUED, CommandState.SENT}), state
