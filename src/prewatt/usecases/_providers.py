"""The adapters of our merchants, kept by each process: keys are unsealed and read once, until they change."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock

from django.conf import settings

from prewatt.kernel.clock import machine_now
from prewatt.payments.models import Merchant
from prewatt.payments.providers.registry import provider_for
from prewatt.payments.providers.values import Provider
from prewatt.payments.queries.merchants import config_of
from prewatt.payments.safe import MerchantSafe


@dataclass(frozen=True, slots=True)
class _Held:
    version: int
    good_until: datetime | None
    provider: Provider


_held: dict[int, _Held] = {}
_lock = Lock()


@lru_cache(maxsize=4)
def _safe_at(path: Path) -> MerchantSafe:
    return MerchantSafe.open(path)


def merchant_safe() -> MerchantSafe:
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


def forget_providers() -> None:
    """This function will forget every adapter that this process holds."""
    with _lock:
        _held.clear()
