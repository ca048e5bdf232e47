"""What the house already knows of a site, as values: an import is checked against it before anything is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class KnownSite:
    """What can no longer change."""

    organisation: str
    time_zone: str
    currency: str
    first_day: date


@dataclass(frozen=True, slots=True)
class KnownInstallation:
    """The meter that hangs on a point, and the facts that readings stand on."""

    meter: tuple[str, str]
    bus: tuple[str, int]
    address: str
    multiplier: int
    opened_at: datetime
    opening_total_wh: int
    opening_rates_wh: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """Whose an account is, and how it pays."""

    customer: str
    payment_mode: str


@dataclass(frozen=True, slots=True)
class KnownTenancy:
    """Who pays for a point, by which tariff, since when."""

    account: str
    tariff: str
    from_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """Everything by the codes that people use; empty for a site that is not there yet."""

    site: KnownSite | None = None
    buses: frozenset[tuple[str, int]] = frozenset()
    installations: Mapping[str, KnownInstallation] = field(default_factory=dict)
    meters_elsewhere: Mapping[tuple[str, str], str] = field(default_factory=dict)
    points: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    accounts: Mapping[str, KnownAccount] = field(default_factory=dict)
    tenancies: Mapping[str, KnownTenancy] = field(default_factory=dict)
    tariffs: Mapping[tuple[str, date], Mapping[str, object]] = field(default_factory=dict)
    opening_balances: Mapping[str, int] = field(default_factory=dict)


NOTHING_KNOWN = Known()
