"""A client that is not ours reads our simulator (the package ``dlt645``, a test dependency only)."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.simulator.virtual import ONE, estate, meter, run

from prewatt.simulator.server import RunningEstate


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(previous)


async def ask(sim: RunningEstate, question: Callable[[Any], Any]) -> Any:
    """This function will let the foreign client ask in a thread of its own, while our loop runs the bus."""
    from dlt645 import MeterClientService  # noqa: PLC0415 - two seconds of import, only for these tests

    def talk() -> Any:
        client = MeterClientService.new_tcp_client("127.0.0.1", sim.ports["east-1"], timeout=3)
        client.set_address(bytes.fromhex(ONE)[::-1].hex())  # it takes the wire order
        try:
            return question(client)
        finally:
            client.disconnect()

    return await asyncio.to_thread(talk)


async def test_a_foreign_client_reads_us(tmp_path: Path) -> None:
    async with run(tmp_path, estate(meter(phases=3))) as (sim, _):
        address, energy, rate, voltage, current, power = await ask(
            sim,
            lambda client: (
                client.read_address(),
                client.read_00(0x00010000),
                client.read_00(0x00010300),
                client.read_02(0x02010100),
                client.read_02(0x02020100),
                client.read_02(0x02030000),
            ),
        )
        truth = sim.truth(ONE)
        measured = sim.meter(ONE).measure(sim.clock.now())
        assert address.value == bytes.fromhex(ONE)[::-1].hex()  # the wire order again
        assert abs(round(energy.value * 1000) - truth["total_wh"]) <= 20
        assert abs(round(rate.value * 1000) - truth["rates_wh"][2]) <= 20
        assert round(voltage.value * 1000) == measured.voltages_mv[0]
        assert round(current.value * 1000) == measured.currents_ma[0]
        assert round(power.value * 1_000_000) == measured.powers_mw[0]


async def test_a_foreign_client_reads_status_and_clock(tmp_path: Path) -> None:
    async with run(tmp_path, estate(meter())) as (sim, _):
        await sim.move_relay(ONE, is_open=True)
        status, day, hour, frequency = await ask(
            sim,
            lambda client: (
                client.read_04(0x04000503),
                client.read_04(0x04000101),
                client.read_04(0x04000102),
                client.read_02(0x02800002),
            ),
        )
        assert status.value == "0010"  # bit 4: open, bit 6: nobody ordered it
        assert day.value == "26112200"
        assert hour.value.startswith("1230")
        assert round(frequency.value * 1000) == sim.meter(ONE).measure(sim.clock.now()).frequency_mhz


async def test_a_foreign_client_is_told_what_we_do_not_have(tmp_path: Path) -> None:
    async with run(tmp_path, estate(meter())) as (sim, _):
        assert await ask(sim, lambda client: client.read_01(0x01010000)) is None
