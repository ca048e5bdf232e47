"""Channels: the merchants that money comes through, their keys and a test question. Keys go in and never come out."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.forms import DeskForm
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.console.labels import label
from prewatt.console.pay_forms import CertificatesForm, KeyForm, MerchantForm, NewMerchantForm
from prewatt.console.pay_page import section
from prewatt.console.views.desk_money import ask, done
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotFound
from prewatt.payments.online import MerchantLine
from prewatt.payments.queries.merchants import list_merchants, see_merchant
from prewatt.usecases.configure_merchant import (
    MerchantWish,
    change_merchant,
    check_merchant,
    end_merchant_key,
    open_merchant,
    put_merchant_certificates,
    put_merchant_key,
    retire_merchant,
    revive_merchant,
)

METHODS: Final = ["GET", "HEAD", "POST"]


@requires(Permission.PAY_CONFIGURE)
@require_safe
def channels(request: DeskRequest) -> HttpResponseBase:
    """This view will list the merchants."""
    context = section(request, "channels") | {"rows": list_merchants(user=request.desk.user)}
    return render(request, "console/pay_channels.html", context)


@requires(Permission.PAY_CONFIGURE)
@require_safe
def channel(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show a merchant: its call-back address, its keys by name and window, its last test."""
    merchant = see_merchant(user=request.desk.user, public_id=public_id)
    context = section(request, "channels") | {
        "merchant": merchant,
        "notify_url": f"{settings.PUBLIC_ORIGIN}{merchant.notify_path}",
        "now": machine_now(),
    }
    return render(request, "console/pay_channel.html", context)


@requires(Permission.PAY_CONFIGURE)
@require_http_methods(METHODS)
def channel_add(request: DeskRequest) -> HttpResponseBase:
    """This view will keep a new merchant; its keys follow on its page."""
    form = NewMerchantForm(request.POST or None)
    site = request.desk.site

    def act(data: dict[str, Any]) -> HttpResponseBase:
        wish = MerchantWish(
            channel=data["channel"], merchant_no=data["merchant_no"], app_id=data["app_id"], name=data["name"],
            gateway_url=data["gateway_url"], currency=site.currency, options=data["options"],
            is_default=data["is_default"], organisation_wide=data["organisation_wide"],
        )  # fmt: skip
        public_id = open_merchant(actor=actor_of(request), site_public_id=site.public_id, wish=wish)
        return done(request, reverse("console:channel", args=[public_id]), _("Kept. Add its keys, then send a test."))

    said = {"title": _("Add a channel"), "facts": [(_("Site"), site.name), (_("Currency"), site.currency)]}
    return ask(request, form, act, said | {"button": _("Add"), "danger": False})


