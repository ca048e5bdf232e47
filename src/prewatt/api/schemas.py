"""What machines send and get. Ids are opaque, times RFC 3339 in UTC, money a text with its currency, energy in Wh."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self, TypeVar
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from prewatt.kernel.money import Money
from prewatt.ledger.values import PostingRow
from prewatt.metering.queries.readings import ReadingRow
from prewatt.payments.values import PaymentResult
from prewatt.supply.meter_list import MeterRow
from prewatt.supply.queries import CommandRow
from prewatt.tenancy.values import AccountFacts

When = TypeVar("When", date, datetime)
_YEARS: Final = range(2000, 2200)


def _within_reach(when: When) -> When:
    if when.year not in _YEARS:
        raise ValueError(f"the year must be {_YEARS[0]} to {_YEARS[-1]}")
    return when


Instant = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Day = Annotated[date, AfterValidator(_within_reach)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["CNY"])]


def known(*values: str) -> Any:
    """This function will describe a word of a list that may grow: a reader must take one that it does not know."""
    return Field(
        description=f"One of {', '.join(values)}. Others may be added within v1",
        json_schema_extra={"x-extensible-enum": list(values)},
    )


class Strict(Schema):
    """A body whose every field is known."""

    model_config = ConfigDict(extra="forbid")


class MoneyOut(Schema):
    """An amount of money: a decimal text, and its currency by ISO 4217."""

    amount: str = Field(examples=["352.60"])
    currency: Currency

    @classmethod
    def of(cls, money: Money) -> Self:
        """This method will write money for a machine."""
        amount, _, currency = str(money).partition(" ")
        return cls(amount=amount, currency=currency)


class FieldProblem(Schema):
    """One field of a request that cannot be taken."""

    where: str = Field(examples=["body.amount"])
    detail: str


class ProblemOut(Schema):
    """An error, as RFC 9457 describes it. ``code`` is stable; ``detail`` says what went wrong and how to mend it."""

    type: str = Field(default="about:blank")
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] = Field(default_factory=list)


class PointOut(Schema):
    """A metering point: the place that is billed."""

    id: UUID
    code: str = Field(examples=["1#-307"])
    building: str


class AccountOut(Schema):
    """An account. ``balance`` = ``ledger_balance`` − ``accrued``; ``available`` = ``balance`` + ``allowed_credit``."""

    id: UUID
    number: str
    state: Annotated[str, known("open", "closed")]
    payment_mode: Annotated[str, known("prepaid", "own_use")]
    customer: str
    site: UUID
    ledger_balance: MoneyOut
    accrued: MoneyOut = Field(description="Used since the last day close; not yet an entry of the ledger")
    balance: MoneyOut
    allowed_credit: MoneyOut
    available: MoneyOut
    empties_at: datetime | None = Field(description="When it will be used up, by recent use; null: not known")
    points: list[PointOut]

    @classmethod
    def of(cls, facts: AccountFacts) -> Self:
        """This method will write an account for a machine."""
        return cls.model_validate(
            {
                "id": facts.public_id,
                "number": facts.number,
                "state": facts.state,
                "payment_mode": facts.payment_mode,
                "customer": facts.customer_name,
                "site": facts.site_public_id,
                "ledger_balance": MoneyOut.of(facts.ledger_balance),
                "accrued": MoneyOut.of(facts.accrued),
                "balance": MoneyOut.of(facts.balance),
                "allowed_credit": MoneyOut.of(facts.allowed_credit),
                "available": MoneyOut.of(facts.available),
                "empties_at": facts.empties_at,
                "points": [
                    PointOut(id=one.point_public_id, code=one.code, building=one.building)
                    for one in facts.points
                    if one.to_at is None
                ],
            }
        )


class AccountsOut(Schema):
    """A page of accounts."""

    items: list[AccountOut]
    next_cursor: str | None


class LedgerLineOut(Schema):
    """One posting on an account. It is never changed; what was wrong is reversed by another."""

    seq: int = Field(description="Its place in the account's ledger, without gaps")
    kind: str = Field(examples=["top_up"])
    amount: MoneyOut
    balance_after: MoneyOut
    occurred_at: datetime
    booking_date: date
    is_reversal: bool
    is_reversed: bool

    @classmethod
    def of(cls, row: PostingRow) -> Self:
        """This method will write a posting for a machine."""
        return cls(
            seq=row.seq, kind=row.kind, amount=MoneyOut.of(row.amount), balance_after=MoneyOut.of(row.balance_after),
            occurred_at=row.occurred_at, booking_date=row.booking_date, is_reversal=row.reverses is not None,
            is_reversed=row.is_reversed,
        )  # fmt: skip


class LedgerOut(Schema):
    """A page of an account's ledger, the newest first."""

    items: list[LedgerLineOut]
    next_cursor: str | None


class TopUpIn(Strict):
    """Money that was received for an account, through your own counter or payment channel."""

    amount: str = Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$", examples=["300.00"], description="Above zero")
    currency: Currency
    channel: Literal["cash", "card", "transfer"]


