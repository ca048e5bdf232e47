"""The shift board: what waits for a person, most urgent first, with the three truths as columns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.cases.queries import CaseLine, list_open_cases, list_progress
from prewatt.console.guard import DeskRequest, requires
from prewatt.console.states import SEVERITY, Tone, look_of
from prewatt.estate.queries import list_buildings
from prewatt.kernel.clock import estate_now
from prewatt.supply.reasons import words_of
from prewatt.usecases.see_case_rooms import CaseRoom, WaitingRoom, see_case_rooms, see_waiting_rooms
from prewatt.usecases.see_first_run import find_first_run
from prewatt.usecases.see_guard import see_guard
from prewatt.usecases.see_shift import see_shift

ROWS_MAX: Final = 60
WAITING: Final = {
    "restoring": (_("Paid, restoring"), _("the wish is on, the relay is proven off"), "loader-2", Tone.MOVING),
    "cutting": (_("Being cut"), _("the wish is off, the relay is proven on"), "loader-2", Tone.MOVING),
    "spared": (_("In arrears, not cut"), "", "shield-check", Tone.QUIET),
    "zero": (_("Reaches zero today"), _("a call saves a disconnection"), "hourglass-empty", Tone.LEVEL_1),
}


@dataclass(frozen=True, slots=True)
class NextUp:
    """A row of the list: a case, or a room that waits without one. ``tone`` colours its icon, ``is_hot`` its row."""

    title: str
    hint: str
    icon: str
    tone: str
    is_hot: bool
    since: datetime
    case: UUID | None
    subject: str
    room: CaseRoom | None


@require_safe
@requires(Permission.ESTATE_VIEW)
def shift(request: DeskRequest) -> HttpResponseBase:
    """This view will show the whole board."""
    may_set_up = Permission.ADMIN_USERS in request.desk.permissions
    return render(
        request, "console/shift.html",
        {"section": "shift", "run": find_first_run(user=request.desk.user) if may_set_up else None, **_board(request)},
    )  # fmt: skip


@require_safe
@requires(Permission.ESTATE_VIEW)
def shift_live(request: DeskRequest) -> HttpResponseBase:
    """This view will show the counts and the list again, after something changed."""
    return render(request, "console/parts/shift_live.html", _board(request))


@require_safe
@requires(Permission.ESTATE_VIEW)
def guard_bar(request: DeskRequest) -> HttpResponseBase:
    """This view will show the guard bar again."""
    context = {
        "guard": see_guard(site=request.desk.site, now=estate_now()),
        "may_stop": Permission.SUPPLY_STOP in request.desk.permissions,
    }
    return render(request, "console/parts/guard.html", context)


def _board(request: DeskRequest) -> dict[str, Any]:
    now = estate_now()
    desk = request.desk
    cases = list_open_cases(user=desk.user, limit=ROWS_MAX)
    rooms = see_case_rooms(cases=cases)
    known = [room.point_id for room in rooms.values()]
    buildings = [one.id for one in list_buildings(user=desk.user, site_id=desk.site.id)]
    waiting = see_waiting_rooms(site=desk.site, building_ids=buildings, now=now, known=known, limit=ROWS_MAX)
    urgent = [_of_case(case, rooms.get(case.id)) for case in cases]
    return {
        "now": now,
        "view": see_shift(site=desk.site, building_ids=buildings, now=now),
        "rows": [*urgent, *(_of_room(one) for one in waiting)],
        "progress": list_progress(user=desk.user),
    }


def _of_case(case: CaseLine, room: CaseRoom | None) -> NextUp:
    look = look_of(SEVERITY, case.severity)
    return NextUp(
        case.label, case.hint, look.icon, look.tone, case.severity == "urgent", case.opened_at, case.public_id,
        case.subject_label, room,
    )  # fmt: skip


def _of_room(waiting: WaitingRoom) -> NextUp:
    title, hint, icon, tone = WAITING[waiting.kind]
    said = str(hint)
    if waiting.kind == "spared":
        said = str(words_of(waiting.room.truths.withheld))
    return NextUp(str(title), said, icon, tone, False, waiting.since, None, waiting.room.code, waiting.room)
