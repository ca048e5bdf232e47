"""What the room of payments gives: frozen, without a table behind them."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date


@dataclass(frozen=True, slots=True)
class PayingAccount:
    """An account whose row is locked, with its bucket of cash. ``accrued`` is use that no entry has charged yet."""

    account_id: int
    account_public_id: UUID
    number: str
    site_id: int
    site_code: str
    book_id: int
    ledger_account_id: int
    ledger_balance: Money
    accrued: Money
    allowed_credit: Money
    zone: ZoneInfo

    @property
    def balance(self) -> Money:
        """This property will hold what the party owns now."""
        return self.ledger_balance - self.accrued

    def local_date(self, now: datetime) -> date:
        """This method will return the site's day."""
        return local_date(now, self.zone)


@dataclass(frozen=True, slots=True)
class Trade:
    """Money about to be written down. Only (channel, merchant, trade_no) says that it was written before."""

    kind: str
    amount: Money
    channel: str
    trade_no: str
    till: str = ""
    merchant: str = ""

    @property
    def cause_key(self) -> str:
        """This property will hold the key of its entry; what the desk takes has one key whatever the channel."""
        return f"{self.kind}:{f'{self.channel}:{self.merchant}' if self.merchant else 'desk'}:{self.trade_no}"

    @property
    def point(self) -> str:
        """This property will hold the till, or else the channel, that numbers its papers."""
        return self.till or self.channel


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment as lists and pages show it. ``refund`` payments are money given back."""

    id: int
    public_id: UUID
    kind: str
    channel: str
    trade_no: str
    amount: Money
    received_at: datetime
    till: str
    cashier: str
    account_id: int | None
    account_public_id: UUID | None
    account_number: str
    site_id: int
    document_public_id: UUID | None
    number_text: str
    entry_id: int | None
    reversed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Takings:
    """What came in and went out on a site's day by one channel at one cashier. Reversed trades are told apart."""

    channel: str
    till: str
    cashier: str
    count: int
    taken: Money
    refunded: Money
    reversed: Money


@dataclass(frozen=True, slots=True)
class PaymentResult:
    """A payment that stands in the books. ``created`` is False when the same trade was taken before."""

    payment_public_id: UUID
    receipt_number: str
    document_public_id: UUID
    amount: Money
    balance_after: Money
    created: bool


@dataclass(frozen=True, slots=True)
class ClearingResult:
    """A balance that was brought to zero. ``amount`` is what the entry moved, below zero when money was taken off."""

    document_number: str
    document_public_id: UUID
    amount: Money
    created: bool
