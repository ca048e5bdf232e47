"""What metering takes and gives: frozen values without a table behind them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from prewatt.metering.validation import Limits, Marker, Point
from prewatt.rating.segments import from_instant_us

HOUSE_EPOCH = 0
"""The epoch of readings that no collector sent: opening registers, history, a person's entry."""

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ReadingIn:
    """A reading to record: registers in Wh as the meter counts them, before the multiplier.

    ``epoch`` is that of the lease of the collector that sent it; ``HOUSE_EPOCH`` for readings of the house itself.
    """

    installation_id: int
    kind: int
    read_at: datetime
    total_wh: int
    rates_wh: tuple[int, ...] = ()
    meter_at: datetime | None = None
    epoch: int = HOUSE_EPOCH
    seq: int = 0

    @property
    def clock_drift_s(self) -> int | None:
        """This property will be how far the meter's clock was ahead, in whole seconds; None where it is not told."""
        return None if self.meter_at is None else (self.meter_at - self.read_at) // _SECOND


class ReadingKey(NamedTuple):
    """The natural key of a reading."""

    installation_id: int
    kind: int
    read_us: int


class InstallationFacts(NamedTuple):
    """An installation as its readings need it, and where its row of accepted readings ends.

    Its ``limits`` ask for no rate registers: whether a tariff needs them is not known here.
    """

    id: int
    point_id: int
    point_public_id: str
    point_code: str
    gateway_id: int
    limits: Limits
    opening: Point
    last: Point
    marker: Marker | None
    moved_us: int | None
    has_state: bool

    @property
    def multiplier(self) -> int:
        """This property will be what a Wh of the registers stands for, in primary Wh."""
        return self.limits.multiplier


class StateChange(NamedTuple):
    """Where an installation's row of accepted readings ends now."""

    installation_id: int
    last: Point
    power_w: int | None
    has_moved: bool
    marker: Marker | None
    clock_drift_s: int | None
    is_live: bool


def read_at_of(point: Point) -> datetime:
    """This function will return the instant of a point, in UTC."""
    return from_instant_us(point.read_us)
