"""What a person changes about their own login."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from prewatt.access.browsers import browser_words
from prewatt.access.contacts import masked
from prewatt.access.errors import StaleSession
from prewatt.access.sessions import came_by_code, list_sessions, require_fresh
from prewatt.kernel.errors import Refused
from prewatt.portal.door import PortalRequest, actor_of, signed_in
from prewatt.portal.forms import CodeForm, ContactForm, PasswordForm, ProfileForm
from prewatt.portal.problems import sentence
from prewatt.portal.views.frame import remember
from prewatt.portal.views.sign_in import (
    ASKED_COOKIE,
    METHODS,
    Waiting,
    keep_waiting,
    read_waiting,
    status_of,
)
from prewatt.usecases import change_login


@signed_in
@require_http_methods(METHODS)
def profile(request: PortalRequest) -> HttpResponseBase:
    """This view will show the login: name, language, contacts, password, and where it is signed in."""
    user = request.visit.user
    form = ProfileForm(request.POST or None, initial={"name": user.name, "language": user.language})
    if request.method == "POST" and form.is_valid():
        change_login.change_profile(actor=actor_of(request), **form.cleaned_data)
        language = form.cleaned_data["language"]
        with override(language):
            messages.success(request, _("Saved."))
        answer = redirect("portal:profile")
        remember(answer, settings.LANGUAGE_COOKIE_NAME, language)
        return answer
    sessions = list_sessions(user=user, this_key=request.session.session_key)
    context = {
        "place": "more",
        "form": form,
        "user": user,
        "contacts": [("phone", user.phone), ("mail", user.email)],
        "sessions": [(row, browser_words(row.browser)) for row in sessions],
    }
    return render(request, "portal/profile.html", context, status=422 if form.errors else 200)


@signed_in
@require_http_methods(METHODS)
def contact(request: PortalRequest) -> HttpResponseBase:
    """This view will ask for a new phone or mail and send a code there; only who has just signed in may."""
    if (stale := _again(request)) is not None:
        return stale
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            code_id, meant = change_login.ask_contact_code(actor=actor_of(request), typed=form.cleaned_data["contact"])
        except Refused as refusal:
            form.refuse(refusal)
        else:
            waiting = Waiting(str(code_id), meant, keep=False, target="", purpose="contact")
            return keep_waiting(redirect("portal:contact_code"), waiting)
    context = {"place": "more", "form": form, "title": _("New phone or mail"), "button": _("Send me a code")}
    return render(request, "portal/form.html", context, status=422 if form.errors else 200)


@signed_in
@require_http_methods(METHODS)
def contact_code(request: PortalRequest) -> HttpResponseBase:
    """This view will take the code that was sent to the new contact."""
    waiting = read_waiting(request, "contact")
    if waiting is None:
        return redirect("portal:contact")
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            changed = change_login.change_contact(
                actor=actor_of(request), code_id=UUID(waiting.code_id), digits=form.cleaned_data["digits"]
            )
        except Refused as refusal:
            form.refuse(refusal)
            status = status_of(refusal)
        else:
            messages.success(request, _("You can sign in with %(contact)s now.") % {"contact": masked(changed)})
            answer = redirect("portal:profile")
            answer.delete_cookie(ASKED_COOKIE, samesite="Lax")
            return answer
    context = {"place": "more", "form": form, "waiting": waiting, "has_letterbox": settings.LETTERBOX}
    return render(request, "portal/contact_code.html", context, status=422 if form.errors and status == 200 else status)


@signed_in
@require_http_methods(METHODS)
def password(request: PortalRequest) -> HttpResponseBase:
    """This view will set a password. Who has just come by a code need not know the old one."""
    if (stale := _again(request)) is not None:
        return stale
    user = request.visit.user
    needs_old = user.has_usable_password() and not came_by_code(request=request)
    form = PasswordForm(request.POST or None, needs_old=needs_old)
    if request.method == "POST" and form.is_valid():
        try:
            change_login.change_password(
                actor=actor_of(request), old=form.cleaned_data["old"] if needs_old else None,
                new=form.cleaned_data["new"],
            )  # fmt: skip
        except Refused as refusal:
            form.refuse(refusal)
        else:
            update_session_auth_hash(request, user)
            messages.success(request, _("The password is set. Everywhere else you are signed out."))
            return redirect("portal:profile")
    context = {"place": "more", "form": form, "title": _("Password"), "button": _("Set the password")}
    return render(request, "portal/form.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def end_session(request: PortalRequest) -> HttpResponseBase:
    """This view will sign the person out on another browser, or on all others."""
    try:
        if "others" in request.POST:
            change_login.end_other_sessions(actor=actor_of(request), this_key=request.session.session_key)
        else:
            change_login.end_session(actor=actor_of(request), code=request.POST.get("session", ""))
        messages.success(request, _("Signed out there."))
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    return redirect("portal:profile")


def _again(request: PortalRequest) -> HttpResponseBase | None:
    """This function will lead through the sign-in page when that was long ago."""
    try:
        require_fresh(request=request)
    except StaleSession as refusal:
        messages.warning(request, sentence(refusal))
        wanted = urlencode({"again": "1", "next": request.get_full_path()})
        return redirect(f"{reverse('portal:sign_in')}?{wanted}")
    return None
