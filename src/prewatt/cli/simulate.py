"""``prewatt simulate``: a virtual estate that speaks DL/T 645 on TCP ports of this machine."""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from prewatt.cli.demo.plan import HISTORY_DAYS, TIME_ZONE, demo_plan
from prewatt.cli.demo.virtual import virtual_estate
from prewatt.config import logs
from prewatt.config.environment import Process, environment
from prewatt.kernel.clock import EstateClock
from prewatt.kernel.period import local_date
from prewatt.simulator.estate import VirtualEstate, load, save
from prewatt.simulator.server import RunningEstate, serve

CONTROL_PORT: Final = 16_440


@click.command()
@click.option("--estate", "file", type=click.Path(dir_okay=False, path_type=Path), help="What to simulate, as JSON.")
@click.option(
    "--state", type=click.Path(file_okay=False, path_type=Path), help="Folder that keeps relays and registers."
)
@click.option("--control-port", type=click.IntRange(0, 65535), default=CONTROL_PORT, help="Faults are ordered here.")
@click.option("--seed", type=int, default=1, help="Seed of the demo estate, where no --estate is named.")
def simulate(*, file: Path | None, state: Path | None, control_port: int, seed: int) -> None:
    """Run a virtual estate alone: any DL/T 645 master can read it. docs/protocols/simulator.md tells about faults."""
    env = environment()
    logs.configure(level=env.log_level, process=Process.SIMULATOR)
    clock = env.estate_clock()
    folder = state or env.data_folder / "state" / "simulator"
    folder.mkdir(parents=True, exist_ok=True)
    estate = load(file) if file else _estate_of(folder / "estate.json", seed=seed, clock=clock)
    asyncio.run(_run(estate, clock=clock, folder=folder, control_port=control_port))


def _estate_of(kept: Path, *, seed: int, clock: EstateClock) -> VirtualEstate:
    """This function will return the estate kept in the state folder, or draw and keep the demo's."""
    if kept.exists():
        return load(kept)
    first_day = local_date(clock.now(), ZoneInfo(TIME_ZONE)) - timedelta(days=HISTORY_DAYS)
    estate = virtual_estate(demo_plan(seed=seed), first_day=first_day)
    save(estate, path=kept)
    return estate


async def _run(estate: VirtualEstate, *, clock: EstateClock, folder: Path, control_port: int) -> None:
    task = asyncio.create_task(
        serve(estate, clock=clock, state_dir=folder, control_port=control_port, ready=_tell_ports)
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        click.echo("The virtual estate has stopped.")


def _tell_ports(running: RunningEstate) -> None:
    meters = sum(len(bus.meters) for bus in running.estate.buses())
    click.echo(f"{meters} meters on {len(running.ports)} buses; faults are ordered on port {running.control_port}.")
    for bus in running.estate.buses():
        click.echo(
            f"  {bus.name}: {running.estate.host}:{running.ports[bus.name]}, {bus.baud} baud, {len(bus.meters)} meters"
        )
