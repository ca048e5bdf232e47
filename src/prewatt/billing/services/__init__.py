"""Writes of billing, split by use. All of it needs a unit of work."""

from prewatt.billing.services.positions import PositionKey, UsageTotal, apply_usage, lock_payers, open_positions

__all__ = ["PositionKey", "UsageTotal", "apply_usage", "lock_payers", "open_positions"]
