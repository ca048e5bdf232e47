"""Stripe Checkout: a page of Stripe's for cards and what else the account takes.

Secrets: ``api_key`` (sk_... or rk_...) and ``webhook_secret`` (more as ``webhook_secret_2``: all are valid at once).
``merchant_no`` is the account (acct_...). ``app_id`` names this installation: it is written into everything that we
make there, and what carries another is not ours. The facts are in docs/protocols/payments.md.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
from typing_extensions import override

from prewatt.kernel.clock import machine_now
from prewatt.payments.providers import statements, strict
from prewatt.payments.providers.adapter import Adapter, code_among, plain_answer, refund_fact
from prewatt.payments.providers.asking import ANSWER_BYTES_MAX
from prewatt.payments.providers.errors import (
    AnswerNotProven,
    BadStatement,
    CallbackForeign,
    CallbackForged,
    CallbackIrrelevant,
    CallbackMalformed,
    ProviderAway,
    ProviderRefused,
)
from prewatt.payments.providers.keys import hmac_sha256, is_same
from prewatt.payments.providers.strict import (
    Unreadable,
    list_of,
    minor_of,
    name_of,
    optional_name_of,
    optional_part_of,
    part_of,
    read_unix,
    refusing,
    text_of,
    whole_of,
)
from prewatt.payments.providers.stripe_facts import (
    MOVES,
    masked,
    read_move,
    read_refund,
    read_refunded_charge,
    read_state,
)
from prewatt.payments.providers.values import (
    CallbackAnswer,
    MerchantConfig,
    OrderRequest,
    RawCallback,
    RefundFact,
    RefundRequest,
    RefundState,
    Started,
    StatementRow,
    TradeFact,
    TradeState,
    Way,
)

API_VERSION: Final = "2024-06-20"
SESSION_OUTLIVES_ORDER: Final = timedelta(minutes=31)
"""A session must live for 30 minutes at least, and a repeated wish must be the same to the letter, whatever the hour:
so this is added to the order's end. ``close`` ends it earlier."""

_PAGES_MAX: Final = 500
_HEADER: Final = re.compile(r"t=([0-9]{9,11})((?:,v[0-9]=[0-9a-f]{64}){1,16})")
_SCHEME: Final = re.compile(r",v1=([0-9a-f]{64})")
_SESSION_EVENTS: Final = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)
_REFUND_EVENTS: Final = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
_NOTHING_THERE: Final = frozenset({"resource_missing"})
_LANGUAGES: Final = {"zh-hans": "zh", "en": "en"}


