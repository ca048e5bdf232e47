"""People of the desk: listed, invited, given roles, closed, led to a new password."""

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prewatt.access.browsers import browser_words
from prewatt.access.errors import BadLink, UnknownLogin
from prewatt.access.factors import has_factor
from prewatt.access.permissions import Permission
from prewatt.access.roster import find_managed, find_open_link, get_login, list_logins, list_roles, list_scopes
from prewatt.console.forms import DeskForm, ReasonForm
from prewatt.console.guard import DeskRequest, actor_of, public, requires
from prewatt.console.people_forms import GiveForm, InvitePersonForm, PasswordForm, PeopleForm
from prewatt.console.problems import sentence
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.errors import Refused
from prewatt.kernel.ids import uuid7
from prewatt.usecases import manage_users
from prewatt.usecases.manage_users import Linked, NewPerson
from prewatt.usecases.second_factor import reset_second_factor

METHODS: Final = ["GET", "HEAD", "POST"]
ID_DIGITS: Final = 18


@requires(Permission.ADMIN_USERS)
@require_safe
def users(request: DeskRequest) -> HttpResponseBase:
    """This view will list the people of the desk, by name, role and state, beside the form that invites one."""
    return _list(request, _invite_form(request, None), None)


@requires(Permission.ADMIN_USERS)
@require_POST
def invite(request: DeskRequest) -> HttpResponseBase:
    """This view will make a login and send its owner a link."""
    form, linked = _invite_form(request, request.POST), None
    if form.is_valid():
        try:
            linked = manage_users.invite_person(
                actor=actor_of(request), person=NewPerson(**form.cleaned_data), link_of=_link_of
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            form = _invite_form(request, None)
    return _list(request, form, linked)


@requires(Permission.ADMIN_USERS)
@require_http_methods(METHODS)
def user(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show a person's login and roles; a POST gives one more role."""
    form = _give_form(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data
            manage_users.give_role(
                actor=actor_of(request), public_id=public_id, code=data["role"], scope_id=data["scope_id"]
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The role holds from the next click on."))
            return redirect("console:user", public_id=public_id)
    return _page(request, public_id, form, None)


@requires(Permission.ADMIN_USERS)
@require_POST
def take_role(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will end a role of a person."""
    code, _sep, text = request.POST.get("held", "").partition(":")
    scope_id = int(text) if text.isdecimal() and len(text) < ID_DIGITS else 0
    find_managed(user=request.desk.user, public_id=public_id)
    try:
        manage_users.take_role(actor=actor_of(request), public_id=public_id, code=code, scope_id=scope_id)
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("The role has ended."))
    return redirect("console:user", public_id=public_id)


@requires(Permission.ADMIN_USERS)
@require_POST
def send_link(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will send the person a link for a new password."""
    try:
        linked = manage_users.send_password_link(actor=actor_of(request), public_id=public_id, link_of=_link_of)
    except Refused as refusal:
        find_managed(user=request.desk.user, public_id=public_id)
        messages.error(request, sentence(refusal))
        return redirect("console:user", public_id=public_id)
    return _page(request, public_id, _give_form(request, None), linked)


@requires(Permission.ADMIN_USERS)
@require_POST
def end_sessions(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will sign a person out on one browser, or everywhere."""
    try:
        manage_users.end_sessions(
            actor=actor_of(request), public_id=public_id, code=request.POST.get("session", "")[:40]
        )
    except UnknownLogin:
        raise
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("Signed out there."))
    return redirect("console:user", public_id=public_id)


@requires(Permission.ADMIN_USERS)
@require_POST
def reset_factor(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will take away the second factor of a person who lost it."""
    try:
        reset_second_factor(actor=actor_of(request), public_id=public_id)
    except UnknownLogin:
        raise
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("The second factor is taken away; they are signed out everywhere."))
    return redirect("console:user", public_id=public_id)


@requires(Permission.ADMIN_USERS)
@require_http_methods(METHODS)
def turn(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will close a login with a reason, or open it again."""
    row = get_login(user=request.desk.user, public_id=public_id)
    active = row.state == "closed"
    form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        manage_users.turn_login(actor=actor_of(request), public_id=public_id, active=active, reason=data["reason"])
        said = _("The login is open again.") if active else _("The login is closed and signed out everywhere.")
        return done(request, reverse("console:user", args=[public_id]), said)

    name = row.name or row.username
    said = {
        "title": (_("Open %(name)s again") if active else _("Close the login of %(name)s")) % {"name": name},
        "facts": [(_("User name"), row.username), (_("Roles"), ", ".join(one.name for one in row.roles) or "—")],
        "warning": ""
        if active
        else _("They are signed out at once and cannot come back; what they did stays on record."),
        "button": _("Open again") if active else _("Close the login"),
        "danger": not active,
    }
    return ask(request, form, act, said)


@never_cache
@require_http_methods(METHODS)
def welcome(request: HttpRequest, token: str) -> HttpResponseBase:
    """This view will let whoever holds a link choose a password, once."""
    form = PasswordForm(request.POST or None)
    try:
        seen = manage_users.see_welcome(token_text=token)
    except BadLink as over:
        return _over(request, over)
    try:
        if request.method == "POST" and form.is_valid():
            manage_users.set_password_by_link(
                address=str(request.META.get("REMOTE_ADDR", "")), token_text=token,
                password=form.cleaned_data["password"],
            )  # fmt: skip
            messages.success(request, _("Your password is set. Sign in with it."))
            return HttpResponseRedirect(reverse("console:sign_in"))
    except BadLink as over:
        return _over(request, over)
    except Refused as refusal:
        form.refuse(refusal)
    return render(request, "console/welcome.html", {"form": form, "seen": seen}, status=422 if form.errors else 200)


public(welcome)


def _over(request: HttpRequest, over: BadLink) -> HttpResponse:
    return render(request, "console/welcome.html", {"over": sentence(over)}, status=404)


def _list(request: DeskRequest, form: InvitePersonForm, linked: Linked | None) -> HttpResponse:
    reader = request.desk.user
    filters = PeopleForm(request.GET, roles=list_roles(user=reader))
    data = filters.cleaned_data if filters.is_valid() else {}
    found = list_logins(
        user=reader, text=(data.get("q") or "").strip(), role=data.get("role") or "", state=data.get("state") or ""
    )
    context = {"section": "users", "filters": filters, "rows": found, "form": form, "linked": linked}
    return render(request, "console/users.html", context, status=422 if form.errors else 200)


def _page(request: DeskRequest, public_id: UUID, form: DeskForm, linked: Linked | None) -> HttpResponse:
    reader = request.desk.user
    row = get_login(user=reader, public_id=public_id)
    context = {
        "section": "users",
        "row": row,
        "form": form,
        "linked": linked,
        "sessions": [
            (one, browser_words(one.browser))
            for one in manage_users.list_sessions_of(actor=actor_of(request), public_id=public_id)
        ],
        "has_factor": has_factor(user=find_managed(user=reader, public_id=public_id)),
        "is_self": row.public_id == reader.public_id,
        "link_until": find_open_link(user=find_managed(user=reader, public_id=public_id)),
    }
    return render(request, "console/user.html", context, status=422 if form.errors else 200)


def _invite_form(request: DeskRequest, data: Any) -> InvitePersonForm:
    reader = request.desk.user
    first = {"language": reader.language, "role": "cashier"}
    return InvitePersonForm(data, initial=first, roles=_givable(request), scopes=list_scopes(user=reader))


def _give_form(request: DeskRequest, data: Any) -> GiveForm:
    places = list_scopes(user=request.desk.user)
    return GiveForm(data, initial={"role": "cashier"}, roles=_givable(request), scopes=places)


def _givable(request: DeskRequest) -> list[Any]:
    return [one for one in list_roles(user=request.desk.user) if one.permissions <= request.desk.permissions]


def _link_of(token: str) -> str:
    return f"{settings.PUBLIC_ORIGIN}{reverse('console:welcome', args=[token])}"
