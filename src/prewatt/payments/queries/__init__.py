"""Reads of this room, split by use."""

from prewatt.payments.queries.days import list_day_trades
from prewatt.payments.queries.trades import PAGE_MAX, get_payment, list_payments, takings_of_day, verify_payments

__all__ = ["PAGE_MAX", "get_payment", "list_day_trades", "list_payments", "takings_of_day", "verify_payments"]
