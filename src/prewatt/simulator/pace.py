"""How long a sweep takes: what the slowest bus needs to read registers and relay of each meter."""

from prewatt.simulator.estate import BusSpec, VirtualEstate
from prewatt.wire.dlt645.timing import wire_us

_READ_CHARACTERS = 20
"""Four FE, twelve of frame, four of identifier."""

_ANSWER_CHARACTERS = (20 + 20, 20 + 2)
"""The register block 0001FF00 (total and four rates), and the status word 04000503."""

_TURN_US = 5_000
"""From the last byte of an answer to the first of the next question, as measured on two busy cores."""

_MS_US = 1_000


def sweep_us(estate: VirtualEstate) -> int:
    """This function will return the microseconds of a sweep of the slowest bus."""
    return max(map(_sweep_us, estate.buses()))


def _sweep_us(bus: BusSpec) -> int:
    wire = sum(wire_us(characters=_READ_CHARACTERS + answer, baud=bus.baud) + _TURN_US for answer in _ANSWER_CHARACTERS)
    return sum(wire + len(_ANSWER_CHARACTERS) * meter.delay_ms * _MS_US for meter in bus.meters)
