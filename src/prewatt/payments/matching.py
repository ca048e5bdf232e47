"""Does what the provider says fit the order that it names? Pure."""

from dataclasses import dataclass

from prewatt.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Ordered:
    """What we asked for. ``is_open``: nobody has paid it yet, in time or late."""

    merchant_id: int
    amount: Money
    is_open: bool


def mismatch(*, ordered: Ordered | None, merchant_id: int, amount: Money) -> str:
    """This function will say why money cannot be credited to the order, as ``UnmatchedReason`` does; "" when it can.

    The amount credited is always the order's; a call-back's own amount is only compared with it.
    """
    if ordered is None:
        return "unknown_order"
    if ordered.merchant_id != merchant_id:
        return "other_merchant"
    if ordered.amount.currency != amount.currency:
        return "other_currency"
    if ordered.amount != amount:
        return "other_amount"
    if not ordered.is_open:
        return "paid_twice"
    return ""
