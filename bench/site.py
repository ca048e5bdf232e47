"""A whole estate for a bench: a database with fsync on, 676 imported meters, and processes of their own, as in life."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from prewatt.cli.demo.files import DemoFacts, free_port_block, virtual_meters
from prewatt.cli.demo.plan import DemoPlan
from prewatt.cli.embedded import database
from prewatt.config.boot import boot
from prewatt.config.environment import Process, environment
from prewatt.kernel.clock import machine_now
from prewatt.kernel.period import local_date
from prewatt.simulator.estate import VirtualEstate, save

if TYPE_CHECKING:
    from prewatt.access.audit import Actor

PREWATT = (sys.executable, "-m", "prewatt.cli.main")
ZONE = ZoneInfo("Asia/Shanghai")
PORT_FIRST = 21_450


class Control:
    """The simulator's control port."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self._socket.makefile("rwb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, op: str, **order: object) -> Any:
        self._file.write(json.dumps({"op": op, **order}).encode() + b"\n")
        self._file.flush()
        answer = json.loads(self._file.readline())
        if not answer["ok"]:
            raise RuntimeError(answer["message"])
        return answer["result"]


@dataclass
class BenchSite:
    """What a bench works with."""

    folder: Path
    estate: VirtualEstate
    control_port: int
    site_id: int

    @staticmethod
    def actor() -> "Actor":
        """Who acts in a bench."""
        from prewatt.access.audit import Actor

        return Actor(process="bench")

    @contextlib.contextmanager
    def simulating(self) -> Iterator[Control]:
        arguments = ["--estate", self.folder / "estate.json", "--state", self.folder / "sim"]
        words = (*map(str, arguments), "--control-port", str(self.control_port))
        with role("simulate", *words, log=self.folder), Control(wait_for(self.control_port)) as control:
            yield control

    @contextlib.contextmanager
    def collecting(self, *only: str) -> Iterator[subprocess.Popen[bytes]]:
        with role("collector", *(word for item in only for word in ("--only", item)), log=self.folder) as process:
            yield process


@contextlib.contextmanager
def role(name: str, *arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A role as a process of its own, told to end and waited for."""
    with (log / f"{name}.log").open("ab") as out:
        process = subprocess.Popen([*PREWATT, name, *arguments], stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, within_s: float = 30) -> int:
    end = time.monotonic() + within_s
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return port
        if time.monotonic() > end:
            raise RuntimeError(f"nobody listens on {port}")
        time.sleep(0.1)


def wait_until(is_true: Callable[[], object], what: str, *, within_s: float) -> None:
    end = time.monotonic() + within_s
    while not is_true():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {within_s} s")
        time.sleep(0.2)


@contextlib.contextmanager
def bench_site(*, baud: int | None = None, interval_s: int = 1, days: int = 2) -> Iterator[BenchSite]:
    """The demo's 676 meters, all buses at one bit rate, opened some days ago, alone in a fresh database."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))  # so that everything below is ended too
    folder = Path(tempfile.mkdtemp(prefix="prewatt-bench-"))
    folder.chmod(0o755)
    os.environ["PREWATT_DATA"] = str(folder / "data")
    os.environ["PREWATT_PROCESS"] = "command"
    for name in ("PREWATT_DATABASE_URL", "PREWATT_OWNER_DATABASE_URL", "PREWATT_CLOCK"):
        os.environ.pop(name, None)
    environment.cache_clear()
    try:
        with database():
            subprocess.run([*PREWATT, "migrate"], check=True, stdout=subprocess.DEVNULL)
            boot(Process.COMMAND)
            yield _made(folder, baud=baud, interval_s=interval_s, days=days)
            _close_connections()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path, *, baud: int | None, interval_s: int, days: int) -> BenchSite:
    from prewatt.cli.demo.money import Reckoner, plan_purses
    from prewatt.cli.demo.sheet import demo_sheet
    from prewatt.estate.models import Site, SupplyMode
    from prewatt.estate.secrets import MeterSafe
    from prewatt.supply.services.modes import ensure_policy
    from prewatt.usecases.import_estate import import_estate
    from prewatt.usecases.work import unit_of_work

    now = machine_now()
    facts = DemoFacts(seed=1, first_day=local_date(now, ZONE) - timedelta(days=days), start_at=now)
    plan = _at_baud(facts.plan(), baud)
    port = free_port_block(host="127.0.0.1", wanted=PORT_FIRST, count=len(plan.floors) + 1)
    facts = replace(facts, port_first=port + 1)
    estate = facts.estate(plan)
    save(estate, path=folder / "estate.json")
    (folder / "sim").mkdir()
    purses = plan_purses(
        plan,
        reckoner=Reckoner(meters=virtual_meters(plan, estate), first_day=facts.first_day, zone=facts.zone),
        start_at=now,
    )
    sheet = demo_sheet(plan, estate=estate, purses=purses, first_day=facts.first_day, interval_s=interval_s)
    actor = BenchSite.actor()
    safe = MeterSafe.open(environment().meter_key_file, create=True)
    result = import_estate(actor=actor, sheet=sheet, safe=safe, reason="bench")
    site = Site.objects.select_related("scope").get(pk=result.site_id)
    with unit_of_work(actor=actor, verb="set_rules", scope=site.scope, reason="bench"):
        ensure_policy(site=site, rules={"friendly_from": None, "friendly_to": None, "friendly_weekends": False})
    Site.objects.filter(pk=site.pk).update(supply_mode=SupplyMode.LIVE)
    return BenchSite(folder, estate, port, site.pk)


def _at_baud(plan: DemoPlan, baud: int | None) -> DemoPlan:
    if baud is None:
        return plan
    return replace(
        plan,
        floors=tuple(replace(floor, baud=baud) for floor in plan.floors),
        units=tuple(replace(unit, baud=baud) for unit in plan.units),
    )


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
