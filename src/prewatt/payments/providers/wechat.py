"""WeChat Pay, API version 3: native (a QR code), JSAPI (inside WeChat) and H5 (a phone's browser).

Secrets: ``private_key_pem`` (of the merchant's API certificate, whose serial is ``own_serial``) and ``api_v3_key``.
``peer_keys``: platform certificates by serial, or the public key by its ``PUB_KEY_ID_...``. docs/protocols/payments.md.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
from typing_extensions import override

from prewatt.kernel.clock import machine_now
from prewatt.payments.providers import statements, strict
from prewatt.payments.providers.adapter import PROBE_ORDER, Adapter, code_among, refund_fact, require_echo
from prewatt.payments.providers.asking import ANSWER_BYTES_MAX, STATEMENT_BYTES_MAX, Answer, require_safe_url
from prewatt.payments.providers.errors import (
    AnswerNotProven,
    BadStatement,
    CallbackForeign,
    CallbackForged,
    CallbackIrrelevant,
    CallbackMalformed,
    ProviderAway,
    ProviderRefused,
    StatementNotReady,
    WayNotOffered,
)
from prewatt.payments.providers.keys import load_rsa_private, load_rsa_public, unseal
from prewatt.payments.providers.strict import Unreadable, minor_of, name_of, part_of, read_rfc3339, refusing, text_of
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
from prewatt.payments.providers.wechat_signing import WeChatSigner

_TRADE_STATES: Final = {
    "SUCCESS": TradeState.PAID,
    "REFUND": TradeState.REFUNDED,
    "NOTPAY": TradeState.WAITING,
    "USERPAYING": TradeState.WAITING,
    "PAYERROR": TradeState.WAITING,  # the payer may try again until the order closes
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
}
_REFUND_STATES: Final = {
    "SUCCESS": RefundState.SUCCEEDED,
    "PROCESSING": RefundState.PENDING,
    "ABNORMAL": RefundState.PENDING,  # the payer's bank sent it back: the merchant finishes it on WeChat's own pages
    "CLOSED": RefundState.FAILED,
}
_PATHS: Final = {
    Way.QR: "/v3/pay/transactions/native",
    Way.JSAPI: "/v3/pay/transactions/jsapi",
    Way.H5: "/v3/pay/transactions/h5",
}
# WeChat Pay has written some codes in two ways over the years.
_NO_ORDER: Final = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST"})
_NO_REFUND: Final = frozenset({"RESOURCE_NOT_EXISTS", "REFUND_NOT_EXISTS", "REFUNDNOTEXIST"})
_NOT_WAITING: Final = frozenset({"ORDER_PAID", "ORDERPAID", "ORDER_CLOSED", "ORDERCLOSED", "ORDERREVERSED"})
_NO_STATEMENT: Final = frozenset({"NO_STATEMENT_EXIST", "STATEMENT_CREATING"})
_UNCERTAIN: Final = frozenset(
    {"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "FREQUENCY_LIMITED", "RATE_LIMIT_EXCEEDED", "RATELIMIT_EXCEEDED"}
)


class WeChat(Adapter):
    """One app of one merchant at WeChat Pay."""

    channel = "wechat"
    ways = (Way.QR, Way.JSAPI, Way.H5)
    gateway = "https://api.mch.weixin.qq.com"
    currencies = frozenset({"CNY"})

    def __init__(
        self,
        config: MerchantConfig,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = machine_now,
    ) -> None:
        super().__init__(config, transport=transport, now=now)
        self._require("the serial of its own certificate", config.own_serial)
        self._require("WeChat Pay's certificate or public key", config.peer_keys)
        self._signer = WeChatSigner(
            merchant_no=config.merchant_no,
            app_id=config.app_id,
            own_serial=config.own_serial,
            own=load_rsa_private(self._secret("private_key_pem")),
            peers={serial.upper(): load_rsa_public(text) for serial, text in config.peer_keys.items()},
        )
        self._seal_keys = self._secrets("api_v3_key")
        self._require("an api_v3_key of 32 bytes", all(len(key.encode()) == 32 for key in self._seal_keys))

    @override
    def start(self, order: OrderRequest) -> Started:
        self._require_payable(order)
        wish = {
            "appid": self._config.app_id,
            "mchid": self._config.merchant_no,
            "description": order.subject.encode()[:127].decode(errors="ignore"),
            "out_trade_no": order.order_no,
            "time_expire": order.expires_at.astimezone(strict.BEIJING).isoformat(timespec="seconds"),
            "notify_url": order.notify_url,
            "amount": {"total": order.amount.minor, "currency": "CNY"},
            **_about_payer(order),
        }
        fields = self._ask("POST", _PATHS[order.way], wish)
        with refusing(AnswerNotProven, "WeChat Pay's answer"):
            if order.way is Way.QR:
                return Started("qr", text_of(fields, "code_url", chars_max=512))
            if order.way is Way.JSAPI:
                return Started("jsapi", "", self._signer.bridge_params(name_of(fields, "prepay_id"), now=self._now()))
            url = text_of(fields, "h5_url", chars_max=1024)
            return Started("redirect", f"{url}&redirect_url={quote(order.return_url, safe='')}")

    @override
    def read_callback(self, raw: RawCallback) -> TradeFact | RefundFact:
        if flaw := self._signer.flaw(raw.headers, raw.body, now=raw.received_at):
            raise CallbackForged(f"WeChat Pay's call-back is not proven: {flaw}.")
        with refusing(CallbackMalformed, "WeChat Pay's call-back"):
            event = strict.read_json(raw.body)
            sealed, kind = part_of(event, "resource"), text_of(event, "event_type")
        with refusing(CallbackForged, "WeChat Pay's call-back"):  # the seal proves as much as the signature
            opened = self._open(sealed)
        with refusing(CallbackMalformed, "WeChat Pay's call-back"):
            fields = strict.read_json(opened)
            is_ours = fields.get("mchid") == self._config.merchant_no
            if kind.startswith("TRANSACTION."):
                self._require_ours(is_ours=is_ours and fields.get("appid") == self._config.app_id)
                return self._trade(fields, event_id=name_of(event, "id"))
            if kind.startswith("REFUND."):
                self._require_ours(is_ours=is_ours)
                return _refund(fields, text_of(fields, "refund_status"))
        raise CallbackIrrelevant("WeChat Pay's call-back is about neither a payment nor a refund.")

    @override
    def answer(self, *, ok: bool, message: str = "") -> CallbackAnswer:
        code, words = ("SUCCESS", "成功") if ok else ("FAIL", message[:64] or "失败")
        body = json.dumps({"code": code, "message": words}, ensure_ascii=False)
        return CallbackAnswer(200 if ok else 500, "application/json", body.encode())

    @override
    def query(self, order_no: str, provider_ref: str = "") -> TradeFact:
        path = f"/v3/pay/transactions/out-trade-no/{quote(order_no)}?mchid={quote(self._config.merchant_no)}"
        try:
            fields = self._ask("GET", path)
        except ProviderRefused as refusal:
            return self._fact(order_no, TradeState.UNKNOWN, code_among(refusal, _NO_ORDER))
        with refusing(AnswerNotProven, "WeChat Pay's answer"):
            merchant = self._config
            require_echo(fields, out_trade_no=order_no, mchid=merchant.merchant_no, appid=merchant.app_id)
            return self._trade(fields)

    @override
    def close(self, order_no: str, provider_ref: str = "") -> TradeFact:
        path = f"/v3/pay/transactions/out-trade-no/{quote(order_no)}/close"
        try:
            self._ask("POST", path, {"mchid": self._config.merchant_no})
        except ProviderRefused as refusal:
            if refusal.provider_code in _NOT_WAITING:
                return self.query(order_no)
            return self._fact(order_no, TradeState.UNKNOWN, code_among(refusal, _NO_ORDER))
        return self._fact(order_no, TradeState.CLOSED, "CLOSED")

    @override
    def refund(self, request: RefundRequest) -> RefundFact:
        wish = {
            "out_trade_no": request.order_no,
            "out_refund_no": request.refund_no,
            "reason": request.reason[:80],
            "notify_url": request.notify_url,
            "amount": {"refund": request.amount.minor, "total": request.total.minor, "currency": "CNY"},
        }
        return self._refund_answered(request, self._ask("POST", "/v3/refund/domestic/refunds", wish))

    @override
    def query_refund(self, request: RefundRequest) -> RefundFact:
        try:
            fields = self._ask("GET", f"/v3/refund/domestic/refunds/{quote(request.refund_no)}")
        except ProviderRefused as refusal:
            return refund_fact(request, RefundState.UNKNOWN, code_among(refusal, _NO_REFUND))
        return self._refund_answered(request, fields)

    @override
    def fetch_statement(self, day: date) -> list[StatementRow]:
        try:
            fields = self._ask("GET", f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL")
        except ProviderRefused as refusal:
            if refusal.provider_code in _NO_STATEMENT:
                raise StatementNotReady(f"WeChat Pay has no statement of {day}.") from None
            raise
        with refusing(AnswerNotProven, "WeChat Pay's answer"):
            digest, url = name_of(fields, "hash_value"), text_of(fields, "download_url", chars_max=4096)
            if text_of(fields, "hash_type") != "SHA1":
                raise Unreadable("hash_type is not SHA1")
        target = urlsplit(require_safe_url(url))
        path = f"{target.path}?{target.query}"
        headers = {"authorization": self._signer.authorization("GET", path, now=self._now())}
        answer = self._asker.ask("GET", url, headers=headers, bytes_max=STATEMENT_BYTES_MAX)
        # The file itself carries no signature: the signed answer told its hash.
        if answer.status != httpx.codes.OK or _sha1(answer.body) != digest.lower():
            raise AnswerNotProven(f"WeChat Pay's statement is not the one it announced (HTTP {answer.status}).")
        return self.parse_statement(answer.body)

    @override
    def parse_statement(self, data: bytes) -> list[StatementRow]:
        with refusing(BadStatement, "WeChat Pay's statement"):
            return statements.read_wechat(data)

    @override
    def probe(self) -> str:
        return f"WeChat Pay answered with a valid signature: {self.query(PROBE_ORDER).raw_state}"

    def _ask(self, method: str, path: str, wish: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """This method will return the fields of an answer whose signature holds, none for an empty one.

        A refusal counts only when it is signed: WeChat Pay signs every answer to a question that was signed rightly.
        """
        body = json.dumps(wish, ensure_ascii=False, separators=(",", ":")).encode() if wish else b""
        headers = {"authorization": self._signer.authorization(method, path, body, now=self._now())}
        headers |= {"accept": "application/json", "content-type": "application/json", **self._signer.wanted_key()}
        answer = self._asker.ask(method, f"{self._gateway}{path}", headers=headers, content=body)
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderAway(f"WeChat Pay answered HTTP {answer.status}.")
        if flaw := self._signer.flaw(answer.headers, answer.body, now=self._now()):
            raise AnswerNotProven(f"WeChat Pay's answer is not proven: {flaw}. It says {_words(answer)}")
        with refusing(AnswerNotProven, "WeChat Pay's answer"):
            fields = strict.read_json(answer.body, bytes_max=ANSWER_BYTES_MAX) if answer.body else {}
            if answer.status in {httpx.codes.OK, httpx.codes.NO_CONTENT}:
                return fields
            refusal = ProviderRefused(name_of(fields, "code"), text_of(fields, "message"))
        if refusal.provider_code in _UNCERTAIN:
            raise ProviderAway(str(refusal))
        raise refusal

    def _open(self, sealed: Mapping[str, Any]) -> bytes:
        """This method will open the sealed part of a call-back with the key that both sides share."""
        if text_of(sealed, "algorithm") != "AEAD_AES_256_GCM":
            raise Unreadable("sealed in another way")
        return unseal(
            self._seal_keys,
            nonce=text_of(sealed, "nonce"),
            sealed=text_of(sealed, "ciphertext", chars_max=1_048_576),
            bound_to=text_of(sealed, "associated_data"),
        )

    def _require_ours(self, *, is_ours: bool) -> None:
        if not is_ours:
            raise CallbackForeign("WeChat Pay's call-back is meant for another merchant or app.")

    def _trade(self, fields: Mapping[str, Any], *, event_id: str = "") -> TradeFact:
        word = text_of(fields, "trade_state")
        if word not in _TRADE_STATES:
            raise Unreadable("trade_state is not one that is known")
        is_paid = _TRADE_STATES[word] in {TradeState.PAID, TradeState.REFUNDED}
        amount = strict.optional_part_of(fields, "amount")
        payer, paid = strict.optional_part_of(fields, "payer"), text_of(fields, "success_time")
        return self._fact(
            name_of(fields, "out_trade_no"),
            _TRADE_STATES[word],
            word,
            trade_no=name_of(fields, "transaction_id") if is_paid else "",
            amount=minor_of(amount, "total", text_of(amount, "currency")) if amount or is_paid else None,
            paid_at=read_rfc3339(paid) if paid else None,
            event_id=event_id,
            payer_hint=text_of(payer, "openid")[-6:],
        )

    def _refund_answered(self, request: RefundRequest, fields: Mapping[str, Any]) -> RefundFact:
        with refusing(AnswerNotProven, "WeChat Pay's answer"):
            require_echo(fields, out_refund_no=request.refund_no, out_trade_no=request.order_no)
            return _refund(fields, text_of(fields, "status"))


def _about_payer(order: OrderRequest) -> dict[str, Any]:
    """This function will return what a way needs to know of the payer."""
    if order.way is Way.JSAPI:
        if not order.payer:
            raise WayNotOffered("JSAPI needs the payer's openid.", hint="Open the page inside WeChat.")
        return {"payer": {"openid": order.payer}}
    if order.way is Way.H5:
        if not order.address:
            raise WayNotOffered("H5 needs the payer's address.", hint="Use the QR code.")
        return {"scene_info": {"payer_client_ip": order.address, "h5_info": {"type": "Wap"}}}
    return {}


def _refund(fields: Mapping[str, Any], word: str) -> RefundFact:
    """This function will read a refund, as an answer or a call-back tells it. WeChat Pay refunds CNY alone."""
    if word not in _REFUND_STATES:
        raise Unreadable("the refund's status is not one that is known")
    return RefundFact(
        refund_no=name_of(fields, "out_refund_no"),
        order_no=name_of(fields, "out_trade_no"),
        trade_no=name_of(fields, "transaction_id"),
        refund_ref=name_of(fields, "refund_id"),
        state=_REFUND_STATES[word],
        amount=minor_of(part_of(fields, "amount"), "refund", "CNY"),
        raw_state=word,
    )


def _words(answer: Answer) -> str:
    """This function will return what an unproven answer says, for the operator's eyes alone."""
    try:
        fields = strict.read_json(answer.body)
        return f"HTTP {answer.status} {text_of(fields, 'code')} {text_of(fields, 'message')}"
    except Unreadable:
        return f"HTTP {answer.status}"


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
