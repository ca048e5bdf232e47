"""Taking up an invitation: as the login that is signed in, or with a new one."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from prewatt.kernel.errors import Refused
from prewatt.portal.door import actor_of, public
from prewatt.portal.forms import NewLoginForm
from prewatt.portal.problems import explain
from prewatt.portal.views.sign_in import METHODS, enter, status_of
from prewatt.portal.words import ROLES
from prewatt.tenancy.errors import InvitationOver, UnknownInvitation
from prewatt.usecases.share_account import InvitationView, accept_as, accept_as_new, see_invitation


@public("whoever holds the link is whom it is for")
@never_cache
@require_http_methods(METHODS)
def invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """This view will show what a link opens and take it up; a used or expired link is told as such."""
    try:
        view = see_invitation(token_text=token)
        if request.method == "POST":
            return _take_up(request, view, token)
    except (InvitationOver, UnknownInvitation) as refusal:
        return _over(request, refusal)
    return _show(request, view, _form(request, view))


def _take_up(request: HttpRequest, view: InvitationView, token: str) -> HttpResponseBase:
    if request.user.is_authenticated:
        return redirect("portal:home", public_id=accept_as(actor=actor_of(request), token_text=token))
    form = _form(request, view)
    if view.has_login or not form.is_valid():
        return _show(request, view, form, status=422)
    try:
        user, account = accept_as_new(actor=actor_of(request), token_text=token, **form.cleaned_data)
    except (InvitationOver, UnknownInvitation):
        raise
    except Refused as refusal:
        form.refuse(refusal)
        return _show(request, view, form, status=status_of(refusal))
    return enter(request, user, way="invitation", keep=True, target=reverse("portal:home", args=[account]))


def _form(request: HttpRequest, view: InvitationView) -> NewLoginForm:
    return NewLoginForm(request.POST or None, initial={"name": view.row.name, "language": view.row.language})


def _show(request: HttpRequest, view: InvitationView, form: NewLoginForm, *, status: int = 200) -> HttpResponseBase:
    context = {"view": view, "form": form, "role": ROLES[view.row.role]}
    return render(request, "portal/invitation.html", context, status=status)


def _over(request: HttpRequest, refusal: Refused) -> HttpResponseBase:
    """This function will say why the link opens nothing: 410 for one that did, 404 for one that never has."""
    problem = explain(refusal)
    status = 410 if isinstance(refusal, InvitationOver) else 404
    context = {"problem": problem, "was_used": refusal.facts.get("state") == "accepted"}
    return render(request, "portal/invitation_over.html", context, status=status)
