"""Webhooks: which programs are told of events, whether they answer, and the log of what was told."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import DeskForm
from prewatt.console.guard import DeskRequest, actor_of, is_part, requires, to_uuid
from prewatt.console.labels import LABELS, label
from prewatt.console.views.desk_money import ask, done
from prewatt.usecases.configure_webhook import (
    change_webhook,
    enable_webhook,
    end_webhook,
    open_webhook,
    resend_delivery,
    rotate_webhook,
)
from prewatt.webhooks.queries import list_deliveries, list_endpoints, see_endpoint
from prewatt.webhooks.values import EndpointLine

METHODS: Final = ["GET", "HEAD", "POST"]
ROWS: Final = 50


class WebhookForm(DeskForm):
    """Where to tell, and of what."""

    url = forms.CharField(
        label=gettext_lazy("Address"), max_length=500,
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "placeholder": "https://"}),
    )  # fmt: skip
    note = forms.CharField(label=gettext_lazy("What it is for"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, name in LABELS["webhook_event"].items():
            self.fields[code] = forms.BooleanField(label=str(name), required=False)

    @property
    def events(self) -> list[str]:
        """This property will hold the events that were ticked."""
        return [code for code in LABELS["webhook_event"] if self.cleaned_data.get(code)]


@requires(Permission.API_WEBHOOKS)
@require_safe
def webhooks(request: DeskRequest) -> HttpResponseBase:
    """This view will list the site's webhooks."""
    rows = list_endpoints(user=request.desk.user, site_public_id=request.desk.site.public_id)
    return render(request, "console/webhooks.html", {"section": "settings", "rows": rows[::-1]})


@requires(Permission.API_WEBHOOKS)
@require_safe
def webhook(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show a webhook and the log of its deliveries, the newest first."""
    state, before = request.GET.get("state", ""), request.GET.get("before", "")
    rows = list_deliveries(
        user=request.desk.user, endpoint_public_id=public_id, state=state,
        before=to_uuid(before) if before else None, limit=ROWS,
    )  # fmt: skip
    context = {
        "section": "settings",
        "one": see_endpoint(user=request.desk.user, public_id=public_id),
        "rows": rows,
        "chosen": state,
        "states": list(LABELS["delivery_state"].items()),
        "more": rows[-1].public_id if len(rows) == ROWS else None,
    }
    return render(request, "console/webhook.html", context)


@requires(Permission.API_WEBHOOKS)
@require_http_methods(METHODS)
def webhook_add(request: DeskRequest) -> HttpResponseBase:
    """This view will make a webhook and show its secret, once."""
    form = WebhookForm(request.POST or None)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        line, secret = open_webhook(
            actor=actor_of(request), site_public_id=request.desk.site.public_id, url=data["url"],
            events=form.events, note=data["note"], key_file=settings.METER_KEY_FILE,
        )  # fmt: skip
        return _show_secret(request, line, secret)

    said = {
        "title": _("Add a webhook"),
        "warning": _("Plain data about payments and power goes to this address. Use one that you run yourself."),
        "button": _("Add"),
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.API_WEBHOOKS)
@require_http_methods(METHODS)
def webhook_edit(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will send to another address, or of other events."""
    one = see_endpoint(user=request.desk.user, public_id=public_id)
    form = WebhookForm(
        request.POST or None, initial={"url": one.url, "note": one.note, **dict.fromkeys(one.events, True)}
    )

    def act(data: dict[str, Any]) -> HttpResponseBase:
        change_webhook(
            actor=actor_of(request), public_id=public_id, url=data["url"], events=form.events, note=data["note"]
        )
        return done(request, _page(public_id), _("The webhook is changed."))

    return ask(request, form, act, {"title": _("Change the webhook"), "button": _("Save"), "danger": False})


@requires(Permission.API_WEBHOOKS)
@require_http_methods(METHODS)
def webhook_secret(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will give a webhook a new secret and show it, once."""
    one = see_endpoint(user=request.desk.user, public_id=public_id)
    form = DeskForm(request.POST if request.method == "POST" else None)

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        line, secret = rotate_webhook(
            actor=actor_of(request), public_id=public_id, key_file=settings.METER_KEY_FILE
        )  # fmt: skip
        return _show_secret(request, line, secret)

    said = {
        "title": _("New secret"),
        "facts": [(_("Address"), one.url)],
        "warning": _("For a day the old secret signs too: change the program over within that time."),
        "button": _("Make a new secret"),
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.API_WEBHOOKS)
@require_http_methods(METHODS)
def webhook_turn(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will end a webhook, or enable one that was disabled or ended."""
    one = see_endpoint(user=request.desk.user, public_id=public_id)
    form = DeskForm(request.POST if request.method == "POST" else None)
    ends = one.state == "active"

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        turn = end_webhook if ends else enable_webhook
        turn(actor=actor_of(request), public_id=public_id)
        return done(request, _page(public_id), _("Nothing more is sent.") if ends else _("The webhook is enabled."))

    said = {
        "title": _("End the webhook") if ends else _("Enable the webhook"),
        "facts": [(_("Address"), one.url), (_("State"), label("webhook_state", one.state))],
        "button": _("End it") if ends else _("Enable"),
        "danger": ends,
    }
    return ask(request, form, act, said)


@requires(Permission.API_WEBHOOKS)
@require_http_methods(METHODS)
def webhook_resend(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will send a delivery once more."""
    form = DeskForm(request.POST if request.method == "POST" else None)

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        endpoint = resend_delivery(actor=actor_of(request), public_id=public_id)
        return done(request, _page(endpoint), _("It is sent again within seconds."))

    said = {
        "title": _("Send it again"),
        "warning": _("The program gets the same event with the same id once more."),
        "button": _("Send again"),
        "danger": False,
    }
    return ask(request, form, act, said)


def _show_secret(request: DeskRequest, line: EndpointLine, secret: str) -> HttpResponseBase:
    name = "console/parts/webhook_secret.html" if is_part(request) else "console/webhook_secret.html"
    answer = render(request, name, {"section": "settings", "one": line, "secret": secret})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(public_id: UUID) -> str:
    return reverse("console:webhook", args=[public_id])
