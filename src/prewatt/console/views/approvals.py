"""What one person asked for and another decides: the list, approve, refuse, take back."""

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
from prewatt.console.pay_forms import RefuseForm
from prewatt.console.pay_page import PAGE, before_of, older
from prewatt.console.views.desk_money import ask, done
from prewatt.payments.queries.refunds import count_refunds_to_approve
from prewatt.reports import formats
from prewatt.usecases.decide_approval import (
    approve_request,
    refuse_request,
    see_approval,
    see_decided,
    see_waiting,
    withdraw_request,
)

METHODS: Final = ["GET", "HEAD", "POST"]


@requires(Permission.ACCOUNT_VIEW)
@require_safe
def approvals(request: DeskRequest) -> HttpResponseBase:
    """This view will list what waits for a second person, and what was decided."""
    user, before = request.desk.user, before_of(request)
    decided = see_decided(user=user, before_id=before, limit=PAGE)
    context = {
        "section": "approvals", "me": user.pk, "rows": decided, "waiting": [] if before else see_waiting(user=user),
        "refunds": count_refunds_to_approve(user=user),
    } | older(request, decided)  # fmt: skip
    return render(request, "console/approvals.html", context)


@requires(Permission.MONEY_APPROVE)
@require_http_methods(METHODS)
def approve(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will do what another person asked for."""

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        paper = approve_request(actor=actor_of(request), public_id=public_id)
        return done(request, reverse("console:receipt", args=[paper]), _("It is approved and booked."))

    form = DeskForm(request.POST if request.method == "POST" else None)
    said = _said(request, public_id) | {
        "warning": _("It is booked now, as if who asked had done it; both names are kept."), "button": _("Approve"),
    }  # fmt: skip
    return ask(request, form, act, said)


@requires(Permission.MONEY_APPROVE)
@require_http_methods(METHODS)
def refuse(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will refuse a request, with a word that says why."""

    def act(data: dict[str, Any]) -> HttpResponseBase:
        refuse_request(actor=actor_of(request), public_id=public_id, note=data["note"])
        return done(request, reverse("console:approvals"), _("The request is refused; nothing was booked."))

    said = _said(request, public_id) | {"button": _("Refuse"), "danger": True}
    return ask(request, RefuseForm(request.POST or None), act, said)


@requires(Permission.ACCOUNT_VIEW)
@require_http_methods(METHODS)
def withdraw(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will let who asked take the request back."""

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        withdraw_request(actor=actor_of(request), public_id=public_id)
        return done(request, reverse("console:approvals"), _("The request is taken back; nothing was booked."))

    form = DeskForm(request.POST if request.method == "POST" else None)
    return ask(request, form, act, _said(request, public_id) | {"button": _("Take back")})


def _said(request: DeskRequest, public_id: UUID) -> dict[str, Any]:
    row = see_approval(user=request.desk.user, public_id=public_id)
    return {
        "title": label("approval_kind", row.kind),
        "facts": [
            (_("Account"), row.about),
            (_("Amount"), formats.money(row.amount)),
            (_("Reason"), row.reason),
            (_("Asked by"), row.asked_by),
        ],
        "danger": False,
    }
