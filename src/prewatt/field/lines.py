"""The way of bytes to one bus: a TCP connection to a port of a gateway. Nothing here knows what the bytes mean."""

import asyncio
import os
import socket
from typing import Final, Protocol

from typing_extensions import override

from prewatt.field.errors import LineLost, UnableToConnect

CONNECT_TIMEOUT_S: Final = 5.0
RECEIVED_MAX: Final = 64 * 1024
"""Bytes that wait to be looked at; a line that brings more than this in one exchange brings noise."""

UNSENT_MAX: Final = 4 * 1024
"""Bytes that the gateway has not taken yet; a request has about 30, so it has stopped taking any."""


class Line(Protocol):
    """One connection to one bus."""

    def send(self, message: bytes) -> None:
        """This method will send bytes. Raises LineLost."""

    async def receive(self, *, until: float) -> bytes:
        """This method will return what has come, or nothing once the loop's time is ``until``. Raises LineLost."""

    def discard(self) -> int:
        """This method will throw away what has come and say how many bytes that were."""

    def rouse(self) -> None:
        """This method will end a wait in ``receive`` at once."""

    def close(self) -> None:
        """This method will end the connection."""


class Connector(Protocol):
    """Makes lines."""

    async def connect(self, *, host: str, port: int) -> Line:
        """This method will open a line. Raises UnableToConnect."""


class TcpLine(asyncio.Protocol):
    """A line over TCP. Never cancels anything to end a wait: bytes that came in the same moment are not lost."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._lost: str | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    @override
    def data_received(self, data: bytes) -> None:
        if len(self._received) + len(data) > RECEIVED_MAX:
            self._received.clear()
        self._received += data[-RECEIVED_MAX:]
        self.rouse()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = str(exc or "closed by the gateway")
        self.rouse()

    def send(self, message: bytes) -> None:
        """This method will send bytes. Raises LineLost when the gateway has gone or takes nothing any more."""
        transport = self._transport
        if transport is None or self._lost is not None or transport.is_closing():
            raise LineLost(f"The line is gone: {self._lost or 'closed'}.")
        if transport.get_write_buffer_size() > UNSENT_MAX:
            raise LineLost("The gateway takes no more bytes.")
        transport.write(message)

    async def receive(self, *, until: float) -> bytes:
        """This method will return what has come, or nothing once the loop's time is ``until``. Raises LineLost."""
        if not self._received and self._lost is None and self._loop.time() < until:
            self._waiter = self._loop.create_future()
            timer = self._loop.call_at(until, self.rouse)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        data = bytes(self._received)
        self._received.clear()
        if not data and self._lost is not None:
            raise LineLost(f"The line is gone: {self._lost}.")
        return data

    def discard(self) -> int:
        """This method will throw away what has come and say how many bytes that were."""
        count = len(self._received)
        self._received.clear()
        return count

    def close(self) -> None:
        """This method will end the connection at once; what was not sent is not sent any more."""
        if self._transport is not None:
            self._transport.abort()

    def rouse(self) -> None:
        """This method will end a wait in ``receive`` at once."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class TcpConnector:
    """Makes lines over TCP."""

    async def connect(self, *, host: str, port: int) -> Line:
        """This method will open a line within five seconds. Raises UnableToConnect."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                _, line = await loop.create_connection(TcpLine, host, port)
        except TimeoutError:
            raise UnableToConnect(f"{host}:{port} does not answer within {CONNECT_TIMEOUT_S:.0f} s.") from None
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise UnableToConnect(f"{host}:{port}: {why}.") from error
        return line
