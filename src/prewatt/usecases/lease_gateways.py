"""Which collector speaks to which gateway, and under which epoch: two must never speak on one line.

A lease lasts some seconds of machine time and is renewed long before. Who finds it run out takes it with a higher
epoch; whatever the former holder still sends carries the lower one and is refused. A collector that starts takes its
own leases back at once, also with a higher epoch: it may have been killed in the middle of something.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.usecases.work import unit_of_work

LEASE_S: Final = 6.0

_FREE: Final = """
SELECT g.id FROM estate_gateway g LEFT JOIN estate_gatewaylease l ON l.gateway_id = g.id
 WHERE g.id = ANY(%(gateways)s)
   AND (l.gateway_id IS NULL OR l.until <= %(now)s OR (%(starting)s AND l.collector = %(collector)s))
 ORDER BY g.id
"""

_TAKE: Final = """
WITH before AS (SELECT gateway_id, collector, epoch FROM estate_gatewaylease WHERE gateway_id = ANY(%(gateways)s)),
taken AS (
    INSERT INTO estate_gatewaylease AS l (gateway_id, collector, epoch, until)
    SELECT x.id, %(collector)s, 1, %(until)s FROM unnest(%(gateways)s::bigint[]) AS x(id) ORDER BY x.id
    ON CONFLICT (gateway_id) DO UPDATE
       SET collector = EXCLUDED.collector, epoch = l.epoch + 1, until = EXCLUDED.until
     WHERE l.until <= %(now)s OR (%(starting)s AND l.collector = EXCLUDED.collector)
    RETURNING gateway_id, epoch)
SELECT taken.gateway_id, taken.epoch,
       coalesce(before.collector = %(collector)s AND before.epoch = taken.epoch - 1, false)
  FROM taken LEFT JOIN before USING (gateway_id)
"""

_RENEW: Final = """
UPDATE estate_gatewaylease l SET until = %(until)s
  FROM unnest(%(gateways)s::bigint[], %(epochs)s::bigint[]) AS x(gateway, epoch)
 WHERE l.gateway_id = x.gateway AND l.epoch = x.epoch AND l.collector = %(collector)s
RETURNING l.gateway_id
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A lease that is new to this process. ``continues``: the one before was this collector's own."""

    epoch: int
    continues: bool


def renew_leases(*, collector: str, held: Mapping[int, int], lasts_s: float = LEASE_S) -> set[int]:
    """This function will prolong leases (gateway -> epoch) and return the gateways that are still this collector's.

    One statement of its own and no action row: it is repeated every few seconds.
    """
    if not held:
        return set()
    parameters: dict[str, Any] = {
        "gateways": list(held), "epochs": list(held.values()), "collector": collector,
        "until": machine_now() + timedelta(seconds=lasts_s),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, parameters)
        return {row[0] for row in cursor.fetchall()}


def take_leases(
    *, actor: Actor, collector: str, gateway_ids: Sequence[int], starting: bool, lasts_s: float = LEASE_S
) -> dict[int, Taken]:
    """This function will take the leases that nobody holds; ``starting``: also those of this collector's former life.

    Nothing is written when there is nothing to take.
    """
    parameters: dict[str, Any] = {
        "gateways": list(gateway_ids), "collector": collector, "starting": starting, "now": machine_now(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FREE, parameters)
        free = [row[0] for row in cursor.fetchall()]
    if not free:
        return {}
    with (
        unit_of_work(actor=actor, verb="lease_gateways", subject=("collector", collector)),
        connection.cursor() as cursor,
    ):
        now = machine_now()
        cursor.execute(_TAKE, parameters | {"gateways": free, "now": now, "until": now + timedelta(seconds=lasts_s)})
        return {row[0]: Taken(row[1], row[2]) for row in cursor.fetchall()}


def release_leases(*, collector: str, held: Mapping[int, int]) -> None:
    """This function will end leases now, so that another collector need not wait for their end."""
    renew_leases(collector=collector, held=held, lasts_s=0)
