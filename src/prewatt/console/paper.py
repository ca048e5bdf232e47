"""An issued paper, read back from what was kept on the day: nothing on it is reckoned again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import segno
from django.utils.safestring import SafeString

from prewatt.kernel.money import Money
from prewatt.ledger.values import DocumentValue
from prewatt.reports import formats

TITLES: Final = {
    "receipt": ("购电收据", "Power receipt"),
    "refund": ("退费单", "Refund slip"),
    "clearing": ("清零单", "Clearing slip"),
    "reversal": ("冲正单", "Reversal slip"),
}
CHANNELS: Final = {"cash": "现金 Cash", "card": "刷卡 Card", "transfer": "转账 Transfer", "balance": "余额 Balance"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the paper: a label in both languages, and what it says."""

    label: str
    value: str
    big: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as its page draws it: groups of lines with a rule between them."""

    public_id: UUID
    number: str
    title: str
    subtitle: str
    operator: str
    tax_no: str
    phone: str
    groups: tuple[tuple[Row, ...], ...]
    is_void: bool
    account_public_id: str
    qr: SafeString


def paper_of(document: DocumentValue) -> Paper:
    """This function will lay a document out. Its words are in both languages: the tenant's copy has one form."""
    content = document.content
    title, subtitle = TITLES.get(document.kind, (document.kind, ""))
    return Paper(
        public_id=document.public_id, number=document.number_text, title=f"{content['site']} · {title}",
        subtitle=subtitle, operator=content["operator"], tax_no=content.get("operator_tax_no", ""),
        phone=content.get("service_phone", ""), groups=_groups(document), is_void=document.voided_at is not None,
        account_public_id=content["account_public_id"], qr=_qr(document),
    )  # fmt: skip


def _groups(document: DocumentValue) -> tuple[tuple[Row, ...], ...]:
    content = document.content
    at = datetime.fromisoformat(content["at"]).astimezone(ZoneInfo(content["time_zone"]))
    head = (
        ("收据号 No.", document.number_text),
        ("时间 Time", f"{at:%Y-%m-%d %H:%M:%S}"),
        ("房间 Room", "、".join(content["rooms"])),
        ("户名 Name", content["customer"]),
        ("户号 Account", content["account"]),
        ("方式 Paid by", CHANNELS.get(content.get("channel", ""), content.get("channel", ""))),
        ("原因 Reason", content.get("reason", "")),
        ("关于 About", content.get("about", "")),
    )
    money = (
        Row("金额 Amount", _money(content["amount"]), big=True),
        Row("", content["amount_capitals"]),
    )
    days = content.get("days_left")
    after = (
        ("充前 Before", _money(content["balance_before"])),
        ("充后 After", _money(content["balance_after"])),
        ("预计 Lasts", "" if days is None else f"约 {days} 天 days"),
    )
    foot = (
        ("电价 Tariff", "、".join(content.get("tariffs", []))),
        ("收银 Cashier", " ".join(filter(None, (content.get("cashier", ""), content.get("till", ""))))),
    )
    return (_rows(head), money, _rows(after), _rows(foot))


def _rows(pairs: Sequence[tuple[str, str]]) -> tuple[Row, ...]:
    return tuple(Row(label, value) for label, value in pairs if value)


def _money(kept: Any) -> str:
    minor, currency = kept
    return formats.money(Money(int(minor), currency))


def _qr(document: DocumentValue) -> SafeString:
    """This function will draw number, amount and hash-bound id, so that a copy can be checked against the books."""
    minor, currency = document.content["amount"]
    text = f"PREWATT {document.number_text} {minor} {currency} {document.public_id}"
    drawn = segno.make(text, error="m", micro=False)
    return SafeString(drawn.svg_inline(svgclass="pw-qr", lineclass=None, omitsize=True, border=1))
