"""Power from the desk: cut, restore, protect, with a dry run and a reason; stop all cuts; the command log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.audit import Actor
from prewatt.access.permissions import Permission
from prewatt.console.forms import CountForm, DeskForm, ReasonForm
from prewatt.console.guard import DeskRequest, actor_of, requires, to_uuid
from prewatt.console.problems import sentence
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import NotFound, Refused
from prewatt.kernel.ids import uuid7
from prewatt.reports import formats
from prewatt.supply.room_board import RoomTile, list_room_tiles
from prewatt.supply.values import PointSupply
from prewatt.usecases.disconnect_point import disconnect_point
from prewatt.usecases.protect_point import protect_point, unprotect_point
from prewatt.usecases.reconnect_point import reconnect_point
from prewatt.usecases.see_account import list_commands
from prewatt.usecases.stop_cuts import resume_cuts, stop_cuts

METHODS: Final = ["GET", "HEAD", "POST"]
ROOMS_MAX: Final = 50
COMMANDS: Final = 100


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that the desk can do with rooms."""

    act: Callable[..., PointSupply]
    title: Promise
    will: Promise
    icon: str
    tone: str
    spared: Callable[[RoomTile], str]


@dataclass(frozen=True, slots=True)
class DryRow:
    """A room in the dry run: what will happen to it, or why nothing will."""

    public_id: UUID
    code: str
    name: str
    acts: bool
    word: str
    note: str


def _spared_cut(room: RoomTile) -> str:
    if room.protected:
        return _("spared: protected")
    if room.frozen:
        return _("spared: frozen")
    if not room.has_relay:
        return _("spared: no relay")
    if room.lost:
        return _("spared: offline")
    return _("is off already") if room.reported == "off" else ""


def _spared_restore(room: RoomTile) -> str:
    if room.frozen:
        return _("stays: frozen")
    return _("is on already") if room.reported == room.desired == "on" else ""


VERBS: Final[dict[str, Verb]] = {
    "disconnect": Verb(
        disconnect_point, gettext_lazy("Cut: dry run"), gettext_lazy("will be cut"), "bolt-off", "off", _spared_cut
    ),
    "reconnect": Verb(
        reconnect_point, gettext_lazy("Restore"), gettext_lazy("will be restored"), "bolt", "ok", _spared_restore
    ),
    "protect": Verb(
        protect_point, gettext_lazy("Protect"), gettext_lazy("will be protected"), "shield", "acc",
        lambda room: _("is protected already") if room.protected else "",
    ),
    "unprotect": Verb(
        unprotect_point, gettext_lazy("End the protection"), gettext_lazy("protection ends"), "shield-off", "acc",
        lambda room: "" if room.protected else _("is not protected"),
    ),
}  # fmt: skip


@requires(Permission.SUPPLY_SWITCH)
@require_http_methods(METHODS)
def change(request: DeskRequest, verb: str) -> HttpResponseBase:
    """This view will show what a wish would do to the chosen rooms, then do it with a reason, room by room."""
    chosen = VERBS.get(verb)
    if chosen is None:
        raise NotFound("There is nothing under this address.")
    rows = _dry_run(request, chosen)
    targets = [row for row in rows if row.acts]
    form: DeskForm
    if verb == "disconnect":
        form = CountForm(request.POST or None, initial={"token": uuid7()}, expected=len(targets))
    else:
        form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        reached = _each(request, chosen, targets, data["reason"])
        if not reached:
            raise Refused("No room was changed.", hint="See the messages, then try again.")
        said = ngettext(
            "%(n)s order given; the relay's own answer follows.",
            "%(n)s orders given; the relays' own answers follow.",
            reached,
        )
        return done(request, _back(request), said % {"n": reached})

    return ask(request, form, act, _words(chosen, verb, rows, len(targets)))