class TopUpOut(Schema):
    """A top-up that stands in the ledger. Power comes back when the relay has proved it: see the account's meters."""

    payment: UUID
    receipt_number: str
    document: UUID
    amount: MoneyOut
    balance_after: MoneyOut

    @classmethod
    def of(cls, result: PaymentResult) -> Self:
        """This method will write a payment for a machine."""
        return cls(
            payment=result.payment_public_id, receipt_number=result.receipt_number,
            document=result.document_public_id, amount=MoneyOut.of(result.amount),
            balance_after=MoneyOut.of(result.balance_after),
        )  # fmt: skip


class RegistersOut(Schema):
    """Registers in Wh as the meter shows them, before the multiplier."""

    read_at: datetime
    total_wh: int
    rates_wh: list[int] = Field(description="T1, T2, …; empty where the meter has none")


class MeterOut(Schema):
    """A meter on its point. ``desired`` is a wish; ``reported`` is what the relay last proved, at ``proven_at``."""

    id: UUID
    serial: str
    maker: str
    address: str
    multiplier: int
    point: PointOut
    desired: Annotated[str, known("on", "off")] | None = Field(description="null: nothing can disconnect here")
    reported: Annotated[str, known("on", "off", "unknown")] | None
    proven_at: datetime | None
    communication: Annotated[str, known("online", "degraded", "lost")]
    last_answer_at: datetime | None
    last_reading: RegistersOut | None

    @classmethod
    def of(cls, row: MeterRow) -> Self:
        """This method will write a meter for a machine."""
        registers = None
        if row.read_at is not None and row.total_wh is not None:
            registers = RegistersOut(read_at=row.read_at, total_wh=row.total_wh, rates_wh=list(row.rates_wh))
        return cls.model_validate(
            {
                "id": row.public_id,
                "serial": row.serial,
                "maker": row.maker,
                "address": row.address,
                "multiplier": row.multiplier,
                "point": PointOut(id=row.point_public_id, code=row.point, building=row.building),
                "desired": row.desired,
                "reported": row.reported,
                "proven_at": row.proven_at,
                "communication": row.comm,
                "last_answer_at": row.last_ok_at,
                "last_reading": registers,
            }
        )


class MetersOut(Schema):
    """A page of meters."""

    items: list[MeterOut]
    next_cursor: str | None


class ReadingOut(Schema):
    """One answer of a meter. Only ``accepted`` ones are charged; ``quarantined`` ones wait for a person."""

    read_at: datetime
    kind: Annotated[str, known("scheduled", "daily", "opening", "closing", "on_demand")]
    meter_at: datetime | None = Field(description="The meter's own clock, when it was read")
    received_at: datetime
    total_wh: int
    rates_wh: list[int]
    quality: Annotated[str, known("accepted", "quarantined", "rejected")]
    cause: str = Field(description="Why it was held back; empty when it was not")

    @classmethod
    def of(cls, row: ReadingRow) -> Self:
        """This method will write a reading for a machine."""
        return cls.model_validate(
            {
                "read_at": row.read_at,
                "kind": row.kind,
                "meter_at": row.meter_at,
                "received_at": row.received_at,
                "total_wh": row.total_wh,
                "rates_wh": list(row.rates_wh),
                "quality": row.quality,
                "cause": row.cause,
            }
        )


class ReadingsWanted(Schema):
    """Which readings of a meter: from ``from_at`` (in) to ``to_at`` (out)."""

    from_at: Instant | None = Field(default=None, description="RFC 3339, with its offset")
    to_at: Instant | None = Field(default=None, description="RFC 3339, with its offset")
    cursor: str | None = Field(default=None, max_length=200, description="next_cursor of the page before")
    limit: int = Field(default=100, ge=1, le=200, description="Rows to a page")


class ReadingsOut(Schema):
    """A page of readings, the newest first."""

    items: list[ReadingOut]
    next_cursor: str | None


class CommandOut(Schema):
    """A wish sent to a relay. Only ``verified`` means that the relay proved it. Its times are machine time."""

    id: UUID
    point: UUID
    wanted: str = Field(examples=["on"])
    cause: str
    state: Annotated[str, known("queued", "sent", "acknowledged", "verified", "failed", "expired", "voided")]
    tries: int
    error: str
    queued_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    deadline: datetime

    @classmethod
    def of(cls, row: CommandRow) -> Self:
        """This method will write a command for a machine."""
        return cls.model_validate(
            {
                "id": row.public_id,
                "point": row.point_public_id,
                "wanted": row.wanted,
                "cause": row.cause,
                "state": row.state,
                "tries": row.tries,
                "error": row.error,
                "queued_at": row.queued_at,
                "sent_at": row.sent_at,
                "acknowledged_at": row.acknowledged_at,
                "ended_at": row.ended_at,
                "deadline": row.deadline,
            }
        )


class CommandsOut(Schema):
    """The latest commands to a meter's relay, the newest first."""

    items: list[CommandOut]
