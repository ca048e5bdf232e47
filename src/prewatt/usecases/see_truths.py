"""The three truths of metering points: money credited, command, relay proven. Never one word for two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from prewatt.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Credited:
    """The last payment of the account that pays for the point."""

    public_id: UUID
    amount: Money
    channel: str
    at: datetime
    reversed: bool


@dataclass(frozen=True, slots=True)
class Commanded:
    """The last command to the point's relay. Times are machine time."""

    public_id: UUID
    wanted: str
    state: str
    tries: int
    error: str
    queued_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    estate_at: datetime

    @property
    def is_live(self) -> bool:
        """This property will tell whether the command has not ended yet."""
        return self.state in {"queued", "sent", "acknowledged"}


@dataclass(frozen=True, slots=True)
class Truths:
    """What is known of one point, each truth with its own time."""

    point_id: int
    code: str
    desired: str
    reported: str
    proven_at: datetime | None
    changed_at: datetime | None
    frozen: bool
    stopped: str
    withheld: str
    credited: Credited | None
    command: Commanded | None

    @property
    def moving(self) -> bool:
        """This property will tell whether wish and proof differ and a command is under way."""
        return self.command is not None and self.command.is_live

    @property
    def agree(self) -> bool:
        """This property will tell whether wish and proof agree, or nothing may be done about it."""
        return self.frozen or (self.desired == self.reported and not self.moving)


_TRUTHS: Final = """
SELECT p.id, p.code, coalesce(r.desired, 'on'), coalesce(r.reported, 'unknown'), r.proven_at, r.changed_at,
       coalesce(r.frozen, false), coalesce(r.stopped, ''), coalesce(r.withheld, ''),
       pay.public_id, pay.amount, pay.currency, pay.channel, pay.received_at, pay.reversed_at IS NOT NULL,
       c.public_id, c.wanted, c.state, c.tries, c.error, c.queued_at, c.sent_at, c.acknowledged_at, c.ended_at,
       c.estate_at
  FROM unnest(%(points)s::bigint[]) AS wanted(id)
  JOIN estate_meteringpoint p ON p.id = wanted.id
  LEFT JOIN supply_relay r ON r.metering_point_id = p.id
  LEFT JOIN LATERAL (SELECT * FROM supply_command c WHERE c.metering_point_id = p.id AND c.target = 'relay'
                      ORDER BY c.id DESC LIMIT 1) c ON true
  LEFT JOIN tenancy_tenancy t ON t.metering_point_id = p.id AND upper_inf(t.period)
  LEFT JOIN LATERAL (SELECT * FROM payments_payment y WHERE y.account_id = t.account_id AND y.kind = 'top_up'
                      ORDER BY y.id DESC LIMIT 1) pay ON true
"""


def see_truths(*, point_ids: Sequence[int]) -> dict[int, Truths]:
    """This function will return the truths of points by row number: one query. Who may see is asked before."""
    with connection.cursor() as cursor:
        cursor.execute(_TRUTHS, {"points": list(point_ids)})
        return {row[0]: _truths(row) for row in cursor.fetchall()}


def _truths(row: tuple[Any, ...]) -> Truths:
    columns: list[Any] = [*row[:9], _credited(row[9:15]), _commanded(row[15:])]
    return Truths(*columns)


def _credited(columns: tuple[Any, ...]) -> Credited | None:
    public_id, amount, currency, channel, at, reversed_ = columns
    if public_id is None:
        return None
    return Credited(public_id, Money(amount, currency), channel, at, reversed_)


def _commanded(columns: tuple[Any, ...]) -> Commanded | None:
    return None if columns[0] is None else Commanded(*columns)
