"""Each fault, on a real socket: it hits, it is counted, and it does what its name says."""

import asyncio
from pathlib import Path

import pytest
from tests.simulator.virtual import NOW, ONE, THREE, TWO, Master, ask_again, command, meter, run

from prewatt.kernel.clock import monotonic_s
from prewatt.simulator.draws import Draws
from prewatt.simulator.errors import BadOrder
from prewatt.simulator.faults import FaultBoard, FaultKind, Place, deliver, garbled, noise
from prewatt.wire.dlt645.errors import BadData
from prewatt.wire.dlt645.frame import Dropped, DropReason, Frame, FrameFound, FrameScanner, encode
from prewatt.wire.dlt645.identifiers import FORWARD_ENERGY, FORWARD_ENERGY_BLOCK, STATUS_WORD_3, decode_value
from prewatt.wire.dlt645.replies import Answer, ErrorAnswer, ErrorBit, Rejected, RejectReason
from prewatt.wire.dlt645.requests import RelayCommand, read
from prewatt.wire.dlt645.status import relay_status

ENERGY = read(address=ONE, di=FORWARD_ENERGY)
STATUS = read(address=ONE, di=STATUS_WORD_3)


async def value(master: Master) -> int:
    got = await master.ask(ENERGY)
    assert isinstance(got, Answer)
    return decode_value(di=FORWARD_ENERGY, data=got.data)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.SILENT, []),
        (FaultKind.SWALLOW, []),
        (FaultKind.BAD_CHECKSUM, [DropReason.BAD_CHECKSUM]),
        (FaultKind.TRUNCATED, [DropReason.TRUNCATED]),
        (FaultKind.WRONG_ADDRESS, [RejectReason.FOREIGN_ADDRESS]),
        (FaultKind.WRONG_IDENTIFIER, [RejectReason.OTHER_IDENTIFIER]),
        (FaultKind.DUPLICATE, ["answer", "answer"]),
        (FaultKind.ECHO, [RejectReason.ECHO, "answer"]),
        (FaultKind.SPLIT, ["answer"]),
        (FaultKind.LATE, ["answer"]),
    ],
)
async def test_a_fault_does_what_its_name_says(tmp_path: Path, kind: FaultKind, expected: list[str]) -> None:
    async with run(tmp_path) as (sim, master):
        arg = {FaultKind.TRUNCATED: 20, FaultKind.SPLIT: 1, FaultKind.LATE: 60, FaultKind.DUPLICATE: 10}.get(kind, 0)
        place = Place(bus="east-1") if kind in {FaultKind.ECHO, FaultKind.SWALLOW} else Place(meter=ONE)
        await sim.switch_on(kind, place=place, arg=arg)
        seen = []
        for outcome in await master.outcomes(ENERGY, wait_s=0.25):
            match outcome:
                case Answer():
                    seen.append("answer")
                case Rejected(reason=reason) | Dropped(reason=reason):
                    seen.append(reason)
                case ErrorAnswer():
                    seen.append("error")
        assert seen == expected
        assert sim.board.hits[kind] == 1
        assert sim.switch_off(kind=kind) == 1
        assert await value(master) == sim.truth(ONE, at=NOW)["total_wh"] // 10 * 10


async def test_late_is_late_and_split_comes_in_single_bytes(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.LATE, arg=120)
        begun = monotonic_s()
        await master.ask(ENERGY)
        assert monotonic_s() - begun > 0.14
        sim.switch_off()
        await sim.switch_on(FaultKind.SPLIT, arg=2)
        master.writer.write(encode(ENERGY.frame))
        first = await master.reader.read(4096)
        assert len(first) < 24


@pytest.mark.parametrize("kind", [FaultKind.NOISE_BEFORE, FaultKind.NOISE_AFTER])
async def test_noise_around_an_answer(tmp_path: Path, kind: FaultKind) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(kind, place=Place(meter=ONE), arg=60)
        for _ in range(3):
            outcomes = await master.outcomes(ENERGY, wait_s=0.25)
            assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Dropped)] == [Answer]


@pytest.mark.parametrize("kind", [FaultKind.GARBAGE, FaultKind.NOISE_INSIDE])
async def test_an_answer_that_is_gone(tmp_path: Path, kind: FaultKind) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(kind, place=Place(meter=ONE), times=1)
        outcomes = await master.outcomes(ENERGY, wait_s=0.25)
        assert master.raw
        assert not [outcome for outcome in outcomes if isinstance(outcome, ErrorAnswer)]
        assert sim.board.list_on() == []  # one hit was ordered
        assert isinstance(await master.ask(ENERGY), Answer)


