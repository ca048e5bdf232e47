"""The set-up of a new installation: the first login, and a list of steps that are tested live and may be left."""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prewatt.access.permissions import Permission
from prewatt.access.sessions import begin_session
from prewatt.console.first_run_forms import FirstGatewayForm, FirstLoginForm, FirstSiteForm, TestMessageForm
from prewatt.console.first_run_words import FINDINGS, REACHES, STEPS
from prewatt.console.guard import DeskRequest, actor_of, public, sets_up
from prewatt.console.views.desk_money import ask, done, show_ask
from prewatt.estate.probing import LineWish
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import Refused
from prewatt.reports.estate_sheet import BusRow, EstateSheet, SiteRow
from prewatt.usecases.begin_installation import begin_installation, is_to_begin
from prewatt.usecases.bring_estate import bring_estate
from prewatt.usecases.check_public_address import Reach, check_public_address
from prewatt.usecases.see_first_run import Step, get_site_row, see_first_run, skip_step
from prewatt.usecases.send_test_message import send_test_message
from prewatt.usecases.try_first_gateway import try_gateway

METHODS: Final = ["GET", "HEAD", "POST"]
_PAGES: Final = {
    Step.SITE: "console:first_site",
    Step.GATEWAY: "console:first_gateway",
    Step.ESTATE: "console:estate",
    Step.TARIFF: "console:estate",
    Step.PAYMENT: "console:channels",
    Step.MESSAGES: "console:first_message",
}


_WHOLE_PAGES: Final = frozenset({Step.ESTATE, Step.TARIFF, Step.PAYMENT})


