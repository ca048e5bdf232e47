"""Months that are paid ahead: a site's month to ask for, settle, look at and close; and an account's plan."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import PlanForm, ReasonForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import NotFound
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.reports import formats
from prewatt.tenancy.queries import get_account
from prewatt.usecases.keep_month_ahead import end_month_ahead, keep_month_ahead
from prewatt.usecases.request_month import request_month
from prewatt.usecases.see_months import find_plan, months_of_site, see_site_month
from prewatt.usecases.settle_month import close_month, settle_month

METHODS: Final = ["GET", "HEAD", "POST"]
STEPS: Final[Mapping[str, Callable[..., object]]] = {
    "request": request_month,
    "settle": settle_month,
    "close": close_month,
}


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def months(request: DeskRequest) -> HttpResponseBase:
    """This view will show a month of the accounts that pay ahead; ``?month=2026-12`` chooses it."""
    choices = months_of_site(site_id=request.desk.site.id, now=estate_now())
    month = _month(request.GET.get("month", "")) if "month" in request.GET else choices[1]
    view = see_site_month(user=request.desk.user, site_id=request.desk.site.id, month=month)
    return render(request, "console/months.html", {"section": "months", "view": view, "choices": choices})


@requires(Permission.BILLING_SETTLE)
@require_http_methods(METHODS)
def step(request: DeskRequest, month: str, verb: str) -> HttpResponseBase:
    """This view will ask for a month, settle it, or close it."""
    chosen = _month(month)
    if verb not in STEPS:
        raise NotFound("There is nothing under this address.")
    view = see_site_month(user=request.desk.user, site_id=request.desk.site.id, month=chosen)
    form = ReasonForm(request.POST or None, initial={"token": uuid7(), "reason": f"{chosen:%Y-%m}"})
    words = _words(verb)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        arguments: dict[str, Any] = {"actor": actor_of(request), "site_id": request.desk.site.id, "month": chosen}
        if verb == "close":
            arguments["reason"] = data["reason"]
        STEPS[verb](**arguments)
        return done(request, f"{reverse('console:months')}?month={chosen:%Y-%m}", words["done"])

    sums = view.sums
    said = {
        "title": words["title"] % {"month": f"{chosen:%Y-%m}"},
        "facts": [
            (_("Accounts"), str(view.planned if verb == "request" else len(view.lines))),
            *([] if verb == "request" else [
                (_("Surplus"), formats.money(sums["surplus"])), (_("Shortfall"), formats.money(sums["shortfall"])),
            ]),
        ],
        "warning": words.get("warning", ""),
        "button": words["title"] % {"month": f"{chosen:%Y-%m}"},
        "danger": False,
    }  # fmt: skip
    return ask(request, form, act, said)


@requires(Permission.BILLING_SETTLE)
@require_http_methods(METHODS)
def plan(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will let an account pay each month ahead, change how, or end it."""
    facts = get_account(user=request.desk.user, public_id=public_id, permission=Permission.BILLING_SETTLE)
    present = find_plan(account_id=facts.id)
    fixed = present.fixed_estimate if present is not None else None
    initial = {
        "token": uuid7(),
        "way": present.surplus if present is not None else "carry",
        "amount": "" if fixed is None else Money(fixed, facts.currency).to_decimal(),
    }
    form = PlanForm(request.POST or None, initial=initial, has_plan=present is not None)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        where = reverse("console:account", args=[facts.public_id])
        if data["way"] == "end":
            end_month_ahead(actor=actor_of(request), account_id=facts.id, reason=data["reason"])
            return done(request, where, _("From the next month on it pays as it needs."))
        fixed_estimate = Money.parse(data["amount"], facts.currency) if data["amount"] else None
        first = keep_month_ahead(
            actor=actor_of(request), account_id=facts.id, surplus=data["way"], reason=data["reason"],
            fixed_estimate=fixed_estimate,
        )  # fmt: skip
        return done(request, where, _("It pays ahead from %(month)s on.") % {"month": f"{first:%Y-%m}"})

    said = {
        "title": _("%(name)s pays a month ahead") % {"name": facts.customer_name},
        "facts": [(_("Balance"), formats.money(facts.balance))],
        "unit": formats.symbol(facts.currency),
        "button": _("Save"),
        "danger": False,
    }
    return ask(request, form, act, said)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise NotFound("There is no such month.", hint="Choose one from the list.") from None


def _words(verb: str) -> dict[str, str]:
    return {
        "request": {"title": _("Ask for %(month)s"), "done": _("Every account on the plan has been asked.")},
        "settle": {
            "title": _("Settle %(month)s"),
            "done": _("Settled by real use. Look at the lines on top, then close the month."),
        },
        "close": {
            "title": _("Close %(month)s"),
            "done": _("The month is closed; each account has its paper."),
            "warning": _("Papers are issued and what is missing is asked for. A closed month is not settled again."),
        },
    }[verb]
