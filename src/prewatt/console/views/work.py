"""Working on a case: whose it is, and closing it with a word that says why."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prewatt.access.permissions import Permission
from prewatt.cases.queries import get_open_case
from prewatt.console.forms import NoteForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.labels import label
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.clock import estate_now
from prewatt.reports import formats
from prewatt.supply.reasons import words_of
from prewatt.usecases.work_on_case import reopen_case, settle_case, take_case

_TABLES: Final = {"cause": "held", "channel": "notice_channel", "next": "notice_channel", "kind": "notice"}
"""Facts of a case that are codes, and the tables of their words."""


@requires(Permission.CASES_WORK)
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show a case, make the login its owner, and close it with a note."""
    found = get_open_case(user=request.desk.user, public_id=public_id)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and "take" in request.POST:
        take_case(actor=actor_of(request), public_id=public_id)
        return done(request, reverse("console:shift"), _("The case is yours."))

    def act(data: dict[str, Any]) -> HttpResponseBase:
        settle_case(actor=actor_of(request), public_id=public_id, note=data["note"])
        undo = reverse("console:case_reopen", args=[public_id])
        return done(request, reverse("console:shift"), _("The case is closed."), undo=undo)

    facts = [
        (_("About"), found.subject_label or found.subject_id),
        (_("Open since"), formats.age(estate_now() - found.opened_at)),
        (_("Met"), str(found.hits)),
        (_("Owner"), found.owner or formats.UNKNOWN),
        *((label("detail", key), _worded(key, value)) for key, value in found.detail.items()),
    ]
    said = {
        "title": found.label,
        "facts": facts,
        "warning": found.hint,
        "button": _("Close the case"),
        "take": not found.owner,
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.CASES_WORK)
@require_POST
def reopen(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will take back that a case was closed."""
    reopen_case(actor=actor_of(request), public_id=public_id)
    return done(request, reverse("console:shift"), _("The case is open again."))


def _worded(key: str, value: object) -> str:
    """This function will write a fact of a case, stored as a code, an instant or a number, for people."""
    if value is None or value == "":
        return formats.UNKNOWN
    if key in _TABLES:
        return label(_TABLES[key], value)
    if key == "per":
        return str(words_of(str(value)))
    if key.endswith("_at"):
        zone = ZoneInfo(get_current_timezone_name())
        return formats.clock(datetime.fromisoformat(str(value)), now=estate_now(), zone=zone)
    if key.endswith("_wh") and isinstance(value, int):
        return formats.energy(value)
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
