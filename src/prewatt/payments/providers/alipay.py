"""Alipay, the open platform of mainland China: page, wap and QR payments, signed with RSA2.

Secret: ``private_key_pem``. ``peer_keys``: Alipay's public key, or its certificates; with those, ``app_cert_pem`` and
``alipay_root_cert_pem`` beside the private key make certificate mode. The facts are in docs/protocols/payments.md.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from typing_extensions import override

from prewatt.kernel.clock import machine_now
from prewatt.payments.providers import statements, strict
from prewatt.payments.providers.adapter import PROBE_ORDER, Adapter, code_among, plain_answer, refund_fact, require_echo
from prewatt.payments.providers.asking import ANSWER_BYTES_MAX, STATEMENT_BYTES_MAX, require_safe_url
from prewatt.payments.providers.certificates import is_certificate, is_certificate_name, mode_of
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
from prewatt.payments.providers.keys import is_rsa_signed, load_rsa_private, load_rsa_public, rsa_sign
from prewatt.payments.providers.strict import Unreadable, major_of, name_of, read_wall_time, refusing, text_of
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

_STATES: Final = {
    "WAIT_BUYER_PAY": TradeState.WAITING,
    "TRADE_SUCCESS": TradeState.PAID,
    "TRADE_FINISHED": TradeState.PAID,  # paid, and past the day until which it can be refunded
    "TRADE_CLOSED": TradeState.CLOSED,
}
_PRODUCTS: Final = {
    Way.PAGE: ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
    Way.WAP: ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
}
_NO_TRADE: Final = frozenset({"ACQ.TRADE_NOT_EXIST"})
_NOT_WAITING: Final = frozenset(
    {"ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS"}
)
_NEW_CERTIFICATE: Final = (
    "If Alipay announced a new certificate, download alipayCertPublicKey_RSA2.crt from its open platform and enter it "
    "under “Certificates” of this channel."
)
_UNCERTAIN: Final = ("SYSTEM_ERROR", "unknow-error", "unknown-error")


class Alipay(Adapter):
    """One app of one seller at Alipay."""

    channel = "alipay"
    ways = (Way.PAGE, Way.WAP, Way.QR)
    gateway = "https://openapi.alipay.com/gateway.do"
    currencies = frozenset({"CNY"})

    def __init__(
        self,
        config: MerchantConfig,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = machine_now,
    ) -> None:
        super().__init__(config, transport=transport, now=now)
        self._own = load_rsa_private(self._secret("private_key_pem"))
        self._mode = mode_of(own=self._own, secrets=config.secrets, peers=config.peer_keys)
        plain = {serial: text for serial, text in config.peer_keys.items() if not is_certificate(text)}
        self._require("Alipay's public key", self._mode or plain)
        self._peers = self._mode.peers if self._mode else {name: load_rsa_public(text) for name, text in plain.items()}

    @override
    def start(self, order: OrderRequest) -> Started:
        self._require_payable(order)
        content = {
            "out_trade_no": order.order_no,
            "total_amount": strict.write_amount(order.amount),
            "subject": order.subject[:256],
            "time_expire": _wall(order.expires_at),
        }
        if order.way is Way.QR:
            fields = self._ask("alipay.trade.precreate", content, notify_url=order.notify_url)
            with refusing(AnswerNotProven, "Alipay's answer"):
                require_echo(fields, out_trade_no=order.order_no)
                return Started("qr", text_of(fields, "qr_code", chars_max=1024))
        method, product = _PRODUCTS[order.way]
        content |= {"product_code": product} | ({"quit_url": order.return_url} if order.way is Way.WAP else {})
        signed = self._signed(method, content, notify_url=order.notify_url, return_url=order.return_url)
        return Started("redirect", f"{self._gateway}?{urlencode(signed)}")

    @override
    def read_callback(self, raw: RawCallback) -> TradeFact | RefundFact:
        with refusing(CallbackMalformed, "Alipay's call-back"):
            form = strict.read_form(raw.body)
            if form.get("sign_type") != "RSA2" or form.get("charset", "utf-8").lower() != "utf-8":
                raise Unreadable("signed or written in another way than asked for")
        if not self._is_form_signed(form):
            raise CallbackForged("The call-back is not signed with a key of Alipay's.")
        if (form.get("app_id"), form.get("seller_id")) != (self._config.app_id, self._config.merchant_no):
            raise CallbackForeign("Alipay's call-back is meant for another app or seller.")
        with refusing(CallbackMalformed, "Alipay's call-back"):
            is_refund = strict.read_amount(form.get("refund_fee", "0"), "CNY")
            return _refund_told(form) if is_refund else self._trade(form, form.get("gmt_payment", ""))

    @override
    def answer(self, *, ok: bool, message: str = "") -> CallbackAnswer:
        return plain_answer("success" if ok else "fail")

    @override
    def query(self, order_no: str, provider_ref: str = "") -> TradeFact:
        try:
            fields = self._ask("alipay.trade.query", {"out_trade_no": order_no})
        except ProviderRefused as refusal:
            return self._fact(order_no, TradeState.UNKNOWN, code_among(refusal, _NO_TRADE))
        with refusing(AnswerNotProven, "Alipay's answer"):
            require_echo(fields, out_trade_no=order_no)
            return self._trade(fields, text_of(fields, "send_pay_date"))

    @override
    def close(self, order_no: str, provider_ref: str = "") -> TradeFact:
        try:
            fields = self._ask("alipay.trade.close", {"out_trade_no": order_no})
        except ProviderRefused as refusal:
            if refusal.provider_code in _NOT_WAITING:
                return self.query(order_no)
            return self._fact(order_no, TradeState.UNKNOWN, code_among(refusal, _NO_TRADE))
        with refusing(AnswerNotProven, "Alipay's answer"):
            require_echo(fields, out_trade_no=order_no)
            return self._fact(order_no, TradeState.CLOSED, "TRADE_CLOSED", trade_no=name_of(fields, "trade_no"))

    @override
    def refund(self, request: RefundRequest) -> RefundFact:
        content = {
            "out_trade_no": request.order_no,
            "out_request_no": request.refund_no,
            "refund_amount": strict.write_amount(request.amount),
            "refund_reason": request.reason[:256],
        }
        fields = self._ask("alipay.trade.refund", content)
        with refusing(AnswerNotProven, "Alipay's answer"):
            require_echo(fields, out_trade_no=request.order_no)
            moved = text_of(fields, "fund_change")
        if moved == "Y":
            return refund_fact(request, RefundState.SUCCEEDED, "fund_change=Y", amount=request.amount)
        return refund_fact(
            request, RefundState.PENDING, "fund_change=N"
        )  # a repeat moves nothing: only the query tells

    @override
    def query_refund(self, request: RefundRequest) -> RefundFact:
        content = {"out_trade_no": request.order_no, "out_request_no": request.refund_no}
        try:
            fields = self._ask("alipay.trade.fastpay.refund.query", content)
        except ProviderRefused as refusal:
            return refund_fact(request, RefundState.UNKNOWN, code_among(refusal, _NO_TRADE))
        with refusing(AnswerNotProven, "Alipay's answer"):
            word = text_of(fields, "refund_status")
            if word != "REFUND_SUCCESS":  # not received or not done: asking again with the same number is right
                return refund_fact(request, RefundState.UNKNOWN, word)
            require_echo(fields, out_trade_no=request.order_no, out_request_no=request.refund_no)
            amount = major_of(fields, "refund_amount", "CNY")
            return refund_fact(request, RefundState.SUCCEEDED, word, amount=amount)

    @override
    def fetch_statement(self, day: date) -> list[StatementRow]:
        content = {"bill_type": "trade", "bill_date": day.isoformat()}
        try:
            fields = self._ask("alipay.data.dataservice.bill.downloadurl.query", content)
        except ProviderRefused as refusal:
            if refusal.provider_code.lower().endswith("bill_not_exist"):
                raise StatementNotReady(f"Alipay has no statement of {day}.") from None
            raise
        with refusing(AnswerNotProven, "Alipay's answer"):
            url = text_of(fields, "bill_download_url", chars_max=4096)
        if url.startswith("http://dwbillcenter."):  # as it is still told now and then; both work
            url = url.replace("http", "https", 1)
        answer = self._asker.ask("GET", require_safe_url(url), bytes_max=STATEMENT_BYTES_MAX)
        if answer.status != httpx.codes.OK:
            raise ProviderAway(f"Alipay's statement could not be fetched: HTTP {answer.status}.")
        return self.parse_statement(answer.body)

    @override
    def parse_statement(self, data: bytes) -> list[StatementRow]:
        with refusing(BadStatement, "Alipay's statement"):
            return statements.read_alipay(data)

    @override
    def probe(self) -> str:
        said = f"Alipay answered with a valid signature: {self.query(PROBE_ORDER).raw_state}"
        return f"{said}; its certificate is good until {self._mode.good_until:%Y-%m-%d}" if self._mode else said

    def _ask(self, method: str, content: Mapping[str, str], *, notify_url: str = "") -> Mapping[str, Any]:
        """This method will return the fields of an answer whose signature holds and whose code says that it was done.

        Raises ProviderRefused where it says no, ProviderAway where it does not know or nothing is proven.
        """
        signed = self._signed(method, content, notify_url=notify_url)
        body = urlencode({"biz_content": signed.pop("biz_content")}).encode()
        form = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}
        answer = self._asker.ask("POST", f"{self._gateway}?{urlencode(signed)}", headers=form, content=body)
        if answer.status != httpx.codes.OK:
            raise ProviderAway(f"Alipay answered HTTP {answer.status}.")
        with refusing(AnswerNotProven, "Alipay's answer"):
            fields = self._proven(answer.body, f"{method.replace('.', '_')}_response")
            code, sub_code = text_of(fields, "code"), text_of(fields, "sub_code")
            words = text_of(fields, "sub_msg") or text_of(fields, "msg")
        if code == "20000" or sub_code.endswith(_UNCERTAIN):
            raise ProviderAway(f"Alipay does not know what it did: {sub_code or code} {words}")
        if code != "10000":
            raise ProviderRefused(sub_code or code, words)
        return fields

    def _signed(
        self, method: str, content: Mapping[str, str], *, notify_url: str = "", return_url: str = ""
    ) -> dict[str, str]:
        """This method will return the parameters of a question, its signature last; empty ones are left out."""
        params = {
            "app_id": self._config.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": _wall(self._now()),
            "version": "1.0",
            "notify_url": notify_url,
            "return_url": return_url,
            "app_cert_sn": self._mode.app_sn if self._mode else "",
            "alipay_root_cert_sn": self._mode.root_sn if self._mode else "",
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        }
        params = {name: value for name, value in params.items() if value}
        return params | {"sign": rsa_sign(self._own, sign_text(params).encode())}

    def _proven(self, body: bytes, member: str) -> Mapping[str, Any]:
        """This method will return the answer's inner object; its very text, as it was sent, carries the signature."""
        members = strict.read_members(body, bytes_max=ANSWER_BYTES_MAX)
        text, fields = members.get(member) or members.get("error_response") or ("", None)
        if not isinstance(fields, dict):
            raise Unreadable(f"it has no {member}")
        outer = {name: value for name, (_, value) in members.items()}
        sign, serial = text_of(outer, "sign", chars_max=1024), text_of(outer, "alipay_cert_sn")
        if sign and self._mode and serial not in self._peers:
            raise AnswerNotProven(_unknown_certificate(serial), hint=_NEW_CERTIFICATE)
        if not is_rsa_signed(self._keys_named(serial), text.encode(), sign):
            said = [text_of(fields, name) for name in ("code", "sub_code", "sub_msg")]
            raise Unreadable(f"no key of Alipay's signed it; it says {' '.join(said)}")
        return fields

    def _is_form_signed(self, form: Mapping[str, str]) -> bool:
        """This method will prove a call-back. Raises CallbackForged for a certificate that is not configured.

        Whether the certificate's name is signed along is told in two ways: it says nothing but which key to try, so
        both are heard.
        """
        serial, sign = form.get("alipay_cert_sn", ""), form.get("sign", "")
        if self._mode and serial and serial not in self._peers:
            raise CallbackForged(_unknown_certificate(serial), hint=_NEW_CERTIFICATE)
        said = {name: value for name, value in form.items() if name not in {"sign", "sign_type"}}
        unnamed = {name: value for name, value in said.items() if name != "alipay_cert_sn"}
        texts = [sign_text(said)] + ([sign_text(unnamed)] if self._mode and serial else [])
        return any(is_rsa_signed(self._keys_named(serial), text.encode(), sign) for text in texts)

    def _keys_named(self, serial: str) -> Iterable[RSAPublicKey]:
        """This method will return the key that is named, or all: without certificates Alipay names none."""
        known = self._peers.get(serial)
        return [known] if known else self._peers.values()

    def _trade(self, fields: Mapping[str, Any], paid: str) -> TradeFact:
        word = text_of(fields, "trade_status")
        if word not in _STATES:
            raise Unreadable("trade_status is not one that is known")
        # A trade that was paid closes only when all of it was given back.
        is_back = _STATES[word] is TradeState.CLOSED and paid
        return self._fact(
            name_of(fields, "out_trade_no"),
            TradeState.REFUNDED if is_back else _STATES[word],
            word,
            trade_no=name_of(fields, "trade_no"),
            amount=major_of(fields, "total_amount", "CNY"),
            paid_at=read_wall_time(paid) if paid else None,
            event_id=strict.optional_name_of(fields, "notify_id"),
            payer_hint=text_of(fields, "buyer_logon_id"),
        )


def sign_text(params: Mapping[str, str]) -> str:
    """This function will return what RSA2 signs: ``name=value`` in the order of the names, joined by &, unescaped."""
    return "&".join(f"{name}={value}" for name, value in sorted(params.items()))


def _unknown_certificate(serial: str) -> str:
    """This function will say which certificate is not known; what has not its shape is not repeated."""
    named = f"the certificate {serial}" if is_certificate_name(serial) else "a certificate that it does not name"
    return f"Alipay signed with {named}, which is not configured: nothing of it is believed."


def _refund_told(form: Mapping[str, str]) -> RefundFact:
    """This function will read what comes after a refund. Its ``refund_fee`` counts all refunds of the trade so far."""
    return RefundFact(
        refund_no=strict.optional_name_of(form, "out_biz_no"),
        order_no=name_of(form, "out_trade_no"),
        trade_no=name_of(form, "trade_no"),
        refund_ref="",
        state=RefundState.SUCCEEDED,
        amount=None,
        raw_state=text_of(form, "trade_status"),
    )


def _wall(at: datetime) -> str:
    return f"{at.astimezone(strict.BEIJING):%Y-%m-%d %H:%M:%S}"
