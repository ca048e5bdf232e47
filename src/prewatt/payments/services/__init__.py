"""Writes of this room, split by use. All of them stand inside a unit of work."""

from prewatt.payments.services.trades import (
    CLEARED_BALANCES,
    finish_payment,
    lock_paying_account,
    mark_reversed,
    post_clearing,
    post_trade,
    record_payment,
    reverse_trade,
    trade_inputs,
)

__all__ = [
    "CLEARED_BALANCES",
    "finish_payment",
    "lock_paying_account",
    "mark_reversed",
    "post_clearing",
    "post_trade",
    "record_payment",
    "reverse_trade",
    "trade_inputs",
]
