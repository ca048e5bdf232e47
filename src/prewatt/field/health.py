"""How a meter answers, and when it is asked again. Pure: cycles are counted, nothing is measured."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prewatt.link.messages import Comm

BACK_OFF: Final = (2, 4, 8, 16, 32)
"""Sweeps after which a silent meter is asked again: its time-out would otherwise cost its bus two reads each time."""

LOST_AFTER: Final = 3
"""Failed turns in a row that make a meter lost."""


@dataclass(slots=True)
class Health:
    """What is known of one meter's answering. ``comm`` is None until it was asked for the first time."""

    comm: Comm | None = None
    since_at: datetime | None = None
    last_ok_at: datetime | None = None
    failures: int = 0
    _pass_over: int = 0

    def is_due(self) -> bool:
        """This method will tell whether the meter has a turn in this sweep; asked once a sweep."""
        if self._pass_over:
            self._pass_over -= 1
            return False
        return True

    def has_answered(self, at: datetime) -> bool:
        """This method will record an answer and tell whether that is news."""
        self.failures = self._pass_over = 0
        self.last_ok_at = at
        return self._become(Comm.ONLINE, at)

    def has_failed(self, at: datetime) -> bool:
        """This method will record a failed turn and tell whether that is news."""
        self._pass_over = BACK_OFF[min(self.failures, len(BACK_OFF) - 1)] - 1
        self.failures += 1
        return self._become(Comm.LOST if self.failures >= LOST_AFTER else Comm.DEGRADED, at)

    def _become(self, comm: Comm, at: datetime) -> bool:
        if comm is self.comm:
            return False
        self.comm, self.since_at = comm, at
        return True
