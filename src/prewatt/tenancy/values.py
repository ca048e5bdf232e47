"""What the services of tenancy take, and what its queries answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from prewatt.kernel.money import Money


@dataclass(frozen=True, slots=True)
class CustomerSpec:
    """Whom the operator sells to."""

    code: str
    name: str
    kind: str = "company"
    phone: str = ""
    email: str = ""
    tax_no: str = ""
    language: str = "zh-hans"


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account of a customer at a site. Amounts in minor units of its currency."""

    number: str
    customer: str
    payment_mode: str = "prepaid"
    allowed_credit: int = 0
    level_1: int | None = None
    level_2: int | None = None


@dataclass(frozen=True, slots=True)
class TenancySpec:
    """An account takes over a metering point at an instant."""

    account: str
    point: str
    from_at: datetime


@dataclass(frozen=True, slots=True)
class AccountPoint:
    """A metering point that an account pays for, since when and until when."""

    point_id: int
    point_public_id: UUID
    code: str
    building: str
    tenancy_id: int
    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """A customer: who pays for accounts."""

    public_id: UUID
    code: str
    kind: str
    name: str
    phone: str
    email: str
    tax_no: str
    language: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account with its three numbers: balance = ledger balance − accrued; available = balance + allowed credit."""

    id: int
    public_id: UUID
    number: str
    payment_mode: str
    state: str
    currency: str
    site_id: int
    site_public_id: UUID
    site_name: str
    customer_public_id: UUID
    customer_name: str
    customer_kind: str
    phone: str
    email: str
    language: str
    ledger_account_ids: tuple[int, ...]
    ledger_balance: Money
    accrued: Money
    allowed_credit: Money
    daily_cost: Money | None
    empties_at: datetime | None
    level_1: int | None
    level_2: int | None
    points: tuple[AccountPoint, ...]

    @property
    def balance(self) -> Money:
        """This property will hold what the party owns now, with today's use taken off."""
        return self.ledger_balance - self.accrued

    @property
    def available(self) -> Money:
        """This property will hold what may still be used before the supply is in question."""
        return self.balance + self.allowed_credit

    @property
    def rooms(self) -> str:
        """This property will hold the rooms in use, as people say them."""
        return ", ".join(point.code for point in self.points if point.to_at is None)


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Some accounts, and the cursor that leads to those after them, or None."""

    accounts: tuple[AccountFacts, ...]
    next_cursor: UUID | None


@dataclass(frozen=True, slots=True)
class SharedAccount:
    """An account as a login sees it in the portal, and what it may do there: ``viewer``, ``payer`` or ``owner``."""

    account_id: int
    public_id: UUID
    number: str
    state: str
    payment_mode: str
    currency: str
    site_id: int
    site_name: str
    time_zone: str
    customer: str
    rooms: tuple[str, ...]
    share_public_id: UUID
    role: str

    @property
    def may_pay(self) -> bool:
        """This property will tell whether the login may pay for the account."""
        return is_role_enough(held=self.role, needed="payer")

    @property
    def is_owner(self) -> bool:
        """This property will tell whether the login may do with the account whatever its customer may."""
        return self.role == "owner"

    @property
    def rooms_text(self) -> str:
        """This property will hold the rooms in use, as people say them."""
        return ", ".join(self.rooms)


ROLES: Final = ("viewer", "payer", "owner")


def is_role_enough(*, held: str, needed: str) -> bool:
    """This function will tell whether a role in sharing allows what another does. Raises ValueError for no role."""
    return ROLES.index(held) >= ROLES.index(needed)


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A login that an account is shared with, since when (machine time)."""

    public_id: UUID
    user_id: int
    name: str
    phone: str
    email: str
    role: str
    from_at: datetime
    invited_by: str


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation and how it stands: ``open``, ``accepted``, ``ended`` or ``expired``. Machine time."""

    public_id: UUID
    account_id: int
    role: str
    name: str
    recipient: str
    language: str
    state: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
