"""H4: a wrong address, port or baud is typed into the workbook. Nothing is stored that no meter has answered to."""

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.intake.live import sheet_of, virtual_of

from prewatt.cli import estate as command
from prewatt.cli import trial
from prewatt.cli.web import next_free_port
from prewatt.config.environment import environment
from prewatt.estate.models import Bus, MeterInstallation
from prewatt.kernel.clock import estate_clock
from prewatt.reports.estate_sheet import EstateSheet
from prewatt.reports.estate_workbook import write_estate
from prewatt.simulator.server import running

pytestmark = pytest.mark.django_db
METERS = 4
PER_BUS = 2
BAUD = 2400


@pytest.fixture(autouse=True)
def on_the_tests_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(command, "database", contextlib.nullcontext)
    monkeypatch.setattr(command, "enter", lambda _process: None)
    monkeypatch.setenv("PREWATT_KEY_FILE", str(tmp_path / "meter.key"))
    environment.cache_clear()
    yield
    environment.cache_clear()


@pytest.fixture
def sheet(tmp_path: Path) -> Iterator[EstateSheet]:
    """Two lines of two meters, and the simulator behind them, in a thread of its own."""
    sheet = sheet_of(METERS, per_bus=PER_BUS, baud=BAUD, interval_s=60)
    up, over = threading.Event(), threading.Event()
    ports: dict[str, int] = {}

    async def serve() -> None:
        async with running(virtual_of(sheet), clock=estate_clock(), state_dir=tmp_path / "sim") as simulator:
            ports.update(simulator.ports)
            up.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert up.wait(20)
    real = {(bus.gateway, bus.port): ports[f"{bus.gateway}:{bus.port}"] for bus in sheet.buses}
    yield dataclasses.replace(
        sheet,
        buses=tuple(dataclasses.replace(bus, port=real[bus.gateway, bus.port]) for bus in sheet.buses),
        meters=tuple(dataclasses.replace(row, port=real[row.gateway, row.port]) for row in sheet.meters),
    )
    over.set()
    thread.join(20)


def imported(sheet: EstateSheet, tmp_path: Path) -> Result:
    file = tmp_path / "estate.xlsx"
    write_estate(path=file, sheet=sheet)
    return CliRunner().invoke(command.estate, ["import", str(file)])


def with_bus(sheet: EstateSheet, place: int, **changes: object) -> EstateSheet:
    """The sheet with one line typed otherwise; its meters follow it."""
    before = sheet.buses[place]
    after = dataclasses.replace(before, **changes)  # type: ignore[arg-type]  # the fields of a row
    return dataclasses.replace(
        sheet,
        buses=tuple(after if bus is before else bus for bus in sheet.buses),
        meters=tuple(
            dataclasses.replace(row, port=after.port)
            if (row.gateway, row.port) == (before.gateway, before.port)
            else row
            for row in sheet.meters
        ),
    )


def with_address(sheet: EstateSheet, place: int, address: str) -> EstateSheet:
    meters = list(sheet.meters)
    meters[place] = dataclasses.replace(meters[place], address=address)
    return dataclasses.replace(sheet, meters=tuple(meters))


def mistakes(sheet: EstateSheet) -> list[tuple[EstateSheet, str]]:
    """What is typed wrong, and how the row is named."""
    near = f"{int(sheet.meters[1].address) + 70:012d}"
    return [
        (with_address(sheet, 1, near), f"Units & meters, row 4, Meter address 通信地址: {near} is silent"),
        (with_bus(sheet, 1, baud=9600), "Gateways & buses, row 4, Baud 波特率: Answers on 127.0.0.1:"),
        (with_bus(sheet, 0, baud=1200), "at the pace of 2400 baud, not of 1200"),
        (
            with_bus(sheet, 0, port=next_free_port("127.0.0.1", 20_000)),
            "Gateways & buses, row 3, Network address 网络地址: 127.0.0.1:",
        ),
    ]


def stored() -> tuple[list[tuple[str, int]], list[int]]:
    return (
        sorted(MeterInstallation.objects.values_list("address", "bus__port")),
        sorted(Bus.objects.values_list("baud", flat=True)),
    )


@pytest.mark.faults("H4")
@pytest.mark.timeout(180)
def test_h4_nothing_is_stored_that_no_meter_answers_to(sheet: EstateSheet, tmp_path: Path, faults: Faults) -> None:
    wrong = mistakes(sheet)
    for typed, named in wrong[: faults.times(short=2, full=4)]:
        result = imported(typed, tmp_path)
        assert (result.exit_code, named in result.output) == (1, True), result.output
        assert "nothing was imported" in result.output
        assert stored() == ([], []), "saved blind"
        faults.hit()
    right = imported(sheet, tmp_path)
    assert right.exit_code == 0, right.output
    assert f"{METERS} new or changed meters are read once, on 2 lines" in right.output
    before = stored()
    again = imported(sheet, tmp_path)
    assert (again.exit_code, "read once" in again.output) == (0, False), "what is as before is not asked again"
    for typed, named in wrong[: faults.times(short=1, full=4)]:
        result = imported(typed, tmp_path)
        assert (result.exit_code, named in result.output) == (1, True), result.output
        assert stored() == before
        faults.hit()
    assert_sound()


@pytest.mark.faults("H4", control=True)
def test_h4_without_the_trial_it_is_saved_blind(
    sheet: EstateSheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "try_untried", lambda _lines: [])
    typed, _ = mistakes(sheet)[0]
    assert imported(typed, tmp_path).exit_code == 0
    assert typed.meters[1].address in {address for address, _ in stored()[0]}
