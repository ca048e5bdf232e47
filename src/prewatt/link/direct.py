"""The link within one process: the field in an event loop, the intake in a thread, two bounded queues between them."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

from prewatt.link.errors import LinkFull
from prewatt.link.messages import Downward, Envelope, Upward
from prewatt.link.spool import Spool

DOWN_MAX: Final = 2_000


class UpwardEnd:
    """Where the field puts what it learned. Numbers grow across restarts, because they begin at the machine's µs."""

    def __init__(self, *, collector: str, spool: Spool, started_at: datetime) -> None:
        self.collector = collector
        self._spool = spool
        self._seq = int(started_at.timestamp() * 1_000_000)

    def report(self, payload: Upward, *, epoch: int) -> bool:
        """This method will send a fact; False when there was no room for it left."""
        self._seq += 1
        return self._spool.put(Envelope(self.collector, epoch, self._seq, payload))

    @property
    def fill(self) -> float:
        """This property will be 1 when nothing more can be kept."""
        return self._spool.fill


class DownwardEnd:
    """What the core tells the field. ``tell`` is for the intake's thread, ``told`` for the loop."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop, limit: int = DOWN_MAX) -> None:
        self._loop = loop
        self._limit = limit
        self._queue: deque[Downward] = deque()
        self._take: Callable[[Downward], None] | None = None

    def on_message(self, take: Callable[[Downward], None]) -> None:
        """This method will name who hears; called once, in the loop, before anything is told."""
        self._take = take

    def tell(self, message: Downward) -> None:
        """This method will hand a message to the field. Raises LinkFull when it does not keep up."""
        if len(self._queue) >= self._limit:
            raise LinkFull("The field does not take what it is told.", hint="It is stuck: restart the collector.")
        self._queue.append(message)
        self._loop.call_soon_threadsafe(self._told)

    def _told(self) -> None:
        if self._take is not None:
            self._take(self._queue.popleft())
