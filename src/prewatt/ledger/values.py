"""What the ledger takes and gives: frozen, without a table behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from typing_extensions import override

from prewatt.kernel.money import Money
from prewatt.ledger.documents import check_code


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One leg to post. What a party owns is positive on its account."""

    ledger_account_id: int
    amount: Money


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry to post. ``inputs`` are the facts it was made from: same key, same inputs, same answer."""

    kind: str
    cause_key: str
    inputs: Mapping[str, Any]
    occurred_at: datetime
    booking_date: date
    postings: Sequence[PostingLine]
    reverses: int | None = None
    memo: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryResult:
    """The entry of a cause, and whether this call made it."""

    entry_id: int
    created: bool


@dataclass(frozen=True, slots=True)
class PartyState:
    """A locked party account. Amounts are minor units of ``currency``."""

    ledger_account_id: int
    book_id: int
    currency: str
    balance_minor: int
    last_seq: int
    floor_minor: int | None

    @property
    def balance(self) -> Money:
        """This property will hold the balance as money."""
        return Money(self.balance_minor, self.currency)


@dataclass(frozen=True, slots=True)
class PostingRow:
    """A line of a party's ledger, as its page shows it."""

    id: int
    entry_id: int
    ledger_account_id: int
    kind: str
    cause_key: str
    seq: int
    amount: Money
    balance_after: Money
    occurred_at: datetime
    booking_date: date
    memo: dict[str, Any]
    reverses: int | None
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class DocumentValue:
    """An issued paper. ``number_text`` is what is printed, as ``R-2027-T1-000123``."""

    id: int
    public_id: UUID
    number_text: str
    kind: str
    issued_at: datetime
    content: dict[str, Any]
    voided_at: datetime | None = None
    subject: tuple[str, str] = ("", "")
    entry_id: int | None = None
    content_hash: str = ""

    @property
    def check(self) -> str:
        """This property will hold the code that is printed beside the number."""
        return check_code(self.content_hash)


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A paper about to be issued: its subject as (kind, id), what it says, and the entry that it is about."""

    subject: tuple[str, str]
    content: Mapping[str, Any]
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """An issued paper in a list. What its content does not name is empty."""

    id: int
    public_id: UUID
    number_text: str
    kind: str
    issued_at: datetime
    voided_at: datetime | None
    account_public_id: UUID | None
    account: str
    customer: str
    amount: Money | None


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers of a series that were drawn within some time. ``missing`` is 0: numbers have no gaps."""

    kind: str
    point: str
    first: str
    last: str
    count: int
    void: int
    missing: int


@dataclass(frozen=True, slots=True)
class Booking:
    """What an entry moved on a party's account. ``origin`` is the kind of the entry that it reverses."""

    entry_id: int
    kind: str
    origin: str
    occurred_at: datetime
    booking_date: date
    memo: dict[str, Any]
    amount: Money


@dataclass(frozen=True, slots=True)
class AccountBookings:
    """What was booked on a party's account within some days, and how it stood before."""

    opening: Money
    bookings: tuple[Booking, ...]

    @property
    def closing(self) -> Money:
        """This property will hold how the account stood after those days."""
        return sum((one.amount for one in self.bookings), self.opening)


@dataclass(frozen=True, slots=True)
class SealResult:
    """A sealed day."""

    book_id: int
    day: date
    entries: int
    seal: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not add up. ``kind`` is stable; amounts are minor units, or counts."""

    kind: str
    subject: str
    expected: str
    found: str

    @override
    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}: expected {self.expected}, found {self.found}"
