"""WeChat Pay, API version 3, as its public documentation describes it, with keys of its own."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.providers.standins.rsa_keys import sign, verify

from prewatt.kernel.clock import machine_now

AUTHORIZATION = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(\w+)",nonce_str="(\w+)",signature="([\w+/=]+)",'
    r'timestamp="(\d+)",serial_no="(\w+)"'
)
BILL_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)


@dataclass
class Trade:
    transaction_id: str
    total: int
    state: str = "NOTPAY"
    refunds: dict[str, dict] = field(default_factory=dict)


@dataclass
class WeChatStandin:
    """``serial`` and ``signs_with`` may be changed while it runs: certificates rotate."""

    appid: str = "wx0000000000000001"
    mchid: str = "1900000001"
    api_v3_key: str = "0123456789abcdef0123456789abcdef"
    own_serial: str = "OWN0SERIAL0001"
    serial: str = "PLATFORM0001"
    signs_with: str = "provider"
    now: Callable[[], datetime] = machine_now
    trades: dict[str, Trade] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    bills: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict]] = field(default_factory=dict)  # path -> what to answer instead
    mangle: Callable[[httpx.Response], httpx.Response] | None = None  # what happens to an answer on its way
    success_time: str = "2026-11-22T14:30:05+08:00"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not self.accepts(request):
            said = {"code": "SIGN_ERROR", "message": "签名错误"}
            return httpx.Response(401, json=said)  # without a signature, as the real one
        self.asked.append(request)
        if request.url.path == "/v3/billdownload/file":
            return httpx.Response(200, content=self.bills[request.url.params["token"]])
        content = json.loads(request.content) if request.content else {}
        response = self.signed(*(self.answers.get(request.url.path) or self.obey(request, content)))
        return self.mangle(response) if self.mangle else response

    def accepts(self, request: httpx.Request) -> bool:
        found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not found or found[1] != self.mchid or found[5] != self.own_serial:
            return False
        target = request.url.raw_path.decode()
        text = f"{request.method}\n{target}\n{found[4]}\n{found[2]}\n".encode() + request.content + b"\n"
        try:
            verify("own", text, found[3])
        except InvalidSignature:
            return False
        return bool(abs(int(found[4]) - self.now().timestamp()) <= 300)

    def signed(self, status: int, said: dict | None) -> httpx.Response:
        body = json.dumps(said, ensure_ascii=False).encode() if said is not None else b""
        return httpx.Response(status, content=body, headers=self.proof(body) | {"content-type": "application/json"})

    def proof(self, body: bytes, *, stamp: str = "") -> dict[str, str]:
        stamp, nonce = stamp or str(int(self.now().timestamp())), secrets.token_hex(16)
        return {
            "wechatpay-timestamp": stamp,
            "wechatpay-nonce": nonce,
            "wechatpay-serial": self.serial,
            "wechatpay-signature": sign(self.signs_with, f"{stamp}\n{nonce}\n".encode() + body + b"\n"),
            "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        }

    def obey(self, request: httpx.Request, content: dict) -> tuple[int, dict | None]:
        path = request.url.path
        if made := re.fullmatch(r"/v3/pay/transactions/(native|jsapi|h5)", path):
            return self.create(made[1], content)
        if asked := re.fullmatch(r"/v3/pay/transactions/out-trade-no/(\w+)(/close)?", path):
            return self.close(asked[1]) if asked[2] else self.query(asked[1])
        if path == "/v3/refund/domestic/refunds":
            return self.refund(content)
        if back := re.fullmatch(r"/v3/refund/domestic/refunds/(\w+)", path):
            known = [one for trade in self.trades.values() for one in trade.refunds.values()]
            found = [one for one in known if one["out_refund_no"] == back[1]]
            return (200, found[0]) if found else (404, {"code": "RESOURCE_NOT_EXISTS", "message": "退款单不存在"})
        if path == "/v3/bill/tradebill":
            return self.announce(request.url.params["bill_date"], str(request.url.copy_with(query=None, path="/")))
        return 404, {"code": "NOT_FOUND", "message": path}

    def create(self, kind: str, content: dict) -> tuple[int, dict]:
        assert content["appid"] == self.appid
        assert content["mchid"] == self.mchid
        datetime.fromisoformat(content["time_expire"])
        number = content["out_trade_no"]
        trade = Trade(f"42000026112200{len(self.trades):014d}", content["amount"]["total"])
        self.trades.setdefault(number, trade)
        told = {
            "native": {"code_url": f"weixin://wxpay/bizpayurl?pr={number}"},
            "jsapi": {"prepay_id": f"wx22143000{number}"},
            "h5": {"h5_url": f"https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx{number}&package=1"},
        }
        return 200, told[kind]

    def transaction(self, number: str) -> dict:
        trade = self.trades[number]
        paid = {"transaction_id": trade.transaction_id, "success_time": self.success_time, "bank_type": "OTHERS"}
        return {
            "appid": self.appid,
            "mchid": self.mchid,
            "out_trade_no": number,
            "trade_state": trade.state,
            "trade_state_desc": "",
            "trade_type": "NATIVE",
            "attach": "",
            "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
            "amount": {"total": trade.total, "payer_total": trade.total, "currency": "CNY", "payer_currency": "CNY"},
        } | (paid if trade.state in {"SUCCESS", "REFUND"} else {})

    def query(self, number: str) -> tuple[int, dict]:
        if number not in self.trades:
            return 404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
        return 200, self.transaction(number)

    def close(self, number: str) -> tuple[int, dict | None]:
        if number not in self.trades:
            return 404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
        if self.trades[number].state == "SUCCESS":
            return 400, {"code": "ORDERPAID", "message": "订单已支付"}
        self.trades[number].state = "CLOSED"
        return 204, None

    def refund(self, content: dict) -> tuple[int, dict]:
        trade = self.trades[content["out_trade_no"]]
        back = {
            "refund_id": f"5030000{len(trade.refunds):021d}",
            "out_refund_no": content["out_refund_no"],
            "transaction_id": trade.transaction_id,
            "out_trade_no": content["out_trade_no"],
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "status": "PROCESSING",
            "create_time": self.success_time,
            "amount": {"total": trade.total, "refund": content["amount"]["refund"], "currency": "CNY"},
        }
        trade.state = "REFUND"
        return 200, trade.refunds.setdefault(content["out_refund_no"], back)

    def announce(self, day: str, base: str) -> tuple[int, dict]:
        if day not in self.bills:
            return 400, {"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"}
        digest = hashlib.sha1(self.bills[day]).hexdigest()
        url = f"{base}v3/billdownload/file?token={day}"
        return 200, {"hash_type": "SHA1", "hash_value": digest, "download_url": url}

    def pay(self, number: str, state: str = "SUCCESS") -> None:
        self.trades[number].state = state

    def refund_told(self, refund_no: str, status: str = "SUCCESS") -> dict:
        back = next(
            one for trade in self.trades.values() for one in trade.refunds.values() if one["out_refund_no"] == refund_no
        )
        back["status"] = status
        names = ("refund_id", "out_refund_no", "transaction_id", "out_trade_no", "user_received_account")
        told = {name: back[name] for name in names}
        amount = {name: back["amount"][name] for name in ("total", "refund")}
        return told | {
            "mchid": self.mchid,
            "refund_status": status,
            "success_time": self.success_time,
            "amount": amount,
        }

    def event(self, told: dict, kind: str = "TRANSACTION.SUCCESS", **changes: object) -> dict:
        """The outer object of a call-back: ``told`` is sealed in it."""
        nonce, text = secrets.token_hex(6), json.dumps(told, ensure_ascii=False).encode()
        original = "refund" if kind.startswith("REFUND") else "transaction"
        sealed = AESGCM(self.api_v3_key.encode()).encrypt(nonce.encode(), text, original.encode())
        return {
            "id": "EV-2026112214300612345",
            "create_time": self.success_time,
            "resource_type": "encrypt-resource",
            "event_type": kind,
            "summary": "支付成功",
            "resource": {
                "original_type": original,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": original,
                "nonce": nonce,
            },
        } | changes

    def callback(
        self, told: dict, kind: str = "TRANSACTION.SUCCESS", **changes: object
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a call-back."""
        body = json.dumps(self.event(told, kind, **changes), ensure_ascii=False).encode()
        return self.proof(body) | {"content-type": "application/json"}, body

    def bill(self, rows: list[str]) -> bytes:
        lines = [
            BILL_HEADER,
            *rows,
            "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额",
            f"`{len(rows)},`388.00,`100.00,`0.00,`1.73000,`388.00,`100.00",
        ]
        return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def bill_row(
    *,
    transaction_id: str,
    order_no: str,
    state: str,
    amount: str = "0.00",
    fee: str,
    refund_no: str = "",
    refund: str = "0.00",
    refund_state: str = "",
) -> str:
    cells = [
        "2026-11-22 14:30:05", "wx0000000000000001", "1900000001", "0", "", transaction_id, order_no, "openid",
        "NATIVE", state, "OTHERS", "CNY", amount, "0.00", "", refund_no, refund, "0.00", "", refund_state, "电费", "",
        fee, "0.60%", amount, refund, "",
    ]  # fmt: skip
    return ",".join(f"`{cell}" for cell in cells)
