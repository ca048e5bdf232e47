"""Merchants are opened, changed, given keys and tested by people who may; each step on record, no key ever shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import Scope
from prewatt.access.permissions import Permission
from prewatt.access.queries import is_permitted
from prewatt.estate.models import Site
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotPermitted, PrewattError
from prewatt.payments.errors import BadMerchantData
from prewatt.payments.models import KeyKind, Merchant, MerchantState, OnlineChannel
from prewatt.payments.providers.certificates import (
    ALIPAY,
    APP,
    PARTS,
    PRIVATE_KEY,
    ROOT,
    is_certificate,
    require_certificates,
)
from prewatt.payments.providers.keys import load_rsa_private, load_rsa_public
from prewatt.payments.providers.values import MerchantConfig
from prewatt.payments.queries.merchants import config_of, get_merchant, has_key
from prewatt.payments.services import merchants as services
from prewatt.payments.services.merchants import OVERLAP
from prewatt.usecases._providers import merchant_safe, provider_of
from prewatt.usecases.work import unit_of_work


@dataclass(frozen=True, slots=True)
class MerchantWish:
    """What a new merchant is told to be. ``organisation_wide``: every site of the organisation may use it."""

    channel: str
    merchant_no: str
    name: str
    gateway_url: str
    app_id: str = ""
    currency: str = "CNY"
    options: Mapping[str, str] | None = None
    is_default: bool = False
    organisation_wide: bool = False


@dataclass(frozen=True, slots=True)
class MerchantTest:
    """What came of a test question."""

    ok: bool
    note: str


def open_merchant(*, actor: Actor, site_public_id: UUID, wish: MerchantWish) -> UUID:
    """This function will keep a merchant of a site, and return its public id. Its keys follow.

    Needs ``pay.configure`` where the merchant may be used. Raises NotPermitted, BadMerchantData, MerchantTaken.
    """
    site = Site.objects.select_related("scope__parent").filter(public_id=site_public_id).first()
    with unit_of_work(
        actor=actor, verb="open_merchant", scope=site.scope if site is not None else None,
        subject=("merchant", f"{wish.channel} {wish.merchant_no}"[:60]),
    ):  # fmt: skip
        scope = site.scope if site is not None else None
        if site is not None and wish.organisation_wide:
            scope = site.scope.parent
        if site is None or scope is None or not _may(actor, scope):
            raise NotPermitted("You may not configure payments there.", hint="Ask an administrator.")
        merchant = services.open_merchant(
            scope=scope, site=site, channel=wish.channel, merchant_no=wish.merchant_no, name=wish.name,
            gateway_url=wish.gateway_url, app_id=wish.app_id, currency=wish.currency, options=wish.options,
            is_default=wish.is_default,
        )  # fmt: skip
        return merchant.public_id


def change_merchant(*, actor: Actor, merchant_public_id: UUID, changes: Mapping[str, Any]) -> None:
    """This function will change name, gateway_url, options or is_default. Raises UnknownMerchant, BadMerchantData."""
    with unit_of_work(actor=actor, verb="change_merchant", subject=("merchant", str(merchant_public_id))):
        services.change_merchant(merchant=_merchant(actor, merchant_public_id), changes=changes)


def retire_merchant(*, actor: Actor, merchant_public_id: UUID) -> None:
    """This function will let no new order go through a merchant; what was begun comes to its end."""
    with unit_of_work(actor=actor, verb="retire_merchant", subject=("merchant", str(merchant_public_id))):
        services.retire_merchant(merchant=_merchant(actor, merchant_public_id))


def revive_merchant(*, actor: Actor, merchant_public_id: UUID) -> None:
    """This function will let orders go through a retired merchant again."""
    with unit_of_work(actor=actor, verb="revive_merchant", subject=("merchant", str(merchant_public_id))):
        services.change_merchant(
            merchant=_merchant(actor, merchant_public_id), changes={"state": MerchantState.ACTIVE}
        )  # fmt: skip


def put_merchant_key(
    *,
    actor: Actor,
    merchant_public_id: UUID,
    kind: str,
    name: str,
    text: str,
    serial: str = "",
    overlap: timedelta = OVERLAP,
) -> None:
    """This function will seal a key and put it in force; of ours, the one before stays valid for ``overlap``.

    ``kind``: ``secret`` (ours, by the name that the adapter knows) or ``peer`` (the provider's, by its serial). Raises
    UnknownMerchant, BadMerchantData, BadMerchant, KeyMissing.
    """
    with unit_of_work(actor=actor, verb="put_merchant_key", subject=("merchant", str(merchant_public_id))):
        merchant = _merchant(actor, merchant_public_id)
        if merchant.channel == OnlineChannel.ALIPAY:
            _require_alone(merchant, kind, name, text)
        services.put_key(
            merchant=merchant, kind=kind, name=name, serial=serial, text=text, safe=merchant_safe(), overlap=overlap
        )  # fmt: skip


def put_merchant_certificates(*, actor: Actor, merchant_public_id: UUID, texts: Mapping[str, str]) -> None:
    """This function will seal what Alipay's certificate mode is made of and put it in force, all of it at once.

    ``texts`` by the names of ``certificates.PARTS``; what is left out stays as it is. They are checked together, as of
    now. A certificate of Alipay that was in force stays so until it is ended. Raises UnknownMerchant, BadMerchantData,
    BadCertificate, KeyMissing.
    """
    with unit_of_work(actor=actor, verb="put_merchant_certificates", subject=("merchant", str(merchant_public_id))):
        merchant = _merchant(actor, merchant_public_id)
        given = {part: texts[part] for part in PARTS if texts.get(part)}
        if merchant.channel != OnlineChannel.ALIPAY or not given:
            raise BadMerchantData("Nothing was entered.", hint="Paste what is new; leave empty what stays as it is.")
        safe, now = merchant_safe(), machine_now()
        config, _until = config_of(merchant=merchant, safe=safe, now=now)
        names = require_certificates(_in_force(config) | given, now=now)
        for part, text in given.items():
            kind, name = (KeyKind.PEER, "public_key_pem") if part == ALIPAY else (KeyKind.SECRET, part)
            services.put_key(
                merchant=merchant, kind=kind, name=name, serial=names.get(part, ""), text=text, safe=safe,
                overlap=timedelta(),
            )  # fmt: skip


def end_merchant_key(*, actor: Actor, merchant_public_id: UUID, key_id: int) -> None:
    """This function will end a key now: what is signed with it from now on is refused."""
    with unit_of_work(actor=actor, verb="end_merchant_key", subject=("merchant", str(merchant_public_id))):
        services.end_key(merchant=_merchant(actor, merchant_public_id), key_id=key_id)


def check_merchant(*, actor: Actor, merchant_public_id: UUID) -> MerchantTest:
    """This function will put a signed question that costs nothing to the provider, and keep what came back."""
    merchant = _merchant(actor, merchant_public_id)
    try:
        result = MerchantTest(ok=True, note=provider_of(merchant).probe())
    except PrewattError as error:
        result = MerchantTest(ok=False, note=str(error))
    with unit_of_work(
        actor=actor, verb="test_merchant", scope=merchant.scope, subject=("merchant", str(merchant_public_id))
    ):
        services.record_test(merchant=merchant, ok=result.ok, note=result.note)
    return result


def _require_alone(merchant: Merchant, kind: str, name: str, text: str) -> None:
    """This function will refuse a key of Alipay's channel that cannot be read, or that goes with certificates."""
    if is_certificate(text):
        raise BadMerchantData("This is a certificate.", hint="Enter it under “Certificates”, with those beside it.")
    if kind == KeyKind.PEER:
        load_rsa_public(text)
    elif name == PRIVATE_KEY:
        load_rsa_private(text)
        if has_key(merchant=merchant, name=APP, now=machine_now()):
            raise BadMerchantData(
                "Our private key has a certificate.", hint="Enter both under “Certificates”, the new key with its own."
            )


def _in_force(config: MerchantConfig) -> dict[str, str]:
    """This function will return the parts of certificate mode in force, of Alipay's certificates the newest."""
    found = {part: config.secrets.get(part, "") for part in (PRIVATE_KEY, APP, ROOT)}
    return found | {ALIPAY: next((text for text in config.peer_keys.values() if is_certificate(text)), "")}


def _merchant(actor: Actor, public_id: UUID) -> Merchant:
    return get_merchant(user=actor.user, public_id=public_id, permission=Permission.PAY_CONFIGURE)


def _may(actor: Actor, scope: Scope) -> bool:
    """This function will say whether the actor may configure there; a process of ours may everywhere."""
    if actor.user is None:
        return True
    return is_permitted(user=actor.user, permission=Permission.PAY_CONFIGURE, scope=scope)
