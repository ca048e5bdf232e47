"""One RS-485 line: half duplex, as fast as its baud allows, and two speakers at once destroy each other.

Every instant follows from the instant before it (end of the request + Td + length of the reply), never from "now when
the loop came round", so that delays of the loop do not add up. What a master sends goes on the line at once, or behind
its own bytes; what a meter sends reaches the master when its last character is off the line, as a gateway packs it.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from prewatt.kernel.clock import EstateClock, machine_now
from prewatt.simulator.answers import Reply, answer
from prewatt.simulator.estate import BusSpec
from prewatt.simulator.faults import Delivery, FaultBoard, FaultKind, Place, deliver, garbled, quirks_at
from prewatt.simulator.journal import Journal
from prewatt.simulator.meters import EventKind, MeterEvent, VirtualMeter
from prewatt.wire.dlt645.frame import PREAMBLE, Frame, FrameFound, FrameScanner
from prewatt.wire.dlt645.requests import Function
from prewatt.wire.dlt645.timing import CHARACTER_BITS, CHARACTER_GAP_MAX_MS

BACKLOG_MAX = 4096
"""Bytes that a gateway holds for a line; what comes on top is lost."""

TWIN_DELAY_MS = 3
ACTS_KEPT = 200

_COMMANDS = {Function.CONTROL, Function.WRITE}
_REGISTERS = (0x00, 0x05)


class Listener(Protocol):
    """A master at the other end of the gateway."""

    def send(self, data: bytes) -> None:
        """This method will hand over bytes from the line."""

    def cut(self) -> None:
        """This method will break the connection."""


@dataclass(slots=True, eq=False)
class Transmission:
    """Bytes on the line, from ``start`` to ``end`` on the loop's clock, in seconds."""

    data: bytes
    start: float
    end: float
    is_garbled: bool = False


@dataclass(slots=True)
class BusCounters:
    """What went over a line since the start, for benches and checks."""

    bytes_in: int = 0
    bytes_out: int = 0
    requests: int = 0
    replies: int = 0
    collisions: int = 0
    lost_bytes: int = 0
    wire_us: int = 0
    delay_us: int = 0


@dataclass(slots=True)
class MeterCounters:
    """What one meter has seen and done since the start."""

    requests: int = 0
    replies: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    passwords_refused: int = 0
    relay_acts: list[dict[str, str]] = field(default_factory=list)


