"""Customers, money, papers and use, as machines send and get them."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import Field

from prewatt.api.schemas import Currency, MoneyOut, Strict, known
from prewatt.ledger.values import DocumentLine, DocumentValue
from prewatt.payments.online import OrderLine
from prewatt.payments.values import ClearingResult, PaymentLine, PaymentResult
from prewatt.rating.bands import Band
from prewatt.tenancy.values import CustomerLine
from prewatt.usecases.see_months import MonthLine
from prewatt.usecases.see_usage import UsageView

Reason = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$", description="Why; it is kept")]
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-11"])]


class CustomerOut(Schema):
    """A customer: who pays for accounts."""

    id: UUID
    code: str
    kind: str
    name: str
    phone: str
    email: str
    tax_no: str
    language: str

    @classmethod
    def of(cls, row: CustomerLine) -> Self:
        """This method will write a customer for a machine."""
        return cls(
            id=row.public_id, code=row.code, kind=row.kind, name=row.name, phone=row.phone, email=row.email,
            tax_no=row.tax_no, language=row.language,
        )  # fmt: skip


class CustomersOut(Schema):
    """A page of customers."""

    items: list[CustomerOut]
    next_cursor: str | None


class PaymentOut(Schema):
    """Money that came in or went back, and its paper."""

    id: UUID
    kind: Annotated[str, known("top_up", "refund")]
    channel: str
    trade_no: str
    amount: MoneyOut
    received_at: datetime
    till: str
    taken_by: str
    account: UUID | None
    account_number: str
    document: UUID | None
    number: str = Field(description="The receipt's number")
    reversed_at: datetime | None

    @classmethod
    def of(cls, row: PaymentLine) -> Self:
        """This method will write a payment for a machine."""
        return cls(
            id=row.public_id, kind=row.kind, channel=row.channel, trade_no=row.trade_no,
            amount=MoneyOut.of(row.amount), received_at=row.received_at, till=row.till, taken_by=row.cashier,
            account=row.account_public_id, account_number=row.account_number, document=row.document_public_id,
            number=row.number_text, reversed_at=row.reversed_at,
        )  # fmt: skip


class PaymentsOut(Schema):
    """A page of payments, the newest first."""

    items: list[PaymentOut]
    next_cursor: str | None


class OrderOut(Schema):
    """An online order and how far it came. ``expires_at`` is machine time."""

    id: UUID
    order_no: str
    account: UUID
    account_number: str
    channel: str
    way: str
    amount: MoneyOut
    state: str
    trade_no: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    credited_at: datetime | None
    ended_at: datetime | None
    error: str
    payment: UUID | None

    @classmethod
    def of(cls, row: OrderLine) -> Self:
        """This method will write an order for a machine."""
        return cls(
            id=row.public_id, order_no=row.order_no, account=row.account_public_id, account_number=row.account_number,
            channel=row.channel, way=row.way, amount=MoneyOut.of(row.amount), state=row.state, trade_no=row.trade_no,
            created_at=row.created_at, expires_at=row.expires_at, paid_at=row.paid_at, credited_at=row.credited_at,
            ended_at=row.ended_at, error=row.error, payment=row.payment_public_id,
        )  # fmt: skip


class OrdersOut(Schema):
    """A page of orders, the newest first."""

    items: list[OrderOut]
    next_cursor: str | None


class ReasonIn(Strict):
    """Why something is done."""

    reason: Reason


class RefundIn(Strict):
    """Money to give back: at most the balance."""

    amount: str = Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$", examples=["300.00"], description="Above zero")
    currency: Currency
    channel: Literal["cash", "card", "transfer"]
    reason: Reason


class BookedOut(Schema):
    """A refund or a reversal that stands in the ledger, and its paper."""

    payment: UUID
    document: UUID
    number: str
    amount: MoneyOut
    balance_after: MoneyOut

    @classmethod
    def of(cls, result: PaymentResult) -> Self:
        """This method will write a result for a machine."""
        return cls(
            payment=result.payment_public_id, document=result.document_public_id, number=result.receipt_number,
            amount=MoneyOut.of(result.amount), balance_after=MoneyOut.of(result.balance_after),
        )  # fmt: skip


class ClosedOut(Schema):
    """An account that was closed."""

    account: UUID
    state: Annotated[str, known("closed")]


class ClearedOut(Schema):
    """A balance that was brought to zero: ``amount`` is what was posted."""

    document: UUID
    number: str
    amount: MoneyOut

    @classmethod
    def of(cls, result: ClearingResult) -> Self:
        """This method will write a result for a machine."""
        return cls(
            document=result.document_public_id, number=result.document_number, amount=MoneyOut.of(result.amount)
        )  # fmt: skip


class PaperOut(Schema):
    """An issued paper. A void one keeps its number."""

    id: UUID
    number: str
    kind: Annotated[str, known("receipt", "refund", "reversal", "clearing", "statement", "agreement")]
    issued_at: datetime
    voided_at: datetime | None
    account: UUID | None
    account_number: str
    customer: str
    amount: MoneyOut | None

    @classmethod
    def of(cls, row: DocumentLine) -> Self:
        """This method will write a paper for a machine."""
        return cls(
            id=row.public_id, number=row.number_text, kind=row.kind, issued_at=row.issued_at, voided_at=row.voided_at,
            account=row.account_public_id, account_number=row.account, customer=row.customer,
            amount=None if row.amount is None else MoneyOut.of(row.amount),
        )  # fmt: skip


class PapersOut(Schema):
    """A page of papers, the newest first."""

    items: list[PaperOut]
    next_cursor: str | None


class StatementIn(Strict):
    """The month whose statement is wanted; it must be over and sealed."""

    month: Month


class IssuedOut(Schema):
    """A paper that is issued."""

    id: UUID
    number: str
    kind: str

    @classmethod
    def of(cls, document: DocumentValue) -> Self:
        """This method will write a paper for a machine."""
        return cls(id=document.public_id, number=document.number_text, kind=document.kind)


class DayUsageOut(Schema):
    """What was used on a local day, by band, in Wh. null: nothing is known of it."""

    day: date
    total_wh: int | None
    bands_wh: dict[str, int | None] = Field(examples=[{"peak": 1200, "valley": 800}])


class UsageOut(Schema):
    """Use by local day, the oldest first; the last is today and not over."""

    items: list[DayUsageOut]

    @classmethod
    def of(cls, view: UsageView) -> Self:
        """This method will write use for a machine."""
        items = []
        for at, day in enumerate(view.labels):
            bands = {Band(band).code: values[at] for band, values in view.bands.items()}
            known_wh = [wh for wh in bands.values() if wh is not None]
            items.append(DayUsageOut(day=day, total_wh=sum(known_wh) if known_wh else None, bands_wh=bands))
        return cls(items=items)


class MonthOut(Schema):
    """A month that is paid ahead. Until it is settled ``paid`` and ``used`` are what there is by now."""

    account: UUID
    account_number: str
    month: date
    state: Annotated[str, known("requested", "settled", "closed")]
    estimate: MoneyOut | None
    requested: MoneyOut
    due_on: date | None
    paid: MoneyOut
    used: MoneyOut
    closing: MoneyOut
    surplus: MoneyOut
    shortfall: MoneyOut
    surplus_way: str
    document: UUID | None
    number: str

    @classmethod
    def of(cls, row: MonthLine) -> Self:
        """This method will write a month for a machine."""
        return cls(
            account=row.account_public_id, account_number=row.account, month=row.month, state=row.state,
            estimate=None if row.estimate is None else MoneyOut.of(row.estimate), requested=MoneyOut.of(row.requested),
            due_on=row.due_on, paid=MoneyOut.of(row.paid), used=MoneyOut.of(row.used),
            closing=MoneyOut.of(row.closing), surplus=MoneyOut.of(row.surplus), shortfall=MoneyOut.of(row.shortfall),
            surplus_way=row.surplus_way, document=row.document_public_id, number=row.number_text,
        )  # fmt: skip


class MonthsOut(Schema):
    """Months that are paid ahead."""

    items: list[MonthOut]
