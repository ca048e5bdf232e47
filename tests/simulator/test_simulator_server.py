"""The estate on its sockets: timing, collisions, the control port, and what a kill leaves behind."""

import asyncio
import json
import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.simulator.virtual import NOW, ONE, THREE, TWO, Master, ask_again, clock, command, estate, meter, run

from prewatt.kernel.clock import monotonic_s
from prewatt.simulator.bus import BACKLOG_MAX
from prewatt.simulator.errors import BadEstate, BadOrder, UnableToListen
from prewatt.simulator.estate import save
from prewatt.simulator.faults import FaultKind, Place
from prewatt.simulator.gateway import MASTERS_MAX
from prewatt.simulator.journal import FILE_NAME, Journal
from prewatt.simulator.meters import EventKind, MeterEvent
from prewatt.simulator.server import RunningEstate, running, serve
from prewatt.wire.dlt645.frame import FrameFound, encode
from prewatt.wire.dlt645.identifiers import FORWARD_ENERGY, FORWARD_ENERGY_BLOCK, STATUS_WORD_3, decode_value
from prewatt.wire.dlt645.replies import Answer, LongRead
from prewatt.wire.dlt645.requests import RelayCommand, broadcast_time, read, read_address
from prewatt.wire.dlt645.status import relay_status
from prewatt.wire.dlt645.timing import wire_us

ENERGY = read(address=ONE, di=FORWARD_ENERGY)


async def test_a_read_takes_its_wire_time(tmp_path: Path) -> None:
    async with run(tmp_path, estate(meter(reply_delay_ms=40), baud=2400)) as (sim, master):
        floor_s = (wire_us(characters=20 + 24, baud=2400) + 40_000) / 1_000_000
        begun = monotonic_s()
        for _ in range(3):
            assert isinstance(await master.ask(ENERGY), Answer)
        spent_s = monotonic_s() - begun
        assert spent_s >= 3 * floor_s
        assert spent_s < 3 * floor_s + 0.5  # the loop's own time; the plan itself does not drift
        counters = sim.counters("east-1")
        assert counters["requests"] == counters["replies"] == 3
        assert (counters["bytes_in"], counters["bytes_out"]) == (60, 72)
        assert abs(counters["wire_us"] - 3 * 201_667) < 20
        assert counters["delay_us"] == 120_000


SLOW_BAUD = 1200
"""A request takes 183 ms, longer than Td: what is sent right behind it meets the answer, however busy the machine."""


async def test_two_requests_at_once_destroy_the_answer(tmp_path: Path) -> None:
    async with run(tmp_path, estate(baud=SLOW_BAUD)) as (sim, master):
        master.writer.write(encode(ENERGY.frame))
        events = await master.events(read(address=TWO, di=FORWARD_ENERGY), wait_s=1)
        assert not [event for event in events if isinstance(event, FrameFound)]
        assert master.raw
        assert sim.counters("east-1")["collisions"] == 1
        assert isinstance(await master.ask(ENERGY), Answer)