class Bus:
    """The line with its meters."""

    def __init__(
        self,
        *,
        spec: BusSpec,
        gateway: str,
        meters: Iterable[VirtualMeter],
        board: FaultBoard,
        clock: EstateClock,
        journal: Journal,
    ) -> None:
        self.spec = spec
        self.place = Place(gateway, spec.name)
        self.meters = {meter.spec.address: meter for meter in meters}
        self.counters = BusCounters()
        self.meter_counters = {address: MeterCounters() for address in self.meters}
        self.listeners: set[Listener] = set()
        self._board = board
        self._clock = clock
        self._journal = journal
        self._scanner = FrameScanner()
        self._on_line: list[Transmission] = []
        self._master_free = 0.0
        self._last_heard = 0.0
        self._pending: dict[str, bytes] = {}
        self._character_s = CHARACTER_BITS / spec.baud

    def hear(self, data: bytes) -> None:
        """This method will take bytes from a master and put them on the line."""
        if self._board.strike(FaultKind.SWALLOW, place=self.place):
            return
        loop = asyncio.get_running_loop()
        start = max(loop.time(), self._master_free)
        if (start - loop.time()) / self._character_s + len(data) > BACKLOG_MAX:
            self.counters.lost_bytes += len(data)
            return
        self.counters.bytes_in += len(data)
        request = self._speak(data, start)
        self._master_free = request.end
        loop.call_at(request.end, self._heard, request)

    def happen(self, event: MeterEvent) -> "asyncio.Future[None]":
        """This method will let an event happen to a meter of this line and return when it is safe on disk."""
        safe = self._journal.append(event)
        self.meters[event.meter].apply(event)
        if event.kind in {EventKind.RELAY_OPENED, EventKind.RELAY_CLOSED}:
            acts = self.meter_counters[event.meter].relay_acts
            machine_at = machine_now().isoformat()
            acts.append(
                {"kind": event.kind, "at": event.at.isoformat(), "machine_at": machine_at, "cause": event.cause}
            )
            del acts[:-ACTS_KEPT]
        return safe

    def _speak(self, data: bytes, start: float, pause_s: float = 0.0) -> Transmission:
        """This method will enter bytes into the line's plan; whatever overlaps destroys each other."""
        end = start + len(data) * self._character_s + pause_s
        talk = Transmission(data, start, end)
        for other in self._on_line:
            if other.start < end and start < other.end:
                self.counters.collisions += 1
                talk.is_garbled = other.is_garbled = True
        self._on_line.append(talk)
        self.counters.wire_us += round(len(data) * self._character_s * 1_000_000)
        return talk

    def _heard(self, request: Transmission) -> None:
        """This method will be called when the last character of a master's bytes has reached the meters."""
        self._on_line.remove(request)
        if request.start - self._last_heard > CHARACTER_GAP_MAX_MS / 1000:
            self._scanner.flush()
        self._last_heard = request.end
        data = garbled(self._board.draws, request.data) if request.is_garbled else request.data
        if self._board.strike(FaultKind.ECHO, place=self.place):
            self._send(data)
        for event in self._scanner.feed(data):
            if isinstance(event, FrameFound) and not event.frame.is_reply:
                self.counters.requests += 1
                self._ask_all(event.frame, request.end)

    def _ask_all(self, frame: Frame, heard_at: float) -> None:
        own = self.meters.get(frame.address)
        for meter in self.meters.values() if own is None else (own,):
            self._ask(meter, frame, heard_at)

    def _ask(self, meter: VirtualMeter, frame: Frame, heard_at: float) -> None:
        address = meter.spec.address
        place = Place(self.place.gateway, self.place.bus, address)
        is_command = frame.function in _COMMANDS
        is_energy = frame.function == Function.READ and frame.data[3:4] in _REGISTER_BYTES
        reply = answer(
            meter=meter,
            frame=frame,
            at=self._clock.now(),
            quirks=quirks_at(self._board, place=place, is_command=is_command, is_energy=is_energy),
            pending=self._pending.pop(address, b""),
        )
        self._count(meter, frame, reply)
        if reply.rest:
            self._pending[address] = reply.rest
        safe = [self.happen(event) for event in reply.events][-1:]
        if reply.frame is None:
            return
        delivery = deliver(self._board, place=place, frame=reply.frame, is_command=is_command, preamble=PREAMBLE)
        if delivery is None:
            return
        self.meter_counters[address].replies += 1
        delay_ms = meter.spec.delay_ms + delivery.extra_delay_ms
        self.counters.delay_us += delay_ms * 1000
        end = self._reply(delivery, heard_at + delay_ms / 1000, safe)
        if delivery.repeat_after_ms is not None:
            self._reply(delivery, end + delivery.repeat_after_ms / 1000, safe)
        if self._board.strike(FaultKind.TWIN, place=place):
            self._reply(delivery, heard_at + (delay_ms + TWIN_DELAY_MS) / 1000, safe)

    def _count(self, meter: VirtualMeter, frame: Frame, reply: Reply) -> None:
        if reply.frame is None and not reply.events:
            return
        counters = self.meter_counters[meter.spec.address]
        counters.requests += 1
        counters.passwords_refused += reply.password_refused
        if frame.function == Function.CONTROL and len(frame.data) > 8:
            counters.commands[f"{frame.data[8]:02X}"] += 1

    def _reply(self, delivery: Delivery, start: float, safe: list["asyncio.Future[None]"]) -> float:
        """This method will plan a reply, whole or in pieces, and return the instant of its end."""
        loop = asyncio.get_running_loop()
        piece_s = (delivery.piece_ms or 0) / 1000
        talk = self._speak(delivery.raw, start, piece_s * len(delivery.raw))
        if delivery.piece_ms is not None:
            for index in range(len(delivery.raw) - 1):
                loop.call_at(start + (index + 1) * (self._character_s + piece_s), self._piece, talk, index)
        loop.call_at(talk.end, self._said, talk, delivery, safe)
        return talk.end

    def _piece(self, talk: Transmission, index: int) -> None:
        self._send(talk.data[index : index + 1])

    def _said(self, talk: Transmission, delivery: Delivery, safe: list["asyncio.Future[None]"]) -> None:
        """This method will be called when the last character of a reply is off the line."""
        self._on_line.remove(talk)
        if safe and not safe[0].done():
            safe[0].add_done_callback(lambda _: self._hand_over(talk, delivery))
        else:
            self._hand_over(talk, delivery)

    def _hand_over(self, talk: Transmission, delivery: Delivery) -> None:
        data = garbled(self._board.draws, talk.data) if talk.is_garbled else talk.data
        if delivery.cut_connection:
            self._send(data[: len(data) // 2])
            for listener in tuple(self.listeners):
                listener.cut()
        else:
            self._send(data[-1:] if delivery.piece_ms is not None else data)
        self.counters.replies += 1

    def _send(self, data: bytes) -> None:
        self.counters.bytes_out += len(data)
        for listener in tuple(self.listeners):
            listener.send(data)


_REGISTER_BYTES = tuple(bytes([top]) for top in _REGISTERS)
