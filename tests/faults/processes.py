"""Collectors as processes of their own, to be killed, frozen and told to end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.intake.live import ACTOR, LiveSite

from prewatt.estate.models import MeteringPoint
from prewatt.metering.models import BusState, Reading
from prewatt.supply.models import Command, CommandState
from prewatt.usecases.disconnect_point import disconnect_point
from prewatt.usecases.reconnect_point import reconnect_point

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
ENDED = {CommandState.VERIFIED, CommandState.FAILED, CommandState.EXPIRED, CommandState.VOIDED}


def url_of(postgres_url: str, database: str) -> str:
    return urlunsplit(urlsplit(postgres_url)._replace(path=f"/{database}"))


class CollectorProcess:
    """``prewatt collector`` for a live site."""

    def __init__(self, live: LiveSite, url: str, *, name: str = "c1", only: str = "") -> None:
        variables = {
            **os.environ,
            "PREWATT_DATABASE_URL": url,
            "PREWATT_DATA": str(live.folder),
            "PREWATT_KEY_FILE": str(live.key_file),
            "PREWATT_ALLOW_UNSAFE_DATABASE": "true",
            "PYTHONPATH": "src",
        }
        self.log = live.folder / f"{name}.log"
        command = [sys.executable, "-m", "prewatt.cli.main", "collector", "--name", name]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *(["--only", only] if only else [])],
                env=variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(15)

    @property
    def rss_bytes(self) -> int:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE_BYTES


@contextmanager
def collector_process(live: LiveSite, url: str, *, name: str = "c1", only: str = "") -> Iterator[CollectorProcess]:
    running = CollectorProcess(live, url, name=name, only=only)
    try:
        yield running
    finally:
        running.thaw()
        running.kill()


def has_swept(since: object, *, buses: int = 1) -> bool:
    return BusState.objects.filter(swept_at__gt=since).count() >= buses


def switch(live: LiveSite, index: int, *, off: bool) -> None:
    """The desk disconnects or reconnects a room."""
    public_id = MeteringPoint.objects.get(pk=live.installation(index).metering_point_id).public_id
    act = disconnect_point if off else reconnect_point
    act(actor=ACTOR, point_public_id=public_id, reason="test")


def all_ended() -> bool:
    return not Command.objects.exclude(state__in=ENDED).exists()


def truths(live: LiveSite) -> dict[str, dict[str, Any]]:
    """What all meters say of themselves."""
    return {live.sheet.meters[index].address: live.truth(index) for index in range(len(live.sheet.meters))}


def untrue_readings(live: LiveSite) -> list[str]:
    """Accepted readings that are not what the meter had counted when it was read."""
    found = []
    for index, row in enumerate(live.sheet.meters):
        for one in Reading.objects.filter(installation_id=live.installation(index).pk, quality=1).exclude(kind=3):
            truth = live.loop.do(_truth_at(live, row.address, one.read_at))
            if not truth["total_wh"] - 60 <= one.total_wh <= truth["total_wh"] or sum(one.rates_wh) != one.total_wh:
                found.append(f"meter {index}: {one.total_wh} for {truth['total_wh']} at {one.read_at}")
    return found


async def _truth_at(live: LiveSite, address: str, at: Any) -> dict[str, Any]:
    return live.sim.truth(address, at=at)
