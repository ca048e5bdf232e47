"""Watches over the event loop itself: a loop that stood still must not blame meters, nor speak on a lost lease."""

import asyncio
from collections.abc import Callable
from typing import Final

TICK_S: Final = 0.2
BLOCKED_S: Final = 1.0


class LoopWatch:
    """Knows when the loop stood still for more than a second: blocked by code, or the process stopped from outside."""

    def __init__(self, *, on_blocked: Callable[[float], None] = lambda _: None) -> None:
        self.blocked_at = float("-inf")
        """Loop time when the last standstill ended."""
        self._on_blocked = on_blocked
        self._loop = asyncio.get_running_loop()
        self._ticked_at = self._loop.time()
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def was_blocked_since(self, start: float) -> bool:
        """This method will tell whether the loop stood still after ``start``, also when nobody noticed it so far."""
        self.look()
        return self.blocked_at >= start

    def stop(self) -> None:
        """This method will end the watch."""
        self._timer.cancel()

    def _tick(self) -> None:
        self.look()
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def look(self) -> None:
        """This method will notice a standstill that has just ended."""
        now = self._loop.time()
        lag, self._ticked_at = now - self._ticked_at - TICK_S, now
        if lag > BLOCKED_S:
            self.blocked_at = now
            self._on_blocked(lag)
