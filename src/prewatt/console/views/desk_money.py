"""Money given back or put right: refund, clear to zero, reversal; and the papers about it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.approvals.errors import ApprovalAsked
from prewatt.console.forms import AmountForm, DeskForm, ReasonForm
from prewatt.console.guard import DeskRequest, actor_of, is_part, requires
from prewatt.console.paper import paper_of
from prewatt.console.problems import sentence
from prewatt.kernel.errors import Refused
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.payments.queries import get_payment
from prewatt.reports import formats
from prewatt.tenancy.queries import get_account
from prewatt.usecases.clear_to_zero import clear_to_zero
from prewatt.usecases.refund_balance import refund_balance
from prewatt.usecases.reverse_payment import reverse_payment
from prewatt.usecases.see_receipt import see_receipt

METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.MONEY_REFUND)
@require_http_methods(METHODS)
def refund(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will give a part of the balance back, with a reason and a paper."""
    facts = get_account(user=request.desk.user, public_id=public_id, permission=Permission.MONEY_REFUND)
    form = AmountForm(request.POST or None, initial={"token": uuid7(), "channel": "cash"})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        result = refund_balance(
            actor=actor_of(request), account_id=facts.id, amount=Money.parse(data["amount"], facts.currency),
            reason=data["reason"], channel=data["channel"], token=str(data["token"]),
        )  # fmt: skip
        return done(request, reverse("console:receipt", args=[result.document_public_id]), _("The refund is booked."))

    said = {
        "title": _("Refund to %(name)s") % {"name": facts.customer_name},
        "facts": [(_("Balance that can be given back"), formats.money(facts.balance))],
        "unit": formats.symbol(facts.currency),
        "button": _("Pay out and book"),
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.MONEY_CLEAR)
@require_http_methods(METHODS)
def clear(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will bring a balance to zero by an entry, with a reason and a paper."""
    facts = get_account(user=request.desk.user, public_id=public_id, permission=Permission.MONEY_CLEAR)
    form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        result = clear_to_zero(
            actor=actor_of(request), account_id=facts.id, reason=data["reason"], token=str(data["token"])
        )
        return done(request, reverse("console:receipt", args=[result.document_public_id]), _("The balance is zero."))

    said = {
        "title": _("Clear %(name)s to zero") % {"name": facts.customer_name},
        "facts": [
            (_("Balance now"), formats.money(facts.balance)),
            (_("Balance after"), formats.money(Money.zero(facts.currency))),
        ],
        "warning": _("No money is paid out or taken. A balance of zero means that the power may be cut."),
        "button": _("Clear %(amount)s") % {"amount": formats.money(facts.balance)},
        "danger": True,
    }
    return ask(request, form, act, said)


@requires(Permission.MONEY_REVERSE)
@require_http_methods(METHODS)
def reverse_top_up(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will undo a wrong top-up by the opposite entry; both stay in the ledger."""
    payment = get_payment(user=request.desk.user, public_id=public_id, permission=Permission.MONEY_REVERSE)
    form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        reverse_payment(actor=actor_of(request), payment_public_id=payment.public_id, reason=data["reason"])
        where = reverse("console:account", args=[payment.account_public_id]) if payment.account_public_id else "/"
        return done(request, where, _("The top-up is reversed. Take it again for the right account."))

    said = {
        "title": _("Reverse %(number)s") % {"number": payment.number_text},
        "facts": [
            (_("Account"), payment.account_number),
            (_("Amount"), formats.money(payment.amount)),
            (_("Taken by"), f"{payment.cashier} {payment.till}"),
        ],
        "warning": _("The money leaves the balance; when it was used already, the account owes it and may be cut."),
        "button": _("Reverse %(amount)s") % {"amount": formats.money(payment.amount)},
        "danger": True,
    }
    return ask(request, form, act, said)


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def receipt(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show an issued paper for printing: 80 mm, or ``?paper=a4``."""
    paper = paper_of(see_receipt(user=request.desk.user, public_id=public_id))
    context = {
        "section": "till",
        "paper": paper,
        "is_a4": request.GET.get("paper") == "a4",
        "print_now": request.GET.get("print") == "1",
    }
    return render(request, "console/receipt.html", context)


def ask(
    request: DeskRequest, form: DeskForm, act: Callable[[dict[str, Any]], HttpResponseBase], said: dict[str, Any]
) -> HttpResponseBase:
    """This function will show a form in a dialog (or on a page of its own), act on it, and show a refusal in it."""
    if request.method == "POST" and form.is_valid():
        try:
            return act(form.cleaned_data)
        except ApprovalAsked as asked:
            return done(request, reverse("console:approvals"), sentence(asked))
        except Refused as refusal:
            form.refuse(refusal)
    return show_ask(request, form, said)


def show_ask(request: DeskRequest, form: DeskForm, said: dict[str, Any]) -> HttpResponse:
    """This function will show a form in a dialog, or on a page of its own, as it is."""
    name = "console/parts/ask.html" if is_part(request) else "console/ask.html"
    context = {"form": form, "said": said, "action": request.get_full_path()}
    return render(request, name, context, status=422 if form.errors else 200)


def done(request: DeskRequest, where: str, message: str, *, undo: str = "") -> HttpResponseBase:
    """This function will lead on with a message: htmx by a header, a browser by a redirect.

    ``undo``: an address of the console that takes the step back when it is posted to; offered beside the message.
    """
    messages.success(request, message, extra_tags=undo)
    if is_part(request):
        return HttpResponse(status=204, headers={"HX-Redirect": where})
    return redirect(where)
