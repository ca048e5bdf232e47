"""Power: what a person at the desk can wish for a room, each with a reason; and the button that stops all cuts."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from prewatt.access.permissions import Permission
from prewatt.api.common import Key, once, written
from prewatt.api.door import actor_of, machine_of, permitted
from prewatt.api.schemas_money import ReasonIn
from prewatt.api.schemas_work import CutsOut, ProtectIn, SupplyOut
from prewatt.supply.values import PointSupply
from prewatt.usecases.disconnect_point import disconnect_point
from prewatt.usecases.freeze_point import freeze_point, lock_off_point, unfreeze_point, unlock_point
from prewatt.usecases.protect_point import protect_point, unprotect_point
from prewatt.usecases.reconnect_point import reconnect_point
from prewatt.usecases.see_site import find_site
from prewatt.usecases.stop_cuts import resume_cuts, stop_cuts

SWITCH = Permission.SUPPLY_SWITCH
STOP = Permission.SUPPLY_STOP
router = Router(tags=["supply"])


def _wish(verb: str, act: Callable[..., PointSupply], summary: str, text: str) -> None:
    """This function will add an operation that places or lifts a person's hold on a metering point."""

    def operation(request: HttpRequest, point_id: UUID, body: ReasonIn, key: Key) -> HttpResponse:
        return _act(request, key, body, lambda: act(**_asked(request, point_id, body.reason)))

    operation.__name__ = verb.replace("-", "_")
    operation.__doc__ = text
    router.post(
        f"/points/{{point_id}}/{verb}", response=written(200, SupplyOut), summary=summary,
        operation_id=f"{operation.__name__}_point",
    )(permitted(SWITCH)(operation))  # fmt: skip


def _asked(request: HttpRequest, point_id: UUID, reason: str) -> dict[str, Any]:
    return {"actor": actor_of(request), "point_public_id": point_id, "reason": reason}


def _act(request: HttpRequest, key: str, body: object, act: Callable[[], PointSupply]) -> HttpResponse:
    return once(request, key, lambda: SupplyOut.of(act()), asked=body)


_wish(
    "disconnect", disconnect_point, "Disconnect a room",
    "Hold the room off until somebody lifts it, and send the command. Refused for protected and frozen rooms, and "
    "while the site is not live, cuts are stopped or their limit is reached.",
)  # fmt: skip
_wish(
    "reconnect", reconnect_point, "Reconnect a room",
    "Lift what the desk put on the room and send the command. Refused while credit or a lock keeps the power off.",
)  # fmt: skip
_wish("unprotect", unprotect_point, "End a room's protection", "The account is judged anew.")
_wish("freeze", freeze_point, "Freeze a room", "Work on the meter: no command in either direction until it is ended.")
_wish("unfreeze", unfreeze_point, "End the work on a room", "What differs is put right.")
_wish("lock-off", lock_off_point, "Lock a room off for safety", "It beats protection and every payment.")
_wish("unlock", unlock_point, "End a safety lock", "The account is judged anew.")


@router.post(
    "/points/{point_id}/protect",
    response=written(200, SupplyOut),
    summary="Protect a room",
    operation_id="protect_point",
)
@permitted(SWITCH)
def protect(request: HttpRequest, point_id: UUID, body: ProtectIn, key: Key) -> HttpResponse:
    """Keep the room's power on whatever the balance, for a time or until somebody ends it."""

    def act() -> PointSupply:
        return protect_point(**_asked(request, point_id, body.reason), until_at=body.until_at)

    return _act(request, key, body, act)


@router.post(
    "/sites/{site_id}/stop-cuts", response=written(200, CutsOut), summary="Stop all cuts", operation_id="stop_cuts"
)
@permitted(STOP)
def stop(request: HttpRequest, site_id: UUID, body: ReasonIn, key: Key) -> HttpResponse:
    """Nobody is disconnected from now on, whatever the balance, until somebody allows it again."""
    return _turn(request, site_id, body, key, stop_cuts, stopped=True)


@router.post(
    "/sites/{site_id}/resume-cuts",
    response=written(200, CutsOut),
    summary="Allow cuts again",
    operation_id="resume_cuts",
)
@permitted(STOP)
def resume(request: HttpRequest, site_id: UUID, body: ReasonIn, key: Key) -> HttpResponse:
    """What is due is decided again at once: notice, hours and limits hold as before."""
    return _turn(request, site_id, body, key, resume_cuts, stopped=False)


def _turn(
    request: HttpRequest, site_id: UUID, body: ReasonIn, key: str, turn: Callable[..., bool], *, stopped: bool
) -> HttpResponse:
    site = find_site(user=machine_of(request), permission=STOP, public_id=site_id)

    def act() -> CutsOut:
        changed = turn(actor=actor_of(request), site_id=site.id, reason=body.reason)
        return CutsOut(site=site.public_id, stopped=stopped, changed=changed)

    return once(request, key, act, asked=body)
