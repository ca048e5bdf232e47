"""``prewatt demo``: the founding case on one machine, and the two steps that make it."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from prewatt.cli.clocks import BEAT_EVERY_S, own, resume_clock, write_beat
from prewatt.cli.demo.files import DemoFacts, hold_port_block
from prewatt.cli.demo.plan import HISTORY_DAYS, TIME_ZONE
from prewatt.cli.embedded import database
from prewatt.cli.entering import enter
from prewatt.cli.errors import UnableToStart
from prewatt.cli.launch import Launch, launching, say
from prewatt.cli.ports import HeldPorts
from prewatt.cli.simulate import CONTROL_PORT
from prewatt.cli.testpay import FOLDER as TESTPAY
from prewatt.cli.testpay import keys_that_fit
from prewatt.cli.up import ROLES, choose_port, show_page
from prewatt.cli.web import next_free_port
from prewatt.config.environment import PREFIX, Process, environment
from prewatt.kernel.clock import EstateClock, machine_now, monotonic_s
from prewatt.kernel.period import day_start, local_date
from prewatt.simulator.estate import save
from prewatt.simulator.pace import sweep_us
from prewatt.testpay.keys import Keys

_FACTS: Final = "demo.json"
_ESTATE: Final = "estate.json"
_CLOCK: Final = "clock.json"
_MADE: Final = "demo.made"
_SIMULATOR: Final = "simulator"
_START_HOUR: Final = timedelta(hours=10)
_QUARTER_HOUR_US: Final = 900_000_000


@click.command()
@click.option("--host", help="Address to listen on [PREWATT_HOST; default 127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port [PREWATT_PORT; default 8000]; taken: the next free.")
@click.option("--speed", type=click.IntRange(1), default=1, help="Estate time runs this many times faster.")
@click.option("--seed", type=int, default=1, help="Another seed, another estate.")
@click.option("--first-day", type=click.DateTime(["%Y-%m-%d"]), help="First day of the books; default: 45 days ago.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder [PREWATT_DATA].")
def demo(
    *, host: str | None, port: int | None, speed: int, seed: int, first_day: datetime | None, data: Path | None
) -> None:
    """Run an estate of 676 meters: simulator, collector, worker, pages and a database of its own."""
    if data is not None:
        os.environ[f"{PREFIX}DATA"] = str(data.absolute())
        environment.cache_clear()
    env = environment()
    with launching(host=host, port=choose_port(host or env.host, port or env.port)) as launch:
        state = launch.folder.path / "state"
        facts = _facts(state, seed=seed, first_day=first_day.date() if first_day else None, speed=speed)
        facts, ports = keep_ports(state, facts)
        clock = resume_clock(
            state / _CLOCK,
            speed=speed,
            machine_at=machine_now(),
            first_at=facts.start_at,
            in_real_time=facts.in_real_time,
        )
        launch.variables[f"{PREFIX}CLOCK"] = clock.encode()
        launch.variables[f"{PREFIX}LETTERBOX"] = "true"
        with contextlib.closing(ports):
            _run(launch, state, facts, clock, ports)


@click.command(hidden=True)
def demo_prepare() -> None:
    """Create the demo's estate, logins and last day."""
    with database():
        enter(Process.COMMAND)
        from prewatt.cli.demo.prepare import prepare
        from prewatt.estate.secrets import MeterSafe

        safe = MeterSafe.open(environment().meter_key_file, create=True)
        prepare(facts=_kept_facts(), safe=safe, keys=_testpay_keys(), say=click.echo)


@click.command(hidden=True)
@click.option("--speed", type=int, required=True)
def demo_adjust(*, speed: int) -> None:
    """Bring the demo's site in line with how it is started this time."""
    with database():
        enter(Process.COMMAND)
        from prewatt.cli.demo.prepare import adjust

        adjust(facts=_kept_facts(), speed=speed, keys=_testpay_keys())


@click.command(hidden=True)
def demo_history() -> None:
    """Fill in the demo's history behind the running estate."""
    with database():
        enter(Process.COMMAND)
        from prewatt.cli.demo.history import fill_history

        fill_history(facts=_kept_facts(), say=click.echo)


def _run(launch: Launch, state: Path, facts: DemoFacts, clock: EstateClock, ports: HeldPorts) -> None:
    launch.begin_database()
    launch.migrate()
    keys = keys_that_fit(state / TESTPAY, host=launch.variables[f"{PREFIX}HOST"])
    made = state / _MADE
    is_new = not made.exists()
    if is_new:
        launch.finish("prepare", ["demo-prepare"], shown=True)
    wanted = f"speed {clock.speed}, ports from {facts.port_first}, test provider at {keys.port}"
    if not is_new and made.read_text() != wanted:
        launch.finish("adjust", ["demo-adjust", "--speed", str(clock.speed)])
    made.write_text(wanted)
    own(made, like=state)
    ports.close()
    launch.start_role(
        "simulate",
        [
            "simulate",
            "--estate",
            str(state / _ESTATE),
            "--state",
            str(state / _SIMULATOR),
            "--control-port",
            str(next_free_port("127.0.0.1", CONTROL_PORT)),
        ],
    )
    launch.start_role("testpay", ["testpay", "--state", str(state / TESTPAY)])
    for role in ROLES:
        launch.start_role(role)
    if show_page(launch):
        launch.start_role("history", ["demo-history"], once=True)
        _tell_panel(launch, facts, clock, is_new=is_new)
        launch.supervisor.run(until=_beating(state / _CLOCK, clock))


