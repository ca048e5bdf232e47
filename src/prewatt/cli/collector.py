"""``prewatt collector``: the field in an event loop, the intake in a thread, a spool file between them."""

import asyncio
import contextlib
import random
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Final

import click
import structlog

from prewatt.cli.embedded import database
from prewatt.cli.entering import enter, keep_loaded
from prewatt.cli.errors import WrongUse
from prewatt.config.environment import Environment, Process, environment
from prewatt.estate.errors import KeyMissing
from prewatt.estate.secrets import MeterSafe
from prewatt.field.collector import Collector
from prewatt.field.lines import Connector, TcpConnector
from prewatt.field.times import Times
from prewatt.kernel.clock import estate_clock, machine_now
from prewatt.link.direct import DownwardEnd, UpwardEnd
from prewatt.link.messages import ALL_ITEMS, ReadItem
from prewatt.link.spool import Spool

SYNC_EVERY_S: Final = 1.0
INTAKE_WITHIN_S: Final = 2.5
SWITCH_S: Final = 0.001
"""How long the intake's thread may keep the interpreter while an answer waits on a line."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a collector is made of. ``folder`` holds its spool; ``key_file`` opens meter passwords."""

    name: str
    folder: Path
    key_file: Path
    site_id: int | None = None
    gateway_codes: tuple[str, ...] = ()
    connector: Connector = field(default_factory=TcpConnector)
    lease_s: float = 6.0
    items: frozenset[ReadItem] = ALL_ITEMS


@click.command()
@click.option("--name", help="Its name, by which it keeps its leases [default: collector@<this machine>].")
@click.option("--site", help="The code of a site: serve its gateways only.")
@click.option("--gateway", multiple=True, help="The code of a gateway: serve it only. May be repeated.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([item.value for item in ReadItem]),
    help="Read only this of each meter; may be repeated [default: everything].",
)
def collector(name: str | None, site: str | None, gateway: tuple[str, ...], only: tuple[str, ...]) -> None:
    """Read the meters and carry out relay commands."""
    with database():
        enter(Process.COLLECTOR)
        env = environment()
        sys.setswitchinterval(SWITCH_S)
        wiring = Wiring(
            name=name or f"collector@{socket.gethostname()}",
            folder=_folder(env),
            key_file=env.meter_key_file,
            site_id=_site_id(site),
            gateway_codes=gateway,
            items=frozenset(ReadItem(item) for item in only) or ALL_ITEMS,
        )
        asyncio.run(_until_told(wiring))


async def _until_told(wiring: Wiring) -> None:
    """This function will collect until a signal tells it to end, or the intake has ended."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with collecting(wiring, stopped=stopped):
        keep_loaded()
        await stopped.wait()


@contextlib.asynccontextmanager
async def collecting(wiring: Wiring, *, stopped: asyncio.Event | None = None) -> AsyncIterator[Collector]:
    """This function will run a collector for as long as the context lasts; ``stopped`` is set if its intake ends."""
    from prewatt.intake.service import Intake, IntakeOptions, run_intake
    from prewatt.intake.waking import Bell

    loop, started_at, bell = asyncio.get_running_loop(), machine_now(), Bell()
    path = wiring.folder / f"{re.sub(r'[^0-9A-Za-z@._-]', '_', wiring.name)}.spool"
    spool, down = Spool(path=path, wake=bell.ring), DownwardEnd(loop=loop)
    buses = Collector(
        up=UpwardEnd(collector=wiring.name, spool=spool, started_at=started_at),
        times=Times.of(estate_clock()),
        connector=wiring.connector,
        draw=random.Random(),  # noqa: S311 - spreads attempts, keeps no secret
    )
    down.on_message(buses.hear)
    options = IntakeOptions(
        collector=wiring.name,
        started_at=started_at,
        refused_path=path.with_suffix(".refused"),
        site_id=wiring.site_id,
        gateway_codes=wiring.gateway_codes,
        lease_s=wiring.lease_s,
        items=wiring.items,
    )
    intake = Intake(options=options, spool=spool, down=down, bell=bell, safe=_safe(wiring.key_file))
    over = asyncio.Event() if stopped is None else stopped
    thread = Thread(
        target=run_intake,
        args=(intake,),
        kwargs={"on_end": lambda: loop.call_soon_threadsafe(over.set)},
        name="intake",
        daemon=True,
    )
    _log.info("collector started", name=wiring.name, found_in_spool=spool.found_bytes)
    thread.start()
    syncing = asyncio.create_task(_keep_syncing(spool))
    try:
        yield buses
    finally:
        await buses.stop()
        intake.stop()
        await asyncio.to_thread(thread.join, INTAKE_WITHIN_S)
        syncing.cancel()
        _log.info("collector stopped", left_in_spool=spool.waiting)
        if not thread.is_alive():
            spool.close()
            bell.close()


async def _keep_syncing(spool: Spool) -> None:
    """This function will force the spool onto the disk, off the loop, while somebody may need it after a power cut."""
    while True:
        await asyncio.sleep(SYNC_EVERY_S)
        if spool.waiting:
            await asyncio.to_thread(spool.sync)


def _safe(key_file: Path) -> MeterSafe | None:
    try:
        return MeterSafe.open(key_file)
    except KeyMissing as error:
        _log.error("meters are read, but no relay can be commanded", why=str(error))
        return None


def _folder(env: Environment) -> Path:
    folder = env.data_folder / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _site_id(code: str | None) -> int | None:
    from prewatt.estate.queries import find_site_by_code

    if code is None:
        return None
    site = find_site_by_code(code=code)
    if site is None:
        raise WrongUse(f"There is no site {code!r}.", hint="`prewatt estate export` shows the codes.")
    return site.id
