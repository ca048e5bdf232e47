"""Who looks after an account in the portal: the desk invites, sees and ends."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prewatt.access.permissions import Permission
from prewatt.console.forms import InviteForm
from prewatt.console.guard import DeskRequest, actor_of, requires, to_uuid
from prewatt.console.problems import sentence
from prewatt.kernel.errors import Refused
from prewatt.reports.papers.qr import draw_qr
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases import share_account
from prewatt.usecases.share_account import Invited, Sharing, Wish, see_sharing


@requires(Permission.ACCOUNT_INVITE)
@require_http_methods(["GET", "HEAD", "POST"])
def sharing(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show who shares an account, and invite: its customer, or somebody else."""
    seen = see_sharing(user=request.desk.user, public_id=public_id)
    form = InviteForm(request.POST or None, initial=_customer(seen.facts))
    invited = None
    if request.method == "POST" and form.is_valid():
        try:
            invited = share_account.invite_from_desk(
                actor=actor_of(request), public_id=public_id, wish=Wish(**form.cleaned_data),
                link_of=lambda token: f"{settings.PUBLIC_ORIGIN}{reverse('portal:invitation', args=[token])}",
            )  # fmt: skip
        except Refused as refusal:
            form.refuse(refusal)
        else:
            seen = see_sharing(user=request.desk.user, public_id=public_id)
            form = InviteForm(initial={"role": "viewer", "language": seen.facts.language})
    context = _context(seen, invited) | {"form": form}
    return render(request, "console/sharing.html", context, status=422 if form.errors else 200)


@requires(Permission.ACCOUNT_INVITE)
@require_POST
def sharing_end(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will end a share, or take back an invitation."""
    facts = see_sharing(user=request.desk.user, public_id=public_id).facts
    actor = actor_of(request)
    try:
        if "share" in request.POST:
            share = to_uuid(request.POST["share"])
            share_account.end_share(actor=actor, account=facts, share=share, keep_an_owner=False)
            messages.success(request, _("The account is not shared with them any more."))
        else:
            invitation = to_uuid(request.POST.get("invitation", ""))
            share_account.take_back(actor=actor, account=facts, invitation=invitation)
            messages.success(request, _("The invitation was taken back."))
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    return redirect("console:sharing", public_id=public_id)


def _context(seen: Sharing, invited: Invited | None) -> dict[str, Any]:
    return {
        "section": "rooms",
        "facts": seen.facts,
        "shares": seen.shares,
        "invitations": seen.invitations,
        "invited": invited,
        "qr": SafeString(draw_qr(invited.link)) if invited is not None else "",  # our own path of squares
    }


def _customer(facts: AccountFacts) -> dict[str, str]:
    return {
        "contact": facts.phone or facts.email, "name": facts.customer_name, "role": "owner", "language": facts.language
    }  # fmt: skip
