"""One's own login at the desk: where it is signed in, and its password."""

from typing import Final

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prewatt.access.browsers import browser_words
from prewatt.access.factors import has_factor
from prewatt.access.queries import get_session_rules
from prewatt.access.sessions import list_sessions
from prewatt.console.guard import DeskRequest, actor_of, at_the_desk
from prewatt.console.people_forms import ChangePasswordForm
from prewatt.console.problems import sentence
from prewatt.kernel.errors import Refused
from prewatt.usecases import change_login

METHODS: Final = ["GET", "HEAD", "POST"]


@at_the_desk
@require_http_methods(METHODS)
def me(request: DeskRequest) -> HttpResponseBase:
    """This view will show the person's own login; a POST sets another password, and signs out everywhere else."""
    form = ChangePasswordForm(request.POST or None)
    form.fields["password"].widget.attrs.pop("autofocus", None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            change_login.change_password(actor=actor_of(request), old=data["old"], new=data["password"])
        except Refused as refusal:
            form.refuse(refusal)
        else:
            update_session_auth_hash(request, request.desk.user)
            messages.success(request, _("The password is set. Everywhere else you are signed out."))
            return redirect("console:me")
    return _page(request, form)


@at_the_desk
@require_POST
def end_session(request: DeskRequest) -> HttpResponseBase:
    """This view will sign the person out on another browser, or on all others."""
    try:
        if "others" in request.POST:
            change_login.end_other_sessions(actor=actor_of(request), this_key=request.session.session_key)
        else:
            change_login.end_session(actor=actor_of(request), code=request.POST.get("session", ""))
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("Signed out there."))
    return redirect("console:me")


def _page(request: DeskRequest, form: ChangePasswordForm) -> HttpResponse:
    user = request.desk.user
    rows = list_sessions(user=user, this_key=request.session.session_key)
    context = {
        "section": "me",
        "form": form,
        "sessions": [(row, browser_words(row.browser)) for row in rows],
        "rules": get_session_rules(user=user),
        "has_factor": has_factor(user=user),
    }
    return render(request, "console/me.html", context, status=422 if form.errors else 200)
