"""A clock that jumps to whatever is next, and buses in memory with the wire's own timing, for tests of the field."""

import asyncio
import random
import selectors
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from typing_extensions import override

from prewatt.field.collector import Collector
from prewatt.field.errors import LineLost, UnableToConnect
from prewatt.field.times import Times
from prewatt.link.messages import (
    ALL_ITEMS,
    BusPlan,
    CommandOrder,
    GatewayPlan,
    LeasesHeld,
    MeterPlan,
    Password,
    Plan,
    ReadItem,
    RelayState,
    Upward,
)
from prewatt.wire.dlt645.frame import ERROR_BIT, REPLY_BIT, Frame, FrameFound, FrameScanner, decode, encode
from prewatt.wire.dlt645.identifiers import (
    CLOCK,
    DATE,
    FORWARD_ENERGY,
    FORWARD_ENERGY_BLOCK,
    STATUS_WORD_3,
    TIME,
    daily_freeze_energy,
    daily_freeze_time,
    encode_values,
)
from prewatt.wire.dlt645.moments import decode_second, encode_clock, encode_date, encode_minute, encode_time
from prewatt.wire.dlt645.timing import wire_us

T = TypeVar("T")
U = TypeVar("U", bound=Upward)
ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
Spoken = list[tuple[float, bytes]]
Fault = Callable[["VirtualMeter", Frame, bytes], Spoken | None]
"""Meter, request, its answer -> what is heard instead, as (seconds after the answer was due, bytes); None: as it is."""


