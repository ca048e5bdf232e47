"""The built-in test provider, ``prewatt testpay``: JSON, signed with Ed25519 in both directions.

Secret: ``private_key_pem`` (Ed25519), known there as ``own_serial``. ``peer_keys``: the provider's public keys.
``app_id`` names this installation. The protocol is written down in docs/protocols/payments.md.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx
from typing_extensions import override

from prewatt.kernel.clock import machine_now
from prewatt.payments.providers import statements, strict
from prewatt.payments.providers.adapter import PROBE_ORDER, Adapter, code_among, plain_answer, refund_fact, require_echo
from prewatt.payments.providers.asking import STATEMENT_BYTES_MAX
from prewatt.payments.providers.errors import (
    AnswerNotProven,
    BadStatement,
    CallbackForeign,
    CallbackForged,
    CallbackMalformed,
    ProviderAway,
    ProviderRefused,
    StatementNotReady,
)
from prewatt.payments.providers.keys import (
    ed25519_sign,
    is_ed25519_signed,
    load_ed25519_private,
    load_ed25519_public,
)
from prewatt.payments.providers.strict import (
    Unreadable,
    list_of,
    minor_of,
    name_of,
    part_of,
    read_unix,
    refusing,
    text_of,
    whole_of,
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

_TRADE_STATES: Final = {
    "waiting": TradeState.WAITING,
    "paid": TradeState.PAID,
    "failed": TradeState.CLOSED,
    "closed": TradeState.CLOSED,
    "refunded": TradeState.REFUNDED,
}
_REFUND_STATES: Final = {"pending": RefundState.PENDING, "succeeded": RefundState.SUCCEEDED}
_KINDS: Final[Mapping[str, statements.Kind]] = {"payment": "payment", "refund": "refund"}
_NO_ORDER: Final = frozenset({"order_unknown"})
_NO_REFUND: Final = frozenset({"refund_unknown"})


class TestPay(Adapter):
    """One merchant at the test provider."""

    __test__ = False  # not a test, whatever its name says to pytest

    channel = "testpay"
    ways = (Way.PAGE, Way.WAP, Way.QR)
    gateway = "http://127.0.0.1:8190"

    def __init__(
        self,
        config: MerchantConfig,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = machine_now,
    ) -> None:
        super().__init__(config, transport=transport, now=now)
        self._require("the name of its own key", config.own_serial)
        self._require("the test provider's public key", config.peer_keys)
        self._own = load_ed25519_private(self._secret("private_key_pem"))
        self._peers = {serial: load_ed25519_public(text) for serial, text in config.peer_keys.items()}

    @override
    def start(self, order: OrderRequest) -> Started:
        self._require_payable(order)
        wish = {
            "order_no": order.order_no,
            "app_id": self._config.app_id,
            "amount": order.amount.minor,
            "currency": order.amount.currency,
            "subject": order.subject[:120],
            "notify_url": order.notify_url,
            "return_url": order.return_url,
            "expires_at": int(order.expires_at.timestamp()),
            "language": order.language,
        }
        fields = self._ask("POST", "/v1/orders", wish)
        with refusing(AnswerNotProven, "The test provider's answer"):
            trade = part_of(fields, "order")
            require_echo(trade, order_no=order.order_no)
            url, ref = text_of(trade, "pay_url", chars_max=1024), name_of(trade, "trade_no")
            return Started("qr" if order.way is Way.QR else "redirect", url, provider_ref=ref)

    @override
    def read_callback(self, raw: RawCallback) -> TradeFact | RefundFact:
        if flaw := self._flaw("callback", headers=raw.headers, body=raw.body, now=raw.received_at):
            raise CallbackForged(f"The test provider's call-back is not proven: {flaw}.")
        with refusing(CallbackMalformed, "The test provider's call-back"):
            event = strict.read_json(raw.body)
            trade = part_of(event, "order")
            ours = (self._config.merchant_no, self._config.app_id)
            if (trade.get("merchant_no"), trade.get("app_id")) != ours:
                raise CallbackForeign("The test provider's call-back is meant for another merchant or app.")
            if text_of(event, "kind") == "refund":
                return _refund(part_of(event, "refund"))
            return self._trade(trade, event_id=name_of(event, "event_id"))

    @override
    def answer(self, *, ok: bool, message: str = "") -> CallbackAnswer:
        return plain_answer("success") if ok else plain_answer("fail", status=500)

    @override
    def query(self, order_no: str, provider_ref: str = "") -> TradeFact:
        return self._asked_order("GET", order_no, f"/v1/orders/{quote(order_no)}")

    @override
    def close(self, order_no: str, provider_ref: str = "") -> TradeFact:
        return self._asked_order("POST", order_no, f"/v1/orders/{quote(order_no)}/close")

    @override
    def refund(self, request: RefundRequest) -> RefundFact:
        wish = {
            "refund_no": request.refund_no,
            "order_no": request.order_no,
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "reason": request.reason[:120],
            "notify_url": request.notify_url,
        }
        return _refund_answered(request, self._ask("POST", "/v1/refunds", wish))

    @override
    def query_refund(self, request: RefundRequest) -> RefundFact:
        try:
            fields = self._ask("GET", f"/v1/refunds/{quote(request.refund_no)}")
        except ProviderRefused as refusal:
            return refund_fact(request, RefundState.UNKNOWN, code_among(refusal, _NO_REFUND))
        return _refund_answered(request, fields)

    @override
    def fetch_statement(self, day: date) -> list[StatementRow]:
        try:
            fields = self._ask("GET", f"/v1/statements/{day.isoformat()}")
        except ProviderRefused as refusal:
            code_among(refusal, {"statement_not_ready"})
            raise StatementNotReady(f"The test provider has no statement of {day}.") from None
        with refusing(AnswerNotProven, "The test provider's answer"):
            return [_statement_row(row) for row in list_of(fields, "rows")]

    @override
    def parse_statement(self, data: bytes) -> list[StatementRow]:
        with refusing(BadStatement, "The test provider's statement"):
            fields = strict.read_json(data, bytes_max=STATEMENT_BYTES_MAX)
            return [_statement_row(row) for row in list_of(fields, "rows")]

    @override
    def probe(self) -> str:
        return f"The test provider answered with a valid signature: {self.query(PROBE_ORDER).raw_state}"

    def _asked_order(self, method: str, order_no: str, path: str) -> TradeFact:
        try:
            fields = self._ask(method, path)
        except ProviderRefused as refusal:
            return self._fact(order_no, TradeState.UNKNOWN, code_among(refusal, _NO_ORDER))
        with refusing(AnswerNotProven, "The test provider's answer"):
            trade, merchant = part_of(fields, "order"), self._config
            require_echo(trade, order_no=order_no, merchant_no=merchant.merchant_no, app_id=merchant.app_id)
            return self._trade(trade)

    def _ask(self, method: str, path: str, wish: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """This method will return the fields of an answer that is signed, and is the answer to this very question."""
        body = json.dumps(wish, ensure_ascii=False).encode() if wish else b""
        stamp, nonce, merchant = str(int(self._now().timestamp())), secrets.token_hex(16), self._config
        proven = ("request", method, path, merchant.merchant_no, merchant.own_serial, stamp, nonce)
        headers = {
            "content-type": "application/json",
            "testpay-merchant": merchant.merchant_no,
            "testpay-key": merchant.own_serial,
            "testpay-time": stamp,
            "testpay-nonce": nonce,
            "testpay-signature": ed25519_sign(self._own, signed_lines(*proven) + body),
        }
        url, bytes_max = f"{self._gateway}{path}", STATEMENT_BYTES_MAX
        answer = self._asker.ask(method, url, headers=headers, content=body, bytes_max=bytes_max)
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderAway(f"The test provider answered HTTP {answer.status}.")
        asked = ("answer", str(answer.status), nonce)
        if flaw := self._flaw(*asked, headers=answer.headers, body=answer.body, now=self._now()):
            raise AnswerNotProven(f"The test provider's answer (HTTP {answer.status}) is not proven: {flaw}.")
        with refusing(AnswerNotProven, "The test provider's answer"):
            fields = strict.read_json(answer.body, bytes_max=bytes_max)
            if answer.status == httpx.codes.OK:
                return fields
            error = part_of(fields, "error")
            raise ProviderRefused(name_of(error, "code"), text_of(error, "text"))

    def _flaw(self, *lines: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """This method will say why a message is not the provider's of the last five minutes; nothing when it is."""
        serial, stamp = headers.get("testpay-key", ""), headers.get("testpay-time", "")
        if serial not in self._peers:
            return "it names no key that is known here"
        if not strict.is_fresh(stamp, now=now):
            return "its time stamp is not within five minutes"
        message = signed_lines(*lines, serial, stamp, headers.get("testpay-nonce", "")) + body
        is_signed = is_ed25519_signed(self._peers[serial], message, headers.get("testpay-signature", ""))
        return "" if is_signed else "the signature does not hold"

    def _trade(self, fields: Mapping[str, Any], *, event_id: str = "") -> TradeFact:
        word = text_of(fields, "state")
        if word not in _TRADE_STATES:
            raise Unreadable("state is not one that is known")
        paid_at = fields.get("paid_at")
        return self._fact(
            name_of(fields, "order_no"),
            _TRADE_STATES[word],
            word,
            trade_no=name_of(fields, "trade_no"),
            amount=minor_of(fields, "amount", text_of(fields, "currency")),
            paid_at=None if paid_at is None else read_unix(whole_of(fields, "paid_at")),
            event_id=event_id,
            payer_hint=text_of(fields, "payer"),
        )


