"""Who may see which page of the portal: every view says who it is for, and refusals are answered in one place.

``tenant`` is for addresses with an account's ``public_id``; it takes that id, and the view finds ``request.share``.
``signed_in`` is for those without, ``public`` for those that need no login. Each marks its view
(``prewatt_permission``); a test walks the addresses and fails for a view without a mark. Rights are read anew with
every request: a share that was ended is over with the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import activate
from django.views.decorators.cache import never_cache

from prewatt.access.audit import Actor
from prewatt.access.errors import TooManyTries
from prewatt.access.sessions import owes_second_factor
from prewatt.access.throttle import Limit, take_try
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotFound, NotPermitted, PrewattError
from prewatt.portal.problems import explain
from prewatt.tenancy.queries import get_shared_account, list_shared_accounts, require_role
from prewatt.tenancy.values import SharedAccount
from prewatt.usecases.note_refusal import note_refusal
from prewatt.usecases.see_site import SiteView, get_site

if TYPE_CHECKING:
    from prewatt.access.models import User

PUBLIC: Final = "public"
SIGNED_IN: Final = "signed_in"
TENANT: Final = "tenant"
LISTED_MAX: Final = 100
REFUSALS: Final = Limit("refusals", burst=300, every_s=12)

log = structlog.get_logger(__name__)

Role = Literal["viewer", "payer", "owner"]
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, which accounts are shared with them, and which of those the page is about."""

    user: "User"
    accounts: tuple[SharedAccount, ...]
    share: SharedAccount | None
    site: SiteView | None
    asked_ms: int
    """Machine time in ms before anything was read: what changes from then on, the page hears live."""


class PortalRequest(HttpRequest):
    """A request that ``signed_in`` or ``tenant`` has let through."""

    visit: Visit


class TenantRequest(PortalRequest):
    """A request that ``tenant`` has let through: ``share`` is the account of the address."""

    share: SharedAccount
    site_view: SiteView


def tenant(role: Role = "viewer") -> Callable[[View], View]:
    """This function will make a decorator that lets only logins pass that share the account in the role, or a larger.

    A stranger is answered 404 as if there were no such account, a smaller role 403; both are written down. It stands
    outermost, so that a stranger learns nothing from any method.
    """

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: TenantRequest, public_id: UUID, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return ask_to_sign_in(request)
            if owes_second_factor(request=request):
                return redirect_to_login(request.get_full_path(), reverse("console:second_factor"))
            try:
                _enter(request, public_id, role)
                return view(request, *args, **kwargs)
            except PrewattError as error:
                return _refused(request, ("account", str(public_id)), error)

        return _mark(guarded, f"{TENANT}:{role}")

    return decorate


def signed_in(view: View) -> View:
    """This function will let only logins pass, whatever is shared with them, and answer refusals."""

    @never_cache
    @wraps(view)
    def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        if owes_second_factor(request=request):
            return redirect_to_login(request.get_full_path(), reverse("console:second_factor"))
        try:
            accounts = list_shared_accounts(user=request.user, limit=LISTED_MAX)
            request.visit = Visit(request.user, tuple(accounts), None, None, machine_ms())
            activate(ZoneInfo(accounts[0].time_zone) if accounts else UTC)
            return view(request, *args, **kwargs)
        except PrewattError as error:
            return _refused(request, ("page", request.path), error)

    return _mark(guarded, SIGNED_IN)


def public(reason: str) -> Callable[[View], View]:
    """This function will mark a view that needs no login, and why it needs none."""

    def decorate(view: View) -> View:
        view.prewatt_reason = reason  # type: ignore[attr-defined]  # functions carry attributes; their type cannot say so
        return _mark(view, PUBLIC)

    return decorate


def problem_page(request: HttpRequest, error: PrewattError) -> HttpResponse:
    """This function will answer with the error in words."""
    problem = explain(error)
    return render(request, "portal/problem.html", {"problem": problem}, status=problem.status)


def ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """This function will lead to the sign-in page and from there back; a part of a page is answered 401."""
    if request.headers.get("X-Part") == "true":
        return HttpResponse(status=401)
    return redirect_to_login(request.get_full_path(), reverse("portal:sign_in"))


def actor_of(request: HttpRequest) -> Actor:
    """This function will name who acts, and from which address."""
    user = request.user if request.user.is_authenticated else None
    return Actor(process="web", user=user, address=str(request.META.get("REMOTE_ADDR", "")))


def machine_ms() -> int:
    """This function will return the machine's time in ms, as pages and streams name it."""
    return int(machine_now().timestamp() * 1000)


def _enter(request: TenantRequest, public_id: UUID, role: Role) -> None:
    """This function will put account and site on the request; one query for all that is shared, one for the site."""
    asked_ms = machine_ms()
    user = request.user
    assert user.is_authenticated
    accounts = tuple(list_shared_accounts(user=user, limit=LISTED_MAX))
    share = next((one for one in accounts if one.public_id == public_id), None)
    if share is None:  # not shared, or beyond what a switcher can list
        share = get_shared_account(user=user, public_id=public_id)
    require_role(shared=share, role=role)
    request.share = share
    request.site_view = get_site(site_id=share.site_id)
    request.visit = Visit(user, accounts, share, request.site_view, asked_ms)
    activate(request.site_view.zone)


def _refused(request: HttpRequest, subject: tuple[str, str], error: PrewattError) -> HttpResponse:
    """This function will write down who asked for what is not theirs, and answer; a flood is logged, not written."""
    if isinstance(error, NotFound | NotPermitted):
        try:
            take_try(limit=REFUSALS, key=str(request.user.pk))
        except TooManyTries:
            log.warning("door.refused_again", user=request.user.pk, page=request.path)
        else:
            kind, name = subject
            note_refusal(actor=actor_of(request), verb="open_page", subject=(kind, name[:60]), why=error)
    return problem_page(request, error)


def _mark(view: View, permission: str) -> View:
    view.prewatt_permission = permission  # type: ignore[attr-defined]  # functions carry attributes; their type cannot say so
    return view
