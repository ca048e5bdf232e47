"""The TCP line on real sockets: bytes, ends, and gateways that take nothing."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from prewatt.field import lines
from prewatt.field.errors import LineLost, UnableToConnect
from prewatt.field.lines import TcpConnector, TcpLine


class Gateway:
    """The other end of a line."""

    def __init__(self) -> None:
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter
        self.came = asyncio.Event()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.came.set()


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[TcpLine, Gateway]]:
    gateway = Gateway()
    server = await asyncio.start_server(gateway.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    line = await TcpConnector().connect(host="127.0.0.1", port=port)
    assert isinstance(line, TcpLine)
    await gateway.came.wait()
    try:
        yield line, gateway
    finally:
        line.close()
        gateway.writer.close()
        server.close()
        await server.wait_closed()


def flood(line: TcpLine) -> None:
    for _ in range(10_000):
        line.send(b"x" * 65_536)


def soon(seconds: float = 5.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_bytes_go_both_ways() -> None:
    async with connected() as (line, gateway):
        line.send(b"question")
        assert await gateway.reader.readexactly(8) == b"question"
        gateway.writer.write(b"answer")
        assert await line.receive(until=soon()) == b"answer"
        assert await line.receive(until=soon(0.01)) == b""


async def test_what_nobody_asked_for_can_be_thrown_away() -> None:
    async with connected() as (line, gateway):
        gateway.writer.write(b"late")
        assert await line.receive(until=soon()) == b"late"
        gateway.writer.write(b"later")
        await gateway.writer.drain()
        await asyncio.sleep(0.05)
        assert line.discard() == 5
        assert await line.receive(until=soon(0.01)) == b""


async def test_a_wait_can_be_ended() -> None:
    async with connected() as (line, _):
        asyncio.get_running_loop().call_later(0.01, line.rouse)
        assert await line.receive(until=soon()) == b""
        line.rouse()


async def test_a_line_that_is_closed_is_lost_for_reading_and_writing() -> None:
    async with connected() as (line, gateway):
        gateway.writer.write(b"last words")
        gateway.writer.close()
        assert await line.receive(until=soon()) == b"last words"
        with pytest.raises(LineLost):
            await line.receive(until=soon())
        with pytest.raises(LineLost):
            line.send(b"x")


async def test_a_line_that_we_closed_takes_nothing() -> None:
    async with connected() as (line, _):
        line.close()
        with pytest.raises(LineLost):
            line.send(b"x")
    TcpLine().close()


async def test_a_gateway_that_takes_nothing_any_more_is_lost() -> None:
    async with connected() as (line, gateway):
        gateway.reader._transport.pause_reading()  # type: ignore[attr-defined]
        with pytest.raises(LineLost, match="takes no more"):
            flood(line)


async def test_a_flood_is_cut_down_to_what_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "RECEIVED_MAX", 100)
    async with connected() as (line, _):
        for _ in range(7):
            line.data_received(b"y" * 60)
        line.data_received(b"z" * 500)
        assert len(await line.receive(until=soon())) <= 100


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnableToConnect, match="Connection refused"):
        await TcpConnector().connect(host="127.0.0.1", port=port)


async def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "CONNECT_TIMEOUT_S", 0.01)

    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
    with pytest.raises(UnableToConnect, match="does not answer"):
        await TcpConnector().connect(host="192.0.2.1", port=1)
