"""A client that is not ours reads our simulator (the package ``dlt645``, a test dependency only)."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.simulator.virtual import ONE, estate, meter, run

from prewatt.wire.dlt645.frame import FrameFound, FrameScanner
from prewatt.wire.dlt645.requests import read


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(previous)


def talk(port: int) -> dict[str, Any]:
    """This function will ask everything with one client: to make one costs it more than a second."""
    from dlt645 import MeterClientService  # noqa: PLC0415 - its import takes long, and only this test needs it

    client = MeterClientService.new_tcp_client("127.0.0.1", port, timeout=3)
    client.set_address(bytes.fromhex(ONE)[::-1].hex())  # it takes the wire order
    try:
        return {
            "address": client.read_address(),
            "energy": client.read_00(0x00010000),
            "rate": client.read_00(0x00010300),
            "voltage": client.read_02(0x02010100),
            "current": client.read_02(0x02020100),
            "power": client.read_02(0x02030000),
            "frequency": client.read_02(0x02800002),
            "status": client.read_04(0x04000503),
            "day": client.read_04(0x04000101),
            "hour": client.read_04(0x04000102),
            "demand": client.read_01(0x01010000),
        }
    finally:
        client.disconnect()


async def test_a_foreign_client_reads_us(tmp_path: Path) -> None:
    async with run(tmp_path, estate(meter(phases=3))) as (sim, _):
        got = await asyncio.to_thread(talk, sim.ports["east-1"])
        truth, measured = sim.truth(ONE), sim.meter(ONE).measure(sim.clock.now())
        assert got.pop("demand") is None  # an item that our meters do not have
        values = {name: item.value for name, item in got.items()}
        assert values["address"] == bytes.fromhex(ONE)[::-1].hex()  # the wire order again
        assert abs(round(values["energy"] * 1000) - truth["total_wh"]) <= 20
        assert abs(round(values["rate"] * 1000) - truth["rates_wh"][2]) <= 20
        assert round(values["voltage"] * 1000) == measured.voltages_mv[0]
        assert round(values["current"] * 1000) == measured.currents_ma[0]
        assert round(values["power"] * 1_000_000) == measured.powers_mw[0]
        assert round(values["frequency"] * 1000) == measured.frequency_mhz
        assert values["status"] == "0000"
        assert values["day"] == "26112200"
        assert values["hour"].startswith("1230")


async def test_a_foreign_codec_understands_every_answer(tmp_path: Path) -> None:
    from dlt645.protocol.protocol import DLT645Protocol  # noqa: PLC0415 - as above

    async with run(tmp_path) as (sim, master):
        await sim.move_relay(ONE, is_open=True)
        for di in (0x00010000, 0x0001FF00, 0x0201FF00, 0x04000503, 0x0400010C, 0x05060101, 0x1D000001, 0x00900200):
            await master.events(read(address=ONE, di=di), wait_s=0.15)
            (event,) = FrameScanner().feed(master.raw)
            assert isinstance(event, FrameFound)
            theirs = DLT645Protocol.deserialize(event.raw)
            assert bytes(theirs.addr)[::-1].hex() == event.frame.address
            assert theirs.ctrl_code == event.frame.control
            assert bytes(theirs.data) == event.frame.data
