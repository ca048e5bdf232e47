"""The second factor at the desk: asked for after the password, set up where a role requires it, taken away."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from prewatt.access.factors import has_factor
from prewatt.access.queries import get_user_permissions
from prewatt.access.sessions import (
    DEVICE_COOKIE,
    note_second_factor,
    owes_second_factor,
    remember_device,
    require_fresh,
)
from prewatt.console.guard import DeskRequest, actor_of, at_the_desk, problem_page, public
from prewatt.console.people_forms import CodeForm
from prewatt.console.problems import sentence
from prewatt.kernel.errors import PrewattError, Refused
from prewatt.reports.papers.qr import draw_qr
from prewatt.usecases import second_factor as factor

METHODS: Final = ["GET", "HEAD", "POST"]


@never_cache
@require_http_methods(METHODS)
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """This view will ask for a code after the password; who has no factor yet is led to set one up."""
    if not request.user.is_authenticated:
        return redirect("console:sign_in")
    if not has_factor(user=request.user):
        return redirect(f"{reverse('console:second_factor_new')}?next={_next(request)}")
    if not owes_second_factor(request=request, is_required=True):
        return redirect(_next(request))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            factor.pass_second_factor(actor=actor_of(request), typed=form.cleaned_data["code"], device=_device(request))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            note_second_factor(request=request)
            answer = redirect(_next(request))
            remember_device(request=request, answer=answer, user=request.user)
            return answer
    context = {"form": form, "next": _next(request)}
    return render(request, "console/second_factor.html", context, status=422 if form.errors else 200)


public(second_factor)


@never_cache
@require_http_methods(METHODS)
def second_factor_new(request: HttpRequest) -> HttpResponseBase:
    """This view will set a second factor up: begin, scan, prove, keep the recovery codes."""
    if not request.user.is_authenticated:
        return redirect("console:sign_in")
    if has_factor(user=request.user) and owes_second_factor(request=request, is_required=True):
        return redirect(f"{reverse('console:second_factor')}?next={request.path}")
    try:
        if not get_user_permissions(user=request.user):
            return redirect("portal:start")
        require_fresh(request=request)
        return _set_up(request)
    except PrewattError as error:
        return problem_page(request, error)


public(second_factor_new)


@at_the_desk
@require_POST
def second_factor_drop(request: DeskRequest) -> HttpResponseBase:
    """This view will take the person's own second factor away, proven by a code."""
    try:
        factor.drop_second_factor(
            actor=actor_of(request), typed=request.POST.get("code", "")[:40], device=_device(request)
        )
    except Refused as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("The second factor is taken away."))
    return redirect("console:me")


def _set_up(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.POST if "code" in request.POST else None)
    context: dict[str, Any] = {"form": form, "next": _next(request)}
    if request.method == "POST" and form.is_bound and form.is_valid():
        try:
            context["codes"] = factor.confirm_second_factor(
                actor=actor_of(request), typed=form.cleaned_data["code"], this_key=request.session.session_key
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            note_second_factor(request=request)
            return render(request, "console/second_factor_new.html", context)
    if request.method == "POST":
        user = actor_of(request).user
        assert user is not None
        seen = factor.see_draft(user=user) if form.is_bound else None
        draft = seen or factor.begin_second_factor(actor=actor_of(request))
        context |= {"draft": draft, "qr": SafeString(draw_qr(draft.uri))}  # our own path of squares
    return render(request, "console/second_factor_new.html", context, status=422 if form.errors else 200)


def _device(request: HttpRequest) -> str:
    return request.COOKIES.get(DEVICE_COOKIE, "")[:400]


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse("console:shift")
