"""The outbox: every message of the site, how far it has come, and what went wrong."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import DeskForm
from prewatt.console.guard import DeskRequest, actor_of, requires, to_uuid
from prewatt.console.labels import label
from prewatt.console.pay_forms import OutboxForm
from prewatt.console.views.desk_money import ask, done
from prewatt.notices.queries import ROWS_MAX, get_notice
from prewatt.usecases.see_outbox import see_outbox, send_again

METHODS: Final = ["GET", "HEAD", "POST"]
STATES: Final = ("pending", "sending", "sent", "delivered", "failed")


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def outbox(request: DeskRequest) -> HttpResponseBase:
    """This view will list messages, the newest first, by state, channel and recipient."""
    form = OutboxForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    before = request.GET.get("before", "")
    found, counts = see_outbox(
        user=request.desk.user, site_id=request.desk.site.id, state=data.get("state") or "",
        channel=data.get("channel") or "", text=(data.get("q") or "").strip(),
        before=to_uuid(before) if before else None,
    )  # fmt: skip
    context = {
        "section": "letters",
        "form": form,
        "rows": found,
        "counts": [(state, counts.by_state.get(state, 0)) for state in STATES],
        "chosen": data.get("state") or "",
        "query": urlencode({key: value for key, value in request.GET.items() if key != "before"}),
        "more": str(found[-1].public_id) if len(found) == ROWS_MAX else "",
    }
    return render(request, "console/outbox.html", context)


@requires(Permission.NOTICES_TELL)
@require_http_methods(METHODS)
def again(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will let a message that failed be tried again."""
    notice = get_notice(public_id=public_id, user=request.desk.user)
    form = DeskForm(request.POST if request.method == "POST" else None)

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        send_again(actor=actor_of(request), notice_public_id=public_id)
        return done(request, reverse("console:outbox"), _("The message is on its way again."))

    said = {
        "title": _("Send again to %(who)s") % {"who": notice.recipient},
        "facts": [
            (_("Message"), notice.subject or label("notice", notice.kind)),
            (_("Way"), label("notice_channel", notice.channel)),
            (_("What went wrong"), notice.error or "—"),
        ],
        "button": _("Send again"),
        "danger": False,
    }
    return ask(request, form, act, said)
