"""Refunds of online payments: asked for by one person, approved or refused by another."""

from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import DeskForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.labels import label
from prewatt.console.pay_forms import BackForm, RefuseForm
from prewatt.console.pay_page import PAGE, before_of, facts_of_refund, older, section
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.payments.errors import NotThisWay
from prewatt.payments.queries import get_payment
from prewatt.payments.queries.refunds import get_refund, list_refundable, list_refunds
from prewatt.reports import formats
from prewatt.usecases.ask_refund import approve_refund, ask_refund, refuse_refund

METHODS: Final = ["GET", "HEAD", "POST"]
REFUNDABLE_MAX: Final = 500


@requires(Permission.MONEY_REFUND)
@require_safe
def refunds(request: DeskRequest) -> HttpResponseBase:
    """This view will list refunds through a channel: those to approve first, then the others."""
    user = request.desk.user
    before = before_of(request)
    waiting = [] if before else list_refunds(user=user, permission=Permission.MONEY_REFUND, states=("requested",))
    states = ("approved", "sent", "succeeded", "failed", "refused")
    found = list_refunds(
        user=user, permission=Permission.MONEY_REFUND, states=states, before_id=before, limit=PAGE
    )  # fmt: skip
    context = section(request, "refunds") | {"waiting": waiting, "rows": found, "me": user.pk} | older(request, found)
    return render(request, "console/pay_refunds.html", context)


@requires(Permission.MONEY_APPROVE)
@require_http_methods(METHODS)
def refund_approve(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will let a refund go that another person asked for."""
    row = get_refund(user=request.desk.user, public_id=public_id)
    form = DeskForm(request.POST if request.method == "POST" else None)

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        approve_refund(actor=actor_of(request), refund_public_id=row.public_id)
        return done(request, reverse("console:refunds"), _("The refund is approved and on its way."))

    said = {
        "title": _("Approve refund %(number)s") % {"number": row.refund_no},
        "facts": facts_of_refund(row),
        "warning": _("The money leaves the balance now. If the provider refuses, it comes back by itself."),
        "button": _("Approve %(amount)s") % {"amount": formats.money(row.amount)},
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.MONEY_APPROVE)
@require_http_methods(METHODS)
def refund_refuse(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will refuse a refund, with a word that says why."""
    row = get_refund(user=request.desk.user, public_id=public_id)
    form = RefuseForm(request.POST or None)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        refuse_refund(actor=actor_of(request), refund_public_id=row.public_id, note=data["note"])
        return done(request, reverse("console:refunds"), _("The refund is refused; nothing was moved."))

    said = {
        "title": _("Refuse refund %(number)s") % {"number": row.refund_no},
        "facts": facts_of_refund(row), "button": _("Refuse"), "danger": True,
    }  # fmt: skip
    return ask(request, form, act, said)


@requires(Permission.MONEY_REFUND)
@require_http_methods(METHODS)
def ask_back(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will ask for part of an online payment to go back through its channel."""
    payment = get_payment(user=request.desk.user, public_id=public_id, permission=Permission.MONEY_REFUND)
    open_ones = list_refundable(account_id=payment.account_id, limit=REFUNDABLE_MAX) if payment.account_id else []
    found = next((one for one in open_ones if one.payment_public_id == public_id), None)
    if found is None:
        raise NotThisWay(
            "Nothing of this payment can go back through a channel.", hint="Give money of the desk back at the desk."
        )
    left = found.left
    form = BackForm(request.POST or None, initial={"token": uuid7(), "amount": left.to_decimal()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        ask_refund(
            actor=actor_of(request), payment_public_id=public_id, amount=Money.parse(data["amount"], left.currency),
            reason=data["reason"], token=str(data["token"]),
        )  # fmt: skip
        return done(request, reverse("console:refunds"), _("The refund is asked for. Another person approves it."))

    said = {
        "title": _("Back to %(channel)s") % {"channel": label("channel", payment.channel)},
        "facts": [
            (_("Account"), payment.account_number),
            (_("Paid"), formats.money(payment.amount)),
            (_("Can still go back"), formats.money(left)),
        ],
        "warning": _("It goes to whoever paid, the way it came, once another person has approved it."),
        "unit": formats.symbol(left.currency),
        "button": _("Ask for the refund"),
        "danger": False,
    }
    return ask(request, form, act, said)
