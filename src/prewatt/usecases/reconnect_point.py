"""Reconnecting a room from the desk."""

from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.permissions import Permission
from prewatt.supply.errors import ReasonMissing, StillHeld
from prewatt.supply.queries import get_point, list_open_holds, point_supply
from prewatt.supply.services import (
    apply_desired,
    decide_by_person,
    lift_hold,
    lock_accounts_of_points,
    queue_commands,
    resume_relays,
)
from prewatt.supply.values import PointSupply
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.work import unit_of_work


def reconnect_point(*, actor: Actor, point_public_id: UUID, reason: str) -> PointSupply:
    """This function will lift what the desk put on a room, give its relay a fresh budget, and send the command.

    Raises ReasonMissing, UnknownPoint, and StillHeld when credit or a lock keeps the power off.
    """
    point = get_point(public_id=point_public_id, user=actor.user, permission=Permission.SUPPLY_SWITCH)
    with unit_of_work(
        actor=actor, verb="reconnect_point", scope=point.building.scope or point.site.scope,
        subject=("metering_point", str(point.public_id)), reason=reason,
    ) as work:  # fmt: skip
        if not reason.strip():
            raise ReasonMissing("A reconnection needs a reason.", hint="Write why, and who asked for it.")
        accounts = lock_accounts_of_points(point_ids=[point.pk], now=work.now)
        for hold in list_open_holds(point_id=point.pk, reason="manual"):
            lift_hold(hold=hold, now=work.now, lifted_by=actor.user)
        after_balance_change(work, account_ids=accounts)
        decisions = decide_by_person(
            point_ids=[point.pk], answer="restore", reason="manual_lifted", now=work.now,
            inputs={"reason": reason, "by": actor.name},
        )  # fmt: skip
        apply_desired(point_ids=[point.pk], now=work.now, decisions=decisions)
        supply = point_supply(point_id=point.pk)
        if supply.desired == "off" or supply.frozen:
            raise StillHeld(
                "%(room)s is still held: %(holds)s.",
                hint="Out of credit: take a payment, or protect the room. Maintenance and safety: end them first.",
                room=point.code,
                holds=supply.holds,
            )
        resume_relays(point_ids=[point.pk], now=work.now)
        queue_commands(now=work.now, point_ids=[point.pk])
        return point_supply(point_id=point.pk)
