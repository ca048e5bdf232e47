"""A bus drawn as the wire that it is: the gateway at its head, the meters in wire order."""

from dataclasses import dataclass
from typing import Final

from prewatt.usecases.see_comms import BusComm

WIDTH: Final = 640
HEAD: Final = 46
TONES: Final = {"online": "ok", "degraded": "l2", "lost": "lost"}


@dataclass(frozen=True, slots=True)
class Knot:
    """A meter on the drawing, in units of the picture; ``up`` meters hang above the wire."""

    x: int
    y: int
    text_y: int
    tone: str
    room: str
    is_named: bool


@dataclass(frozen=True, slots=True)
class Wire:
    """The drawing: every second meter below, a name where there is room or reason for one."""

    width: int
    knots: tuple[Knot, ...]


def wire_of(bus: BusComm) -> Wire:
    """This function will place the meters of a bus along its wire. Wire order is the order of installation."""
    count = max(1, len(bus.meters))
    pitch = (WIDTH - HEAD - 20) // count
    every = max(1, -(-44 // max(1, pitch)))
    knots = tuple(
        Knot(
            x=HEAD + 14 + place * pitch, y=22 if place % 2 == 0 else 46, text_y=12 if place % 2 == 0 else 72,
            tone=TONES.get(meter.comm, "lost"), room=meter.room, is_named=meter.comm == "lost" or place % every == 0,
        )
        for place, meter in enumerate(bus.meters)
    )  # fmt: skip
    return Wire(WIDTH, knots)
