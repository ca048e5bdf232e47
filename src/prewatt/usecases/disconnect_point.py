"""Disconnecting a room from the desk."""

from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.permissions import Permission
from prewatt.supply.effects import Effect
from prewatt.supply.errors import ReasonMissing
from prewatt.supply.queries import get_point, point_supply
from prewatt.supply.services import (
    apply_desired,
    decide_by_person,
    lock_accounts_of_points,
    place_hold,
    require_cuttable,
)
from prewatt.supply.values import PointSupply
from prewatt.usecases.work import unit_of_work


def disconnect_point(*, actor: Actor, point_public_id: UUID, reason: str) -> PointSupply:
    """This function will hold a room off until a person lifts it, and send the command.

    Raises ReasonMissing, UnknownPoint, NotLive, PointProtected, PointFrozen, CutsStopped, CutLimitReached.
    """
    point = get_point(public_id=point_public_id, user=actor.user, permission=Permission.SUPPLY_SWITCH)
    with unit_of_work(
        actor=actor, verb="disconnect_point", scope=point.building.scope or point.site.scope,
        subject=("metering_point", str(point.public_id)), reason=reason,
    ) as work:  # fmt: skip
        if not reason.strip():
            raise ReasonMissing("A disconnection needs a reason.", hint="Write why, and who asked for it.")
        lock_accounts_of_points(point_ids=[point.pk], now=work.now)
        require_cuttable(point=point, now=work.now)
        decisions = decide_by_person(
            point_ids=[point.pk], answer="cut", reason="manual", now=work.now,
            inputs={"reason": reason, "by": actor.name},
        )  # fmt: skip
        place_hold(
            point_id=point.pk, reason="manual", effect=Effect.OFF, source_key="desk", note=reason, now=work.now,
            placed_by=actor.user,
        )  # fmt: skip
        apply_desired(point_ids=[point.pk], now=work.now, decisions=decisions)
        return point_supply(point_id=point.pk)
