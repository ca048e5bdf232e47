"""Alerts: what was told, and how the account wants to be told."""

from typing import Final

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.kernel.errors import Refused
from prewatt.notices.queries import list_account_notices
from prewatt.notices.values import Wishes
from prewatt.portal.door import TenantRequest, actor_of, tenant
from prewatt.portal.forms import AlertForm
from prewatt.usecases.keep_preference import keep_preference, see_preference

SHOWN: Final = 50


@tenant()
@require_safe
def alerts(request: TenantRequest) -> HttpResponseBase:
    """This view will list the messages about the account, the newest first."""
    found = list_account_notices(account_id=request.share.account_id, limit=SHOWN)
    told = [one for one in found if one.kind not in {"code", "invitation", "security"}]
    wishes = see_preference(account_id=request.share.account_id)
    return render(request, "portal/alerts.html", {"place": "alerts", "told": told, "wishes": wishes})


@tenant("owner")
@require_http_methods(["GET", "HEAD", "POST"])
def alert_settings(request: TenantRequest) -> HttpResponseBase:
    """This view will change how the account wants to be told."""
    wishes = see_preference(account_id=request.share.account_id)
    form = AlertForm(request.POST or None, initial=AlertForm.initial_of(wishes))
    if request.method == "POST" and form.is_valid():
        try:
            keep_preference(actor=actor_of(request), account_id=request.share.account_id, wishes=_wishes(form))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Kept. It holds from the next message on."))
            return redirect("portal:alerts", public_id=request.share.public_id)
    return render(
        request, "portal/alert_settings.html", {"place": "alerts", "form": form}, status=422 if form.errors else 200
    )


def _wishes(form: AlertForm) -> Wishes:
    data = form.cleaned_data
    return Wishes(
        channels=(data["channel"],) if data["channel"] else (), muted=tuple(data["muted"]),
        quiet_from=data["quiet_from"], quiet_to=data["quiet_to"], warn_days=data["warn_days"],
        second_name=data["second_name"], second_phone=data["second_phone"], second_mail=data["second_mail"],
    )  # fmt: skip