def _facts(state: Path, *, seed: int, first_day: date | None, speed: int) -> DemoFacts:
    """This function will return the facts of the demo in this folder, making them at the first start.

    A speed that the wires do not allow is refused before anything is kept.
    """
    kept = DemoFacts.load(state / _FACTS)
    if kept is not None:
        if (first_day or kept.first_day, seed) != (kept.first_day, kept.seed):
            raise UnableToStart(
                f"This folder holds the demo of seed {kept.seed} from {kept.first_day} on.",
                hint="Leave out --seed and --first-day, or name a new folder with --data.",
            )
        refuse_too_fast(kept, speed)
        return kept
    zone, now = ZoneInfo(TIME_ZONE), machine_now()
    start_at = now if first_day is None else day_start(first_day + timedelta(days=HISTORY_DAYS), zone) + _START_HOUR
    begins = first_day or local_date(now, zone) - timedelta(days=HISTORY_DAYS)
    facts = DemoFacts(seed=seed, first_day=begins, start_at=start_at, speed=speed, in_real_time=first_day is None)
    refuse_too_fast(facts, speed)
    return facts


def keep_ports(state: Path, facts: DemoFacts) -> tuple[DemoFacts, HeldPorts]:
    """This function will hold the ports of the virtual gateways, others than before when those are taken, and keep it.

    They are held until the simulator starts: another demo that is being made at the same time takes others.
    """
    plan = facts.plan()
    is_known = (state / _FACTS).exists()
    ports = hold_port_block(host="127.0.0.1", wanted=facts.port_first, count=len(plan.floors))
    if is_known and ports.first == facts.port_first:
        return facts, ports
    if is_known:
        say(f"Port {facts.port_first} is taken by another program; the virtual gateways move to {ports.first}.")
    facts = replace(facts, port_first=ports.first)
    save(facts.estate(plan), path=state / _ESTATE)
    facts.save(state / _FACTS)
    for name in (_ESTATE, _FACTS):
        own(state / name, like=state)
    return facts, ports


def _testpay_keys() -> Keys:
    keys = Keys.load(environment().data_folder / "state" / TESTPAY)
    if keys is None:
        raise UnableToStart("The test provider of this demo has no keys.", hint="Run `prewatt demo`.")
    return keys


def _kept_facts() -> DemoFacts:
    facts = DemoFacts.load(environment().data_folder / "state" / _FACTS)
    if facts is None:
        raise UnableToStart("There is no demo in this data folder.", hint="Run `prewatt demo`.")
    return facts


def refuse_too_fast(facts: DemoFacts, speed: int) -> None:
    """This function will refuse a speed at which a sweep no longer fits into a quarter of an estate hour."""
    limit = _QUARTER_HOUR_US // sweep_us(facts.estate(facts.plan()))
    if speed > limit:
        raise UnableToStart(
            f"At --speed {speed} the meters cannot be read within a quarter of an estate hour.",
            hint=f"The wires allow --speed {limit} at most.",
        )


def _beating(path: Path, clock: EstateClock) -> Callable[[], bool]:
    """This function will return what keeps the estate instant once a second, and never says that it is over."""
    next_s = 0.0

    def beat() -> bool:
        nonlocal next_s
        if monotonic_s() >= next_s:
            next_s = monotonic_s() + BEAT_EVERY_S
            write_beat(path, clock=clock, machine_at=machine_now())
            own(path, like=path.parent)
        return False

    return beat


def _tell_panel(launch: Launch, facts: DemoFacts, clock: EstateClock, *, is_new: bool) -> None:
    from prewatt.cli.demo.logins import LOGINS, PASSWORD, TENANTS

    lines = [
        "",
        f"  Prewatt demo · 676 meters · {launch.origin}",
        "",
        *(f"    {name:10} {PASSWORD}   {role}" for name, (role, _) in LOGINS.items()),
        f"    {next(iter(TENANTS)):10} {PASSWORD}   tenant of three shops, at {launch.origin}/my/",
        "",
        "  Try first: sign in as admin and open the room board. Within minutes some tenants run dry: a last call,",
        "  a disconnection; take a payment at the till and watch the power come back.",
        f"  Estate time {clock.now().astimezone(facts.zone):%Y-%m-%d %H:%M} × {clock.speed}, seed {facts.seed}.",
        f"  The books begin on {facts.first_day}.",
        f"  Data in {launch.folder.path} · Ctrl-C stops everything"
        + ("; history is being filled in" if is_new else ""),
        "",
    ]
    for line in lines:
        click.echo(line)
    say("Running")
