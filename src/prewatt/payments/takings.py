"""What a day took, summed by channel, cashier and till. Pure: trades in, sums out; every sum is of the same trades."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Movement(StrEnum):
    """What happened to money on a day."""

    TOP_UP = "top_up"
    REFUND = "refund"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class DayTrade:
    """Money that moved on a day. ``amount`` is what the house got by it, in minor units; a void undoes another trade.

    A void of a refund brings money back, and so is above zero.
    """

    movement: Movement
    channel: str
    till: str
    cashier: str
    amount: int
    at: datetime
    account: str = ""
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class DaySum:
    """A sum of trades, in minor units: net = taken − refunded − voided."""

    top_ups: int
    taken: int
    refunds: int
    refunded: int
    voids: int
    voided: int

    @property
    def net(self) -> int:
        """This property will hold what the house has more than before."""
        return self.taken - self.refunded - self.voided

    def plain(self) -> dict[str, int]:
        """This method will return the sum as papers keep it."""
        return {
            "top_ups": self.top_ups, "taken": self.taken, "refunds": self.refunds, "refunded": self.refunded,
            "voids": self.voids, "voided": self.voided, "net": self.net,
        }  # fmt: skip


def sum_trades(trades: Iterable[DayTrade]) -> DaySum:
    """This function will sum trades up."""
    counts = dict.fromkeys(Movement, 0)
    amounts = dict.fromkeys(Movement, 0)
    for one in trades:
        counts[one.movement] += 1
        amounts[one.movement] += one.amount
    return DaySum(
        counts[Movement.TOP_UP], amounts[Movement.TOP_UP], counts[Movement.REFUND], -amounts[Movement.REFUND],
        counts[Movement.VOID], -amounts[Movement.VOID],
    )  # fmt: skip


def sum_by(
    trades: Sequence[DayTrade], key: Callable[[DayTrade], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], DaySum]]:
    """This function will sum trades by what ``key`` says of them, in its order."""
    grouped: dict[tuple[str, ...], list[DayTrade]] = {}
    for one in trades:
        grouped.setdefault(key(one), []).append(one)
    return [(name, sum_trades(grouped[name])) for name in sorted(grouped)]


def sums_of(trades: Sequence[DayTrade]) -> dict[str, Any]:
    """This function will return the day's sums as the report keeps them: each line, and each way of adding them up."""
    return {
        "lines": [
            {"cashier": cashier, "till": till, "channel": channel} | one.plain()
            for (cashier, till, channel), one in sum_by(trades, lambda one: (one.cashier, one.till, one.channel))
        ],
        "by_channel": _named(sum_by(trades, lambda one: (one.channel,))),
        "by_cashier": _named(sum_by(trades, lambda one: (one.cashier,))),
        "by_till": _named(sum_by(trades, lambda one: (one.till,))),
        "total": {"name": ""} | sum_trades(trades).plain(),
    }


def _named(sums: Sequence[tuple[tuple[str, ...], DaySum]]) -> list[dict[str, Any]]:
    return [{"name": name} | one.plain() for (name,), one in sums]
