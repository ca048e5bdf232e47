"""Who may see which page: every view says the permission that it needs, and refusals are answered in one place.

``requires`` marks the view (``prewatt_permission``); a test walks the addresses and fails for a view without a mark.
"""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import activate
from django.utils.translation import gettext as _

from prewatt.access.audit import Actor
from prewatt.access.permissions import Permission
from prewatt.access.queries import get_session_rules, get_user_permissions, rights_read_once
from prewatt.access.sessions import SEEN_COOKIE, has_rested, new_mark, owes_second_factor
from prewatt.console.problems import explain
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotFound, NotPermitted, PrewattError
from prewatt.usecases.see_first_run import may_set_up
from prewatt.usecases.see_site import NoSite, SiteView, see_site

if TYPE_CHECKING:
    from prewatt.access.models import User

PUBLIC: Final = "public"
"""The mark of a page that needs no permission: signing in and out, choosing language and theme."""

ANYBODY: Final = "anybody at the desk"
"""The mark of a page about the person's own login: it needs a role, whichever."""

SAFE: Final = frozenset({"GET", "HEAD"})

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, what they may do, and on which site."""

    user: "User"
    site: SiteView
    permissions: frozenset[str]
    asked_ms: int
    """Machine time in ms before anything was read: what changes from then on, the page hears live."""


class DeskRequest(HttpRequest):
    """A request that ``requires`` has let through."""

    desk: Desk


def requires(permission: Permission) -> Callable[[View], View]:
    """This function will make a decorator that lets only logins with the permission pass, and answers refusals."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return _guarded(view, request, permission, args, kwargs)

        return _mark(guarded, permission)

    return decorate


def at_the_desk(view: View) -> View:
    """This function will let everybody pass who has any right at the desk: what it shows is the person's own."""

    @wraps(view)
    def guarded(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _guarded(view, request, None, args, kwargs)

    return _mark(guarded, ANYBODY)


def sets_up(view: View) -> View:
    """This function will let only those pass who give rights, also without a site: ``request.desk`` may lack."""

    @wraps(view)
    def guarded(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _guarded(view, request, Permission.ADMIN_USERS, args, kwargs, may_lack_site=True)

    return _mark(guarded, Permission.ADMIN_USERS)


def _guarded(
    view: View, request: DeskRequest, permission: Permission | None, args: tuple[Any, ...], kwargs: dict[str, Any],
    *, may_lack_site: bool = False,
) -> HttpResponseBase:  # fmt: skip
    if not request.user.is_authenticated:
        return _ask_to_sign_in(request)
    try:
        with rights_read_once() if request.method in SAFE else nullcontext():
            rules = get_session_rules(user=request.user)
            if has_rested(request=request, idle_minutes=rules.idle_minutes):
                return _sign_out(request)
            if owes_second_factor(request=request, is_required=rules.needs_second_factor):
                return _ask_second_factor(request)
            with suppress(NoSite) if may_lack_site else nullcontext():
                request.desk = _desk(request.user, permission)
                activate(request.desk.site.zone)
            answer = view(request, *args, **kwargs)
    except PrewattError as error:
        return _refuse(request, request.user, error)
    if rules.idle_minutes and _is_by_hand(request):
        _remember(request, answer)
    return answer


def _refuse(request: HttpRequest, user: "User", error: PrewattError) -> HttpResponseBase:
    """This function will say the refusal; who may make the site that is missing is led to the set-up."""
    if isinstance(error, NoSite) and not is_part(request) and may_set_up(user=user):
        return redirect("console:first_run")
    return problem_page(request, error)


def _is_by_hand(request: HttpRequest) -> bool:
    """This function will tell whether a person did something: parts that a page asks for by itself do not count."""
    is_by_itself = is_part(request) or "text/event-stream" in request.headers.get("Accept", "")
    return request.method not in SAFE or not is_by_itself


def _remember(request: HttpRequest, answer: HttpResponseBase) -> None:
    mark = new_mark(request=request)
    if mark is not None and request.session.session_key:
        answer.set_cookie(
            SEEN_COOKIE, mark, max_age=settings.SESSION_COOKIE_AGE, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip


def _sign_out(request: HttpRequest) -> HttpResponseBase:
    logout(request)
    if not is_part(request):
        messages.info(request, _("You were signed out because nobody was there. Sign in to go on where you were."))
    return _ask_to_sign_in(request)


def machine_ms() -> int:
    """This function will return the machine's time in ms, as pages and streams name it."""
    return int(machine_now().timestamp() * 1000)


def _desk(user: "User", permission: Permission | None) -> Desk:
    asked_ms = machine_ms()
    permissions = get_user_permissions(user=user)
    wanted = permission or min(permissions, default="")
    if wanted not in permissions:
        raise NotPermitted("Your role does not allow this.", hint="Ask an administrator for the permission.")
    return Desk(user, see_site(user=user, permission=wanted), permissions, asked_ms)


def public(view: View) -> View:
    """This function will mark a view that needs no login."""
    return _mark(view, PUBLIC)


def problem_page(request: HttpRequest, error: PrewattError) -> HttpResponse:
    """This function will answer with the error in words: a part of a page for htmx, else a page."""
    problem = explain(error)
    name = "console/parts/problem.html" if is_part(request) else "console/problem.html"
    is_tenant = isinstance(error, NotPermitted) and not _may_anything(request)
    return render(request, name, {"problem": problem, "is_tenant": is_tenant}, status=problem.status)


def is_part(request: HttpRequest) -> bool:
    """This function will tell whether the page asks for a part of itself."""
    return request.headers.get("HX-Request") == "true"


def to_uuid(text: str) -> UUID:
    """This function will read a public id from an address or a form. Raises NotFound for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is nothing under this address.", hint="Search for it again.") from None


def actor_of(request: HttpRequest) -> Actor:
    """This function will name who acts, and from which address."""
    user = request.user if request.user.is_authenticated else None
    return Actor(process="web", user=user, address=str(request.META.get("REMOTE_ADDR", "")))


def _may_anything(request: HttpRequest) -> bool:
    return request.user.is_authenticated and bool(get_user_permissions(user=request.user))


def _ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if is_part(request):
        return HttpResponse(status=401)
    return redirect_to_login(request.get_full_path(), reverse("console:sign_in"))


def _ask_second_factor(request: HttpRequest) -> HttpResponseBase:
    if is_part(request):
        return HttpResponse(status=401)
    return redirect_to_login(request.get_full_path(), reverse("console:second_factor"))


def _mark(view: View, permission: str) -> View:
    view.prewatt_permission = permission  # type: ignore[attr-defined]  # functions carry attributes; their type cannot say so
    return view
