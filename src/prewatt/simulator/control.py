"""The control port: one JSON object a line in, one out. It listens on the estate's host and shows no password."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prewatt.kernel.errors import PrewattError
from prewatt.simulator.errors import BadOrder, UnableToListen
from prewatt.simulator.faults import ALWAYS, FaultKind, Place

if TYPE_CHECKING:
    from prewatt.simulator.server import RunningEstate

LINE_MAX = 65_536


class ControlPort:
    """Takes orders for a running estate."""

    def __init__(self, estate: "RunningEstate") -> None:
        self._estate = estate
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._orders: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
            "estate": self._describe,
            "truth": self._truth,
            "counters": self._counters,
            "faults": self._faults,
            "fault_on": self._fault_on,
            "fault_off": self._fault_off,
            "set_registers": self._set_registers,
            "relay": self._relay,
            "clock": self._clock,
        }

    async def open(self, *, host: str, port: int) -> int:
        """This method will listen and return the port."""
        try:
            self._server = await asyncio.start_server(self._talk, host, port, limit=LINE_MAX)
        except OSError as error:
            raise UnableToListen(f"The control port {host}:{port} cannot be opened: {error.strerror}.") from None
        chosen: int = self._server.sockets[0].getsockname()[1]
        return chosen

    async def close(self) -> None:
        """This method will stop listening and end all talks."""
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._writers):
            writer.close()
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(ConnectionError, ValueError, asyncio.IncompleteReadError):
                while line := await reader.readline():
                    writer.write(json.dumps(await self._obey(line), ensure_ascii=False).encode() + b"\n")
                    await writer.drain()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _obey(self, line: bytes) -> dict[str, Any]:
        try:
            order = json.loads(line)
            if not isinstance(order, dict) or order.get("op") not in self._orders:
                raise BadOrder("Give an object with an op.", hint=f"One of {', '.join(self._orders)}.")
            return {"ok": True, "result": await self._orders[order["op"]](order)}
        except PrewattError as error:
            return {"ok": False, "error": error.code, "message": str(error)}
        except (ValueError, KeyError, TypeError) as error:
            return {"ok": False, "error": BadOrder.code, "message": f"The order cannot be read: {error!r}."}

    async def _describe(self, _order: dict[str, Any]) -> dict[str, Any]:
        estate = self._estate
        gateways = {
            gateway.name: {
                bus.name: {
                    "port": estate.ports[bus.name],
                    "baud": bus.baud,
                    "meters": [meter.address for meter in bus.meters],
                }
                for bus in gateway.buses
            }
            for gateway in estate.estate.gateways
        }
        return {"now": estate.clock.now().isoformat(), "gateways": gateways}

    async def _truth(self, order: dict[str, Any]) -> dict[str, Any]:
        at = datetime.fromisoformat(order["at"]) if "at" in order else None
        return self._estate.truth(order["meter"], at=at)

    async def _counters(self, order: dict[str, Any]) -> dict[str, int]:
        return self._estate.counters(order["bus"])

    async def _faults(self, _order: dict[str, Any]) -> dict[str, Any]:
        board = self._estate.board
        return {
            "on": [asdict(fault) for fault in board.list_on()],
            "hits": {kind: count for kind, count in board.hits.items() if count},
        }

    async def _fault_on(self, order: dict[str, Any]) -> dict[str, Any]:
        place = Place(order.get("gateway", ""), order.get("bus", ""), order.get("meter", ""))
        fault = await self._estate.switch_on(
            FaultKind(order["kind"]),
            place=place,
            per_mille=int(order.get("per_mille", ALWAYS)),
            arg=int(order.get("arg", 0)),
            times=order.get("times"),
        )
        return asdict(fault)

    async def _fault_off(self, order: dict[str, Any]) -> int:
        kind = FaultKind(order["kind"]) if "kind" in order else None
        return self._estate.switch_off(number=order.get("number"), kind=kind)

    async def _set_registers(self, order: dict[str, Any]) -> None:
        await self._estate.set_registers(order["meter"], rates_wh=tuple(int(wh) for wh in order["rates_wh"]))

    async def _relay(self, order: dict[str, Any]) -> None:
        await self._estate.move_relay(order["meter"], is_open=bool(order["is_open"]))

    async def _clock(self, order: dict[str, Any]) -> None:
        await self._estate.set_skew(order["meter"], skew_s=int(order["skew_s"]))
