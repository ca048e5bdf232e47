"""The room board: every room of the site on one screen."""

from typing import Final
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.console.board import blocks, legend, tile_html
from prewatt.console.guard import DeskRequest, requires
from prewatt.kernel.clock import estate_now
from prewatt.supply.room_board import list_room_tiles
from prewatt.usecases.see_account import see_room

TILES_MAX: Final = 100


@require_safe
@requires(Permission.ESTATE_VIEW)
def board(request: DeskRequest) -> HttpResponseBase:
    """This view will show all rooms; ``?state=`` begins with the legend's filter set."""
    now = estate_now()
    rows = list_room_tiles(user=request.desk.user, site_id=request.desk.site.id, now=now)
    context = {
        "section": "rooms",
        "blocks": blocks(rows),
        "legend": legend(rows),
        "count": len(rows),
        "wanted": request.GET.get("state", ""),
        "columns": range(1, 33),
    }
    return render(request, "console/rooms.html", context)


@require_safe
@requires(Permission.ESTATE_VIEW)
def tiles(request: DeskRequest) -> HttpResponseBase:
    """This view will draw some tiles again: ``?ids=`` names at most 100 rooms."""
    wanted = [UUID(text) for text in request.GET.get("ids", "").split(",")[:TILES_MAX] if _is_uuid(text)]
    now = estate_now()
    rows = list_room_tiles(user=request.desk.user, site_id=request.desk.site.id, now=now, public_ids=wanted)
    return HttpResponse("".join(tile_html(row, 0) for row in rows))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@require_safe
@requires(Permission.ESTATE_VIEW)
def peek(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show the pop-up of one room: its three truths and its balance."""
    room, facts = see_room(user=request.desk.user, public_id=public_id)
    return render(request, "console/parts/peek.html", {"room": room, "facts": facts, "now": estate_now()})
