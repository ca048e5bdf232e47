"""What the services of the estate take: plain values, named by codes that people use."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from prewatt.estate.secrets import MeterPassword

_BASEMENT = re.compile(r"(?:B|-)(\d+)", re.IGNORECASE)
_FIGURES = re.compile(r"\d+")
LAST = 9_999


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """A site. Time zone, currency and first day are for ever: books and positions stand on them."""

    code: str
    name: str
    time_zone: str
    currency: str
    operator_name: str
    first_day: date
    operator_tax_no: str = ""
    service_phone: str = ""
    read_interval_s: int = 900


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """A unit within a floor within a building."""

    building: str
    floor: str
    unit: str
    name: str = ""
    area_dm2: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """This property will hold the codes that find the unit on its site."""
        return self.building, self.floor, self.unit


@dataclass(frozen=True, slots=True)
class PointSpec:
    """A metering point in a unit."""

    code: str
    unit: tuple[str, str, str]
    use: str
    rated_power_w: int


@dataclass(frozen=True, slots=True)
class BusSpec:
    """One line behind a TCP port of a gateway. ``place``: building and floor of the box, or empty."""

    gateway: str
    address: str
    port: int
    baud: int
    parity: str
    name: str = ""
    place: tuple[str, str] = ("", "")

    @property
    def key(self) -> tuple[str, int]:
        """This property will hold what finds the line on its site."""
        return self.gateway, self.port


@dataclass(frozen=True, slots=True)
class MeterSpec:
    """A device. A password None leaves the sealed one as it is."""

    maker: str
    serial: str
    profile: str
    phases: int
    relay_kind: str
    register_digits: int
    password: MeterPassword | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """This property will hold what tells this meter from every other."""
        return self.maker, self.serial


@dataclass(frozen=True, slots=True)
class InstallationSpec:
    """A meter hung on a point, at an address of a line, with the registers that it showed then, in Wh."""

    point: str
    meter: tuple[str, str]
    bus: tuple[str, int]
    address: str
    multiplier: int
    from_at: datetime
    opening_total_wh: int
    opening_rates_wh: tuple[int, ...] = ()


def floor_order(code: str, *, fallback: int) -> int:
    """This function will return where a floor stands: B2 is −2, 3F is 3; ``fallback`` without figures."""
    basement = _BASEMENT.match(code)
    if basement:
        return -int(basement[1])
    figures = _FIGURES.search(code)
    return int(figures[0]) if figures else fallback


def unit_order(code: str, *, fallback: int) -> int:
    """This function will return the place of a unit on its floor: its last figures, or ``fallback``."""
    figures = _FIGURES.findall(code)
    return int(figures[-1][-6:]) if figures else fallback


def first_seen(values: Sequence[str]) -> dict[str, int]:
    """This function will number values by their first appearance."""
    return {value: index for index, value in enumerate(dict.fromkeys(values))}