class _JumpingSelector(selectors.DefaultSelector):
    now = 1000.0

    @override
    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing will ever happen again"
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits: when nothing is ready, the clock jumps to the next timer."""

    def __init__(self) -> None:
        self.jumping = _JumpingSelector()
        super().__init__(self.jumping)

    @override
    def time(self) -> float:
        return self.jumping.now

    def stand_still(self, seconds: float) -> None:
        """What a blocked loop or a stopped process looks like from inside."""
        self.jumping.now += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a test on a virtual clock."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def loop_time() -> float:
    return asyncio.get_running_loop().time()


def virtual_times(speed: int = 1, *, begins: datetime = START) -> Times:
    def machine() -> datetime:
        return begins + timedelta(seconds=loop_time() - 1000.0)

    return Times(lambda: begins + (machine() - begins) * speed, machine, speed)


@dataclass
class VirtualMeter:
    """Enough of a meter to be asked; ``total_wh`` grows by ``wh_a_second`` from ``START`` on."""

    address: str
    times: Times
    total_wh: int = 1_000_000
    wh_a_second: int = 0
    password: str = "123456"
    delay_s: float = 0.1
    skew: timedelta = timedelta()
    is_open: bool = False
    commanded_open: bool = False
    is_stuck: bool = False
    refuses: dict[int, int] = field(default_factory=dict)
    asked: Counter[int] = field(default_factory=Counter)
    acted_at: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return (self.times.estate_now() + self.skew).astimezone(ZONE)

    def total_at(self, at: datetime) -> int:
        return self.total_wh + self.wh_a_second * max((at - START) // timedelta(seconds=1), 0)

    def answer(self, frame: Frame) -> Frame | None:
        if frame.function == 0x1C:
            return self._control(frame)
        di = int.from_bytes(frame.data[:4], "little")
        self.asked[di] += 1
        if di in self.refuses:
            return self._error(frame, self.refuses[di])
        data = self._value(di)
        if data is None:
            return self._error(frame, 2)
        return Frame(self.address, frame.control | REPLY_BIT, frame.data[:4] + data)

    def _error(self, frame: Frame, bits: int) -> Frame:
        return Frame(self.address, frame.control | REPLY_BIT | ERROR_BIT, bytes([bits]))

    def _value(self, di: int) -> bytes | None:
        total = self.total_at(self.times.estate_now())
        block = (total, total, 0, 0, 0)
        midnight = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        frozen = self.total_at(midnight - self.skew)
        table = {
            FORWARD_ENERGY: lambda: encode_values(di=di, values=(total,)),
            FORWARD_ENERGY_BLOCK: lambda: encode_values(di=di, values=block),
            STATUS_WORD_3: lambda: (self.is_open << 4 | self.commanded_open << 6).to_bytes(2, "little"),
            CLOCK: lambda: encode_clock(self.clock()),
            DATE: lambda: encode_date(self.clock().date()),
            TIME: lambda: encode_time(self.clock().time()),
            daily_freeze_time(1): lambda: encode_minute(midnight),
            daily_freeze_energy(1): lambda: encode_values(di=di, values=(frozen, frozen, 0, 0, 0)),
        }
        return table[di]() if di in table else None

    def _control(self, frame: Frame) -> Frame:
        self.asked[0x1C] += 1
        valid_until = decode_second(frame.data[10:16], zone=ZONE)
        if frame.data[1:4][::-1].hex() != self.password:
            return self._error(frame, 4)
        if valid_until is None or valid_until < self.clock():
            return self._error(frame, 1)
        self.commanded_open = frame.data[8] == 0x1A
        if not self.is_stuck:
            self.is_open = self.commanded_open
            self.acted_at.append(loop_time())
        return Frame(self.address, 0x9C)


class VirtualBus:
    """One half-duplex line and its meters. Counts collisions; ``fault`` bends answers; ``is_down`` refuses."""

    def __init__(self, meters: list[VirtualMeter], *, baud: int = 2400) -> None:
        self.meters = meters
        self.baud = baud
        self.fault: Fault | None = None
        self.is_down = False
        self.swallows = False
        self.echoes = False
        self.collisions = 0
        self.connects: list[float] = []
        self.requests: list[tuple[float, Frame]] = []
        self.useful_s = 0.0
        self.line: VirtualLine | None = None
        self.busy_until = 0.0

    def wire_s(self, count: int) -> float:
        return wire_us(characters=count, baud=self.baud) / 1e6

    def drop(self) -> None:
        """Close the connection, as a gateway does that restarts."""
        if self.line is not None:
            self.line.lose("closed by the gateway")

    def say(self, line: "VirtualLine", message: bytes) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self.busy_until - 1e-6:
            self.collisions += 1
        frame = decode(message)
        self.requests.append((loop.time(), frame))
        sent = self.wire_s(len(message))
        self.busy_until = loop.time() + sent
        if self.swallows:
            return
        if self.echoes:
            loop.call_later(sent, line.hear, message)
        for meter in self.meters:
            if meter.address == frame.address:
                loop.call_later(sent, self._answer, line, meter, frame)

    def _answer(self, line: "VirtualLine", meter: VirtualMeter, frame: Frame) -> None:
        loop = asyncio.get_running_loop()
        answer = meter.answer(frame)
        raw = b"" if answer is None else encode(answer)
        spoken = self.fault(meter, frame, raw) if self.fault else None
        last = 0.0
        for delay, data in [(0.0, raw)] if spoken is None else spoken:
            heard_at = loop.time() + meter.delay_s + self.wire_s(len(raw)) + delay
            loop.call_at(heard_at, line.hear, data)
            last = max(last, heard_at)
        self.busy_until = max(self.busy_until, last)
        self.useful_s += self.wire_s(20 + len(raw)) + meter.delay_s


class VirtualLine:
    """One connection to a virtual bus."""

    def __init__(self, bus: VirtualBus) -> None:
        self._bus = bus
        self._received = bytearray()
        self._lost: str | None = None
        self._waiter: asyncio.Future[None] | None = None

    def hear(self, data: bytes) -> None:
        if self._lost is None:
            self._received += data
            self.rouse()

    def lose(self, why: str) -> None:
        self._lost = why
        self.rouse()

    def send(self, message: bytes) -> None:
        if self._lost is not None:
            raise LineLost(self._lost)
        self._bus.say(self, message)

    async def receive(self, *, until: float) -> bytes:
        loop = asyncio.get_running_loop()
        if not self._received and self._lost is None and loop.time() < until:
            self._waiter = loop.create_future()
            timer = loop.call_at(until, self.rouse)
            await self._waiter
            timer.cancel()
            self._waiter = None
        data = bytes(self._received)
        self._received.clear()
        if not data and self._lost is not None:
            raise LineLost(self._lost)
        return data

    def discard(self) -> int:
        count = len(self._received)
        self._received.clear()
        return count

    def rouse(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        self._lost = self._lost or "closed by us"


class Ear:
    """The way up, kept as lists."""

    def __init__(self) -> None:
        self.heard: list[Upward] = []
        self.epochs: list[int] = []
        self.fill = 0.0

    def report(self, payload: Upward, *, epoch: int) -> bool:
        self.heard.append(payload)
        self.epochs.append(epoch)
        return True

    def all(self, kind: type[U]) -> list[U]:
        return [one for one in self.heard if isinstance(one, kind)]


class Estate:
    """Virtual buses behind virtual gateways (``g<number>:<port>``), a collector, and what it reported."""

    def __init__(
        self,
        buses: int = 1,
        meters: int = 4,
        *,
        baud: int = 2400,
        speed: int = 1,
        interval_s: int = 60,
        items: frozenset[ReadItem] = ALL_ITEMS,
        buses_per_gateway: int = 1,
        begins: datetime = START,
    ) -> None:
        self.times = virtual_times(speed, begins=begins)
        self.ear = Ear()
        self.buses = [
            VirtualBus([VirtualMeter(f"{bus:06d}{meter:06d}", self.times) for meter in range(meters)], baud=baud)
            for bus in range(buses)
        ]
        self.per_gateway = buses_per_gateway
        self.interval_s = interval_s
        self.items = items
        self.epoch = 1
        self.collector = Collector(up=self.ear, times=self.times, connector=self, draw=random.Random(7))

    async def connect(self, *, host: str, port: int) -> VirtualLine:
        bus = self.buses[port]
        bus.connects.append(loop_time())
        if bus.is_down:
            raise UnableToConnect(f"{host}:{port}: connection refused")
        bus.line = VirtualLine(bus)
        return bus.line

    def plan(self) -> Plan:
        return Plan(tuple(self._gateway(number) for number in range(0, len(self.buses), self.per_gateway)))

    def start(self) -> None:
        self.collector.hear(self.plan())
        self.confirm_leases()

    def confirm_leases(self, lasts_s: float = 1e9) -> None:
        epochs = dict.fromkeys(range(0, len(self.buses), self.per_gateway), self.epoch)
        self.collector.hear(LeasesHeld(epochs, self.times.machine_now(), lasts_s))

    def order(
        self, bus: int, meter: int, wanted: RelayState, *, command_id: int = 1, is_repeat: bool = False, in_s: int = 60
    ) -> CommandOrder:
        order = CommandOrder(
            gateway_id=bus - bus % self.per_gateway,
            command_id=command_id,
            installation_id=bus * 100 + meter,
            wanted=wanted,
            deadline=self.times.machine_now() + timedelta(seconds=in_s),
            epoch=self.epoch,
            is_repeat=is_repeat,
        )
        self.collector.hear(order)
        return order

    def _gateway(self, number: int) -> GatewayPlan:
        buses = tuple(
            BusPlan(
                bus_id=bus,
                port=bus,
                baud=self.buses[bus].baud,
                meters=tuple(
                    MeterPlan(bus * 100 + place, meter.address, password=Password(2, "123456"))
                    for place, meter in enumerate(self.buses[bus].meters)
                ),
            )
            for bus in range(number, min(number + self.per_gateway, len(self.buses)))
        )
        return GatewayPlan(number, f"g{number}", self.epoch, self.interval_s, "Asia/Shanghai", buses, self.items)


def frames_in(raw: bytes) -> list[Frame]:
    """Every frame in some bytes."""
    scanner = FrameScanner()
    return [event.frame for event in (*scanner.feed(raw), *scanner.flush()) if isinstance(event, FrameFound)]
