"""An estate as values: what a workbook says, and what the demo says, before anything is checked or stored.

Every row knows its line in the workbook (``row``; 0 when it did not come from one), so that a problem can be named.
Instants are aware, registers are Wh as the meter shows them, money is minor units of the site's currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

BAUDS = (1200, 2400, 4800, 9600, 19200)
METERS_A_BUS_MAX = 32
PARITIES = ("E", "N", "O")


@dataclass(frozen=True, slots=True)
class SiteRow:
    """The site: one operator, one calendar, one currency."""

    organisation: str
    code: str
    name: str
    time_zone: str
    currency: str
    operator_name: str
    first_day: date
    operator_tax_no: str = ""
    service_phone: str = ""
    read_interval_s: int = 900
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A date that is not what its weekday says. ``kind``: holiday or workday."""

    date: date
    kind: str
    name: str = ""
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class BusRow:
    """One RS-485 line behind a TCP port of a gateway; a gateway with four lines has four rows."""

    gateway: str
    address: str
    port: int
    baud: int = 2400
    parity: str = "E"
    name: str = ""
    building: str = ""
    floor: str = ""
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class MeterRow:
    """A unit, its metering point, the meter on it and the line that the meter hangs on.

    ``point`` is what people call the room, unique on the site; several points may share a unit.
    """

    building: str
    floor: str
    unit: str
    point: str
    serial: str
    gateway: str
    port: int
    address: str
    opened_at: datetime
    opening_total_wh: int
    opening_rates_wh: tuple[int, ...] = ()
    use: str = "tenant"
    rated_power_w: int = 10_000
    maker: str = ""
    profile: str = "dlt645-2007"
    phases: int = 1
    relay: str = "internal"
    register_digits: int = 6
    multiplier: int = 1
    password: str = field(default="", repr=False, compare=False)
    unit_name: str = ""
    area_dm2: int | None = None
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """Whom the operator sells to. ``kind``: company, person or operator."""

    code: str
    name: str
    kind: str = "company"
    phone: str = ""
    email: str = ""
    tax_no: str = ""
    language: str = "zh-hans"
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What a customer holds at the site. ``payment_mode``: prepaid or own_use. Levels None: the site's."""

    number: str
    customer: str
    payment_mode: str = "prepaid"
    allowed_credit: int = 0
    level_1: int | None = None
    level_2: int | None = None
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TenancyRow:
    """An account pays for a metering point by a tariff, from an instant on."""

    account: str
    point: str
    tariff: str
    from_at: datetime
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TariffRow:
    """A price plan from a local day on. ``definition`` is a ``rating.tariff.Tariff`` as JSON.

    ``programme_rows`` says in which line of the workbook a path within it stands: ``days.workday[2]`` in line 17.
    """

    code: str
    name: str
    effective_from: date
    definition: Mapping[str, Any]
    reference: str = ""
    programme_rows: Mapping[str, int] = field(default_factory=dict, compare=False)
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class OpeningBalanceRow:
    """What a party owned at the take-over, in minor units; negative is a debt."""

    account: str
    amount: int
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who stands for the opening balances: their sum as typed by hand, a name and the day."""

    total: int
    name: str
    date: date
    row: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class EstateSheet:
    """Everything that an import needs to know."""

    site: SiteRow
    calendar: tuple[CalendarRow, ...] = ()
    buses: tuple[BusRow, ...] = ()
    meters: tuple[MeterRow, ...] = ()
    customers: tuple[CustomerRow, ...] = ()
    accounts: tuple[AccountRow, ...] = ()
    tenancies: tuple[TenancyRow, ...] = ()
    tariffs: tuple[TariffRow, ...] = ()
    opening_balances: tuple[OpeningBalanceRow, ...] = ()
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the sheet that must be mended before it can be taken: where, what and how."""

    sheet: str
    row: int
    column: str
    message: str

    def to_text(self) -> str:
        """This method will return the problem as one line."""
        where = f"{self.sheet}, row {self.row}" if self.row else self.sheet
        return f"{where}, {self.column}: {self.message}" if self.column else f"{where}: {self.message}"
