"""What happened to the meters, kept on disk: one JSON line per event, forced out before the meter answers.

Registers follow from the estate's description, this file and the instant; so a killed simulator forgets nothing.
"""

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from prewatt.kernel.clock import machine_now
from prewatt.simulator.errors import BadEstate
from prewatt.simulator.meters import EventKind, MeterEvent

FILE_NAME = "meters.jsonl"


class Journal:
    """The file of events. Open it once, ``replay`` it, then append."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE_NAME
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._thread = ThreadPoolExecutor(1, "journal")

    def replay(self) -> list[MeterEvent]:
        """This method will return all events so far. A last line that a crash left half written is cut off."""
        raw = self._path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            os.ftruncate(self._fd, len(whole))
        return [self._event(number, line) for number, line in enumerate(whole.splitlines(), 1)]

    def append(self, event: MeterEvent) -> "asyncio.Future[None]":
        """This method will write an event and return a future that is done when it is safe on disk."""
        line = {
            "meter": event.meter,
            "at": event.at.isoformat(),
            "kind": event.kind,
            "values": event.values,
            "cause": event.cause,
            "machine_at": machine_now().isoformat(),
        }
        os.write(self._fd, json.dumps(line).encode() + b"\n")
        return asyncio.get_running_loop().run_in_executor(self._thread, os.fsync, self._fd)

    def close(self) -> None:
        """This method will force out what is left and close the file."""
        self._thread.shutdown()
        os.fsync(self._fd)
        os.close(self._fd)

    def _event(self, number: int, line: bytes) -> MeterEvent:
        try:
            raw: dict[str, Any] = json.loads(line)
            at, kind = datetime.fromisoformat(raw["at"]), EventKind(raw["kind"])
            return MeterEvent(raw["meter"], at, kind, tuple(raw["values"]), raw["cause"])
        except (ValueError, KeyError, TypeError) as error:
            raise BadEstate(
                f"Line {number} of {self._path.name} is no event of a meter: {error}.",
                hint="Mend the line, or give the simulator an empty folder.",
            ) from None