class Stripe(Adapter):
    """One account at Stripe."""

    channel = "stripe"
    ways = (Way.CHECKOUT,)
    gateway = "https://api.stripe.com"

    def __init__(
        self,
        config: MerchantConfig,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = machine_now,
    ) -> None:
        super().__init__(config, transport=transport, now=now)
        self._key = self._secret("api_key")
        self._hook_secrets = self._secrets("webhook_secret")
        self._is_live = "_test_" not in self._key

    @override
    def start(self, order: OrderRequest) -> Started:
        self._require_payable(order)
        marks, expires_at = self._marks(order_no=order.order_no), order.expires_at + SESSION_OUTLIVES_ORDER
        wish = {
            "mode": "payment",
            "client_reference_id": order.order_no,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": order.amount.currency.lower(),
            "line_items[0][price_data][unit_amount]": str(order.amount.minor),
            "line_items[0][price_data][product_data][name]": order.subject[:250],
            "success_url": order.return_url,
            "cancel_url": order.return_url,
            "expires_at": str(int(expires_at.timestamp())),
            "locale": _LANGUAGES.get(order.language, "auto"),
            **{f"metadata[{name}]": value for name, value in marks.items()},
            **{f"payment_intent_data[metadata][{name}]": value for name, value in marks.items()},
        }
        fields = self._ask("POST", "/v1/checkout/sessions", wish, once=f"order-{order.order_no}")
        with refusing(AnswerNotProven, "Stripe's answer"):
            self._require_order(fields, order.order_no)
            return Started("redirect", text_of(fields, "url", chars_max=4096), provider_ref=name_of(fields, "id"))

    @override
    def read_callback(self, raw: RawCallback) -> TradeFact | RefundFact:
        self._require_signed(raw)
        with refusing(CallbackMalformed, "Stripe's call-back"):
            event = strict.read_json(raw.body)
            kind, event_id, at = text_of(event, "type"), name_of(event, "id"), read_unix(whole_of(event, "created"))
            subject = part_of(part_of(event, "data"), "object")
        if event.get("account") not in {None, self._config.merchant_no} or event.get("livemode") is not self._is_live:
            raise CallbackForeign("Stripe's call-back is meant for another account, or for another mode.")
        if kind not in _SESSION_EVENTS | _REFUND_EVENTS | {"charge.refunded"}:
            raise CallbackIrrelevant("Stripe's call-back is about neither a payment nor a refund.")
        with refusing(CallbackMalformed, "Stripe's call-back"):
            self._require_ours(optional_part_of(subject, "metadata"))
            if kind in _SESSION_EVENTS:
                return self._trade(subject, event_id=event_id, at=at, has_failed=kind.endswith("payment_failed"))
            return read_refund(subject) if kind in _REFUND_EVENTS else read_refunded_charge(subject)

    @override
    def answer(self, *, ok: bool, message: str = "") -> CallbackAnswer:
        return plain_answer("ok") if ok else plain_answer(message or "not taken", status=400)

    @override
    def query(self, order_no: str, provider_ref: str = "") -> TradeFact:
        ref = provider_ref or self._find_session(order_no)
        if not ref:
            return self._fact(order_no, TradeState.UNKNOWN, "no session")
        path = f"/v1/checkout/sessions/{quote(ref)}?expand[]=payment_intent.latest_charge"
        try:
            fields = self._ask("GET", path)
        except ProviderRefused as refusal:
            return self._fact(order_no, TradeState.UNKNOWN, code_among(refusal, _NOTHING_THERE))
        with refusing(AnswerNotProven, "Stripe's answer"):
            self._require_order(fields, order_no)
            return self._trade(fields)

    @override
    def close(self, order_no: str, provider_ref: str = "") -> TradeFact:
        fact = self.query(order_no, provider_ref)
        if fact.state is not TradeState.WAITING:
            return fact
        ref = provider_ref or self._find_session(order_no)
        try:
            self._ask("POST", f"/v1/checkout/sessions/{quote(ref)}/expire", {})
        except ProviderRefused:  # paid, or expired, between the two questions
            return self.query(order_no, ref)
        return self._fact(order_no, TradeState.CLOSED, "expired")

    @override
    def refund(self, request: RefundRequest) -> RefundFact:
        # Stripe forgets an idempotency key after a day or so; our number in the refund's metadata stays.
        known = self.query_refund(request)
        if known.state is not RefundState.UNKNOWN:
            return known
        marks = self._marks(order_no=request.order_no, refund_no=request.refund_no)
        wish = {
            "payment_intent": request.trade_no,
            "amount": str(request.amount.minor),
            "reason": "requested_by_customer",
            **{f"metadata[{name}]": value for name, value in marks.items()},
        }
        fields = self._ask("POST", "/v1/refunds", wish, once=f"refund-{request.refund_no}")
        with refusing(AnswerNotProven, "Stripe's answer"):
            return read_refund(fields)

    @override
    def query_refund(self, request: RefundRequest) -> RefundFact:
        for fields in self._list(f"/v1/refunds?payment_intent={quote(request.trade_no)}"):
            with refusing(AnswerNotProven, "Stripe's answer"):
                if optional_part_of(fields, "metadata").get("refund_no") == request.refund_no:
                    return read_refund(fields)
        return refund_fact(request, RefundState.UNKNOWN, "no such refund")

    @override
    def fetch_statement(self, day: date) -> list[StatementRow]:
        begins = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        moves = self._list(
            f"/v1/balance_transactions?created[gte]={begins}&created[lt]={begins + 86_400}&expand[]=data.source"
        )
        with refusing(AnswerNotProven, "Stripe's answer"):
            return [read_move(fields) for fields in moves if fields.get("type") in MOVES]

    @override
    def parse_statement(self, data: bytes) -> list[StatementRow]:
        with refusing(BadStatement, "Stripe's statement"):
            return statements.read_stripe(data)

    @override
    def probe(self) -> str:
        fields = self._ask("GET", "/v1/checkout/sessions?limit=1")
        with refusing(AnswerNotProven, "Stripe's answer"):
            list_of(fields, "data")
        return f"Stripe answered to this key, in {'live' if self._is_live else 'test'} mode"

    def _ask(
        self, method: str, path: str, wish: Mapping[str, str] | None = None, *, once: str = ""
    ) -> Mapping[str, Any]:
        """This method will return the fields of an answer. ``once`` makes a repeated wish do nothing twice."""
        headers = {"authorization": f"Bearer {self._key}", "stripe-version": API_VERSION}
        headers |= {"content-type": "application/x-www-form-urlencoded"} if wish is not None else {}
        headers |= {"idempotency-key": f"{self._config.app_id}-{once}"} if once else {}
        content = urlencode(wish or {}).encode()
        answer = self._asker.ask(method, f"{self._gateway}{path}", headers=headers, content=content)
        # 409: the same wish is being worked on. 429: too many. 5xx: Stripe itself does not know.
        if answer.status in {409, 429} or answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderAway(f"Stripe answered HTTP {answer.status}.")
        with refusing(AnswerNotProven, "Stripe's answer"):
            fields = strict.read_json(answer.body, bytes_max=ANSWER_BYTES_MAX)
            if answer.status == httpx.codes.OK:
                return fields
            error = part_of(fields, "error")
            code = text_of(error, "code") or text_of(error, "type") or f"HTTP {answer.status}"
            raise ProviderRefused(code, text_of(error, "message", chars_max=2048)[:300])

    def _list(self, path: str) -> Iterator[Mapping[str, Any]]:
        """This method will give the objects of all pages."""
        after = ""
        for _ in range(_PAGES_MAX):
            fields = self._ask("GET", f"{path}&limit=100{after}")
            with refusing(AnswerNotProven, "Stripe's answer"):
                page = list_of(fields, "data")
                last = name_of(page[-1], "id") if page else ""
            yield from page
            if fields.get("has_more") is not True or not last:
                return
            after = f"&starting_after={quote(last)}"
        raise AnswerNotProven(f"Stripe's list has more than {_PAGES_MAX} pages.")

    def _find_session(self, order_no: str) -> str:
        """This method will find the session of a paid order whose reference was lost, by our number on its payment.

        Before it is paid, a session cannot be found by our number; then making it again gives the same one.
        """
        words = quote(f"metadata['order_no']:'{order_no}' AND metadata['app_id']:'{self._config.app_id}'")
        found = self._ask("GET", f"/v1/payment_intents/search?query={words}&limit=1")
        with refusing(AnswerNotProven, "Stripe's answer"):
            intents = [name_of(one, "id") for one in list_of(found, "data")]
            if not intents:
                return ""
            sessions = self._ask("GET", f"/v1/checkout/sessions?payment_intent={quote(intents[0])}&limit=1")
            return next((name_of(one, "id") for one in list_of(sessions, "data")), "")

    def _require_signed(self, raw: RawCallback) -> None:
        found = _HEADER.fullmatch(raw.headers.get("stripe-signature", ""))
        if not found or not strict.is_fresh(found[1], now=raw.received_at):
            raise CallbackForged("The call-back carries no signature of Stripe's, or an old one.")
        message = f"{found[1]}.".encode() + raw.body
        signatures = _SCHEME.findall(found[2])
        expected = [hmac_sha256(secret, message) for secret in self._hook_secrets]
        if not any(is_same(one, other) for one in expected for other in signatures):
            raise CallbackForged("Stripe's signature does not hold.")

    def _marks(self, **numbers: str) -> dict[str, str]:
        return {"app_id": self._config.app_id, **numbers}

    def _require_ours(self, marks: Mapping[str, Any]) -> None:
        if "app_id" not in marks:
            raise CallbackIrrelevant("Stripe's call-back is about something that was not made here.")
        if marks["app_id"] != self._config.app_id:
            raise CallbackForeign("Stripe's call-back is about something that another installation made.")

    def _require_order(self, fields: Mapping[str, Any], order_no: str) -> None:
        marks = optional_part_of(fields, "metadata")
        if (marks.get("app_id"), text_of(fields, "client_reference_id")) != (self._config.app_id, order_no):
            raise Unreadable("the answer is about another order")

    def _trade(
        self, session: Mapping[str, Any], *, event_id: str = "", at: datetime | None = None, has_failed: bool = False
    ) -> TradeFact:
        """This method will read a session; its payment may be expanded, in an answer, or only named, in an event."""
        intent = session.get("payment_intent")
        intent = intent if isinstance(intent, dict) else {"id": intent}
        charge = optional_part_of(intent, "latest_charge")
        raw_state = f"{text_of(session, 'status')}/{text_of(session, 'payment_status')}"
        state = read_state(raw_state, intent, charge, has_failed=has_failed)
        was_paid = state in {TradeState.PAID, TradeState.REFUNDED}
        paid_at = read_unix(whole_of(charge, "created")) if charge else at
        return self._fact(
            name_of(session, "client_reference_id"),
            state,
            raw_state,
            trade_no=name_of(intent, "id") if was_paid else optional_name_of(intent, "id"),
            amount=minor_of(session, "amount_total", text_of(session, "currency").upper()),
            paid_at=paid_at if was_paid else None,
            event_id=event_id,
            payer_hint=masked(text_of(optional_part_of(session, "customer_details"), "email")),
        )