@requires(Permission.PAY_CONFIGURE)
@require_http_methods(METHODS)
def channel_edit(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will change a merchant's name, gateway, options, or whether it is offered first."""
    merchant = see_merchant(user=request.desk.user, public_id=public_id)
    initial = {
        "name": merchant.name,
        "gateway_url": merchant.gateway_url,
        "options": "\n".join(f"{name}={value}" for name, value in merchant.options.items()),
        "is_default": merchant.is_default,
    }
    form = MerchantForm(request.POST or None, initial=initial)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        change_merchant(actor=actor_of(request), merchant_public_id=public_id, changes=data)
        return done(request, _page(public_id), _("The channel is changed."))

    said = {"title": _("Change %(name)s") % {"name": merchant.name}, "facts": _facts_of(merchant)}
    return ask(request, form, act, said | {"button": _("Save"), "danger": False})


@requires(Permission.PAY_CONFIGURE)
@require_http_methods(METHODS)
def channel_turn(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will retire a merchant, or let orders go through a retired one again."""
    merchant = see_merchant(user=request.desk.user, public_id=public_id)
    form = DeskForm(request.POST if request.method == "POST" else None)
    is_active = merchant.state == "active"

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        turn = retire_merchant if is_active else revive_merchant
        turn(actor=actor_of(request), merchant_public_id=public_id)
        return done(request, _page(public_id), _("The channel is retired.") if is_active else _("The channel is back."))

    title = _("Retire %(name)s") if is_active else _("Take %(name)s up again")
    said = {
        "title": title % {"name": merchant.name},
        "facts": _facts_of(merchant),
        "warning": _("No new order goes through it; what was begun comes to its end.") if is_active else "",
        "button": _("Retire") if is_active else _("Take it up again"),
        "danger": is_active,
    }
    return ask(request, form, act, said)


@requires(Permission.PAY_CONFIGURE)
@require_POST
def channel_test(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will put a signed question that costs nothing to the provider, and show what it answered."""
    result = check_merchant(actor=actor_of(request), merchant_public_id=public_id)
    if result.ok:
        messages.success(request, _("The provider answered, and both signatures hold."))
    else:
        messages.error(request, _("The test failed; what came back stands under “Last test”."))
    return redirect(_page(public_id))


@requires(Permission.PAY_CONFIGURE)
@require_http_methods(METHODS)
def channel_key(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will put a key in force; of ours the one before stays valid for a while."""
    merchant = see_merchant(user=request.desk.user, public_id=public_id)
    form = KeyForm(request.POST or None, channel=merchant.channel)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        is_peer = data["what"] == "peer"
        put_merchant_key(
            actor=actor_of(request), merchant_public_id=public_id, kind="peer" if is_peer else "secret",
            name="public_key_pem" if is_peer else data["what"], text=data["text"], serial=data["serial"],
            overlap=timedelta(days=int(data["overlap"])),
        )  # fmt: skip
        return done(request, _page(public_id), _("The key is sealed and in force. Send a test."))

    said = {
        "title": _("Add a key"),
        "facts": _facts_of(merchant),
        "warning": _("The key is sealed at once and never shown again. Paste it, do not type it."),
        "button": _("Put it in force"),
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.PAY_CONFIGURE)
@require_http_methods(METHODS)
def channel_certificates(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will put the certificates of Alipay's certificate mode in force, checked together."""
    merchant = see_merchant(user=request.desk.user, public_id=public_id)
    if merchant.channel != "alipay":
        raise NotFound("There is nothing under this address.")
    form = CertificatesForm(request.POST or None)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        put_merchant_certificates(actor=actor_of(request), merchant_public_id=public_id, texts=data)
        return done(request, _page(public_id), _("The certificates are sealed and in force. Send a test."))

    said = {
        "title": _("Certificates"),
        "facts": _facts_of(merchant),
        "warning": _("Once all are in force, only what is signed with Alipay's certificate is believed."),
        "button": _("Put them in force"),
        "danger": False,
    }
    return ask(request, form, act, said)


@requires(Permission.PAY_CONFIGURE)
@require_http_methods(METHODS)
def channel_key_end(request: DeskRequest, public_id: UUID, key_id: int) -> HttpResponseBase:
    """This view will end a key now."""
    merchant = see_merchant(user=request.desk.user, public_id=public_id)
    key = next((one for one in merchant.keys if one.id == key_id), None)
    if key is None:
        raise NotFound("There is nothing under this address.")
    form = DeskForm(request.POST if request.method == "POST" else None)

    def act(_data: dict[str, Any]) -> HttpResponseBase:
        end_merchant_key(actor=actor_of(request), merchant_public_id=public_id, key_id=key_id)
        return done(request, _page(public_id), _("The key has ended."))

    said = {
        "title": _("End this key"),
        "facts": [(_("Key"), key_name(key.kind, key.name)), (_("Serial"), key.serial), (_("Mark"), key.fingerprint)],
        "warning": _("What is signed with it from now on is refused."),
        "button": _("End it now"),
        "danger": True,
    }
    return ask(request, form, act, said)


def key_name(kind: str, name: str) -> str:
    """This function will call a key as people do."""
    return label("key", "peer" if kind == "peer" else name)


def _page(public_id: UUID) -> str:
    return reverse("console:channel", args=[public_id])


def _facts_of(merchant: MerchantLine) -> list[tuple[str, str]]:
    facts: Mapping[str, str] = {
        _("Provider"): label("channel", merchant.channel),
        _("Merchant number"): merchant.merchant_no,
        _("App id"): merchant.app_id,
    }
    return [(name, value) for name, value in facts.items() if value]
