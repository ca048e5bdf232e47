"""Placing and lifting holds: by credit, by a person, by their end."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import User
from prewatt.estate.models import MeteringPoint
from prewatt.supply.effects import Effect
from prewatt.supply.errors import (
    CutLimitReached,
    CutsStopped,
    NamedPersonNeeded,
    NotLive,
    PointFrozen,
    PointProtected,
    UnknownHold,
)
from prewatt.supply.models import Hold, SupplyPolicy
from prewatt.supply.services.decisions import DecisionRow, record_decisions
from prewatt.supply.services.relays import apply_desired, rulings
from prewatt.supply.standings import cuts_made, sites_now

NAMED_PERSON_EFFECTS: Final = frozenset({Effect.FROZEN, Effect.LOCKED_OFF})


def lock_accounts(*, account_ids: Collection[int]) -> list[int]:
    """This function will lock account rows in id order, as everything does that changes their money or supply."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM tenancy_account WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(account_ids)]
        )
        return [row[0] for row in cursor.fetchall()]


def lock_accounts_of_points(*, point_ids: Collection[int], now: datetime) -> list[int]:
    """This function will lock the accounts that pay for points now, or hold them for credit, in id order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT account_id FROM tenancy_tenancy WHERE metering_point_id = ANY(%(points)s) AND period @> %(now)s
               UNION
               SELECT substr(source_key, 9)::bigint FROM supply_hold
                WHERE metering_point_id = ANY(%(points)s) AND lifted_at IS NULL AND reason = 'credit'""",
            {"points": list(point_ids), "now": now},
        )
        ids = [row[0] for row in cursor.fetchall()]
    return lock_accounts(account_ids=ids)


def place_hold(
    *,
    point_id: int,
    reason: str,
    effect: Effect,
    now: datetime,
    source_key: str = "",
    note: str = "",
    to_at: datetime | None = None,
    placed_by: User | None = None,
) -> Hold:
    """This function will place a hold; the open one of (point, reason, source) is returned as it is.

    Raises NamedPersonNeeded when frozen or locked off is placed by nobody.
    """
    work = require_unit_of_work()
    if effect in NAMED_PERSON_EFFECTS and placed_by is None:
        raise NamedPersonNeeded("Only a named person may freeze or lock off a point.", hint="Sign in, then do it.")
    hold, _created = Hold.objects.get_or_create(
        metering_point_id=point_id, reason=reason, source_key=source_key, lifted_at=None,
        defaults={
            "effect": effect, "note": note[:500], "from_at": now, "to_at": to_at, "placed_by": placed_by,
            "placed_action_id": work.action_id,
        },
    )  # fmt: skip
    return hold


def lift_hold(*, hold: Hold, now: datetime, lifted_by: User | None = None) -> None:
    """This function will lift an open hold. Frozen and locked off need a named person.

    Raises NamedPersonNeeded, and UnknownHold when somebody else was faster.
    """
    work = require_unit_of_work()
    if hold.effect in NAMED_PERSON_EFFECTS and lifted_by is None:
        raise NamedPersonNeeded("Only a named person may lift this.", hint="Sign in, then do it.")
    lifted = Hold.objects.filter(pk=hold.pk, lifted_at=None).update(
        lifted_at=now, lifted_by=lifted_by, lifted_action_id=work.action_id
    )
    if lifted != 1:
        raise UnknownHold("The hold was lifted already.")


def require_cuttable(*, point: MeteringPoint, now: datetime) -> None:
    """This function will refuse a person's disconnection of a point that may not be disconnected now.

    Raises NotLive, PointFrozen, PointProtected, CutsStopped, CutLimitReached.
    """
    require_unit_of_work()
    if (point.building.supply_mode or point.site.supply_mode) != "live":
        raise NotLive(
            "Supply of %(room)s is not live: nothing is sent.", hint="Let an administrator go live.", room=point.code
        )
    ruling = rulings(point_ids=[point.pk], now=now)[point.pk]
    if ruling.frozen:
        raise PointFrozen("%(room)s is frozen: somebody works there.", hint="End the work first.", room=point.code)
    if ruling.protected:
        raise PointProtected("%(room)s is protected.", hint="End its protection first.", room=point.code)
    SupplyPolicy.objects.get_or_create(site_id=point.site_id)
    policy = SupplyPolicy.objects.select_for_update(no_key=True).get(pk=point.site_id)
    if policy.stopped_at is not None:
        raise CutsStopped("All disconnections are stopped.", hint="Resume them first.")
    site = sites_now(site_ids=[point.site_id], loading=[], now=now)[point.site_id]
    made = cuts_made(site=site, now=now)
    if made.minute >= policy.cuts_per_minute or made.day >= policy.cuts_per_day:
        raise CutLimitReached(
            "%(minute)s disconnections in this minute, %(day)s today: the limit is reached.",
            hint="Wait a minute; above the day's limit let an administrator change it.",
            minute=made.minute,
            day=made.day,
        )


def place_credit_holds(*, accounts_by_point: Mapping[int, int], now: datetime) -> None:
    """This function will place credit holds on points for the accounts that pay for them."""
    work = require_unit_of_work()
    Hold.objects.bulk_create(
        [
            Hold(
                metering_point_id=point, reason="credit", effect=Effect.OFF, source_key=f"account:{account}",
                from_at=now, placed_action_id=work.action_id,
            )
            for point, account in sorted(accounts_by_point.items())
        ]
    )  # fmt: skip


def lift_credit_holds(*, accounts_by_point: Mapping[int, int], now: datetime) -> int:
    """This function will lift the credit holds that accounts placed on points, and return how many."""
    work = require_unit_of_work()
    points = sorted(accounts_by_point)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE supply_hold h SET lifted_at = %s, lifted_action_id = %s
                 FROM unnest(%s::bigint[], %s::bigint[]) AS x(point, account)
                WHERE h.metering_point_id = x.point AND h.source_key = 'account:' || x.account
                  AND h.reason = 'credit' AND h.lifted_at IS NULL""",
            [now, work.action_id, points, [accounts_by_point[point] for point in points]],
        )
        return int(cursor.rowcount)


def end_holds(*, now: datetime, limit: int = 500) -> list[int]:
    """This function will lift holds whose end has come, and apply what is left. Returns their points.

    Frozen and locked off have no end: a named person lifts them.
    """
    require_unit_of_work()
    ended = list(
        Hold.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(lifted_at=None, to_at__lte=now)
        .order_by("metering_point_id")[:limit]
    )
    for hold in ended:
        lift_hold(hold=hold, now=now)
    points = sorted({hold.metering_point_id for hold in ended})
    apply_desired(point_ids=points, now=now)
    return points


def decide_by_person(
    *, point_ids: Sequence[int], answer: str, reason: str, now: datetime, inputs: Mapping[str, object]
) -> dict[int, int]:
    """This function will write down a person's decision about points: the command that follows names it."""
    rows = [DecisionRow(point, None, "live", answer, reason, inputs) for point in point_ids]
    return record_decisions(rows=rows, now=now)