@requires(Permission.SUPPLY_STOP)
@require_http_methods(METHODS)
def stop(request: DeskRequest) -> HttpResponseBase:
    """This view will stop all disconnections of the site at once."""
    said = {
        "title": _("Stop all cuts"),
        "warning": _("Nobody is disconnected from now on, whatever the balance, until somebody allows it again."),
        "button": _("Stop all cuts"),
        "icon": "hand-stop",
        "danger": True,
    }
    return _switch(request, said, stop_cuts, _("All cuts are stopped."))


@requires(Permission.SUPPLY_STOP)
@require_http_methods(METHODS)
def resume(request: DeskRequest) -> HttpResponseBase:
    """This view will allow disconnections again."""
    said = {
        "title": _("Allow cuts again"),
        "warning": _("What is due is decided again at once: notice, hours and limits hold as before."),
        "button": _("Allow cuts again"),
        "danger": False,
    }
    return _switch(request, said, resume_cuts, _("Cuts are allowed again."))


@requires(Permission.COMM_VIEW)
@require_safe
def commands(request: DeskRequest) -> HttpResponseBase:
    """This view will list the site's commands, the newest first."""
    before = request.GET.get("before", "")
    live = request.GET.get("live") == "1"
    found = list_commands(
        user=request.desk.user, site_id=request.desk.site.id, live=live, limit=COMMANDS,
        before=to_uuid(before) if before else None,
    )  # fmt: skip
    more = found[-1].public_id if len(found) == COMMANDS else None
    return render(
        request, "console/commands.html", {"section": "commands", "commands": found, "live": live, "more": more}
    )


def _dry_run(request: DeskRequest, verb: Verb) -> list[DryRow]:
    names = request.GET.get("rooms", "").split(",")
    wanted = [to_uuid(name) for name in names if name]
    if not 0 < len(wanted) <= ROOMS_MAX:
        raise Refused("Choose rooms first.", hint="At least one, at most %(most)s at a time.", most=ROOMS_MAX)
    rooms = list_room_tiles(
        user=request.desk.user, site_id=request.desk.site.id, now=estate_now(), public_ids=wanted,
        permission=Permission.SUPPLY_SWITCH,
    )  # fmt: skip
    return [_dry_row(room, verb) for room in rooms]


def _dry_row(room: RoomTile, verb: Verb) -> DryRow:
    spared = verb.spared(room)
    return DryRow(
        room.public_id, room.code, room.customer, not spared, spared or str(verb.will), formats.money(room.available)
    )


def _words(verb: Verb, name: str, rows: Sequence[DryRow], count: int) -> dict[str, Any]:
    button = ngettext("%(verb)s %(n)s room", "%(verb)s %(n)s rooms", count) % {
        "verb": _("Cut") if name == "disconnect" else str(verb.title),
        "n": count,
    }
    return {
        "title": str(verb.title), "aside": _("nothing has been done yet"), "rows": rows, "icon": verb.icon,
        "tone": verb.tone, "danger": name == "disconnect", "button": button if count else "",
    }  # fmt: skip


def _each(request: DeskRequest, verb: Verb, targets: Sequence[DryRow], reason: str) -> int:
    """This function will act on each room by itself: one refusal does not undo the others."""
    reached = 0
    for row in targets:
        try:
            verb.act(actor=actor_of(request), point_public_id=row.public_id, reason=reason)
        except Refused as refusal:
            messages.error(request, f"{row.code}: {sentence(refusal)}")
        else:
            reached += 1
    return reached


def _switch(request: DeskRequest, said: dict[str, Any], turn: Callable[..., bool], message: str) -> HttpResponseBase:
    form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        actor: Actor = actor_of(request)
        turn(actor=actor, site_id=request.desk.site.id, reason=data["reason"])
        return done(request, _back(request), message)

    return ask(request, form, act, said)


def _back(request: DeskRequest) -> str:
    """This function will return where the person came from: htmx says it; else the room board."""
    path = request.headers.get("HX-Current-URL", "").removeprefix(f"{request.scheme}://{request.get_host()}")
    return path if path.startswith("/") and not path.startswith("//") else reverse("console:rooms")
