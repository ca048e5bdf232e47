"""What the adapters share: a merchant's settings, the one who asks, and the making of facts."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import httpx

from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.payments.providers.asking import Asker, require_safe_url
from prewatt.payments.providers.errors import BadMerchant, ProviderRefused, WayNotOffered
from prewatt.payments.providers.strict import Unreadable, name_of
from prewatt.payments.providers.values import (
    CallbackAnswer,
    MerchantConfig,
    OrderRequest,
    Provider,
    RefundFact,
    RefundRequest,
    RefundState,
    TradeFact,
    TradeState,
)

PROBE_ORDER = "PREWATTPROBE"
"""An order that is never made: to ask for it costs nothing, and its answer carries a signature."""


class Adapter(Provider):
    """One merchant at one provider. Subclasses speak the provider's protocol."""

    gateway: str
    currencies: frozenset[str] = frozenset()

    def __init__(
        self,
        config: MerchantConfig,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = machine_now,
    ) -> None:
        self._config = config
        self._require("the merchant's number", config.merchant_no)
        self._require("the app's id", config.app_id)
        self._gateway = require_safe_url(config.gateway_url or self.gateway)
        self._asker = Asker(transport)
        self._now = now

    def _require(self, what: str, value: object) -> None:
        """This method will refuse a merchant whose settings lack something."""
        if not value:
            raise BadMerchant(f"The merchant lacks {what}.", hint="Add it to the channel's settings.")

    def _secret(self, name: str) -> str:
        """This method will return a secret of the merchant. Raises BadMerchant when there is none."""
        value = self._config.secrets.get(name, "")
        self._require(f"the secret {name}", value)
        return value

    def _secrets(self, name: str) -> list[str]:
        """This method will return all secrets of a kind, as ``name``, ``name_2``: while they rotate, all are valid."""
        values = [value for key, value in self._config.secrets.items() if key == name or key.startswith(f"{name}_")]
        self._require(f"the secret {name}", values)
        return values

    def _require_payable(self, order: OrderRequest) -> None:
        if order.way not in self.ways:
            raise WayNotOffered(f"{self.channel} is not paid by {order.way}.", hint=f"Use {' or '.join(self.ways)}.")
        if self.currencies and order.amount.currency not in self.currencies:
            raise WayNotOffered(f"{self.channel} does not take {order.amount.currency} here.", hint="Pay otherwise.")

    def _fact(
        self,
        order_no: str,
        state: TradeState,
        raw_state: str,
        *,
        trade_no: str = "",
        amount: Money | None = None,
        paid_at: datetime | None = None,
        event_id: str = "",
        payer_hint: str = "",
    ) -> TradeFact:
        """This method will state a payment of this merchant."""
        return TradeFact(
            order_no=order_no,
            trade_no=trade_no,
            state=state,
            amount=amount,
            merchant_no=self._config.merchant_no,
            app_id=self._config.app_id,
            paid_at=paid_at,
            raw_state=raw_state,
            event_id=event_id,
            payer_hint=payer_hint,
        )


def refund_fact(
    request: RefundRequest, state: RefundState, raw_state: str, *, ref: str = "", amount: Money | None = None
) -> RefundFact:
    """This function will state the refund that was asked for, or asked about."""
    return RefundFact(
        refund_no=request.refund_no,
        order_no=request.order_no,
        trade_no=request.trade_no,
        refund_ref=ref,
        state=state,
        amount=amount,
        raw_state=raw_state,
    )


def require_echo(fields: Mapping[str, Any], **asked: str) -> None:
    """This function will refuse an answer that is about something else than what was asked."""
    for name, value in asked.items():
        if name_of(fields, name) != value:
            raise Unreadable(f"the answer is about another {name}")


def plain_answer(text: str, *, status: int = 200) -> CallbackAnswer:
    """This function will tell a provider one word."""
    return CallbackAnswer(status, "text/plain; charset=utf-8", text.encode())


def code_among(refusal: ProviderRefused, codes: Collection[str]) -> str:
    """This function will return the refusal's code where it is an expected one, and let others go on."""
    if refusal.provider_code not in codes:
        raise refusal
    return refusal.provider_code
