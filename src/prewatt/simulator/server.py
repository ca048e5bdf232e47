"""The whole estate in one process: gateways, buses, meters, faults and the control port."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from prewatt.kernel.clock import EstateClock
from prewatt.simulator.bus import Bus
from prewatt.simulator.control import ControlPort
from prewatt.simulator.errors import BadOrder
from prewatt.simulator.estate import VirtualEstate
from prewatt.simulator.faults import ALWAYS, Fault, FaultBoard, FaultKind, Place
from prewatt.simulator.gateway import GatewayPort
from prewatt.simulator.journal import Journal
from prewatt.simulator.loads import RATES
from prewatt.simulator.meters import REGISTER_END_WH, REGISTER_STEP_WH, EventKind, MeterEvent, VirtualMeter

_BY_HAND = {FaultKind.HAND_OPEN: EventKind.RELAY_OPENED, FaultKind.HAND_CLOSE: EventKind.RELAY_CLOSED}


class RunningEstate:
    """Handle of a running estate: what the control port offers, for tests and benches in the same process.

    ``ports`` says where each bus listens, ``control_port`` where orders are taken.
    """

    def __init__(self, estate: VirtualEstate, *, clock: EstateClock, state_dir: Path) -> None:
        self.estate = estate
        self.clock = clock
        self.board = FaultBoard(seed=estate.seed)
        self.ports: dict[str, int] = {}
        self.control_port = 0
        self._journal = Journal(state_dir)
        self._buses: dict[str, Bus] = {}
        self._bus_of: dict[str, Bus] = {}
        self._gateways: dict[str, GatewayPort] = {}
        self._returns: dict[int, asyncio.TimerHandle] = {}
        self._control = ControlPort(self)
        self._build()

    def meter(self, address: str) -> VirtualMeter:
        """This method will return a meter. Raises BadOrder for an address that is not in the estate."""
        return self._bus_with(address).meters[address]

    def bus(self, name: str) -> Bus:
        """This method will return a bus. Raises BadOrder for a name that is not in the estate."""
        if name not in self._buses:
            raise BadOrder(f"There is no bus {name!r}.", hint=f"Buses: {', '.join(self._buses)}.")
        return self._buses[name]

    def truth(self, address: str, *, at: datetime | None = None) -> dict[str, Any]:
        """This method will return what is really so at a meter; ``at`` asks for registers of the past."""
        bus, now = self._bus_with(address), self.clock.now()
        meter, counters = bus.meters[address], bus.meter_counters[address]
        registers = meter.registers(at or now)
        return {
            "address": address,
            "bus": bus.spec.name,
            "gateway": bus.place.gateway,
            "at": (at or now).isoformat(),
            "total_wh": registers.total_wh,
            "rates_wh": registers.rates_wh,
            "is_open": meter.is_open,
            "is_commanded_open": meter.is_commanded_open,
            "keeps_power": meter.keeps_power,
            "power_w": 0 if meter.is_open else meter.load.power_w(now),
            "clock": meter.clock(now).isoformat(),
            "skew_s": meter.skew_s,
            "reply_delay_ms": meter.spec.delay_ms,
            "requests": counters.requests,
            "replies": counters.replies,
            "commands": dict(counters.commands),
            "passwords_refused": counters.passwords_refused,
            "relay_acts": list(counters.relay_acts),
        }

    def counters(self, bus: str) -> dict[str, int]:
        """This method will return what went over a bus since the start."""
        return asdict(self.bus(bus).counters)

    async def set_registers(self, address: str, *, rates_wh: tuple[int, ...]) -> None:
        """This method will set a meter's four rate registers, in Wh, as if it had been exchanged or tampered with."""
        if len(rates_wh) != RATES or any(not 0 <= wh < REGISTER_END_WH or wh % REGISTER_STEP_WH for wh in rates_wh):
            raise BadOrder(f"Give {RATES} registers from 0 to {REGISTER_END_WH} in steps of {REGISTER_STEP_WH} Wh.")
        await self._happen(address, EventKind.REGISTER_SET, rates_wh)

    async def move_relay(self, address: str, *, is_open: bool) -> None:
        """This method will move a relay by hand; the meter's command bit stays as it was."""
        if self.meter(address).is_open != is_open:
            await self._happen(address, EventKind.RELAY_OPENED if is_open else EventKind.RELAY_CLOSED, ())

    async def set_skew(self, address: str, *, skew_s: int) -> None:
        """This method will set how many seconds a meter's clock is ahead."""
        await self._happen(address, EventKind.CLOCK_SET, (skew_s,))

    async def switch_on(
        self,
        kind: FaultKind,
        *,
        place: Place | None = None,
        per_mille: int = ALWAYS,
        arg: int = 0,
        times: int | None = None,
    ) -> Fault:
        """This method will switch a fault on; hand_open and hand_close happen at once and need one meter."""
        where = place or Place()
        self._require(where)
        if kind in _BY_HAND:
            await self.move_relay(where.meter, is_open=kind is FaultKind.HAND_OPEN)
            return Fault(0, kind, where, hits=1)
        fault = self.board.switch_on(kind, place=where, per_mille=per_mille, arg=arg, times=times)
        if kind is FaultKind.GATEWAY_DOWN:
            self.board.hits[kind] += 1
            self._gateways_down(fault)
        return fault

    def switch_off(self, *, number: int | None = None, kind: FaultKind | None = None) -> int:
        """This method will switch faults off (one, a kind, or all) and return how many; gateways come back."""
        gone = self.board.switch_off(number=number, kind=kind)
        for fault in gone:
            timer = self._returns.pop(fault.number, None)
            if timer is not None:
                timer.cancel()
        self._gateways_up()
        return len(gone)

    async def open(self, *, control_port: int) -> None:
        """This method will listen on all ports. Raises UnableToListen when one is taken."""
        for name, port in self._gateways.items():
            await port.open()
            self.ports[name] = port.port
        self.control_port = await self._control.open(host=self.estate.host, port=control_port)

    async def close(self) -> None:
        """This method will stop listening and leave the journal safe on disk."""
        self.switch_off()
        await self._control.close()
        for port in self._gateways.values():
            await port.close()
        self._journal.close()

    def _build(self) -> None:
        for gateway in self.estate.gateways:
            for spec in gateway.buses:
                bus = Bus(
                    spec=spec,
                    gateway=gateway.name,
                    meters=[VirtualMeter(spec=meter, estate=self.estate) for meter in spec.meters],
                    board=self.board,
                    clock=self.clock,
                    journal=self._journal,
                )
                self._buses[spec.name] = bus
                self._bus_of |= dict.fromkeys(bus.meters, bus)
                self._gateways[spec.name] = GatewayPort(bus=bus, host=self.estate.host)
        for event in self._journal.replay():
            if event.meter in self._bus_of:  # a meter that was taken out of the estate keeps its lines
                self.meter(event.meter).apply(event)

    def _bus_with(self, address: str) -> Bus:
        if address not in self._bus_of:
            raise BadOrder(f"There is no meter {address!r} in this estate.")
        return self._bus_of[address]

    def _require(self, place: Place) -> None:
        if place.meter:
            self._bus_with(place.meter)
        if place.bus:
            self.bus(place.bus)
        if place.gateway and place.gateway not in {gateway.name for gateway in self.estate.gateways}:
            raise BadOrder(f"There is no gateway {place.gateway!r}.")

    async def _happen(self, address: str, kind: EventKind, values: tuple[int, ...]) -> None:
        await self._bus_with(address).happen(MeterEvent(address, self.clock.now(), kind, values, "hand"))

    def _gateways_down(self, fault: Fault) -> None:
        for port in self._gateways.values():
            if fault.place.covers(port.bus.place):
                port.go_down()
        if fault.arg:
            loop = asyncio.get_running_loop()
            self._returns[fault.number] = loop.call_later(fault.arg, lambda: self.switch_off(number=fault.number))

    def _gateways_up(self) -> None:
        for port in self._gateways.values():
            if not port.is_up and self.board.find_on(FaultKind.GATEWAY_DOWN, place=port.bus.place) is None:
                port.come_back()


@asynccontextmanager
async def running(
    estate: VirtualEstate, *, clock: EstateClock, state_dir: Path, control_port: int = 0
) -> AsyncIterator[RunningEstate]:
    """This function will run an estate for as long as the context lasts."""
    handle = RunningEstate(estate, clock=clock, state_dir=state_dir)
    try:
        await handle.open(control_port=control_port)
        yield handle
    finally:
        await handle.close()


async def serve(
    estate: VirtualEstate,
    *,
    clock: EstateClock,
    state_dir: Path,
    control_port: int = 0,
    ready: Callable[[RunningEstate], None] | None = None,
) -> None:
    """This function will run an estate until it is cancelled; ``ready`` is called once all ports listen."""
    async with running(estate, clock=clock, state_dir=state_dir, control_port=control_port) as handle:
        if ready is not None:
            ready(handle)
        await asyncio.Event().wait()
