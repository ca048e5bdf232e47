"""Which adapter speaks which channel."""

from collections.abc import Mapping
from typing import Final

import httpx

from prewatt.payments.providers.adapter import Adapter
from prewatt.payments.providers.alipay import Alipay
from prewatt.payments.providers.errors import BadMerchant
from prewatt.payments.providers.stripe import Stripe
from prewatt.payments.providers.testpay import TestPay
from prewatt.payments.providers.values import MerchantConfig, Provider
from prewatt.payments.providers.wechat import WeChat

_ADAPTERS: Final[Mapping[str, type[Adapter]]] = {
    adapter.channel: adapter for adapter in (Alipay, WeChat, Stripe, TestPay)
}

CHANNELS: Final = frozenset(_ADAPTERS)
"""The online channels; ``Payment.channel`` uses the same words."""


def provider_for(config: MerchantConfig, *, transport: httpx.BaseTransport | None = None) -> Provider:
    """This function will give the adapter of a merchant. Raises BadMerchant. ``transport`` is for tests."""
    try:
        adapter = _ADAPTERS[config.channel]
    except KeyError:
        raise BadMerchant(
            f"There is no payment channel {config.channel!r}.", hint=f"Use one of {', '.join(sorted(CHANNELS))}."
        ) from None
    return adapter(config, transport=transport)
