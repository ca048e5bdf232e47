"""The statements that providers publish as files, each in its own table. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from prewatt.kernel.money import Money
from prewatt.payments.providers.strict import (
    Unreadable,
    above_zero,
    known_currency,
    name_of,
    read_amount,
    read_fee,
    read_wall_time,
)
from prewatt.payments.providers.tables import has_columns, read_table, read_text, unpack
from prewatt.payments.providers.values import StatementRow

Kind = Literal["payment", "refund"]

_ALIPAY_KINDS: Final[Mapping[str, Kind]] = {"交易": "payment", "退款": "refund"}
_ALIPAY: Final = (
    "支付宝交易号", "商户订单号", "业务类型", "完成时间", "订单金额（元）", "服务费（元）", "退款批次号/请求号",
)  # fmt: skip
_WECHAT_KINDS: Final[Mapping[str, Kind]] = {"SUCCESS": "payment", "REFUND": "refund"}
_WECHAT: Final = (
    "交易时间", "微信订单号", "商户订单号", "交易状态", "货币种类",
    "商户退款单号", "退款状态", "手续费", "订单金额", "申请退款金额",
)  # fmt: skip
_STRIPE_KINDS: Final[Mapping[str, Kind]] = {"charge": "payment", "refund": "refund"}
_STRIPE: Final = ("created", "currency", "gross", "fee", "reporting_category", "payment_intent_id")
_STRIPE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")


def read_alipay(data: bytes) -> list[StatementRow]:
    """This function will read the day's trades (业务明细) from Alipay's zip, or from the one file in it."""
    texts = [read_text(file, "utf-8", "gb18030") for file in unpack(data)]
    details = [text for text in texts if has_columns(text, _ALIPAY)]
    if len(details) != 1:
        raise Unreadable(f"{len(details)} files hold a table of trades, not one")
    return [_alipay_row(cells) for cells in read_table(details[0], columns=_ALIPAY)]


def read_wechat(data: bytes) -> list[StatementRow]:
    """This function will read WeChat Pay's 交易账单 of all trades, without refunds that failed."""
    table = read_table(read_text(data, "utf-8", "gb18030"), columns=_WECHAT, ends=("总交易单数",))
    return [_wechat_row(cells) for cells in table if (cells["交易状态"], cells["退款状态"]) != ("REFUND", "FAIL")]


def read_stripe(data: bytes) -> list[StatementRow]:
    """This function will read Stripe's itemized balance report, in UTC; payouts and the like are no trades."""
    table = read_table(read_text(data, "utf-8"), columns=_STRIPE)
    return [_stripe_row(cells) for cells in table if cells["reporting_category"] in _STRIPE_KINDS]


def statement_row(
    kind: Kind, *, trade_no: str, order_no: str, refund_no: str, amount: Money, fee: Money, at: datetime
) -> StatementRow:
    """This function will make a row. The kind gives the signs, whatever the file's own convention.

    A payment's fee is what the provider keeps; a refund's is what it gives back, below zero.
    """
    currency, keeps = amount.currency, 1 if kind == "payment" else -1
    return StatementRow(
        kind=kind,
        trade_no=name_of({"trade_no": trade_no}, "trade_no"),
        order_no=order_no,
        refund_no=refund_no if kind == "refund" else "",
        amount=above_zero(Money(abs(amount.minor), currency), "amount"),
        fee=Money(keeps * abs(fee.minor), currency),
        at=at,
    )


def _alipay_row(cells: Mapping[str, str]) -> StatementRow:
    return statement_row(
        _kind(_ALIPAY_KINDS, cells["业务类型"]),
        trade_no=cells["支付宝交易号"],
        order_no=cells["商户订单号"],
        refund_no=cells["退款批次号/请求号"],
        amount=read_amount(cells["订单金额（元）"], "CNY"),
        fee=read_fee(cells["服务费（元）"], "CNY"),
        at=read_wall_time(cells["完成时间"]),
    )


def _wechat_row(cells: Mapping[str, str]) -> StatementRow:
    kind = _kind(_WECHAT_KINDS, cells["交易状态"])
    if cells["货币种类"] != "CNY":
        raise Unreadable("a row is not in CNY")
    return statement_row(
        kind,
        trade_no=cells["微信订单号"],
        order_no=cells["商户订单号"],
        refund_no=cells["商户退款单号"],
        amount=read_amount(cells["订单金额" if kind == "payment" else "申请退款金额"], "CNY"),
        fee=read_fee(cells["手续费"], "CNY"),
        at=read_wall_time(cells["交易时间"]),
    )


def _stripe_row(cells: Mapping[str, str]) -> StatementRow:
    currency, at = known_currency(cells["currency"].upper()), cells["created"]
    if not _STRIPE_TIME.fullmatch(at):
        raise Unreadable("not a time")
    return statement_row(
        _STRIPE_KINDS[cells["reporting_category"]],
        trade_no=cells["payment_intent_id"],
        order_no=cells.get("payment_metadata[order_no]", ""),
        refund_no=cells.get("refund_metadata[refund_no]", ""),
        amount=read_amount(cells["gross"], currency),
        fee=read_fee(cells["fee"], currency),
        at=datetime.fromisoformat(at).replace(tzinfo=UTC),
    )


def _kind(kinds: Mapping[str, Kind], word: str) -> Kind:
    if word not in kinds:
        raise Unreadable(f"a row is neither {' nor '.join(kinds)}")
    return kinds[word]
