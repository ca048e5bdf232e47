"""Merchants and their keys: kept sealed, changed with an overlap, so that nothing signed on the way is lost."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import Scope
from prewatt.estate.models import Site
from prewatt.estate.safe import SecretSafe
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import minor_digits
from prewatt.payments.errors import BadMerchantData, MerchantTaken, UnknownMerchant
from prewatt.payments.models import KeyKind, Merchant, MerchantKey, MerchantState, OnlineChannel

KEY_CHARS_MAX: Final = 16_000
OVERLAP: Final = timedelta(days=7)
"""How long a key that was replaced is still heard: longer than any provider repeats a call-back."""


def open_merchant(  # noqa: PLR0913 - one merchant, all its facts by name
    *,
    scope: Scope,
    site: Site,
    channel: str,
    merchant_no: str,
    name: str,
    gateway_url: str,
    app_id: str = "",
    currency: str = "CNY",
    options: Mapping[str, str] | None = None,
    is_default: bool = False,
) -> Merchant:
    """This function will keep a merchant. Its first key makes it usable. Raises BadMerchantData, MerchantTaken."""
    require_unit_of_work()
    if channel not in OnlineChannel.values:
        raise BadMerchantData(
            "%(channel)s is not an online channel.", hint="Use one of %(known)s.",
            channel=channel, known=tuple(OnlineChannel.values),
        )  # fmt: skip
    if not merchant_no.strip() or not name.strip():
        raise BadMerchantData("A merchant needs a number and a name.", hint="Copy the number from the provider.")
    minor_digits(currency)
    if is_default:
        Merchant.objects.filter(scope=scope, is_default=True).update(is_default=False)
    try:
        with transaction.atomic():
            return Merchant.objects.create(
                scope=scope, site=site, channel=channel, merchant_no=merchant_no.strip(), app_id=app_id.strip(),
                name=name.strip(), gateway_url=gateway_url.strip(), currency=currency, options=dict(options or {}),
                is_default=is_default, created_at=machine_now(),
            )  # fmt: skip
    except IntegrityError as error:
        raise MerchantTaken(
            "%(channel)s %(number)s is known already.", hint="Change that one.", channel=channel, number=merchant_no
        ) from error


def change_merchant(*, merchant: Merchant, changes: Mapping[str, Any]) -> None:
    """This function will change name, gateway, options, state or default of a merchant, never its number."""
    require_unit_of_work()
    allowed = {"name", "gateway_url", "options", "state", "is_default"}
    if not set(changes) <= allowed:
        raise BadMerchantData("The number of a merchant is never changed.", hint="Retire it and add another.")
    if changes.get("is_default"):
        Merchant.objects.filter(scope=merchant.scope_id, is_default=True).exclude(pk=merchant.pk).update(
            is_default=False
        )
    Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1, **changes)


def retire_merchant(*, merchant: Merchant) -> None:
    """This function will let no new order go through the merchant; what was begun is brought to its end."""
    change_merchant(merchant=merchant, changes={"state": MerchantState.RETIRED, "is_default": False})


def put_key(
    *,
    merchant: Merchant,
    kind: str,
    name: str,
    text: str,
    safe: SecretSafe,
    serial: str = "",
    overlap: timedelta = OVERLAP,
) -> MerchantKey:
    """This function will seal a key and put it in force; the one of the same name stays valid for ``overlap``.

    The same key again changes nothing. Provider's keys stand beside each other until ``end_key``. Raises
    BadMerchantData; its message never repeats the key.
    """
    work = require_unit_of_work()
    if not 0 < len(text) <= KEY_CHARS_MAX:
        raise BadMerchantData("A key is empty or too long.", hint="Paste it again.")
    kind = KeyKind(kind).value
    now, fingerprint = machine_now(), safe.fingerprint(text)
    rows = MerchantKey.objects.filter(merchant=merchant, kind=kind, name=name)
    same = rows.filter(fingerprint=fingerprint, serial=serial, to_at=None).first()
    if same is not None:
        return same
    if kind == KeyKind.SECRET:
        rows.filter(to_at=None).update(to_at=now + overlap)
    place = merchant.place_of_key(kind=kind, name=name, serial=serial)
    key = MerchantKey.objects.create(
        merchant=merchant, kind=kind, name=name, serial=serial, fingerprint=fingerprint, from_at=now,
        sealed=safe.seal(text, bound_to=place), added_by=work.actor.user,
    )  # fmt: skip
    _touch(merchant)
    return key


def end_key(*, merchant: Merchant, key_id: int, at: datetime | None = None) -> None:
    """This function will end a key, now or at a machine instant. Raises UnknownMerchant for a key of another."""
    require_unit_of_work()
    ended = MerchantKey.objects.filter(pk=key_id, merchant=merchant).update(to_at=at or machine_now())
    if ended != 1:
        raise UnknownMerchant("There is no such key.")
    _touch(merchant)


def record_test(*, merchant: Merchant, ok: bool, note: str) -> None:
    """This function will keep what came of the last test question."""
    require_unit_of_work()
    Merchant.objects.filter(pk=merchant.pk).update(tested_at=machine_now(), test_ok=ok, test_note=note[:300])


def _touch(merchant: Merchant) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1)
