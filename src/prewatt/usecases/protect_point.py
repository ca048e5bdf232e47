"""Protecting a room: no disconnection, whatever the balance, until somebody ends it."""

from datetime import datetime
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.supply.effects import Effect
from prewatt.supply.values import PointSupply
from prewatt.usecases._holds import lift_by_person, place_by_person


def protect_point(*, actor: Actor, point_public_id: UUID, reason: str, until_at: datetime | None = None) -> PointSupply:
    """This function will protect a room; what credit had disconnected comes back on.

    ``until_at`` (estate time) ends the protection by itself. Raises ReasonMissing, UnknownPoint.
    """
    return place_by_person(
        actor=actor, verb="protect_point", point_public_id=point_public_id, hold_reason="protection",
        effect=Effect.PROTECT, code="protect", reason=reason, to_at=until_at,
    )  # fmt: skip


def unprotect_point(*, actor: Actor, point_public_id: UUID, reason: str) -> PointSupply:
    """This function will end a room's protection; its account is judged anew. Raises ReasonMissing, UnknownHold."""
    return lift_by_person(
        actor=actor, verb="unprotect_point", point_public_id=point_public_id, hold_reason="protection",
        code="protect_lifted", reason=reason,
    )  # fmt: skip