async def test_a_question_to_all_makes_all_speak_at_once(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        events = await master.events(read_address())
        assert not [event for event in events if isinstance(event, FrameFound)]
        assert sim.counters("east-1")["collisions"] == 1
    async with run(tmp_path, estate(meter())) as (_, master):
        assert isinstance(await master.ask(read_address()), Answer)


async def test_a_second_master_hears_and_disturbs(tmp_path: Path) -> None:
    async with (
        run(tmp_path, estate(baud=SLOW_BAUD)) as (sim, master),
        Master.connected(sim.ports["east-1"]) as second,
    ):
        await master.ask(ENERGY)
        assert len(await asyncio.wait_for(second.reader.read(100), 2)) == 24
        other = read(address=TWO, di=FORWARD_ENERGY)
        both = await asyncio.gather(master.events(ENERGY, wait_s=1), second.events(other, wait_s=1))
        assert not [event for events in both for event in events if isinstance(event, FrameFound)]


async def test_a_request_in_two_pieces_and_one_that_broke_off(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        raw = encode(ENERGY.frame)
        master.writer.write(raw[:9])
        await asyncio.sleep(0.05)
        master.writer.write(raw[9:])
        assert len(await asyncio.wait_for(master.reader.read(100), 1)) == 24
        master.writer.write(raw[:9])
        await asyncio.sleep(0.6)  # longer than a frame may pause
        assert isinstance(await master.ask(ENERGY), Answer)
        assert sim.truth(ONE)["requests"] == 2


async def test_a_flood_is_lost_not_kept(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        master.writer.write(bytes(BACKLOG_MAX * 4))
        await asyncio.sleep(0.1)
        assert sim.counters("east-1")["lost_bytes"] >= BACKLOG_MAX * 3


async def test_masters_have_a_limit(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, _):
        others = [await asyncio.open_connection("127.0.0.1", sim.ports["east-1"]) for _ in range(MASTERS_MAX)]
        refused = [await asyncio.wait_for(others[-1][0].read(), 1)]
        assert refused == [b""]
        for _, writer in others:
            writer.close()


async def test_a_master_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, _):
        (listener,) = sim.bus("east-1").listeners
        for _ in range(200):
            listener.send(bytes(1_000_000))
            if not sim.bus("east-1").listeners:
                break
            await asyncio.sleep(0)
        assert not sim.bus("east-1").listeners
        listener.send(b"late")


async def test_a_long_answer_is_asked_for_in_parts(tmp_path: Path) -> None:
    async with run(tmp_path, estate(meter(answer_bytes_max=8))) as (sim, master):
        talk = LongRead(read(address=ONE, di=FORWARD_ENERGY_BLOCK))
        data = None
        while data is None:
            got = await master.ask(talk.request)
            assert isinstance(got, Answer)
            data = talk.take(got)
        assert len(data) == 20
        assert sim.truth(ONE)["requests"] == 3


async def test_a_meter_confirms_only_what_is_safe_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run(tmp_path) as (sim, master):
        gate, fsync = threading.Event(), os.fsync

        def slow(fd: int) -> None:
            gate.wait(5)
            fsync(fd)

        monkeypatch.setattr(os, "fsync", slow)
        assert await master.events(command(RelayCommand.TRIP), wait_s=0.15) == []
        assert sim.truth(ONE)["is_open"]
        gate.set()
        assert len(await asyncio.wait_for(master.reader.read(100), 1)) == 16


async def test_a_gateway_whose_port_is_taken_meanwhile_keeps_trying(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, _):
        port = sim.ports["east-1"]
        await sim.switch_on(FaultKind.GATEWAY_DOWN, place=Place(bus="east-1"))
        await asyncio.sleep(0.02)
        squatter = await asyncio.start_server(lambda _r, writer: writer.close(), "127.0.0.1", port)
        sim.switch_off()
        sim.switch_off()  # twice is as good as once
        await asyncio.sleep(0.05)
        squatter.close()
        await squatter.wait_closed()
        assert isinstance(await ask_again(port, ENERGY), Answer)


async def test_a_broadcast_is_heard_by_all_and_answered_by_none(tmp_path: Path) -> None:
    spec = estate(meter(clock_skew_s=30), meter(TWO, clock_skew_s=-30))
    async with run(tmp_path, spec) as (sim, master):
        local = sim.clock.now().astimezone(sim.meter(ONE).zone)
        assert await master.events(broadcast_time(local), wait_s=0.1) == []
        assert abs(sim.truth(ONE)["skew_s"]) <= 1
        assert abs(sim.truth(TWO)["skew_s"]) <= 1


async def test_energy_flows_only_through_a_closed_relay(tmp_path: Path) -> None:
    spec = estate(meter(mean_w=60_000))
    fast = clock(NOW, speed=3600)
    async with running(spec, clock=fast, state_dir=tmp_path) as sim, Master.connected(sim.ports["east-1"]) as master:
        late = NOW + timedelta(days=40)
        assert await master.ask(command(RelayCommand.TRIP, at=late)) == Answer(b"")
        held = sim.truth(ONE)["total_wh"]
        await asyncio.sleep(0.1)  # six minutes
        got = await master.ask(ENERGY)
        assert isinstance(got, Answer)
        assert decode_value(di=FORWARD_ENERGY, data=got.data) == held
        assert await master.ask(command(RelayCommand.CLOSE, at=late)) == Answer(b"")
        await asyncio.sleep(0.1)
        assert sim.truth(ONE)["total_wh"] > held


async def order(sim: RunningEstate, *lines: dict[str, Any] | bytes) -> list[dict[str, Any]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.control_port)
    out = []
    for line in lines:
        writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        out.append(json.loads(await asyncio.wait_for(reader.readline(), 2)))
    writer.close()
    return out


async def test_the_control_port(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        described, truth, on, listed = await order(
            sim,
            {"op": "estate"},
            {"op": "truth", "meter": ONE, "at": NOW.isoformat()},
            {"op": "fault_on", "kind": "silent", "meter": ONE, "per_mille": 500, "times": 9},
            {"op": "faults"},
        )
        bus = described["result"]["gateways"]["east"]["east-1"]
        assert bus == {"port": sim.ports["east-1"], "baud": 19200, "meters": [ONE, TWO]}
        assert truth["result"]["total_wh"] == sim.meter(ONE).registers(NOW).total_wh
        assert on["result"]["times_left"] == 9
        assert [fault["kind"] for fault in listed["result"]["on"]] == ["silent"]
        off, by_kind, relay, registers, skew, counters = await order(
            sim,
            {"op": "fault_off", "number": on["result"]["number"]},
            {"op": "fault_off", "kind": "late"},
            {"op": "relay", "meter": ONE, "is_open": True},
            {"op": "set_registers", "meter": ONE, "rates_wh": [0, 0, 0, 999_999_500]},
            {"op": "clock", "meter": ONE, "skew_s": 3600},
            {"op": "counters", "bus": "east-1"},
        )
        assert (off["result"], by_kind["result"]) == (1, 0)
        assert relay["ok"]
        assert registers["ok"]
        assert skew["ok"]
        assert counters["result"]["collisions"] == 0
        assert sim.truth(ONE)["rates_wh"] == (0, 0, 0, 999_999_500)
        status = await master.ask(read(address=ONE, di=STATUS_WORD_3))
        assert isinstance(status, Answer)
        assert relay_status(status.data).is_open


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\n",
        b"[]\n",
        b'{"op": "explode"}\n',
        b'{"op": "truth"}\n',
        b'{"op": "truth", "meter": "12"}\n',
        b'{"op": "counters", "bus": "north"}\n',
        b'{"op": "fault_on", "kind": "gremlin"}\n',
        b'{"op": "set_registers", "meter": "000000000101", "rates_wh": [1, 2]}\n',
        b'{"op": "set_registers", "meter": "000000000101", "rates_wh": [0, 0, 0, 5]}\n',
        b'{"op": "truth", "meter": "000000000101", "at": "yesterday"}\n',
    ],
)
async def test_a_senseless_order_is_told_so(tmp_path: Path, line: bytes) -> None:
    async with run(tmp_path) as (sim, _):
        bad, good = await order(sim, line, {"op": "faults"})
        assert bad["ok"] is False
        assert bad["message"]
        assert good["ok"]


async def test_an_order_that_never_ends_is_cut_off(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", sim.control_port)
        writer.write(b"x" * 200_000)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 2)
        writer.close()


async def test_no_password_is_shown(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, _):
        shown = json.dumps(await order(sim, {"op": "estate"}, {"op": "truth", "meter": ONE}))
        assert "123456" not in shown


async def test_what_happened_is_remembered(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await master.ask(command(RelayCommand.TRIP))
        await sim.set_registers(THREE, rates_wh=(0, 0, 0, 100))
        await sim.set_skew(TWO, skew_s=77)
        before = sim.truth(ONE)["rates_wh"]
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b'{"meter": "half a li')
    later = NOW + timedelta(hours=5)
    async with run(tmp_path, at=later) as (sim, master):
        truth = sim.truth(ONE)
        assert (truth["is_open"], truth["is_commanded_open"], truth["rates_wh"]) == (True, True, before)
        assert sim.truth(THREE)["total_wh"] >= 100
        assert sim.truth(TWO)["skew_s"] == 77
        await master.ask(command(RelayCommand.CLOSE, at=later))
    async with run(tmp_path, estate(meter(TWO)), at=later) as (sim, _):
        assert sim.truth(TWO)["skew_s"] == 77  # a meter that is gone does no harm
    assert [event.kind for event in Journal(tmp_path).replay()][-1] is EventKind.RELAY_CLOSED


async def test_a_journal_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    await journal.append(MeterEvent(ONE, NOW, EventKind.RELAY_OPENED))
    journal.close()
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(BadEstate, match="Line 2"):
        RunningEstate(estate(), clock=clock(), state_dir=tmp_path)


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    async with run(tmp_path / "a") as (sim, _):
        with pytest.raises(UnableToListen, match="control port"):
            async with running(estate(), clock=clock(), state_dir=tmp_path / "b", control_port=sim.ports["east-1"]):
                pass
        raw = json.loads(estate().to_json())
        raw["gateways"][0]["buses"][0]["port"] = sim.control_port
        taken = type(estate()).from_json(json.dumps(raw))
        with pytest.raises(UnableToListen, match="east-1"):
            async with running(taken, clock=clock(), state_dir=tmp_path / "c"):
                pass


async def test_serve_runs_until_it_is_cancelled(tmp_path: Path) -> None:
    ready: asyncio.Future[RunningEstate] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(estate(), clock=clock(), state_dir=tmp_path, ready=ready.set_result))
    sim = await asyncio.wait_for(ready, 2)
    async with Master.connected(sim.ports["west-1"]) as master:
        assert isinstance(await master.ask(read(address=THREE, di=FORWARD_ENERGY)), Answer)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_unknown_meters_and_buses(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, _):
        with pytest.raises(BadOrder):
            sim.truth("000000000999")
        with pytest.raises(BadOrder):
            sim.counters("north")
        with pytest.raises(BadOrder):
            await sim.switch_on(FaultKind.SILENT, times=0)


SCRIPT = """
import asyncio, sys
from pathlib import Path
from prewatt.kernel.clock import EstateClock
from prewatt.simulator import estate
from prewatt.simulator.server import serve
asyncio.run(serve(estate.load(Path(sys.argv[1])), clock=EstateClock.decode(sys.argv[2]), state_dir=Path(sys.argv[3]),
                  ready=lambda sim: print(sim.ports["east-1"], flush=True)))
"""


async def test_a_killed_simulator_forgets_nothing(tmp_path: Path) -> None:
    at = clock()
    save(estate(), path=tmp_path / "estate.json")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", SCRIPT, str(tmp_path / "estate.json"), at.encode(), str(tmp_path / "state")),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    port = int(await asyncio.wait_for(process.stdout.readline(), 20))
    async with Master.connected(port) as master:
        assert await master.ask(command(RelayCommand.TRIP)) == Answer(b"")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with running(estate(), clock=at, state_dir=tmp_path / "state") as sim:
        assert sim.truth(ONE)["is_open"]
        opened = sim.meter(ONE).opened_at[0]
        assert sim.meter(ONE).registers(opened) == sim.meter(ONE).registers(sim.clock.now())
