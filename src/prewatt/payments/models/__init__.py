"""The tables of this room, split by use."""

from prewatt.payments.models.merchants import KeyKind, Merchant, MerchantKey, MerchantState
from prewatt.payments.models.orders import (
    Callback,
    Order,
    OrderState,
    Unmatched,
    UnmatchedReason,
    UnmatchedState,
    Verdict,
)
from prewatt.payments.models.refunds import Refund, RefundLife
from prewatt.payments.models.statements import (
    LineKind,
    ProviderStatement,
    StatementDifference,
    StatementLine,
    StatementSource,
    StatementState,
)
from prewatt.payments.models.trades import (
    DESK_CHANNELS,
    ONLINE_CHANNELS,
    OnlineChannel,
    Payment,
    PaymentChannel,
    PaymentKind,
)

__all__ = [
    "DESK_CHANNELS",
    "ONLINE_CHANNELS",
    "Callback",
    "KeyKind",
    "LineKind",
    "Merchant",
    "MerchantKey",
    "MerchantState",
    "OnlineChannel",
    "Order",
    "OrderState",
    "Payment",
    "PaymentChannel",
    "PaymentKind",
    "ProviderStatement",
    "Refund",
    "RefundLife",
    "StatementDifference",
    "StatementLine",
    "StatementSource",
    "StatementState",
    "Unmatched",
    "UnmatchedReason",
    "UnmatchedState",
    "Verdict",
]
