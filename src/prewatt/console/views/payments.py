"""Online payments: orders and their lives, and money in suspense."""

from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import ReasonForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.pay_forms import CreditForm, OrdersForm
from prewatt.console.pay_page import PAGE, before_of, facts_of_unmatched, life_of, older, section
from prewatt.console.views.desk_money import ask, done, show_ask
from prewatt.kernel.ids import uuid7
from prewatt.payments.queries.orders import get_order_line, list_callbacks, list_orders, list_unmatched, see_unmatched
from prewatt.reports import formats
from prewatt.tenancy.queries import find_accounts
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases.see_order import see_order
from prewatt.usecases.settle_money import credit_unmatched, refund_unmatched

METHODS: Final = ["GET", "HEAD", "POST"]


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def payments(request: DeskRequest) -> HttpResponseBase:
    """This view will list orders, the newest first."""
    form = OrdersForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    found = list_orders(
        user=request.desk.user, site_id=request.desk.site.id, text=data.get("q") or "",
        states=(data["state"],) if data.get("state") else (), before_id=before_of(request), limit=PAGE,
    )  # fmt: skip
    context = section(request, "payments") | {"form": form, "orders": found} | older(request, found)
    return render(request, "console/pay_orders.html", context)


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def order(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show an order and its life; who reconciles sees what the provider said of it, too."""
    line = get_order_line(user=request.desk.user, public_id=public_id)
    view = see_order(user=request.desk.user, public_id=public_id)
    may_hear = Permission.PAY_RECONCILE in request.desk.permissions
    callbacks = list_callbacks(user=request.desk.user, order_public_id=public_id) if may_hear else []
    steps = life_of(view, ended_at=line.ended_at, zone=request.desk.site.zone)
    context = section(request, "payments") | {"line": line, "view": view, "steps": steps, "callbacks": callbacks}
    return render(request, "console/pay_order.html", context)


@requires(Permission.PAY_RECONCILE)
@require_safe
def suspense(request: DeskRequest) -> HttpResponseBase:
    """This view will list money that fits no order; ``?all=1`` shows what was settled, too."""
    is_all = request.GET.get("all") == "1"
    found = list_unmatched(user=request.desk.user, open_only=not is_all, before_id=before_of(request), limit=PAGE)
    context = section(request, "suspense") | {"rows": found, "is_all": is_all} | older(request, found)
    return render(request, "console/pay_suspense.html", context)


@requires(Permission.PAY_RECONCILE)
@require_http_methods(METHODS)
def suspense_credit(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will credit money in suspense to an account; the account is shown before the form counts."""
    row = see_unmatched(user=request.desk.user, public_id=public_id)
    form = CreditForm(request.POST or None, initial={"number": row.account_number})
    said = {
        "title": _("Credit %(amount)s to an account") % {"amount": formats.money(row.amount)},
        "facts": facts_of_unmatched(row), "button": _("Find the account"), "danger": False,
    }  # fmt: skip

    def act(data: dict[str, Any]) -> HttpResponseBase:
        found = _account(request, data["number"])
        if found is None:
            form.add_error("number", _("There is no open account of this number."))
            return ask(request, form, act, said)
        if data["account"] != str(found.public_id):
            shown = said | {
                "facts": [
                    *facts_of_unmatched(row),
                    (_("Goes to"), f"{found.customer_name} · {found.rooms or found.number}"),
                ],
                "button": _("Credit to %(name)s") % {"name": found.customer_name},
            }
            again = CreditForm(initial=data | {"number": found.number, "account": str(found.public_id)})
            return show_ask(request, again, shown)
        credit_unmatched(
            actor=actor_of(request), unmatched_public_id=row.public_id, account_public_id=found.public_id,
            note=data["reason"],
        )  # fmt: skip
        return done(request, reverse("console:suspense"), _("The money is credited; the account has its receipt."))

    return ask(request, form, act, said)


@requires(Permission.PAY_RECONCILE)
@require_http_methods(METHODS)
def suspense_refund(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will ask for money in suspense to go back whole; another person approves it."""
    row = see_unmatched(user=request.desk.user, public_id=public_id)
    form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        refund_unmatched(
            actor=actor_of(request), unmatched_public_id=row.public_id, reason=data["reason"], token=str(data["token"])
        )
        return done(request, reverse("console:refunds"), _("The refund is asked for. Another person approves it."))

    said = {
        "title": _("Give %(amount)s back") % {"amount": formats.money(row.amount)},
        "facts": facts_of_unmatched(row),
        "warning": _("It goes back whole, the way it came, once another person has approved it."),
        "button": _("Ask for the refund"),
        "danger": False,
    }
    return ask(request, form, act, said)


def _account(request: DeskRequest, number: str) -> AccountFacts | None:
    found = find_accounts(user=request.desk.user, text=number, permission=Permission.PAY_RECONCILE)
    return next((one for one in found if one.number == number.strip()), None)
