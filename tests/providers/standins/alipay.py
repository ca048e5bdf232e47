"""Alipay as its public documentation describes it: RSA2 both ways, on keys of its own."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from tests.providers.standins.authority import certificates
from tests.providers.standins.rsa_keys import sign, verify

HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


def canonical(params):
    """What is signed: no sign, no sign_type (call-backs), no empty values (questions)."""
    return "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()


def name_of(certificate):
    """A certificate's name, as the documentation tells to make it."""
    parts = [f"{part.rfc4514_attribute_name}={part.value}" for part in certificate.issuer]
    return hashlib.md5((",".join(reversed(parts)) + str(certificate.serial_number)).encode()).hexdigest()


def names_of(pem):
    return [name_of(one) for one in x509.load_pem_x509_certificates(pem.encode())]


@dataclass
class Trade:
    trade_no: str
    amount: str
    subject: str
    notify_url: str
    status: str = "WAIT_BUYER_PAY"
    refunds: dict[str, str] = field(default_factory=dict)


@dataclass
class AlipayStandin:
    """``signs_with`` may be changed while it runs: Alipay rotates its key. ``certified``: in certificate mode."""

    app_id: str = "2021000000000001"
    seller_id: str = "2088000000000001"
    signs_with: str = "provider"
    trades: dict[str, Trade] = field(default_factory=dict)
    asked: list[dict] = field(default_factory=list)
    bills: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, dict] = field(default_factory=dict)  # method -> what to answer instead
    mangle: Callable[[bytes], bytes] | None = None  # what happens to an answer on its way
    paid_at: str = "2026-11-22 14:30:05"
    certified: dict[str, str] | None = None  # what was given out, by the names of ``authority.certificates``

    @classmethod
    def in_certificate_mode(cls) -> "AlipayStandin":
        return cls(certified=certificates())

    @property
    def cert_sn(self) -> str:
        """The name of the certificate that it signs with."""
        return names_of(self.certified["alipay_cert_pem"])[0] if self.certified else ""

    def names_it(self, params: dict) -> bool:
        """Whether a question names the app's certificate, and the roots that sign with RSA."""
        if self.certified is None:
            return "app_cert_sn" not in params and "alipay_root_cert_sn" not in params
        (app,), (_, _, *roots) = (
            names_of(self.certified["app_cert_pem"]),
            names_of(self.certified["alipay_root_cert_pem"]),
        )
        return (params.get("app_cert_sn"), params.get("alipay_root_cert_sn")) == (app, "_".join(roots))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/bill":
            return httpx.Response(200, content=self.bills[request.url.params["day"]])
        params = dict(parse_qsl(request.url.query.decode(), strict_parsing=True))
        params |= dict(parse_qsl(request.content.decode(), strict_parsing=bool(request.content)))
        return self.answer(params, str(request.url.copy_with(query=None, path="/")))

    def accepts(self, params: dict) -> bool:
        unsigned = {name: value for name, value in params.items() if name != "sign" and value != ""}
        try:
            verify("own", canonical(unsigned), params.get("sign", ""))
        except (InvalidSignature, ValueError):
            return False
        told = (params["sign_type"], params["charset"], params["app_id"])
        return told == ("RSA2", "utf-8", self.app_id) and self.names_it(params)

    def answer(self, params: dict, base: str = "https://standin/") -> httpx.Response:
        name = f"{params['method'].replace('.', '_')}_response"
        if not self.accepts(params):
            said = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature"}
            return httpx.Response(200, json={name: said})  # without a signature, as the real one
        self.asked.append(params)
        content = json.loads(params["biz_content"])
        said = self.answers.get(params["method"]) or self.obey(params, content, base)
        text = json.dumps(said, ensure_ascii=False).replace("/", "\\/")  # as the real one writes slashes
        named = f'"alipay_cert_sn":"{self.cert_sn}",' if self.certified else ""
        body = f'{{"{name}":{text},{named}"sign":"{sign(self.signs_with, text.encode())}"}}'.encode()
        return httpx.Response(200, content=self.mangle(body) if self.mangle else body)

    def obey(self, params: dict, content: dict, base: str) -> dict:
        method, number = params["method"], content.get("out_trade_no", "")
        if method == "alipay.data.dataservice.bill.downloadurl.query":
            if content["bill_date"] not in self.bills:
                return refusal("isp.bill_not_exist")
            return {"code": "10000", "msg": "Success", "bill_download_url": f"{base}bill?day={content['bill_date']}"}
        if method == "alipay.trade.precreate":
            self.create(params)
            code = f"https://qr.alipay.com/{number}"
            return {"code": "10000", "msg": "Success", "out_trade_no": number, "qr_code": code}
        trade = self.trades.get(number)
        if trade is None:
            return refusal("ACQ.TRADE_NOT_EXIST", "交易不存在")
        known = {"code": "10000", "msg": "Success", "out_trade_no": number, "trade_no": trade.trade_no}
        acts = {
            "alipay.trade.query": self.tell,
            "alipay.trade.close": self.close,
            "alipay.trade.refund": self.refund,
            "alipay.trade.fastpay.refund.query": self.tell_refund,
        }
        return known | acts[method](trade, content)

    def tell(self, trade: Trade, _: dict) -> dict:
        paid = {"send_pay_date": self.paid_at} if self.was_paid(trade) else {}
        return {"trade_status": trade.status, "total_amount": trade.amount, "buyer_logon_id": "159***620"} | paid

    def close(self, trade: Trade, _: dict) -> dict:
        if trade.status != "WAIT_BUYER_PAY":
            return refusal("ACQ.TRADE_STATUS_ERROR")
        trade.status = "TRADE_CLOSED"
        return {}

    def tell_refund(self, trade: Trade, content: dict) -> dict:
        number = content["out_request_no"]
        if number not in trade.refunds:
            return {}
        return {"out_request_no": number, "refund_status": "REFUND_SUCCESS", "refund_amount": trade.refunds[number]}

    def create(self, params: dict) -> Trade:
        content = json.loads(params["biz_content"])
        number = content["out_trade_no"]
        trade = Trade(
            f"20261122220014{len(self.trades):08d}",
            content["total_amount"],
            content["subject"],
            params.get("notify_url", ""),
        )
        return self.trades.setdefault(number, trade)

    def open_page(self, url: str) -> dict:
        """A payer's browser opens the page: the address carries a signed question."""
        params = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        assert self.accepts(params), "the page's address is not signed"
        self.create(params)
        return params

    def pay(self, number: str, status: str = "TRADE_SUCCESS") -> None:
        self.trades[number].status = status

    def was_paid(self, trade: Trade) -> bool:
        return trade.status in {"TRADE_SUCCESS", "TRADE_FINISHED"} or bool(trade.refunds)

    def refund(self, trade: Trade, content: dict) -> dict:
        if not self.was_paid(trade):
            return refusal("ACQ.TRADE_STATUS_ERROR")
        if content["out_request_no"] in trade.refunds:
            return {"fund_change": "N", "refund_fee": self.refunded(trade)}
        trade.refunds[content["out_request_no"]] = content["refund_amount"]
        if Decimal(self.refunded(trade)) == Decimal(trade.amount):
            trade.status = "TRADE_CLOSED"
        return {"fund_change": "Y", "refund_fee": self.refunded(trade)}

    def refunded(self, trade: Trade) -> str:
        return str(sum((Decimal(one) for one in trade.refunds.values()), Decimal("0.00")))

    def notice(self, number: str, **changes: str) -> dict[str, str]:
        """The fields of a call-back, with its signature. ``changes`` are made before it is signed."""
        trade = self.trades[number]
        fields = {
            "notify_time": "2026-11-22 14:30:06",
            "notify_type": "trade_status_sync",
            "notify_id": "2026112200222143006000001",
            "charset": "utf-8",
            "version": "1.0",
            "auth_app_id": self.app_id,
            "app_id": self.app_id,
            "seller_id": self.seller_id,
            "out_trade_no": number,
            "trade_no": trade.trade_no,
            "trade_status": trade.status,
            "total_amount": trade.amount,
            "receipt_amount": trade.amount,
            "subject": trade.subject,
            "gmt_create": "2026-11-22 14:29:50",
            "gmt_payment": self.paid_at,
            "buyer_logon_id": "159***620",
            "fund_bill_list": '[{"amount":"' + trade.amount + '","fundChannel":"ALIPAYACCOUNT"}]',
            "passback_params": "",
        } | changes
        return fields | {"sign": sign(self.signs_with, canonical(fields)), "sign_type": "RSA2"}

    def body(self, number: str, **changes: str) -> bytes:
        return urlencode(self.notice(number, **changes), quote_via=quote_plus).encode()

    def bill(self, rows: list[str], *, encoding: str = "gb18030", zipped: bool = True) -> bytes:
        """A day's file, as it can be downloaded: prose, the table, prose; a summary beside it."""
        lines = [
            "#支付宝业务明细查询",
            f"#账号：[{self.seller_id}0156]",
            "#起始日期：[2026年11月22日 00:00:00]   终止日期：[2026年11月23日 00:00:00]",
            "#-----------------------------------------业务明细列表----------------------------------------",
            HEADER,
            *rows,
            "#-----------------------------------------业务明细列表结束------------------------------------",
            "#导出时间：[2026年11月23日 09:00:00]",
        ]
        details = "\r\n".join(lines).encode(encoding)
        if not zipped:
            return details
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("20880000000000010156_20261122_业务明细.csv", details)
            archive.writestr(
                "20880000000000010156_20261122_业务明细(汇总).csv",
                "门店编号,门店名称,交易订单总笔数\r\n合计,,2".encode(encoding),
            )
        return file.getvalue()


def bill_row(
    *, trade_no: str, order_no: str, kind: str, amount: str, fee: str, refund_no: str = "", at: str = ""
) -> str:
    done = at or "2026-11-22 14:30:05"
    cells = [
        f"{trade_no}\t", f"{order_no}\t", kind, "电费", "2026-11-22 14:29:50", done, "", "", "", "", "159***620",
        amount, amount, "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00",
        f"{refund_no}\t" if refund_no else "", fee, "0.00", "",
    ]  # fmt: skip
    return ",".join(cells)


def refusal(code: str, words: str = "") -> dict:
    return {"code": "40004", "msg": "Business Failed", "sub_code": code, "sub_msg": words}