async def test_bytes_that_are_not_decimal(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.BAD_BCD, place=Place(meter=ONE))
        got = await master.ask(ENERGY)
        assert isinstance(got, Answer)
        with pytest.raises(BadData):
            decode_value(di=FORWARD_ENERGY, data=got.data)
        assert isinstance(await master.ask(STATUS), Answer)
        assert sim.board.hits[FaultKind.BAD_BCD] == 1


async def test_registers_that_lie(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        true_wh = await value(master)
        await sim.switch_on(FaultKind.VALUE_JUMP, place=Place(meter=ONE), arg=5000)
        assert await value(master) - true_wh in range(5_000_000, 5_001_000)
        sim.switch_off()
        await sim.switch_on(FaultKind.VALUE_DROP, place=Place(meter=ONE), arg=100)
        assert true_wh - await value(master) in range(99_000, 100_001)
        assert sim.board.hits[FaultKind.VALUE_DROP] == 1


@pytest.mark.parametrize(
    ("err", "word"), [(1, ErrorBit.OTHER), (2, ErrorBit.NO_SUCH_DATA), (0x40, ErrorBit.TOO_MANY_TARIFFS)]
)
async def test_error_replies(tmp_path: Path, err: int, word: ErrorBit) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.ERROR_REPLY, place=Place(meter=ONE), arg=err)
        got = await master.ask(ENERGY)
        assert isinstance(got, ErrorAnswer)
        assert got.errors == {word}


async def test_a_relay_that_sticks(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.RELAY_STUCK, place=Place(meter=ONE))
        assert await master.ask(command(RelayCommand.TRIP)) == Answer(b"")
        status = await master.ask(STATUS)
        assert isinstance(status, Answer)
        assert not relay_status(status.data).is_open
        assert relay_status(status.data).is_commanded_open
        assert sim.truth(ONE)["relay_acts"] == []


async def test_a_confirmation_that_is_lost(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.LOST_CONFIRM, place=Place(meter=ONE))
        assert await master.outcomes(command(RelayCommand.TRIP), wait_s=0.25) == []
        assert sim.truth(ONE)["is_open"]
        assert isinstance(await master.ask(STATUS), Answer)  # reads are not touched


async def test_a_password_that_is_refused(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.ACCESS_REFUSED, place=Place(meter=ONE))
        got = await master.ask(command(RelayCommand.TRIP))
        assert isinstance(got, ErrorAnswer)
        assert got.errors == {ErrorBit.NOT_AUTHORISED}
        truth = sim.truth(ONE)
        assert (truth["is_open"], truth["passwords_refused"], truth["commands"]) == (False, 1, {"1A": 1})


async def test_two_meters_with_one_address(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.TWIN, place=Place(meter=ONE))
        events = await master.events(ENERGY, wait_s=0.25)
        assert not [event for event in events if isinstance(event, FrameFound)]
        assert sim.counters("east-1")["collisions"] == 1
        other = read(address=TWO, di=FORWARD_ENERGY)
        assert isinstance(await master.ask(other), Answer)


async def test_a_connection_cut_in_mid_answer(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.DISCONNECT_MID, place=Place(meter=ONE), times=1)
        outcomes = await master.outcomes(ENERGY, wait_s=1)
        assert [type(outcome) for outcome in outcomes] == [Dropped]
        assert master.reader.at_eof()
        async with Master.connected(sim.ports["east-1"]) as again:
            assert isinstance(await again.ask(ENERGY), Answer)


