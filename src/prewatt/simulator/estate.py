"""What a virtual estate consists of, as frozen values; JSON in and out."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from prewatt.simulator.draws import draw_between
from prewatt.simulator.errors import BadEstate
from prewatt.simulator.loads import DEFAULT_RATES, RATES, Load, LoadKind, RateSchedule
from prewatt.wire.dlt645.timing import BAUDS

REPLY_DELAY_MS = (20, 180)
"""Td is drawn from here for each meter; the standard allows 20 to 500 ms."""

METERS_ON_BUS_MAX = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSpec:
    """One meter. ``mean_w`` is the primary load's weekly mean; the register counts primary energy / ``multiplier``."""

    address: str
    kind: LoadKind
    mean_w: int
    seed: int
    phases: int = 1
    multiplier: int = 1
    level: int = 2
    password: str = field(default="000000", repr=False)
    opening_wh: tuple[int, ...] = (0, 0, 0, 0)
    """Register per rate at the start of the estate's first day, in Wh of the register (a multiple of 10)."""
    clock_skew_s: int = 0
    reply_delay_ms: int | None = None
    closes_on_permit: bool = True
    """Whether 1BH (allow close) closes the relay at once, or waits for the button on the meter."""
    answer_bytes_max: int = 200
    """Longer answers come in parts."""

    def __post_init__(self) -> None:
        if len(self.address) != 12 or not self.address.isdecimal() or self.address == "9" * 12:
            raise BadEstate(f"{self.address!r} is not a meter address of twelve digits.")
        if self.phases not in {1, 3} or self.multiplier < 1 or self.mean_w < 0 or self.answer_bytes_max < 1:
            raise BadEstate(f"Meter {self.address}: phases, multiplier, load or answer length are not possible.")
        if len(self.opening_wh) != RATES or any(wh < 0 or wh % 10 for wh in self.opening_wh):
            raise BadEstate(f"Meter {self.address}: give {RATES} opening registers, each in steps of 10 Wh.")

    @property
    def delay_ms(self) -> int:
        """This property will be Td, the time from a request to the reply, in ms."""
        return draw_between(*REPLY_DELAY_MS, self.seed, 0xDE1A) if self.reply_delay_ms is None else self.reply_delay_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSpec:
    """One RS-485 line behind one TCP port of a gateway; port 0 lets the system choose."""

    name: str
    baud: int
    meters: tuple[MeterSpec, ...]
    port: int = 0

    def __post_init__(self) -> None:
        addresses = [meter.address for meter in self.meters]
        if self.baud not in BAUDS:
            raise BadEstate(f"Bus {self.name}: {self.baud} baud is not a rate of the standard.")
        if len(addresses) > METERS_ON_BUS_MAX or len(set(addresses)) < len(addresses):
            raise BadEstate(f"Bus {self.name}: more than {METERS_ON_BUS_MAX} meters, or one address twice.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySpec:
    """A box in a distribution room with one or more buses."""

    name: str
    buses: tuple[BusSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualEstate:
    """All there is. Loads begin at the start of ``first_day`` in ``zone``; bus names are unique over all gateways."""

    zone: str
    first_day: date
    gateways: tuple[GatewaySpec, ...]
    rates: RateSchedule = DEFAULT_RATES
    host: str = "127.0.0.1"
    seed: int = 1

    def __post_init__(self) -> None:
        names = [bus.name for bus in self.buses()]
        addresses = [meter.address for bus in self.buses() for meter in bus.meters]
        if len(set(names)) < len(names) or len(set(addresses)) < len(addresses):
            raise BadEstate("A bus name or a meter address stands twice in the estate.")

    def buses(self) -> tuple[BusSpec, ...]:
        """This method will return all buses of all gateways."""
        return tuple(bus for gateway in self.gateways for bus in gateway.buses)

    def load_of(self, meter: MeterSpec) -> Load:
        """This method will return the load behind a meter."""
        return Load(
            kind=meter.kind,
            mean_w=meter.mean_w,
            seed=meter.seed,
            zone=ZoneInfo(self.zone),
            first_day=self.first_day,
            rates=self.rates,
        )

    def to_json(self) -> str:
        """This method will write the estate, passwords included: keep the file as private as they are."""
        return json.dumps(asdict(self), default=str, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """This method will read what ``to_json`` wrote."""
        try:
            raw = json.loads(text)
            return cls(
                zone=raw["zone"],
                first_day=date.fromisoformat(raw["first_day"]),
                gateways=tuple(_gateway(gateway) for gateway in raw["gateways"]),
                rates=RateSchedule(tuple((minute, rate) for minute, rate in raw["rates"]["steps"])),
                host=raw["host"],
                seed=raw["seed"],
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadEstate(f"This is not a virtual estate: {error}.") from None


def save(estate: VirtualEstate, *, path: Path) -> None:
    """This function will write the estate to a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(estate.to_json(), encoding="utf-8")


def load(path: Path) -> VirtualEstate:
    """This function will read an estate from a file."""
    return VirtualEstate.from_json(path.read_text(encoding="utf-8"))


def _gateway(raw: dict[str, Any]) -> GatewaySpec:
    return GatewaySpec(name=raw["name"], buses=tuple(_bus(bus) for bus in raw["buses"]))


def _bus(raw: dict[str, Any]) -> BusSpec:
    return BusSpec(**raw | {"meters": tuple(_meter(meter) for meter in raw["meters"])})


def _meter(raw: dict[str, Any]) -> MeterSpec:
    return MeterSpec(**raw | {"kind": LoadKind(raw["kind"]), "opening_wh": tuple(raw["opening_wh"])})
