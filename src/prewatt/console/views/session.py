"""Signing in and out, and what a person chooses for this screen."""

from typing import Final

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from prewatt.access.errors import BadSignIn, TooManyTries
from prewatt.access.queries import get_user_permissions
from prewatt.access.sessions import DEVICE_COOKIE, begin_session, remember_device
from prewatt.console.forms import SignInForm
from prewatt.console.guard import public
from prewatt.console.shell import THEME_COOKIE, THEMES
from prewatt.usecases.sign_in import Visitor, sign_in_with_password

YEAR_S: Final = 365 * 86_400


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """This view will ask for name and password; who fails too often has to wait."""
    form = SignInForm(request.POST or None)
    target = _safe_next(request)
    if request.method == "POST" and form.is_valid():
        answer = _try(request, form, target)
        if answer is not None:
            return answer
    elif request.user.is_authenticated:
        return redirect(target)
    return render(request, "console/sign_in.html", {"form": form, "next": target}, status=422 if form.errors else 200)


public(sign_in)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """This view will end the session."""
    logout(request)
    return redirect("console:sign_in")


public(sign_out)


@require_POST
def prefer(request: HttpRequest) -> HttpResponseBase:
    """This view will remember language or theme in this browser and return to the page."""
    answer = redirect(_safe_next(request))
    language, theme = request.POST.get("language"), request.POST.get("theme")
    if language in dict(settings.LANGUAGES):
        _remember(answer, settings.LANGUAGE_COOKIE_NAME, language)
    if theme in THEMES:
        _remember(answer, THEME_COOKIE, theme)
    elif theme:
        answer.delete_cookie(THEME_COOKIE)
    return answer


public(prefer)


def _try(request: HttpRequest, form: SignInForm, target: str) -> HttpResponseRedirect | None:
    told = form.cleaned_data
    visitor = Visitor(str(request.META.get("REMOTE_ADDR", "")), request.COOKIES.get(DEVICE_COOKIE, "")[:400])
    try:
        user = sign_in_with_password(visitor=visitor, typed=told["username"], password=told["password"])
    except TooManyTries as refusal:
        form.refuse(refusal)
        return None
    except BadSignIn:
        form.add_error(None, _("Name or password is wrong. An administrator can set a new password."))
        return None
    begin_session(request=request, user=user, way="password")
    is_tenant = target == reverse("console:shift") and not get_user_permissions(user=user)
    answer = HttpResponseRedirect(reverse("portal:start") if is_tenant else target)
    remember_device(request=request, answer=answer, user=user)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        _remember(answer, settings.LANGUAGE_COOKIE_NAME, user.language)
    return answer


def _remember(answer: HttpResponse, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


def _safe_next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse("console:shift")