async def test_a_gateway_that_goes_down_and_comes_back(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        port = sim.ports["east-1"]
        fault = await sim.switch_on(FaultKind.GATEWAY_DOWN, place=Place(gateway="east"))
        assert await asyncio.wait_for(master.reader.read(), 1) == b""
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", port)
        async with Master.connected(sim.ports["west-1"]) as west:
            assert isinstance(await west.ask(read(address=THREE, di=FORWARD_ENERGY)), Answer)
        sim.switch_off(number=fault.number)
        assert isinstance(await ask_again(port, ENERGY), Answer)


async def test_a_gateway_that_comes_back_by_itself(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, _):
        await sim.switch_on(FaultKind.GATEWAY_DOWN, place=Place(bus="east-1"), arg=1)
        assert isinstance(await ask_again(sim.ports["east-1"], ENERGY), Answer)
        assert sim.board.list_on() == []


async def test_a_relay_moved_by_hand(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.HAND_OPEN, place=Place(meter=ONE))
        status = await master.ask(STATUS)
        assert isinstance(status, Answer)
        assert relay_status(status.data).word == 0x10
        await sim.switch_on(FaultKind.HAND_OPEN, place=Place(meter=ONE))
        await sim.switch_on(FaultKind.HAND_CLOSE, place=Place(meter=ONE))
        assert [act["cause"] for act in sim.truth(ONE)["relay_acts"]] == ["hand", "hand"]
        with pytest.raises(BadOrder):
            await sim.switch_on(FaultKind.HAND_OPEN)


async def test_faults_stay_where_they_belong(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.SILENT, place=Place(meter=TWO))
        await sim.switch_on(FaultKind.SILENT, place=Place(gateway="west"))
        assert isinstance(await master.ask(ENERGY), Answer)
        for place in (Place(meter="000000000999"), Place(bus="north"), Place(gateway="north")):
            with pytest.raises(BadOrder):
                await sim.switch_on(FaultKind.SILENT, place=place)


def test_probability_and_counts() -> None:
    board = FaultBoard(seed=3)
    fault = board.switch_on(FaultKind.SILENT, place=Place(), per_mille=200)
    hits = sum(board.strike(FaultKind.SILENT, place=Place("g", "b", "m")) is not None for _ in range(5000))
    assert 850 < hits < 1150
    assert board.hits[FaultKind.SILENT] == hits
    assert board.list_on()[0].hits == hits
    assert board.switch_off(number=fault.number + 1) == []
    assert len(board.switch_off()) == 1
    assert board.strike(FaultKind.SILENT, place=Place()) is None


@pytest.mark.parametrize(("per_mille", "times", "arg"), [(0, None, 0), (1001, None, 0), (5, 0, 0), (5, None, -1)])
def test_senseless_faults_are_refused(per_mille: int, times: int | None, arg: int) -> None:
    with pytest.raises(BadOrder):
        FaultBoard(seed=1).switch_on(FaultKind.SILENT, place=Place(), per_mille=per_mille, times=times, arg=arg)


def test_defaults_of_arguments() -> None:
    board, frame = FaultBoard(seed=5), Frame(meter().address, 0x91, bytes(8))
    for kind in (FaultKind.LATE, FaultKind.SPLIT, FaultKind.DUPLICATE, FaultKind.NOISE_AFTER):
        board.switch_on(kind, place=Place())
    delivery = deliver(board, place=Place(), frame=frame, is_command=False, preamble=4)
    assert delivery is not None
    assert (delivery.extra_delay_ms, delivery.piece_ms, delivery.repeat_after_ms) == (1000, 5, 0)
    assert delivery.raw.startswith(encode(frame))
    assert len(noise(Draws(1), 60)) <= 60
    assert all(a != b for a, b in zip(garbled(Draws(2), bytes(50)), bytes(50), strict=True))


async def test_block_reads_lie_too(tmp_path: Path) -> None:
    async with run(tmp_path) as (sim, master):
        await sim.switch_on(FaultKind.VALUE_JUMP, place=Place(meter=ONE), arg=1)
        await master.ask(read(address=ONE, di=FORWARD_ENERGY_BLOCK))
        assert sim.board.hits[FaultKind.VALUE_JUMP] == 1


def test_noise_in_front_hides_almost_no_answer() -> None:
    draws, frame = Draws(11), encode(Frame(ONE, 0x91, bytes.fromhex("0000010078060000")))
    found = 0
    for _ in range(2000):
        scanner = FrameScanner()
        found += any(isinstance(event, FrameFound) for event in scanner.feed(noise(draws, 60) + frame))
    assert found >= 1980


@pytest.mark.parametrize("length", range(1, 24))
def test_a_truncated_answer_is_never_a_frame(length: int) -> None:
    scanner = FrameScanner()
    events = scanner.feed(encode(Frame(ONE, 0x91, bytes(8)))[:length]) + scanner.flush()
    assert not [event for event in events if isinstance(event, FrameFound)]
