"""What the relays should be: the ruling of their holds, written where it changed, and the commands that follow."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.access.notify import touch
from prewatt.kernel.clock import machine_now
from prewatt.supply.commands import DEADLINE_S, REFUSED_PASSWORD, TRIES
from prewatt.supply.effects import Effect, OpenHold, Ruling, Wish, rule
from prewatt.supply.models import Command, CommandState, Hold, Relay
from prewatt.supply.values import OnOff

TARGET: Final = "relay"
QUEUE_MAX: Final = 500

_ENSURE: Final = """
INSERT INTO supply_relay (metering_point_id, desired, desired_at, frozen, reported, tries, budget, stopped, withheld,
                          shadow)
SELECT id, 'on', %(now)s, false, 'unknown', 0, %(tries)s, '', '', false FROM unnest(%(points)s::bigint[]) AS x(id)
ON CONFLICT (metering_point_id) DO NOTHING
"""

_DIFFERING: Final = """
SELECT r.metering_point_id, r.desired, i.id, bus.gateway_id, r.decision_id, coalesce(d.reason, 'reconcile')
  FROM supply_relay r
  JOIN estate_meteringpoint mp ON mp.id = r.metering_point_id
  JOIN estate_site s ON s.id = mp.site_id
  JOIN estate_place bp ON bp.id = mp.building_id
  JOIN estate_meterinstallation i ON i.metering_point_id = mp.id AND i.period @> %(now)s AND i.id = r.installation_id
  JOIN estate_meter m ON m.id = i.meter_id AND m.relay_kind <> 'none'
  JOIN estate_bus bus ON bus.id = i.bus_id
  JOIN metering_meterstate st ON st.installation_id = i.id AND st.comm <> 'lost'
  LEFT JOIN supply_decision d ON d.id = r.decision_id
 WHERE r.differs AND r.reported <> 'unknown' AND r.stopped = ''
   AND (r.next_try_at IS NULL OR r.next_try_at <= %(machine_now)s)
   AND (%(points)s::bigint[] IS NULL OR r.metering_point_id = ANY(%(points)s))
   AND (%(wanted)s::text IS NULL OR r.desired = %(wanted)s)
   AND NOT EXISTS (SELECT 1 FROM supply_command c WHERE c.installation_id = i.id AND c.target = 'relay'
                      AND c.state IN ('queued', 'sent', 'acknowledged'))
   AND (coalesce(bp.supply_mode, s.supply_mode) = 'live'
        OR r.desired = 'on' AND 'off' = (SELECT c.wanted FROM supply_command c
                                          WHERE c.metering_point_id = mp.id AND c.target = 'relay'
                                            AND c.state = 'verified' ORDER BY c.id DESC LIMIT 1))
 ORDER BY r.desired DESC, r.metering_point_id
 LIMIT %(limit)s
"""
"""Outside live buildings nothing is sent, but what our own command opened is closed again."""

_LOCKING: Final = f"{_DIFFERING} FOR UPDATE OF r SKIP LOCKED"

_ANY_DIFFERING: Final = """
SELECT EXISTS (
    SELECT FROM supply_relay r
     WHERE r.differs AND r.reported <> 'unknown' AND r.stopped = ''
       AND (r.next_try_at IS NULL OR r.next_try_at <= %(machine_now)s)
       AND (%(points)s::bigint[] IS NULL OR r.metering_point_id = ANY(%(points)s))
       AND (%(wanted)s::text IS NULL OR r.desired = %(wanted)s))
"""
"""Asked first: mostly nothing differs, and to plan the whole question costs far more than to answer it."""


def ensure_relays(*, point_ids: Collection[int], now: datetime) -> None:
    """This function will give points a relay row: desired on, state unknown. Those that have one keep it."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_ENSURE, {"points": sorted(point_ids), "now": now, "tries": TRIES})


def rulings(*, point_ids: Collection[int], now: datetime) -> dict[int, Ruling]:
    """This function will return what the open holds of points want, by point."""
    holds: dict[int, list[OpenHold]] = defaultdict(list)
    for row in Hold.objects.filter(metering_point__in=point_ids, lifted_at=None):
        holds[row.metering_point_id].append(OpenHold(row.reason, Effect(row.effect), row.from_at, row.to_at))
    return {point: rule(holds=holds[point], at=now) for point in point_ids}


