"""The two clocks. *Estate time* is what readings, tariffs and people see; *machine time* is for time-outs and leases.

In production they are the same instant. In the demo estate time may run N times faster, from an anchor that all
processes share. This is the only module that may ask the system for the time.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self


def machine_now() -> datetime:
    """This function will return the system's time, in UTC: for leases, sessions, tokens and audit."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """This function will return seconds that never jump: for time-outs and back-off."""
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class EstateClock:
    """Estate time = ``anchor_estate`` + ``speed`` x (machine time - ``anchor_machine``)."""

    anchor_machine: datetime
    anchor_estate: datetime
    speed: int = 1

    @classmethod
    def real_time(cls) -> Self:
        """This method will return the clock on which estate time is machine time."""
        epoch = datetime.fromtimestamp(0, UTC)
        return cls(epoch, epoch)

    @classmethod
    def decode(cls, text: str) -> Self:
        """This method will read what ``encode`` wrote."""
        speed, machine, estate = text.split(",")
        return cls(datetime.fromisoformat(machine), datetime.fromisoformat(estate), int(speed))

    def encode(self) -> str:
        """This method will write the clock as text, to hand it to another process."""
        return f"{self.speed},{self.anchor_machine.isoformat()},{self.anchor_estate.isoformat()}"

    def now(self) -> datetime:
        """This method will return the estate instant, in UTC."""
        return self.estate_at(machine_now())

    def estate_at(self, machine_at: datetime) -> datetime:
        """This method will turn a machine instant into an estate instant."""
        return self.anchor_estate + (machine_at - self.anchor_machine) * self.speed

    def machine_s(self, estate: timedelta) -> float:
        """This method will return how many machine seconds an estate duration takes."""
        return estate.total_seconds() / self.speed


_clock = EstateClock.real_time()


def install(clock: EstateClock) -> None:
    """This function will set the process's estate clock; called once by ``config`` at the start."""
    global _clock
    _clock = clock


def estate_clock() -> EstateClock:
    """This function will return the process's estate clock."""
    return _clock


def estate_now() -> datetime:
    """This function will return the estate instant. A unit of work asks once and hands it on."""
    return _clock.now()
