"""A provider's day and its lines: when it begins and can be had, what names a line, how its money is split. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from prewatt.kernel.period import day_period
from prewatt.payments.errors import BadMerchantData
from prewatt.payments.providers.values import StatementRow

READY_AT: Final = time(10, 30)
"""On the next day, in the provider's zone: all of them have their statements by then."""
LATE_AFTER: Final = timedelta(hours=24)
BACK_DAYS: Final = 7
_ZONES: Final = {"stripe": "UTC"}
_BEIJING: Final = "Asia/Shanghai"

LineKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Split:
    """How a line's money moves: from what the provider owes us to what it kept and what reached the bank.

    Minor units with the ledger's signs; they sum to zero.
    """

    takings: int
    fees: int
    settlement: int


def statement_zone(channel: str) -> ZoneInfo:
    """This function will return the zone in which a provider's days begin."""
    return ZoneInfo(_ZONES.get(channel, _BEIJING))


def day_of(channel: str, day: date) -> tuple[datetime, datetime]:
    """This function will return a provider's day as machine instants, the end not in it."""
    period = day_period(day, statement_zone(channel))
    if period.to_at is None:
        raise ValueError("a day ends")
    return period.from_at, period.to_at


def due_at(channel: str, day: date) -> datetime:
    """This function will return when a day's statement is fetched for the first time."""
    return datetime.combine(day + timedelta(days=1), READY_AT, statement_zone(channel))


def days_to_fetch(channel: str, *, since: datetime, now: datetime) -> Iterator[date]:
    """This function will yield the days that are over, of the last week, since a merchant was opened."""
    zone = statement_zone(channel)
    today = now.astimezone(zone).date()
    first = max(since.astimezone(zone).date(), today - timedelta(days=BACK_DAYS))
    for offset in range((today - first).days):
        yield first + timedelta(days=offset)


def line_key(row: StatementRow) -> LineKey:
    """This function will name a line: a trade, or a refund by our number, by its instant where it has none of ours."""
    if row.kind == "payment":
        return row.kind, row.trade_no, ""
    return row.kind, row.trade_no, (row.refund_no or f"at:{row.at.isoformat()}")[:64]


def by_key(rows: Iterable[StatementRow]) -> dict[LineKey, StatementRow]:
    """This function will put rows under their keys. Raises BadMerchantData when two are about the same thing."""
    found: dict[LineKey, StatementRow] = {}
    for row in rows:
        key = line_key(row)
        if key in found:
            raise BadMerchantData(
                "The statement holds the %(kind)s %(trade_no)s twice.", hint="Download it again.",
                kind=row.kind, trade_no=row.trade_no,
            )  # fmt: skip
        found[key] = row
    return found


def split(*, kind: str, amount: int, fee: int) -> Split:
    """This function will split a line. A payment's fee is kept; a refund's, below zero, is given back."""
    gross = amount if kind == "payment" else -amount
    return Split(takings=gross, fees=-fee, settlement=fee - gross)