def apply_desired(
    *, point_ids: Collection[int], now: datetime, decisions: Mapping[int, int] | None = None
) -> list[int]:
    """This function will write what the holds of points want where it changed, and queue the commands that follow.

    A wish that changed begins with a fresh budget; a refused password stays refused. A queued command that wants the
    opposite is voided. Returns the points whose wish changed.
    """
    require_unit_of_work()
    if not point_ids:
        return []
    ensure_relays(point_ids=point_ids, now=now)
    wanted = rulings(point_ids=point_ids, now=now)
    known = decisions or {}
    changed = [
        relay.pk
        for relay in Relay.objects.select_for_update(of=("self",)).filter(pk__in=point_ids).order_by("pk")
        if _apply(relay, wanted[relay.pk], now=now, decision_id=known.get(relay.pk))
    ]
    if changed:
        void_opposite(point_ids=changed)
        touch(points=changed)
        queue_commands(now=now, point_ids=changed)
    return changed


def _apply(relay: Relay, ruling: Ruling, *, now: datetime, decision_id: int | None) -> bool:
    desired = relay.desired if ruling.wish is Wish.LEAVE else str(ruling.wish)
    if desired == relay.desired and ruling.frozen == relay.frozen:
        return False
    relay.desired, relay.frozen, relay.desired_at = desired, ruling.frozen, now
    relay.decision_id = decision_id or relay.decision_id
    relay.tries, relay.budget, relay.next_try_at = 0, TRIES, None
    relay.stopped = relay.stopped if relay.stopped == REFUSED_PASSWORD else ""
    relay.save(
        update_fields=[
            "desired", "frozen", "desired_at", "decision_id", "tries", "budget", "next_try_at", "stopped"
        ]
    )  # fmt: skip
    return True


def void_opposite(*, point_ids: Iterable[int]) -> int:
    """This function will void queued commands that want what their relay no longer should be, or that is frozen."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE supply_command c SET state = 'voided', ended_at = %s, error = 'a newer wish'
                 FROM supply_relay r
                WHERE r.metering_point_id = c.metering_point_id AND c.metering_point_id = ANY(%s) AND c.target = 'relay'
                  AND c.state = 'queued' AND (c.wanted <> r.desired OR r.frozen)""",
            [machine_now(), list(point_ids)],
        )
        return int(cursor.rowcount)


def list_differing(*, now: datetime, limit: int = QUEUE_MAX) -> list[int]:
    """This function will list points that a command could be queued for now, reconnections first; it needs no work.

    It reads the index of differences. Relays whose state is not proven, whose meter is silent, whose budget is spent or
    that have a command under way are left out.
    """
    return [row[0] for row in _differing(_DIFFERING, now=now, point_ids=None, wanted=None, limit=limit)]


def _differing(
    statement: str, *, now: datetime, point_ids: Collection[int] | None, wanted: OnOff | None, limit: int
) -> list[tuple[Any, ...]]:
    parameters: dict[str, Any] = {
        "now": now, "machine_now": machine_now(), "limit": limit, "wanted": wanted,
        "points": None if point_ids is None else list(point_ids),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_ANY_DIFFERING, parameters)
        if cursor.fetchone() == (False,):
            return []
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def queue_commands(
    *, now: datetime, point_ids: Collection[int] | None = None, wanted: OnOff | None = None, limit: int = QUEUE_MAX
) -> list[int]:
    """This function will queue a command for each relay that ``list_differing`` finds and nobody else works on.

    ``point_ids`` and ``wanted`` narrow it. Returns the points.
    """
    work = require_unit_of_work()
    machine = machine_now()
    rows = _differing(_LOCKING, now=now, point_ids=point_ids, wanted=wanted, limit=limit)
    Command.objects.bulk_create(
        Command(
            installation_id=installation, metering_point_id=point, gateway_id=gateway, target=TARGET, wanted=desired,
            cause=cause, decision_id=decision, action_id=work.action_id, priority=0 if desired == "on" else 1,
            deadline=machine + timedelta(seconds=DEADLINE_S), state=CommandState.QUEUED, queued_at=machine,
            estate_at=now,
        )
        for point, desired, installation, gateway, decision, cause in rows
    )  # fmt: skip
    points = [row[0] for row in rows]
    touch(points=points, commands_for_gateways={row[3] for row in rows})
    return points
