"""The words of the pay page, in English and in Chinese."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prewatt.testpay.values import Choice, OrderState


@dataclass(frozen=True, slots=True)
class Words:
    """One language. ``other_...`` leads to the other one."""

    lang: str
    other_language: str
    other_lang: str
    other_name: str
    name: str
    test: str
    payee: str
    number: str
    pay: str
    otherwise: str
    leave: str
    back: str
    unknown: str
    choices: Mapping[Choice, str]
    hints: Mapping[Choice, str]
    endings: Mapping[OrderState, str]


WORDS: Final = {
    "en": Words(
        lang="en",
        other_language="zh-hans",
        other_lang="zh-Hans",
        other_name="中文",
        name="Test payment",
        test="This is a test provider. No real money moves, whatever you press.",
        payee="Paid to",
        number="Order",
        pay="Pay",
        otherwise="Or let it go another way",
        leave="Go back without paying",
        back="Back to the shop",
        unknown="There is no such payment here, or its page is gone.",
        choices={
            Choice.PAY_FIRST: "Pay, call back first",
            Choice.PAY_TWICE: "Pay, call back twice",
            Choice.PAY_LATE: "Pay, call back late",
            Choice.PAY_SILENT: "Pay, never call back",
            Choice.FAIL: "Let the payment fail",
        },
        hints={
            Choice.PAY_FIRST: "The shop hears of it before you are back there",
            Choice.PAY_TWICE: "The shop hears of it two times",
            Choice.PAY_LATE: "The shop hears of it after 45 seconds",
            Choice.PAY_SILENT: "The shop must ask by itself",
            Choice.FAIL: "Nothing is paid, and the shop hears of that",
        },
        endings={
            OrderState.PAID: "Paid. You do not need to pay again.",
            OrderState.FAILED: "The payment failed. Nothing was paid.",
            OrderState.CLOSED: "This payment was closed. Nothing was paid.",
            OrderState.REFUNDED: "Paid, and given back.",
        },
    ),
    "zh-hans": Words(
        lang="zh-Hans",
        other_language="en",
        other_lang="en",
        other_name="English",
        name="测试支付",
        test="测试支付渠道：不会动用真实资金。",
        payee="收款方",
        number="订单号",
        pay="支付",
        otherwise="或者模拟其他情况",
        leave="不支付，返回",
        back="返回商户",
        unknown="这里没有这笔支付，或页面已失效。",
        choices={
            Choice.PAY_FIRST: "支付，先通知后返回",
            Choice.PAY_TWICE: "支付，重复通知",
            Choice.PAY_LATE: "支付，通知延迟",
            Choice.PAY_SILENT: "支付，不发通知",
            Choice.FAIL: "支付失败",
        },
        hints={
            Choice.PAY_FIRST: "返回之前，商户已收到通知",
            Choice.PAY_TWICE: "商户会收到两次通知",
            Choice.PAY_LATE: "45 秒后商户才收到通知",
            Choice.PAY_SILENT: "商户须自行查询",
            Choice.FAIL: "没有付款，商户会收到失败通知",
        },
        endings={
            OrderState.PAID: "已支付，请勿重复支付。",
            OrderState.FAILED: "支付失败，没有付款。",
            OrderState.CLOSED: "订单已关闭，没有付款。",
            OrderState.REFUNDED: "已支付，并已退款。",
        },
    ),
}
