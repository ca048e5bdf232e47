"""What the queries of online payment give: frozen, without a table behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from prewatt.kernel.money import Money


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as a screen may show it: never itself. Times are machine time."""

    id: int
    kind: str
    name: str
    serial: str
    fingerprint: str
    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class MerchantLine:
    """A merchant as lists and pages show it. Times are machine time."""

    public_id: UUID
    channel: str
    merchant_no: str
    app_id: str
    name: str
    gateway_url: str
    currency: str
    options: Mapping[str, str]
    state: str
    is_default: bool
    scope: str
    site: str
    notify_path: str
    tested_at: datetime | None
    test_ok: bool | None
    test_note: str
    keys: tuple[KeyLine, ...]


@dataclass(frozen=True, slots=True)
class MerchantChoice:
    """A way to pay an account that a tenant may choose."""

    public_id: UUID
    channel: str
    name: str
    ways: tuple[str, ...]
    is_default: bool


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order as a list shows it. ``expires_at`` is machine time."""

    id: int
    public_id: UUID
    order_no: str
    account_public_id: UUID
    account_number: str
    customer: str
    channel: str
    merchant: str
    way: str
    amount: Money
    state: str
    trade_no: str
    asked_by: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    credited_at: datetime | None
    ended_at: datetime | None
    error: str
    payment_public_id: UUID | None


@dataclass(frozen=True, slots=True)
class CallbackLine:
    """A call-back that came, and how often. Times are machine time."""

    channel: str
    merchant: str
    verdict: str
    trade_no: str
    order_no: str
    times: int
    first_at: datetime
    last_at: datetime
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class UnmatchedLine:
    """Money in suspense. ``account_public_id`` is the account of the order that it named, if there is one."""

    id: int
    public_id: UUID
    channel: str
    merchant: str
    trade_no: str
    order_no: str
    amount: Money
    reason: str
    source: str
    state: str
    received_at: datetime
    payer_hint: str
    account_public_id: UUID | None
    account_number: str
    settled_at: datetime | None
    settled_by: str
    note: str


@dataclass(frozen=True, slots=True)
class RefundLine:
    """A refund as lists and pages show it. ``left`` is what could still be given back of its payment."""

    id: int
    public_id: UUID
    refund_no: str
    channel: str
    trade_no: str
    amount: Money
    paid: Money
    state: str
    reason: str
    note: str
    error: str
    asked_by: str
    asked_by_id: int
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    ended_at: datetime | None
    account_public_id: UUID | None
    account_number: str
    payment_public_id: UUID | None
    document_public_id: UUID | None


@dataclass(frozen=True, slots=True)
class StatementSummary:
    """A merchant's day. Counts and sums are of the lines that the provider gave; ``open`` is what still differs."""

    public_id: UUID
    channel: str
    merchant: str
    merchant_public_id: UUID
    day: date
    source: str
    state: str
    read_at: datetime | None
    error: str
    payments: int
    refunds: int
    gross: Money
    refunded: Money
    fees: Money
    missing_here: int
    missing_there: int
    other_amount: int
    open: int

    @property
    def settled(self) -> Money:
        """This property will hold what should reach the bank for the day."""
        return self.gross - self.refunded - self.fees


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """A line of a statement that differs from our books, and what became of it."""

    public_id: UUID
    kind: str
    difference: str
    trade_no: str
    order_no: str
    refund_no: str
    amount: Money
    our_amount: Money | None
    provider_at: datetime | None
    account_public_id: UUID | None
    account_number: str
    resolved_at: datetime | None
    resolved_by: str
    how: str
    note: str
