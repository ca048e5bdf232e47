"""Which till a browser stands at: the name is kept in the browser, as the machine on the desk is the till."""

from typing import Any, Final

from django.conf import settings
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prewatt.access.permissions import Permission
from prewatt.console.forms import TillForm
from prewatt.console.guard import DeskRequest, requires
from prewatt.console.views.desk_money import ask, done
from prewatt.payments.limits import is_till

COOKIE: Final = "pw_till"
FIRST: Final = "T1"
YEAR_S: Final = 365 * 86_400


def till_of(request: DeskRequest) -> str:
    """This function will return the till of the browser, the first one where none was named."""
    name = request.COOKIES.get(COOKIE, "")
    return name if is_till(name) else FIRST


@requires(Permission.MONEY_TAKE)
@require_http_methods(["GET", "HEAD", "POST"])
def name_till(request: DeskRequest) -> HttpResponseBase:
    """This view will name the till at which this browser takes money from now on."""
    form = TillForm(request.POST or None, initial={"till": till_of(request)})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        answer = done(request, reverse("console:till"), _("This is till %(till)s now.") % {"till": data["till"]})
        answer.set_cookie(
            COOKIE, data["till"], max_age=YEAR_S, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
        return answer

    said = {
        "title": _("Which till is this?"),
        "aside": _("for this browser"),
        "warning": _("Receipts are numbered till by till, and the day's report adds up each of them."),
        "button": _("Save"),
        "danger": False,
    }
    return ask(request, form, act, said)