@never_cache
@require_http_methods(METHODS)
def first_login(request: HttpRequest) -> HttpResponseBase:
    """This view will make the first login, for whoever has the code from the terminal; after it, it is gone."""
    if not is_to_begin():
        return redirect("console:sign_in")
    form = FirstLoginForm(request.POST or None, initial={"language": get_language() or "en"})
    if request.method == "POST" and form.is_valid():
        try:
            user = begin_installation(actor=actor_of(request), **form.cleaned_data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            begin_session(request=request, user=user, way="password")
            return redirect("console:first_run")
    return render(request, "console/first_login.html", {"form": form}, status=422 if form.errors else 200)


public(first_login)


@sets_up
@require_safe
def first_run(request: DeskRequest) -> HttpResponseBase:
    """This view will show every step and how it stands; each is read from what exists."""
    run = see_first_run(user=request.user)  # type: ignore[arg-type]  # the guard let only logins pass
    rows = [
        {
            "code": one.step.value, "stand": one.stand.value, "icon": STEPS[one.step][0], "name": STEPS[one.step][1],
            "text": STEPS[one.step][2], "url": reverse(_PAGES[one.step]) if one.step in _PAGES else "",
            "is_next": one.step is run.following, "is_page": one.step in _WHOLE_PAGES,
        }
        for one in run.steps
    ]  # fmt: skip
    context = {
        "section": "settings", "run": run, "rows": rows, "whole": len(rows), "got": len(rows) - run.left,
        "public": settings.PUBLIC_ORIGIN,
    }  # fmt: skip
    return render(request, "console/first_run.html", context)


@sets_up
@require_http_methods(METHODS)
def first_site(request: DeskRequest) -> HttpResponseBase:
    """This view will ask for the site and begin its books."""
    organisation = see_first_run(user=request.user).organisation  # type: ignore[arg-type]  # as above
    is_chinese = (get_language() or "").startswith("zh")
    first = {
        "time_zone": "Asia/Shanghai" if is_chinese else "Europe/London", "currency": "CNY" if is_chinese else "GBP",
        "first_day": estate_now().date(), "operator_name": organisation,
    }  # fmt: skip
    form = FirstSiteForm(request.POST or None, initial=first)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        wrong = _bring(request, EstateSheet(site=SiteRow(organisation=organisation, **data)))
        if wrong:
            form.add_error(None, wrong)
            return show_ask(request, form, said)
        return done(
            request, reverse("console:first_run"), _("The site is there. It reads and charges, and cuts nobody off.")
        )

    said = {
        "title": _("Site"), "button": _("Begin the books"), "danger": False,
        "warning": _("Time zone, currency and first day stay as they are: the books stand on them."),
    }  # fmt: skip
    return ask(request, form, act, said)


@sets_up
@require_http_methods(METHODS)
def first_gateway(request: DeskRequest) -> HttpResponseBase:
    """This view will try a gateway and keep it when it answers as typed."""
    form = FirstGatewayForm(request.POST or None, initial={"port": 20001, "baud": 2400, "parity": "E"})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        site = get_site_row(user=request.user)  # type: ignore[arg-type]  # as above
        bus = BusRow(data["gateway"], data["address"], data["port"], data["baud"], data["parity"])
        wrong = "" if data["untried"] else _try(request, data)
        wrong = wrong or _bring(request, EstateSheet(site=site, buses=(bus,)))
        if wrong:
            form.add_error(None, wrong)
            return show_ask(request, form, said)
        return done(request, reverse("console:first_run"), _("The gateway is kept; the collector connects to it now."))

    said = {
        "title": _("First gateway"), "aside": _("nothing is saved before it has answered"),
        "button": _("Try it and keep it"), "danger": False, "is_slow": True,
    }  # fmt: skip
    return ask(request, form, act, said)


@sets_up
@require_http_methods(METHODS)
def first_message(request: DeskRequest) -> HttpResponseBase:
    """This view will send a test message to the person who asks."""
    form = TestMessageForm(request.POST or None, initial={"recipient": getattr(request.user, "email", "") or ""})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        send_test_message(
            actor=actor_of(request), subject=_("Test message of Prewatt"),
            body=_("Messages leave Prewatt as they should. Nobody but you got this one."), **data,
        )  # fmt: skip
        return done(request, reverse("console:first_run"), _("It was handed over. Look whether it arrives."))

    said = {
        "title": _("Test message"), "button": _("Send"), "danger": False, "is_slow": True,
        "warning": _("Mail server and SMS provider are variables of the environment; docs/operations.md lists them."),
    }  # fmt: skip
    return ask(request, form, act, said)


@sets_up
@require_POST
def first_address(request: DeskRequest) -> HttpResponseBase:
    """This view will ask the public address for a token through its public name, and say what is wrong."""
    found = check_public_address(actor=actor_of(request))
    said = f"{found.address}: {REACHES[found.reach]}" + (f" ({found.detail})" if found.detail else "")
    if found.is_inside and found.reach is not Reach.NOT_TLS:
        said += " " + _("From here the name leads to a private network; look that it does not from outside.")
    (messages.success if found.reach is Reach.GOOD else messages.error)(request, said)
    return redirect("console:first_run")


@sets_up
@require_POST
def first_skip(request: DeskRequest, code: str) -> HttpResponseBase:
    """This view will note that a step is left out."""
    skip_step(actor=actor_of(request), code=code)
    return redirect("console:first_run")


def _try(request: DeskRequest, data: dict[str, Any]) -> str:
    """This function will ask the field, and return what it found wrong, in words."""
    wish = LineWish(data["address"], data["port"], data["baud"], data["meter"].zfill(12) if data["meter"] else "")
    found = try_gateway(actor=actor_of(request), wish=wish)
    return f"{FINDINGS[found.code]} {found.words}".strip() if found.code else ""


def _bring(request: DeskRequest, sheet: EstateSheet) -> str:
    """This function will store a sheet of a site, or a site and a line, by the import's rules; or say the problems."""
    brought = bring_estate(
        actor=actor_of(request), permission=Permission.ESTATE_IMPORT, sheet=sheet, found=(), reason="",
        dry_run=False, key_file=settings.METER_KEY_FILE,
    )  # fmt: skip
    return " ".join(one.message for one in brought.problems)
