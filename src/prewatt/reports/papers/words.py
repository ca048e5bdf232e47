"""The words of papers: each in Chinese and in English, because a paper has one form for both readers."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Both(NamedTuple):
    """A word in Chinese and in English."""

    zh: str
    en: str

    def plain(self) -> dict[str, str]:
        """This method will return the word as templates take it."""
        return {"zh": self.zh, "en": self.en}

    @property
    def line(self) -> str:
        """This property will hold both on one line."""
        return f"{self.zh} {self.en}"


TITLES: Final[Mapping[str, Both]] = {
    "receipt": Both("购电收据", "Power receipt"),
    "refund": Both("退费单", "Refund slip"),
    "clearing": Both("清零单", "Clearing slip"),
    "reversal": Both("冲正单", "Reversal slip"),
    "statement": Both("电费对账单", "Fee statement"),
    "settlement": Both("多退少补结算单", "Settlement statement"),
    "energy_report": Both("用电分析报告", "Energy report"),
    "agreement": Both("预付费供电协议", "Prepaid supply agreement"),
    "cashier_report": Both("收费日报", "Daily cashier report"),
}
CHANNELS: Final[Mapping[str, Both]] = {
    "cash": Both("现金", "Cash"),
    "card": Both("刷卡", "Card"),
    "transfer": Both("转账", "Transfer"),
    "alipay": Both("支付宝", "Alipay"),
    "wechat": Both("微信支付", "WeChat Pay"),
    "stripe": Both("Stripe", ""),
    "testpay": Both("测试支付", "Test provider"),
    "balance": Both("余额", "Balance"),
}
BANDS: Final[Mapping[int, Both]] = {
    0: Both("总", "Total"),
    1: Both("尖", "Sharp"),
    2: Both("峰", "Peak"),
    3: Both("平", "Flat"),
    4: Both("谷", "Valley"),
    5: Both("深谷", "Deep valley"),
}
ENTRIES: Final[Mapping[str, Both]] = {
    "top_up": Both("充值", "Top-up"),
    "refund": Both("退费", "Refund"),
    "clearing": Both("清零", "Cleared to zero"),
    "reversal": Both("冲正", "Reversal"),
    "usage": Both("往期电量补计", "Use of earlier months"),
    "opening_balance": Both("期初转入", "Opening balance"),
    "adjustment": Both("调账", "Adjustment"),
    "settlement": Both("多退少补", "True-up"),
    "shared_cost": Both("公摊", "Shared cost"),
    "standing_charge": Both("基本费", "Standing charge"),
}
OTHER_ENTRY: Final = Both("其他", "Other")
DAY_TYPES: Final[Mapping[str, Both]] = {
    "workday": Both("工作日", "Working days"),
    "weekend": Both("周末", "Weekends"),
    "holiday": Both("节假日", "Holidays"),
}
PAYMENT_MODES: Final[Mapping[str, Both]] = {
    "prepaid": Both("预付费", "Prepaid"),
    "own_use": Both("自用", "Own use"),
    "month_ahead": Both("月预付、多退少补", "Month ahead, trued up"),
}
OUTAGE_CAUSES: Final[Mapping[str, Both]] = {
    "credit": Both("欠费", "Out of credit"),
    "manual": Both("人工操作", "By hand"),
    "maintenance": Both("检修", "Maintenance"),
    "safety": Both("安全", "Safety"),
    "vacancy": Both("空置", "Vacant"),
}
NUMERALS: Final = "一二三四五六七八九十"


def channel(code: str) -> Both:
    """This function will return the word for a way to pay; a code without one stands for itself."""
    return CHANNELS.get(code, Both(code, ""))


def entry(kind: str) -> Both:
    """This function will return the word for what an entry is."""
    return ENTRIES.get(kind, OTHER_ENTRY)
