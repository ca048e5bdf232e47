"""The adapters of our merchants, kept by each process: keys are unsealed and read once, until they change."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from prewatt.estate.safe import Purpose, SecretSafe
from prewatt.kernel.clock import machine_now, monotonic_s
from prewatt.payments.models import Merchant
from prewatt.payments.providers.registry import provider_for
from prewatt.payments.providers.values import Provider
from prewatt.payments.queries.merchants import config_of, find_merchant


@dataclass(frozen=True, slots=True)
class _Held:
    version: int
    good_until: datetime | None
    provider: Provider


MERCHANT_FRESH_S: Final = 2.0
_held: dict[int, _Held] = {}
_merchants: dict[tuple[str, str, UUID], tuple[float, Merchant]] = {}
_lock = Lock()


@lru_cache(maxsize=4)
def _safe_at(path: Path) -> SecretSafe:
    return SecretSafe.open(path, Purpose.MERCHANTS)


def merchant_safe() -> SecretSafe:
    """This function will return the safe of this installation. Raises KeyMissing."""
    return _safe_at(Path(settings.METER_KEY_FILE))


def provider_of(merchant: Merchant) -> Provider:
    """This function will return the adapter through which we speak and hear for a merchant.

    ``merchant`` must have been read just now: its version says whether what is held is still good. Raises BadMerchant,
    KeyMissing, WrongKey.
    """
    now = machine_now()
    held = _held.get(merchant.pk)
    if held is not None and held.version == merchant.version and (held.good_until is None or now < held.good_until):
        return held.provider
    config, good_until = config_of(merchant=merchant, safe=merchant_safe(), now=now)
    fresh = _Held(merchant.version, good_until, provider_for(config))
    with _lock:
        _held[merchant.pk] = fresh
    return fresh.provider


def known_merchant(*, channel: str, public_id: UUID) -> Merchant | None:
    """This function will return a merchant as it was at most two seconds ago: call-backs come many a second."""
    now_s, key = monotonic_s(), (connection.settings_dict["NAME"], channel, public_id)
    held = _merchants.get(key)
    if held is not None and now_s - held[0] < MERCHANT_FRESH_S:
        return held[1]
    merchant = find_merchant(channel=channel, public_id=public_id)
    if merchant is not None:
        _merchants[key] = (now_s, merchant)
    return merchant


def forget_merchant(merchant: Merchant) -> Merchant | None:
    """This function will read a merchant anew."""
    _merchants.pop((connection.settings_dict["NAME"], merchant.channel, merchant.public_id), None)
    return known_merchant(channel=merchant.channel, public_id=merchant.public_id)


def forget_providers() -> None:
    """This function will forget every adapter that this process holds."""
    with _lock:
        _held.clear()
        _merchants.clear()
