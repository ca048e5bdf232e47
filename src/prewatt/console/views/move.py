"""A meter is moved: the place is typed, tried by one reading, and saved only after the meter has answered there."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.guard import DeskRequest, actor_of, is_part, requires, to_uuid
from prewatt.console.move_form import MoveForm
from prewatt.console.problems import sentence
from prewatt.console.trial_words import advice_of
from prewatt.console.views.desk_money import ask
from prewatt.estate.errors import BadInstallation, NoTrial, PlaceChanged
from prewatt.usecases.move_meter import Line, ask_trial, move_meter, see_meter_place
from prewatt.usecases.see_trial import TrialView, see_trial

METHODS: Final = ["GET", "HEAD", "POST"]


@requires(Permission.METERS_MOVE)
@require_http_methods(METHODS)
def move(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will ask where a room's meter shall be read; ``?trial=`` begins with what was tried before."""
    place = see_meter_place(user=request.desk.user, point_public_id=public_id)
    tried = request.GET.get("trial")
    before = see_trial(user=request.desk.user, public_id=to_uuid(tried)) if tried else None
    form = MoveForm(
        request.POST or None, initial=_initial(place.line, place.address, before),
        lines=[(str(one.public_id), _line(one)) for one in place.lines],
    )  # fmt: skip

    def act(data: dict[str, Any]) -> HttpResponseBase:
        trial = ask_trial(
            actor=actor_of(request), point_public_id=public_id, bus_public_id=to_uuid(data["bus"]),
            address=data["address"], baud=data["baud"], reason=data["reason"],
        )  # fmt: skip
        where = reverse("console:trial", args=[trial])
        return HttpResponse(status=204, headers={"HX-Redirect": where}) if is_part(request) else redirect(where)

    said = {
        "title": _("Move the meter of %(room)s") % {"room": place.room},
        "facts": [
            (_("Meter"), f"{place.maker} {place.serial}"),
            (_("Bus now"), _line(place.line)),
            (_("Address now"), place.address),
        ],
        "aside": _("nothing is saved yet"),
        "button": _("Read it there once"),
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.METERS_MOVE)
@require_http_methods(METHODS)
def trial(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show what a trial found; POST saves the move that it has proven, or tries ``again``."""
    found = see_trial(user=request.desk.user, public_id=public_id)
    if request.method == "POST":
        return _act(request, found)
    return render(request, "console/trial.html", {"section": "comms"} | _shown(found))


@requires(Permission.METERS_MOVE)
@require_safe
def trial_live(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show how far a trial is now; the page asks each second until the field has answered."""
    return render(
        request, "console/parts/trial_live.html", _shown(see_trial(user=request.desk.user, public_id=public_id))
    )


def _act(request: DeskRequest, found: TrialView) -> HttpResponseBase:
    where = found.public_id
    try:
        if "again" in request.POST:
            where = ask_trial(
                actor=actor_of(request), point_public_id=found.point_public_id, bus_public_id=found.bus_public_id,
                address=found.after.address, baud=found.after.baud, reason=found.reason,
            )  # fmt: skip
        else:
            move_meter(actor=actor_of(request), trial_public_id=found.public_id)
    except (NoTrial, PlaceChanged, BadInstallation) as refusal:
        messages.error(request, sentence(refusal))
    return redirect("console:trial", where)


def _shown(found: TrialView) -> dict[str, Any]:
    return {"trial": found, "advice": advice_of(found)}


def _initial(line: Line, address: str, before: TrialView | None) -> dict[str, object]:
    if before is None:
        return {"bus": str(line.public_id), "address": address}
    baud = before.after.baud if before.changes_baud else ""
    return {
        "bus": str(before.bus_public_id), "address": before.after.address, "baud": baud, "reason": before.reason,
    }  # fmt: skip


def _line(line: Line) -> str:
    return f"{line.gateway} · {line.name or line.port} · {line.baud} 8{line.parity}1"
