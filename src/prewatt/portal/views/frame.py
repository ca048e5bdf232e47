"""The portal's frame: where it begins, what a browser remembers, and what makes it an app on a phone."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from prewatt.access.queries import get_user_permissions
from prewatt.portal.door import PortalRequest, public, signed_in

THEME_COOKIE: Final = "pw_theme"
THEMES: Final = ("light", "dark")
YEAR_S: Final = 365 * 86_400


@signed_in
@require_safe
def start(request: PortalRequest) -> HttpResponseBase:
    """This view will lead to the only account, let the person choose among several, or say that there is none."""
    accounts = request.visit.accounts
    if len(accounts) == 1:
        return redirect("portal:home", public_id=accounts[0].public_id)
    has_desk = not accounts and bool(get_user_permissions(user=request.visit.user))
    return render(request, "portal/accounts.html", {"place": "home", "has_desk": has_desk})


@signed_in
@require_safe
def more(request: PortalRequest) -> HttpResponseBase:
    """This view will list what is needed rarely: accounts, language, theme, signing out."""
    return render(request, "portal/more.html", {"place": "more"})


@public("what a browser remembers for itself")
@require_POST
def prefer(request: HttpRequest) -> HttpResponseBase:
    """This view will remember language or theme in this browser and return to the page."""
    answer = redirect(safe_next(request, "portal:start"))
    language, theme = request.POST.get("language"), request.POST.get("theme")
    if language in dict(settings.LANGUAGES):
        remember(answer, settings.LANGUAGE_COOKIE_NAME, language)
    if theme in THEMES:
        remember(answer, THEME_COOKIE, theme)
    elif theme:
        answer.delete_cookie(THEME_COOKIE)
    return answer


@public("describes the app, the same for everybody")
@require_safe
def manifest(_request: HttpRequest) -> HttpResponseBase:
    """This view will describe the app to the phone that installs it."""
    icons = [
        {"src": static(f"portal/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
    ]
    facts = {
        "id": reverse("portal:start"),
        "name": _("Prewatt electricity"),
        "short_name": "Prewatt",
        "start_url": reverse("portal:start"),
        "scope": reverse("portal:start"),
        "display": "standalone",
        "background_color": "#f2f4f3",
        "theme_color": "#ffffff",
        "icons": icons,
    }
    return JsonResponse(facts, content_type="application/manifest+json")


@public("the same script for everybody; it keeps style, script and icons, never a page with facts")
@require_safe
def worker(request: HttpRequest) -> HttpResponseBase:
    """This view will hand out the service worker from where it may serve every page of the portal."""
    files = [static(name) for name in ("dist/portal.css", "dist/portal.js", "dist/theme.js", "dist/icons.svg")]
    answer = render(request, "portal/worker.js", {"files": files}, content_type="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@public("shown when the phone has no connection; it holds no facts")
@require_safe
def offline(request: HttpRequest) -> HttpResponseBase:
    """This view will say that there is no connection; the service worker keeps it."""
    return render(request, "portal/offline.html")


def remember(answer: HttpResponse, name: str, value: str) -> None:
    """This function will set a cookie that lasts a year."""
    answer.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """This function will return where the person wanted to go, if that is a page of ours, else the named one."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse(otherwise)
