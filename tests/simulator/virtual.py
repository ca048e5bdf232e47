"""A small estate, and a bare master that talks to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from prewatt.kernel.clock import EstateClock, machine_now
from prewatt.simulator.estate import BusSpec, GatewaySpec, MeterSpec, VirtualEstate
from prewatt.simulator.loads import LoadKind
from prewatt.simulator.server import RunningEstate, running
from prewatt.wire.dlt645.frame import Dropped, Event, FrameFound, FrameScanner, encode
from prewatt.wire.dlt645.replies import Outcome, match
from prewatt.wire.dlt645.requests import Access, RelayCommand, Request, control

FIRST_DAY = date(2026, 10, 1)
ZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
"""Half past noon in the estate, on a Sunday."""

ONE = "000000000101"
TWO = "000000000102"
THREE = "000000000203"
ACCESS = Access(2, "123456", "00000007")


def meter(address: str = ONE, **changes: Any) -> MeterSpec:
    spec = MeterSpec(
        address=address,
        kind=LoadKind.RESTAURANT,
        mean_w=4000,
        seed=int(address),
        password=ACCESS.password,
        reply_delay_ms=20,
        opening_wh=(10, 20, 30, 40),
    )
    return replace(spec, **changes)


def estate(*meters: MeterSpec, baud: int = 19200) -> VirtualEstate:
    return VirtualEstate(
        zone=ZONE,
        first_day=FIRST_DAY,
        gateways=(
            GatewaySpec(
                name="east",
                buses=(BusSpec(name="east-1", baud=baud, meters=meters or (meter(), meter(TWO, phases=3))),),
            ),
            GatewaySpec(name="west", buses=(BusSpec(name="west-1", baud=baud, meters=(meter(THREE),)),)),
        ),
    )


def clock(at: datetime = NOW, *, speed: int = 1) -> EstateClock:
    return EstateClock(machine_now(), at, speed)


@asynccontextmanager
async def run(
    tmp_path: Path, spec: VirtualEstate | None = None, at: datetime = NOW
) -> AsyncIterator[tuple[RunningEstate, "Master"]]:
    async with (
        running(spec or estate(), clock=clock(at), state_dir=tmp_path) as sim,
        Master.connected(sim.ports["east-1"]) as master,
    ):
        yield sim, master


def command(number: RelayCommand, address: str = ONE, *, access: Access = ACCESS, at: datetime = NOW) -> Request:
    local = (at + timedelta(hours=8, minutes=5)).replace(tzinfo=UTC)
    return control(address=address, access=access, command=number, valid_until=local)


class Master:
    """One connection to a gateway: ask, and see what comes back."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.raw = b""

    @classmethod
    @asynccontextmanager
    async def connected(cls, port: int) -> AsyncIterator[Self]:
        master = cls(*await asyncio.open_connection("127.0.0.1", port))
        try:
            yield master
        finally:
            master.writer.close()

    async def events(self, request: Request, *, wait_s: float = 0.25) -> list[Event]:
        """This method will send a request and return everything that comes until the line is quiet."""
        self.writer.write(encode(request.frame))
        scanner, self.raw = FrameScanner(), b""
        events: list[Event] = []
        while True:
            try:
                data = await asyncio.wait_for(self.reader.read(4096), wait_s)
            except TimeoutError:
                return [*events, *scanner.flush()]
            if not data:
                return [*events, *scanner.flush()]
            self.raw += data
            events += scanner.feed(data)

    async def outcomes(self, request: Request, *, wait_s: float = 0.25) -> list[Outcome | Dropped]:
        events = await self.events(request, wait_s=wait_s)
        return [
            match(request=request, frame=event.frame) if isinstance(event, FrameFound) else event for event in events
        ]

    async def ask(self, request: Request) -> Outcome:
        """This method will return the first frame's outcome, without waiting for more."""
        self.writer.write(encode(request.frame))
        scanner = FrameScanner()
        while True:
            data = await asyncio.wait_for(self.reader.read(4096), 2)
            assert data, "the gateway closed the connection"
            for event in scanner.feed(data):
                if isinstance(event, FrameFound):
                    return match(request=request, frame=event.frame)


async def ask_again(port: int, request: Request) -> Outcome | None:
    """This function will connect as soon as the port listens, and ask; None when it never does."""
    for _ in range(150):
        try:
            async with Master.connected(port) as master:
                return await master.ask(request)
        except (ConnectionError, AssertionError):
            await asyncio.sleep(0.02)
    return None
