"""Which adapter speaks which channel."""

from collections.abc import Callable

import httpx

from prewatt.payments.providers.errors import BadMerchant
from prewatt.payments.providers.values import MerchantConfig, Provider

CHANNELS = frozenset({"alipay", "wechat", "stripe", "testpay"})
"""The online channels; ``Payment.channel`` uses the same words."""

Maker = Callable[[MerchantConfig, httpx.BaseTransport | None], Provider]

_makers: dict[str, Maker] = {}


def provider_for(config: MerchantConfig, *, transport: httpx.BaseTransport | None = None) -> Provider:
    """This function will give the adapter of a merchant. Raises BadMerchant. ``transport`` is for tests."""
    try:
        make = _makers[config.channel]
    except KeyError:
        raise BadMerchant(
            f"There is no payment channel {config.channel!r}.", hint=f"Use one of {', '.join(sorted(CHANNELS))}."
        ) from None
    return make(config, transport)
