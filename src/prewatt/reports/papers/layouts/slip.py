"""Slips about one movement of money: the receipt of a top-up, a refund, a clearing, a reversal."""

from collections.abc import Sequence

from prewatt.reports.formats import price as write_price
from prewatt.reports.papers.pieces import Content, Figures, Issued, Plain, clean, fact, term
from prewatt.reports.papers.words import BANDS, Both, channel

_AMOUNTS = {
    "receipt": Both("充值金额", "Amount paid"),
    "refund": Both("退费金额", "Amount given back"),
    "clearing": Both("清零金额", "Amount cleared"),
    "reversal": Both("冲正金额", "Amount reversed"),
}
_NUMBERS = {
    "receipt": Both("收据号", "Receipt no."),
    "refund": Both("单号", "Slip no."),
    "clearing": Both("单号", "Slip no."),
    "reversal": Both("单号", "Slip no."),
}

NARROW_MAX = 20
"""A list longer than this takes two columns of the half sheet."""
NAMED_MAX = 4
"""So many rooms and meters are named; of the others the count."""


def lay_out_slip(issued: Issued, figures: Figures) -> Plain:
    """This function will lay a slip out, for half a sheet and for the roll of a receipt printer."""
    content = issued.content
    moved = content["balance_after"][0] - content["balance_before"][0]
    days = content.get("days_left")
    return {
        "subtitle": "",  # day and second stand among the marks
        "marks": [
            fact(_NUMBERS[issued.kind], issued.number),
            fact(Both("日期", "Date"), f"{figures.local(content['at']):%Y-%m-%d}"),
            fact(Both("时间", "Time"), f"{figures.local(content['at']):%H:%M:%S}"),
        ],
        "facts": _facts(content, is_receipt=issued.kind == "receipt"),
        "amount": fact(_AMOUNTS[issued.kind], figures.money(content["amount"][0])),
        "capitals": content["amount_capitals"],
        "equation": {
            "terms": [
                term(Both("此前余额", "Balance before"), figures.amount(content["balance_before"][0])),
                term(Both("本次", "This time"), figures.amount(abs(moved)), "−" if moved < 0 else "+"),
                term(Both(f"此后余额（{figures.unit}）", "After"), figures.amount(content["balance_after"][0]), "="),
            ]
        },
        "repaid": _repaid(content, figures),
        "lasts": "" if days is None else _lasts(days),
        "prices": _prices(content, figures),
        "by": _by(content),
    }


def _facts(content: Content, *, is_receipt: bool) -> list[Plain]:
    rooms = _first(content["rooms"], "间")
    meters = _first(content.get("meters", ()), "只")
    count = content.get("purchase_count") if is_receipt else None
    wanted = (
        (Both("户名", "Customer"), clean(content["customer"]), 2),
        (Both("户号", "Account"), clean(content["account"]), 1),
        (Both("房间", "Room"), rooms, 1 + (len(rooms) > NARROW_MAX)),
        (Both("税号", "Tax no."), clean(content.get("customer_tax_no", "")), 2),
        (Both("表号", "Meter no."), meters, 1 + (len(meters) > NARROW_MAX)),
        (Both("方式", "Paid by"), channel(content["channel"]).line if content.get("channel") else "", 1),
        (Both("第几次购电", "Purchase"), f"第 {count:,} 次 no. {count:,}" if count else "", 1),
        (Both("交易号", "Trade no."), clean(content.get("trade_no", "")), 2),
        (Both("关于", "About"), clean(content.get("about", "")), 2),
        (Both("原因", "Reason"), clean(content.get("reason", "")), 2),
    )
    return [fact(label, value, span=span) for label, value, span in wanted if value]


def _first(names: Sequence[object], counter: str) -> str:
    """Return the first names, and how many there are when these are not all."""
    shown = "、".join(clean(one) for one in names[:NAMED_MAX])
    return shown + (f" 等 {len(names)} {counter} of {len(names)}" if len(names) > NAMED_MAX else "")


def _repaid(content: Content, figures: Figures) -> str:
    """Return how much of a payment went into what was owed before it, empty when nothing did."""
    before, after = content["balance_before"][0], content["balance_after"][0]
    repaid = min(after - before, -before)
    return figures.money(repaid) if repaid > 0 else ""


def _lasts(days: int) -> str:
    if days == 0:
        return "不足 1 天 less than a day"
    return f"约 {days:,} 天 about {days:,} {'day' if days == 1 else 'days'}"


def _prices(content: Content, figures: Figures) -> list[Plain]:
    """Return the price plans, each with what a kWh costs in its bands; older papers kept the names alone."""
    plans = [
        {
            "name": clean(one["tariff"]),
            "unit": f"{figures.unit}/kWh" if one["bands"] else "",
            "bands": [{"label": BANDS[band].plain(), "value": write_price(micro)} for band, micro in one["bands"]],
        }
        for one in content.get("prices", ())
    ]
    return plans or [{"name": clean(name), "unit": "", "bands": []} for name in content.get("tariffs", ())]


def _by(content: Content) -> str:
    return clean(" · ".join(filter(None, (content.get("cashier", ""), content.get("till", "")))))
