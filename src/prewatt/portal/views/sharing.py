"""Sharing an account: its owner sees with whom, invites, changes roles, ends."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prewatt.access.contacts import masked
from prewatt.kernel.errors import Refused
from prewatt.portal.door import TenantRequest, actor_of, tenant
from prewatt.portal.forms import InviteForm, RoleForm
from prewatt.portal.problems import sentence
from prewatt.portal.views.sign_in import METHODS, status_of
from prewatt.portal.words import ROLES
from prewatt.reports.papers.qr import draw_qr
from prewatt.tenancy.errors import UnknownShare
from prewatt.usecases import share_account
from prewatt.usecases.share_account import Sharing, Wish, see_own_sharing


@tenant("owner")
@require_safe
def sharing(request: TenantRequest) -> HttpResponseBase:
    """This view will show who shares the account and who was invited."""
    seen = _sharing(request)
    shares = [(one, ROLES[one.role], _contact(one.phone or one.email)) for one in seen.shares]
    invitations = [(one, ROLES[one.role], masked(one.recipient)) for one in seen.invitations]
    context = {"place": "more", "shares": shares, "invitations": invitations, "roles": ROLES}
    return render(request, "portal/sharing.html", context)


@tenant("owner")
@require_http_methods(METHODS)
def invite(request: TenantRequest) -> HttpResponseBase:
    """This view will invite somebody, and show the link once."""
    form = InviteForm(request.POST or None, initial={"role": "viewer", "language": get_language()})
    context = {"place": "more", "form": form, "roles": ROLES}
    if request.method != "POST" or not form.is_valid():
        return render(request, "portal/invite.html", context, status=422 if form.errors else 200)
    try:
        invited = share_account.invite_as_owner(
            actor=actor_of(request), public_id=request.share.public_id, wish=Wish(**form.cleaned_data),
            link_of=lambda token: f"{settings.PUBLIC_ORIGIN}{reverse('portal:invitation', args=[token])}",
        )  # fmt: skip
    except Refused as refusal:
        form.refuse(refusal)
        return render(request, "portal/invite.html", context, status=status_of(refusal))
    context = {"place": "more", "invited": invited, "qr": SafeString(draw_qr(invited.link))}  # our own path of squares
    return render(request, "portal/invited.html", context)


@tenant("owner")
@require_http_methods(METHODS)
def share(request: TenantRequest, share_id: UUID) -> HttpResponseBase:
    """This view will give somebody another role, or stop sharing with them."""
    seen = _sharing(request)
    found = next((one for one in seen.shares if one.public_id == share_id), None)
    if found is None:
        raise UnknownShare("This share has ended.", hint="Reload the list.")
    form = RoleForm(request.POST or None, initial={"role": found.role})
    if request.method == "POST":
        done = _end(request, seen, share_id) if "end" in request.POST else _change(request, seen, share_id, form)
        if done is not None:
            return done
    context = {"place": "more", "one": found, "contact": _contact(found.phone or found.email), "form": form,
               "roles": ROLES, "is_self": found.user_id == request.visit.user.pk}  # fmt: skip
    return render(request, "portal/share.html", context, status=422 if form.errors else 200)


@tenant("owner")
@require_POST
def take_back(request: TenantRequest, invitation_id: UUID) -> HttpResponseBase:
    """This view will make an invitation's link work no more."""
    try:
        share_account.take_back(actor=actor_of(request), account=_sharing(request).facts, invitation=invitation_id)
        messages.success(request, _("The invitation was taken back."))
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    return _back(request)


def _end(request: TenantRequest, seen: Sharing, share_id: UUID) -> HttpResponseBase:
    try:
        share_account.end_share(actor=actor_of(request), account=seen.facts, share=share_id, keep_an_owner=True)
        messages.success(request, _("The account is not shared with them any more."))
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    is_own = any(one.public_id == share_id and one.user_id == request.visit.user.pk for one in seen.shares)
    return redirect("portal:start") if is_own else _back(request)


def _change(request: TenantRequest, seen: Sharing, share_id: UUID, form: RoleForm) -> HttpResponseBase | None:
    if not form.is_valid():
        return None
    try:
        share_account.change_role(
            actor=actor_of(request), account=seen.facts, share=share_id, role=form.cleaned_data["role"]
        )
    except Refused as refusal:
        form.refuse(refusal)
        return None
    messages.success(request, _("The role was changed."))
    return _back(request)


def _sharing(request: TenantRequest) -> Sharing:
    return see_own_sharing(user=request.visit.user, public_id=request.share.public_id)


def _contact(contact: str) -> str:
    return masked(contact) if contact else ""


def _back(request: TenantRequest) -> HttpResponseBase:
    return redirect("portal:sharing", public_id=request.share.public_id)
