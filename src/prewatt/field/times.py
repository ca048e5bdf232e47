"""The instants that the field stamps its facts with. Waiting goes by the event loop's own clock, which never jumps."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from prewatt.kernel.clock import EstateClock, machine_now


@dataclass(frozen=True, slots=True)
class Times:
    """Estate time, machine time, and how many estate seconds a machine second has."""

    estate_now: Callable[[], datetime]
    machine_now: Callable[[], datetime]
    speed: int = 1

    @classmethod
    def of(cls, clock: EstateClock) -> Self:
        """This method will take the instants from the process's clocks."""
        return cls(clock.now, machine_now, clock.speed)

    def machine_s_until(self, estate_at: datetime) -> float:
        """This method will return the machine seconds until an estate instant; never less than 0."""
        return max((estate_at - self.estate_now()).total_seconds() / self.speed, 0.0)