def signed_lines(kind: str, *parts: str) -> bytes:
    """This function will return what is signed before the body: the kind of message, then each part, a line each."""
    return "".join(f"{part}\n" for part in (f"testpay-{kind}-1", *parts)).encode()


def _refund_answered(request: RefundRequest, fields: Mapping[str, Any]) -> RefundFact:
    with refusing(AnswerNotProven, "The test provider's answer"):
        back = part_of(fields, "refund")
        require_echo(back, refund_no=request.refund_no, order_no=request.order_no)
        return _refund(back)


def _refund(fields: Mapping[str, Any]) -> RefundFact:
    word = text_of(fields, "state")
    if word not in _REFUND_STATES:
        raise Unreadable("state is not one that is known")
    return RefundFact(
        refund_no=name_of(fields, "refund_no"),
        order_no=name_of(fields, "order_no"),
        trade_no=name_of(fields, "trade_no"),
        refund_ref=name_of(fields, "refund_ref"),
        state=_REFUND_STATES[word],
        amount=minor_of(fields, "amount", text_of(fields, "currency")),
        raw_state=word,
    )


def _statement_row(fields: Mapping[str, Any]) -> StatementRow:
    currency, kind = text_of(fields, "currency"), text_of(fields, "kind")
    if kind not in _KINDS:
        raise Unreadable("a row is neither a payment nor a refund")
    return statements.statement_row(
        _KINDS[kind],
        trade_no=text_of(fields, "trade_no"),
        order_no=name_of(fields, "order_no"),
        refund_no=text_of(fields, "refund_no"),
        amount=minor_of(fields, "amount", currency),
        fee=strict.any_minor_of(fields, "fee", currency),
        at=read_unix(whole_of(fields, "at")),
    )
