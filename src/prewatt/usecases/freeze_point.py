"""Work on a room's meter: no command in either direction; and locking a room off for safety."""

from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.supply.effects import Effect
from prewatt.supply.values import PointSupply
from prewatt.usecases._holds import lift_by_person, place_by_person


def freeze_point(*, actor: Actor, point_public_id: UUID, reason: str) -> PointSupply:
    """This function will leave a room's relay as it is until a named person ends the work."""
    return place_by_person(
        actor=actor, verb="freeze_point", point_public_id=point_public_id, hold_reason="maintenance",
        effect=Effect.FROZEN, code="maintenance", reason=reason,
    )  # fmt: skip


def unfreeze_point(*, actor: Actor, point_public_id: UUID, reason: str) -> PointSupply:
    """This function will end the work on a room's meter; what differs is put right."""
    return lift_by_person(
        actor=actor, verb="unfreeze_point", point_public_id=point_public_id, hold_reason="maintenance",
        code="maintenance_lifted", reason=reason,
    )  # fmt: skip


def lock_off_point(*, actor: Actor, point_public_id: UUID, reason: str) -> PointSupply:
    """This function will hold a room off for safety: it beats protection and every payment."""
    return place_by_person(
        actor=actor, verb="lock_off_point", point_public_id=point_public_id, hold_reason="safety",
        effect=Effect.LOCKED_OFF, code="safety", reason=reason,
    )  # fmt: skip


def unlock_point(*, actor: Actor, point_public_id: UUID, reason: str) -> PointSupply:
    """This function will end a safety lock, by a named person alone."""
    return lift_by_person(
        actor=actor, verb="unlock_point", point_public_id=point_public_id, hold_reason="safety",
        code="safety_lifted", reason=reason,
    )  # fmt: skip
