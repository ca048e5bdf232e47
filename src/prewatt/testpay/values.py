"""Orders, refunds and call-backs on their way. Amounts in minor units, instants in Unix seconds (call-backs: ms)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class OrderState(StrEnum):
    """How an order stands. All but waiting are final, except that what is paid can be refunded."""

    WAITING = "waiting"
    PAID = "paid"
    FAILED = "failed"
    CLOSED = "closed"
    REFUNDED = "refunded"


class Choice(StrEnum):
    """What the visitor lets happen."""

    PAY = "pay"
    PAY_FIRST = "pay_first"
    PAY_TWICE = "pay_twice"
    PAY_LATE = "pay_late"
    PAY_SILENT = "pay_silent"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Order:
    """Money that a merchant asks for. ``token`` is the secret part of its page's address."""

    order_no: str
    merchant_no: str
    app_id: str
    amount: int
    currency: str
    subject: str
    notify_url: str
    return_url: str
    expires_at: int
    language: str
    trade_no: str
    token: str
    made_at: int
    state: OrderState = OrderState.WAITING
    paid_at: int | None = None
    payer: str = ""
    refunded: int = 0

    @property
    def key(self) -> str:
        """This property will hold what names the order at this provider."""
        return f"{self.merchant_no}/{self.order_no}"

    def to_wire(self) -> dict[str, Any]:
        """This method will return what the merchant is told."""
        return {
            "order_no": self.order_no,
            "trade_no": self.trade_no,
            "merchant_no": self.merchant_no,
            "app_id": self.app_id,
            "amount": self.amount,
            "currency": self.currency,
            "state": self.state,
            "paid_at": self.paid_at,
            "payer": self.payer,
            "refunded": self.refunded,
        }


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, wholly or in part. It takes effect at ``settles_at``."""

    refund_no: str
    order_no: str
    merchant_no: str
    trade_no: str
    refund_ref: str
    amount: int
    currency: str
    reason: str
    notify_url: str
    made_at: int
    settles_at: int
    fee: int

    @property
    def key(self) -> str:
        """This property will hold what names the refund at this provider."""
        return f"{self.merchant_no}/{self.refund_no}"

    def to_wire(self, *, now: int) -> dict[str, Any]:
        """This method will return what the merchant is told."""
        return {
            "refund_no": self.refund_no,
            "order_no": self.order_no,
            "trade_no": self.trade_no,
            "refund_ref": self.refund_ref,
            "amount": self.amount,
            "currency": self.currency,
            "state": "succeeded" if now >= self.settles_at else "pending",
        }


@dataclass(frozen=True, slots=True)
class Delivery:
    """A call-back on its way. ``left`` answers of success are still wanted; none left, or no patience: it is over."""

    event_id: str
    order_key: str
    url: str
    body: str
    due_at_ms: int
    tries: int = 0
    left: int = 1
    is_given_up: bool = False

    @property
    def is_open(self) -> bool:
        """This property will say whether it must be sent (again)."""
        return self.left > 0 and not self.is_given_up
