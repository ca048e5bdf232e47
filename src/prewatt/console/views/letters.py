"""What was told to whom: the desk's own list, and the letter boxes of the demo."""

from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import ToldForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.views.desk_money import ask, done
from prewatt.notices.queries import get_notice, list_desk_notices, list_letterbox
from prewatt.usecases.tell_notice import tell_notice

ROWS = 100


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def letters(request: DeskRequest) -> HttpResponseBase:
    """This view will show the desk's list of tenants to tell beside the letter boxes; ``?open=`` shows one letter."""
    to_tell = list_desk_notices(
        user=request.desk.user, permission=Permission.ACCOUNT_VIEW, site_id=request.desk.site.id
    )
    box = list_letterbox(user=request.desk.user, limit=ROWS)
    wanted = request.GET.get("open", "")
    opened = next((one for one in [*box, *to_tell] if str(one.public_id) == wanted), next(iter(box), None))
    context = {
        "section": "letters",
        "to_tell": to_tell,
        "box": box,
        "opened": opened,
    }
    return render(request, "console/letters.html", context)


@requires(Permission.NOTICES_TELL)
@require_http_methods(["GET", "HEAD", "POST"])
def told(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will mark a notice as told: by whom and how is its proof of delivery."""
    notice = get_notice(public_id=public_id, user=request.desk.user)
    form = ToldForm(request.POST or None)

    def act(data: dict[str, str]) -> HttpResponseBase:
        tell_notice(actor=actor_of(request), notice_public_id=notice.public_id, how=data["how"])
        return done(request, reverse("console:letters"), _("Marked as told."))

    said = {
        "title": _("Tell %(name)s") % {"name": notice.account.customer.name if notice.account else notice.recipient},
        "facts": [(_("Say"), notice.subject), (_("Reach by"), notice.recipient)],
        "button": _("I have told it"),
        "danger": False,
    }
    return ask(request, form, act, said)
