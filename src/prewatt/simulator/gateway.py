"""A gateway's TCP port: bytes in and out of one bus, for any number of masters."""

import asyncio
from contextlib import suppress

from typing_extensions import override

from prewatt.simulator.bus import Bus
from prewatt.simulator.errors import UnableToListen

MASTERS_MAX = 8
UNSENT_BYTES_MAX = 65_536
_REOPEN_TRIES = 100
_REOPEN_WAIT_S = 0.1


class _Master(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, port: "GatewayPort") -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._port.bus.listeners) >= MASTERS_MAX:
            transport.abort()
            return
        self._port.bus.listeners.add(self)

    @override
    def data_received(self, data: bytes) -> None:
        self._port.bus.hear(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._port.bus.listeners.discard(self)

    def send(self, data: bytes) -> None:
        """This method will write to the master; one that does not read is cut off."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            self._transport.abort()

    def cut(self) -> None:
        """This method will close the connection after what was written."""
        if self._transport is not None:
            self._transport.close()


class GatewayPort:
    """One listening port for one bus; it can go down and come back."""

    def __init__(self, *, bus: Bus, host: str) -> None:
        self.bus = bus
        self.host = host
        self.port = bus.spec.port
        self._server: asyncio.Server | None = None
        self._coming_back: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """This property will be true while the port listens."""
        return self._server is not None

    async def open(self) -> None:
        """This method will listen. Raises UnableToListen when the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Master(self), self.host, self.port)
        except OSError as error:
            raise UnableToListen(
                f"Bus {self.bus.spec.name} cannot listen on {self.host}:{self.port}: {error.strerror}.",
                hint="Stop what uses the port, or give the bus another one.",
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]

    def go_down(self) -> None:
        """This method will stop listening and cut all masters off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for listener in tuple(self.bus.listeners):
            listener.cut()

    def come_back(self) -> None:
        """This method will listen again on the same port, in the background."""
        if self._server is None and (self._coming_back is None or self._coming_back.done()):
            self._coming_back = asyncio.get_running_loop().create_task(self._reopen())

    async def close(self) -> None:
        """This method will go down for good."""
        if self._coming_back is not None:
            self._coming_back.cancel()
            with suppress(asyncio.CancelledError):
                await self._coming_back
        server = self._server
        self.go_down()
        if server is not None:
            await server.wait_closed()

    async def _reopen(self) -> None:
        for _ in range(_REOPEN_TRIES):
            with suppress(UnableToListen):
                await self.open()
                return
            await asyncio.sleep(_REOPEN_WAIT_S)
        await self.open()
