"""One virtual meter: its registers, relay, clock and measurements, as functions of the estate instant and its events.

Registers are never stored. They are the load up to the instant, less what would have flowed while the relay was open,
plus what was set by hand; so the past can be asked as well, and a killed simulator loses nothing but its memory.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from prewatt.kernel.period import day_start
from prewatt.simulator.draws import draw_between
from prewatt.simulator.estate import MeterSpec, VirtualEstate
from prewatt.simulator.loads import RATES, SLOT_S

REGISTER_STEP_WH = 10
REGISTER_END_WH = 1_000_000_000
"""After 999999.99 kWh the register begins again at zero."""

POWER_MAX_MW = 79_999_900
CURRENT_MAX_MA = 799_999
POWER_FACTOR_PERMILLE = 950


class EventKind(StrEnum):
    """What may happen to a meter and must not be forgotten."""

    RELAY_OPENED = "relay_opened"
    RELAY_CLOSED = "relay_closed"
    COMMANDED = "commanded"
    KEEP_POWER = "keep_power"
    REGISTER_SET = "register_set"
    CLOCK_SET = "clock_set"
    TRIP_DELAY_SET = "trip_delay_set"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """Something happened to a meter at an estate instant. ``values`` depend on the kind, ``cause`` says who."""

    meter: str
    at: datetime
    kind: EventKind
    values: tuple[int, ...] = ()
    cause: str = "command"


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    """From here on energy is counted, or not. ``base``: primary Wh per rate, to which a closed relay adds the load."""

    at: datetime
    closed: bool
    base: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Registers:
    """What the meter's face shows, in Wh of the register; ``total_wh`` is the sum of the rates."""

    total_wh: int
    rates_wh: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measurements:
    """What the meter measures at an instant, on its own side of the current transformers. None = no such phase."""

    voltages_mv: tuple[int | None, ...]
    currents_ma: tuple[int | None, ...]
    powers_mw: tuple[int | None, ...]
    """Total, then per phase."""
    power_factor_permille: int
    frequency_mhz: int


class VirtualMeter:
    """One meter of the estate. All questions take the estate instant; only ``apply`` changes anything."""

    def __init__(self, *, spec: MeterSpec, estate: VirtualEstate) -> None:
        self.spec = spec
        self.zone = ZoneInfo(estate.zone)
        self.load = estate.load_of(spec)
        self.begins_at = day_start(estate.first_day, self.zone)
        opening = tuple(wh * spec.multiplier for wh in spec.opening_wh)
        self._checkpoints = [_Checkpoint(self.begins_at, closed=True, base=opening)]
        self.is_commanded_open = False
        self.keeps_power = False
        self.skew_s = spec.clock_skew_s
        self.clock_set_on: datetime | None = None
        self.trip_delay_min = 0
        self.opened_at: list[datetime] = []
        self.closed_at: list[datetime] = []
        self.frozen_at: list[datetime] = []

    @property
    def is_open(self) -> bool:
        """This property will be true while the relay is open."""
        return not self._checkpoints[-1].closed

    def apply(self, event: MeterEvent) -> None:
        """This method will let an event happen. Events must come in the order in which they happened."""
        at = max(event.at, self._checkpoints[-1].at)  # a system clock that was set back must not rewrite the past
        match event.kind:
            case EventKind.RELAY_OPENED:
                self._turn(at, closed=False, counted=self._counted(at))
                self.opened_at.append(at)
            case EventKind.RELAY_CLOSED:
                self._turn(at, closed=True, counted=self._counted(at))
                self.closed_at.append(at)
            case EventKind.REGISTER_SET:
                counted = tuple(wh * self.spec.multiplier for wh in event.values)
                self._turn(at, closed=not self.is_open, counted=counted)
            case EventKind.COMMANDED:
                self.is_commanded_open = bool(event.values[0])
            case EventKind.KEEP_POWER:
                self.keeps_power = bool(event.values[0])
            case EventKind.CLOCK_SET:
                self.skew_s = event.values[0]
                self.clock_set_on = at if event.cause == "broadcast" else self.clock_set_on
            case EventKind.TRIP_DELAY_SET:
                self.trip_delay_min = event.values[0]
            case EventKind.FROZEN:
                self.frozen_at.append(at)

    def registers(self, at: datetime) -> Registers:
        """This method will return what the registers show, now or at any instant since the estate began."""
        step = self.spec.multiplier * REGISTER_STEP_WH
        rates = [counted // step * REGISTER_STEP_WH for counted in self._counted(at)]
        return Registers(sum(rates) % REGISTER_END_WH, tuple(wh % REGISTER_END_WH for wh in rates))

    def clock(self, at: datetime) -> datetime:
        """This method will return the meter's own idea of the local time."""
        return (at + timedelta(seconds=self.skew_s)).astimezone(self.zone)

    def daily_freeze_at(self, at: datetime, *, days_back: int) -> datetime | None:
        """This method will return the instant of a daily freeze (local midnight), 1 = the last, or None."""
        day = at.astimezone(self.zone).date() - timedelta(days=days_back - 1)
        frozen = day_start(day, self.zone)
        return frozen if frozen >= self.begins_at else None

    def status_word_3(self) -> int:
        """This method will return status word 3: bit 4 relay open, bit 6 commanded open, bit 12 keep power."""
        return self.is_open << 4 | self.is_commanded_open << 6 | self.keeps_power << 12

    def measure(self, at: datetime) -> Measurements:
        """This method will return voltage, current and power, consistent with the load and the relay."""
        live, phases = self.spec.phases, range(3)
        slot = int(at.timestamp()) // SLOT_S
        total_mw = 0 if self.is_open else self.load.power_w(at) * 1000 // self.spec.multiplier
        total_mw = min(total_mw, POWER_MAX_MW)
        volts = [draw_between(2255, 2345, self.spec.seed, slot, phase) * 100 for phase in phases]
        shares = [total_mw // live if phase < live else 0 for phase in phases]
        shares[0] += total_mw - sum(shares)
        powers = [mw // 100 * 100 for mw in shares]
        amps = [
            min(mw * 1_000_000 // (mv * POWER_FACTOR_PERMILLE), CURRENT_MAX_MA)
            for mw, mv in zip(powers, volts, strict=True)
        ]
        return Measurements(
            voltages_mv=tuple(mv if phase < live else None for phase, mv in enumerate(volts)),
            currents_ma=tuple(ma if phase < live else None for phase, ma in enumerate(amps)),
            powers_mw=(sum(powers), *(mw if phase < live else None for phase, mw in enumerate(powers))),
            power_factor_permille=POWER_FACTOR_PERMILLE if total_mw else 1000,
            frequency_mhz=draw_between(4998, 5002, slot) * 10,
        )

    def _turn(self, at: datetime, *, closed: bool, counted: tuple[int, ...]) -> None:
        flowed = self.load.rates_wh(at) if closed else (0,) * RATES
        base = tuple(wh - part for wh, part in zip(counted, flowed, strict=True))
        self._checkpoints.append(_Checkpoint(at, closed=closed, base=base))

    def _counted(self, at: datetime) -> tuple[int, ...]:
        index = bisect_right(self._checkpoints, at, key=lambda checkpoint: checkpoint.at)
        since = self._checkpoints[max(index - 1, 0)]
        if not since.closed:
            return since.base
        return tuple(wh + part for wh, part in zip(since.base, self.load.rates_wh(at), strict=True))
