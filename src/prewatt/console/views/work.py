"""Working on a case: whose it is, and closing it with a word that says why."""

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prewatt.access.permissions import Permission
from prewatt.cases.queries import get_open_case
from prewatt.console import formats
from prewatt.console.forms import NoteForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.clock import estate_now
from prewatt.usecases.work_on_case import settle_case, take_case


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
        return done(request, reverse("console:shift"), _("The case is closed."))

    facts = [
        (_("About"), found.subject_label or found.subject_id),
        (_("Open since"), formats.age(estate_now() - found.opened_at)),
        (_("Met"), str(found.hits)),
        (_("Owner"), found.owner or formats.UNKNOWN),
        *((str(key), str(value)) for key, value in found.detail.items()),
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
