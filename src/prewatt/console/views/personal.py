"""A customer who leaves: the account closed when it is settled, personal data taken out, and blanked."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prewatt.access.permissions import Permission
from prewatt.console.forms import ReasonForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.views.desk_money import METHODS, ask, done
from prewatt.kernel.ids import uuid7
from prewatt.reports import formats
from prewatt.tenancy.queries import get_account
from prewatt.usecases import personal_data
from prewatt.usecases.close_account import close_account


@requires(Permission.ACCOUNT_CLOSE)
@require_http_methods(METHODS)
def close(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will close an account that nothing stands on any more."""
    facts = get_account(user=request.desk.user, public_id=public_id, permission=Permission.ACCOUNT_CLOSE)
    form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        close_account(actor=actor_of(request), account_id=facts.id, reason=data["reason"])
        return done(request, reverse("console:account", args=[public_id]), _("The account is closed."))

    said = {
        "title": _("Close the account of %(name)s") % {"name": facts.customer_name},
        "facts": [(_("Balance now"), formats.money(facts.balance))],
        "warning": _("Only a settled account can be closed. Its books and papers stay; portal access ends."),
        "button": _("Close the account"),
        "danger": True,
    }
    return ask(request, form, act, said)


@requires(Permission.PERSONAL_DATA)
@require_POST
def take_out(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will hand out what is kept about the account's customer, packed."""
    packed = personal_data.export_personal_data(actor=actor_of(request), account_public_id=public_id)
    return HttpResponse(
        packed, content_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="personal-data.zip"', "Cache-Control": "no-store"},
    )  # fmt: skip


@requires(Permission.PERSONAL_DATA)
@require_http_methods(METHODS)
def blank(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will blank the personal fields of a customer who is gone."""
    facts = get_account(user=request.desk.user, public_id=public_id, permission=Permission.PERSONAL_DATA)
    form = ReasonForm(request.POST or None, initial={"token": uuid7()})

    def act(data: dict[str, Any]) -> HttpResponseBase:
        personal_data.blank_customer(
            actor=actor_of(request), account_public_id=public_id, reason=data["reason"]
        )  # fmt: skip
        return done(request, reverse("console:account", args=[public_id]), _("The personal data is blanked."))

    said = {
        "title": _("Blank the personal data of %(name)s") % {"name": facts.customer_name},
        "warning": _(
            "Name, contacts, tax number, message texts and their history are blanked for ever. The ledger, papers that "
            "were issued and the audit trail stay."
        ),
        "button": _("Blank for ever"),
        "danger": True,
    }
    return ask(request, form, act, said)
