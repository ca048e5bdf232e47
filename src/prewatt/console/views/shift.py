"""The shift board: what waits for a person, most urgent first, with the three truths as columns."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.cases.queries import CaseLine, list_open_cases, list_progress
from prewatt.console.guard import DeskRequest, requires
from prewatt.kernel.clock import estate_now
from prewatt.usecases.see_case_rooms import CaseRoom, see_case_rooms
from prewatt.usecases.see_guard import see_guard
from prewatt.usecases.see_shift import see_shift

ROWS_MAX = 60


@dataclass(frozen=True, slots=True)
class NextUp:
    """A row of the list: the case, and the room it is about, if it is about one."""

    case: CaseLine
    room: CaseRoom | None

    @property
    def account(self) -> UUID | None:
        """This property will hold the account that the row's button opens."""
        return self.room.account_public_id if self.room is not None else None


@require_safe
@requires(Permission.ESTATE_VIEW)
def shift(request: DeskRequest) -> HttpResponseBase:
    """This view will show the whole board."""
    return render(request, "console/shift.html", {"section": "shift", **_board(request)})


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
    cases = list_open_cases(user=request.desk.user, limit=ROWS_MAX)
    rooms = see_case_rooms(cases=cases)
    return {
        "now": now,
        "view": see_shift(user=request.desk.user, site=request.desk.site, now=now),
        "rows": [NextUp(case, rooms.get(case.id)) for case in cases],
        "progress": list_progress(user=request.desk.user),
    }
