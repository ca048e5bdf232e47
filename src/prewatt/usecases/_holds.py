"""The story that placing and lifting a hold by a person have in common."""

from datetime import datetime
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.permissions import Permission
from prewatt.supply.effects import Effect
from prewatt.supply.errors import ReasonMissing, UnknownHold
from prewatt.supply.queries import get_point, list_open_holds, point_supply
from prewatt.supply.services import apply_desired, decide_by_person, lift_hold, lock_accounts_of_points, place_hold
from prewatt.supply.values import PointSupply
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.work import unit_of_work


def place_by_person(
    *,
    actor: Actor,
    verb: str,
    point_public_id: UUID,
    hold_reason: str,
    effect: Effect,
    code: str,
    reason: str,
    to_at: datetime | None = None,
) -> PointSupply:
    """This function will place a person's hold on a room, judge its account and apply what the holds now want."""
    point = get_point(public_id=point_public_id, user=actor.user, permission=Permission.SUPPLY_SWITCH)
    with unit_of_work(
        actor=actor, verb=verb, scope=point.building.scope or point.site.scope,
        subject=("metering_point", str(point.public_id)), reason=reason,
    ) as work:  # fmt: skip
        _require_reason(reason)
        accounts = lock_accounts_of_points(point_ids=[point.pk], now=work.now)
        place_hold(
            point_id=point.pk, reason=hold_reason, effect=effect, source_key="desk", note=reason, to_at=to_at,
            now=work.now, placed_by=actor.user,
        )  # fmt: skip
        answer = "cut" if effect is Effect.LOCKED_OFF else "restore"
        decisions = decide_by_person(
            point_ids=[point.pk], answer="spare" if effect is Effect.FROZEN else answer, reason=code, now=work.now,
            inputs={"reason": reason, "by": actor.name},
        )  # fmt: skip
        apply_desired(point_ids=[point.pk], now=work.now, decisions=decisions)
        after_balance_change(work, account_ids=accounts)
        return point_supply(point_id=point.pk)


def lift_by_person(
    *, actor: Actor, verb: str, point_public_id: UUID, hold_reason: str, code: str, reason: str
) -> PointSupply:
    """This function will lift a person's hold from a room, judge its account and apply what the holds now want.

    Raises UnknownHold when there is none.
    """
    point = get_point(public_id=point_public_id, user=actor.user, permission=Permission.SUPPLY_SWITCH)
    with unit_of_work(
        actor=actor, verb=verb, scope=point.building.scope or point.site.scope,
        subject=("metering_point", str(point.public_id)), reason=reason,
    ) as work:  # fmt: skip
        _require_reason(reason)
        accounts = lock_accounts_of_points(point_ids=[point.pk], now=work.now)
        holds = list_open_holds(point_id=point.pk, reason=hold_reason)
        if not holds:
            raise UnknownHold("There is no such hold on %(room)s.", hint="Reload the page.", room=point.code)
        for hold in holds:
            lift_hold(hold=hold, now=work.now, lifted_by=actor.user)
        decisions = decide_by_person(
            point_ids=[point.pk], answer="restore", reason=code, now=work.now,
            inputs={"reason": reason, "by": actor.name},
        )  # fmt: skip
        after_balance_change(work, account_ids=accounts)  # first: credit may hold what the person lets go
        apply_desired(point_ids=[point.pk], now=work.now, decisions=decisions)
        return point_supply(point_id=point.pk)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing("This needs a reason.", hint="Write why, and who asked for it.")
