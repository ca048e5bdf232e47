"""Signing in and out: by code or by password."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from prewatt.access.contacts import masked
from prewatt.access.errors import TooManyTries
from prewatt.access.queries import get_user_permissions
from prewatt.access.sessions import DEVICE_COOKIE, begin_session, remember_device
from prewatt.kernel.errors import Refused
from prewatt.portal.door import public
from prewatt.portal.forms import CodeForm, CodeWayForm, PasswordWayForm, TenantForm
from prewatt.portal.problems import sentence
from prewatt.portal.views.frame import remember, safe_next
from prewatt.usecases.sign_in import Visitor, ask_for_code, sign_in_with_code, sign_in_with_password

if TYPE_CHECKING:
    from prewatt.access.models import User

ASKED_COOKIE: Final = "prewatt_code"
ASKED_AGE_S: Final = 900
METHODS: Final = ["GET", "HEAD", "POST"]

Way = Literal["code", "password"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a browser keeps while its owner looks for the code: signed, and for a quarter of an hour."""

    code_id: str
    contact: str
    keep: bool
    target: str
    purpose: str = "sign_in"

    @property
    def shown(self) -> str:
        """This property will be the contact, written so that only its owner knows it."""
        return masked(self.contact)


@public("the way in")
@never_cache
@require_http_methods(METHODS)
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """This view will ask where to send a code, or for name and password."""
    target = safe_next(request, "portal:start")
    if request.method != "POST" and request.user.is_authenticated and "again" not in request.GET:
        return redirect(target)
    way: Way = "password" if request.GET.get("way") == "password" else "code"
    form = _form(way, request)
    if request.method == "POST" and form.is_valid():
        try:
            return _by_password(request, form, target) if way == "password" else _by_code(request, form, target)
        except Refused as refusal:
            form.refuse(refusal)
            return _show(request, form, way, target, refusal)
    return _show(request, form, way, target)


@public("the second half of the way in")
@never_cache
@require_http_methods(METHODS)
def code(request: HttpRequest) -> HttpResponseBase:
    """This view will ask for the code that was sent, and sign in with it."""
    waiting = read_waiting(request, "sign_in")
    if waiting is None:
        return redirect("portal:sign_in")
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            user = sign_in_with_code(
                visitor=visitor_of(request), code_id=UUID(waiting.code_id), digits=form.cleaned_data["digits"]
            )
        except Refused as refusal:
            form.refuse(refusal)
            status = status_of(refusal)
        else:
            answer = enter(request, user, way="code", keep=waiting.keep, target=waiting.target)
            answer.delete_cookie(ASKED_COOKIE, samesite="Lax")
            return answer
    context = {"form": form, "waiting": waiting, "has_letterbox": settings.LETTERBOX}
    return render(request, "portal/code.html", context, status=422 if form.errors and status == 200 else status)


@public("sends another code to the same contact")
@require_POST
def resend(request: HttpRequest) -> HttpResponseBase:
    """This view will send another code; only the newest counts."""
    waiting = read_waiting(request, "sign_in")
    if waiting is None:
        return redirect("portal:sign_in")
    try:
        return _ask(request, waiting.contact, keep=waiting.keep, target=waiting.target)
    except Refused as refusal:
        messages.error(request, sentence(refusal))
        return redirect("portal:code")


@public("ends the session, whose ever it is")
@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    """This view will end the session."""
    logout(request)
    return redirect("portal:sign_in")


def enter(request: HttpRequest, user: "User", *, way: str, keep: bool, target: str) -> HttpResponse:
    """This function will sign a login in here and lead on. Who works at the desk too is never kept signed in."""
    begin_session(request=request, user=user, way=way, keep=keep and not get_user_permissions(user=user))
    answer = redirect(target)
    remember_device(request=request, answer=answer, user=user)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember(answer, settings.LANGUAGE_COOKIE_NAME, user.language)
    return answer


def visitor_of(request: HttpRequest) -> Visitor:
    """This function will say from where a browser comes, and as whom it was signed in before."""
    return Visitor(str(request.META.get("REMOTE_ADDR", "")), request.COOKIES.get(DEVICE_COOKIE, "")[:400])


def keep_waiting(answer: HttpResponse, waiting: Waiting) -> HttpResponse:
    """This function will let the browser keep which code it waits for."""
    answer.set_cookie(
        ASKED_COOKIE, signing.dumps(asdict(waiting), salt=ASKED_COOKIE), max_age=ASKED_AGE_S, httponly=True,
        samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return answer


def read_waiting(request: HttpRequest, purpose: str) -> Waiting | None:
    """This function will return which code the browser waits for, if it does."""
    try:
        kept = signing.loads(request.COOKIES.get(ASKED_COOKIE, ""), salt=ASKED_COOKIE, max_age=ASKED_AGE_S)
    except signing.BadSignature:
        return None
    waiting = Waiting(**kept)
    return waiting if waiting.purpose == purpose else None


def status_of(refusal: Refused) -> int:
    """This function will return the status of a refusal that is shown in its form."""
    return 429 if isinstance(refusal, TooManyTries) else 422


def _form(way: Way, request: HttpRequest) -> TenantForm:
    kind = PasswordWayForm if way == "password" else CodeWayForm
    return kind(request.POST or None, initial={"keep": True, "contact": request.GET.get("contact", "")})


def _by_password(request: HttpRequest, form: TenantForm, target: str) -> HttpResponseBase:
    told = form.cleaned_data
    user = sign_in_with_password(visitor=visitor_of(request), typed=told["contact"], password=told["password"])
    return enter(request, user, way="password", keep=told["keep"], target=target)


def _by_code(request: HttpRequest, form: TenantForm, target: str) -> HttpResponseBase:
    return _ask(request, form.cleaned_data["contact"], keep=form.cleaned_data["keep"], target=target)


def _ask(request: HttpRequest, typed: str, *, keep: bool, target: str) -> HttpResponseBase:
    code_id, contact = ask_for_code(visitor=visitor_of(request), typed=typed, language=get_language() or "en")
    return keep_waiting(redirect("portal:code"), Waiting(str(code_id), contact, keep, target))


def _show(
    request: HttpRequest, form: TenantForm, way: Way, target: str, refusal: Refused | None = None
) -> HttpResponseBase:
    query = "" if target == reverse("portal:start") else target
    context = {"form": form, "way": way, "target": query, "has_letterbox": settings.LETTERBOX}
    status = status_of(refusal) if refusal is not None else 422 if form.errors else 200
    answer = render(request, "portal/sign_in.html", context, status=status)
    if isinstance(refusal, TooManyTries):
        answer.headers["Retry-After"] = str(refusal.facts["wait_s"])
    return answer
