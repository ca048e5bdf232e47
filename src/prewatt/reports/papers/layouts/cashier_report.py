"""What a day took: by channel, cashier and till, what went back, which numbers were drawn, and sums that add up."""

from collections.abc import Sequence
from typing import Any

from prewatt.reports.papers.pieces import (
    EMPTY,
    Content,
    Figures,
    Issued,
    Plain,
    Sections,
    clean,
    column,
    fact,
    note,
    noted,
    row,
    table,
    term,
    total,
)
from prewatt.reports.papers.words import TITLES, Both, channel

_SUMS = ("top_ups", "taken", "refunds", "refunded", "voids", "voided", "net")


def lay_out_cashier_report(issued: Issued, figures: Figures) -> Plain:
    """This function will lay a daily cashier report out."""
    content = issued.content
    sections = Sections()
    whole = content["total"]
    return {
        "subtitle": content["day"],
        "marks": [
            fact(Both("单号", "No."), issued.number),
            fact(Both("出具", "Issued"), f"{issued.issued_at.astimezone(figures.zone):%Y-%m-%d %H:%M}"),
        ],
        "equation": {
            "terms": [
                term(Both(f"收款 {whole['top_ups']} 笔", "Taken"), figures.amount(whole["taken"])),
                term(Both(f"退费 {whole['refunds']} 笔", "Given back"), figures.amount(whole["refunded"]), "−"),
                term(Both(f"冲正 {whole['voids']} 笔", "Reversed"), figures.amount(abs(whole["voided"])), _sign(whole)),
                term(Both(f"净收（{figures.unit}）", "Net"), figures.amount(whole["net"]), "="),
            ]
        },
        "capitals": f"净收大写 Net in capitals：{content['amount_capitals']}" if content["amount_capitals"] else "",
        "tables": [
            _lines(content, figures, sections),
            _sums("按方式", "By channel", content["by_channel"], figures, sections, named=_channel),
            _sums("按收款人", "By cashier", content["by_cashier"], figures, sections, named=_cashier),
            _sums("按收银台", "By till", content["by_till"], figures, sections, named=_till),
            _ledger(content, figures, sections),
            _ranges(content, sections),
            *([_back(content, figures, sections)] if content["back"] else []),
        ],
        "notes": [
            note(
                "冲正按发生日计入：以前收的款今天冲正，记在今天。",
                "A reversal counts on the day on which it was made, whenever the money had been taken.",
            )
        ],
        "signatures": [
            _signature(Both("收款人", "Cashier")),
            _signature(Both("复核人", "Checked by")),
        ],
    }  # fmt: skip


_SIGNED = Both("签字、日期", "Signature and date")


def _signature(label: Both) -> Plain:
    return {"label": label.plain(), "name": "", "below": _SIGNED.plain()}


def _cashier(name: str) -> str:
    return clean(name) or "无收款人 no cashier"


def _till(name: str) -> str:
    return clean(name) or _SELF


def _channel(code: str) -> str:
    return channel(code).line


def _sign(one: Content) -> str:
    return "+" if one["voided"] < 0 else "−"


def _columns(figures: Figures, first: Sequence[Plain]) -> list[Plain]:
    unit = figures.unit
    return [
        *first,
        column(f"收款 {unit}", "Taken", right=True, width=3),
        column(f"退费 {unit}", "Given back", right=True, width=3),
        column(f"冲正 {unit}", "Reversed", right=True, width=3),
        column(f"净收 {unit}", "Net", right=True, width=3),
    ]


def _counted(one: Content, figures: Figures) -> list[Plain | str]:
    def cell(count: str, minor: str) -> Plain | str:
        if not one[count]:
            return EMPTY
        return {"before": f"{one[count]:,} 笔", "text": figures.amount(one[minor])}

    return [
        cell("top_ups", "taken"), cell("refunds", "refunded"), cell("voids", "voided"), figures.amount(one["net"])
    ]  # fmt: skip


def _lines(content: Content, figures: Figures, sections: Sections) -> Plain:
    first = [column("收款人", "Cashier", width=3), column("台", "Till", width=1), column("方式", "Channel", width=3)]
    rows = [
        row(
            clean(one["cashier"]) or (EMPTY if one["till"] else _SELF), clean(one["till"]) or EMPTY,
            _channel(one["channel"]), *_counted(one, figures),
        )
        for one in content["lines"]
    ]  # fmt: skip
    rows.append(total("合计 Total", "", "", *_counted(content["total"], figures)))
    return table(sections.next("收款明细", "Takings"), _columns(figures, first), rows)


_SELF = "自助 self-service"


def _sums(zh: str, en: str, sums: Sequence[Content], figures: Figures, sections: Sections, *, named: Any) -> Plain:
    rows = [row(named(one["name"]), *_counted(one, figures)) for one in sums]
    rows.append(total("合计 Total", *_counted(_added(sums), figures)))
    return table(sections.next(zh, en), _columns(figures, [column("名称", "Name", width=4)]), rows)


def _added(sums: Sequence[Content]) -> dict[str, int]:
    return {name: sum(one[name] for one in sums) for name in _SUMS}


def _ledger(content: Content, figures: Figures, sections: Sections) -> Plain:
    columns = [
        column("方式", "Channel", width=3),
        column(f"本表净收 {figures.unit}", "Net above", right=True, width=2),
        column(f"账本 {figures.unit}", "Ledger", right=True, width=2),
        column(f"差额 {figures.unit}", "Difference", right=True, width=2),
    ]
    rows = [
        row(
            channel(one["channel"]).line, figures.amount(one["net"]), figures.amount(one["ledger"]),
            figures.amount(one["net"] - one["ledger"]),
        )
        for one in content["ledger"]
    ]  # fmt: skip
    net, booked = (sum(one[name] for one in content["ledger"]) for name in ("net", "ledger"))
    rows.append(total("合计 Total", figures.amount(net), figures.amount(booked), figures.amount(net - booked)))
    said = "与账本核对，差额应为零 against the ledger: no difference"
    return table(sections.next("核对", "Check", said), columns, rows)


def _ranges(content: Content, sections: Sections) -> Plain:
    columns = [
        column("单据", "Paper", width=3),
        column("首号", "First", width=4),
        column("末号", "Last", width=4),
        column("张数", "Count", right=True, width=1),
        column("作废", "Void", right=True, width=1),
        column("缺号", "Missing", right=True, width=1),
    ]
    rows = [
        row(TITLES[one["kind"]].line, one["first"], one["last"], *(f"{one[name]:,}" for name in _COUNTS))
        for one in content["ranges"]
    ]
    if not rows:
        rows = [row(noted("当日未开单 none drawn", soft=True), EMPTY, EMPTY, "0", "0", "0")]
    return table(sections.next("单号", "Numbers drawn"), columns, rows)


_COUNTS = ("count", "void", "missing")


def _back(content: Content, figures: Figures, sections: Sections) -> Plain:
    columns = [
        column("时间", "Time", width=2),
        column("单号", "Number", width=4),
        column("户号", "Account", width=2),
        column("收款人", "Cashier", width=2),
        column("事由", "Reason", width=4),
        column(f"金额 {figures.unit}", "Amount", right=True, width=2),
    ]
    rows = [
        row(
            f"{figures.local(one['at']):%H:%M}", one["number"] or EMPTY, clean(one["account"]),
            clean(one["cashier"]) or EMPTY, clean(one["reason"]) or EMPTY, figures.amount(one["amount"]),
        )
        for one in content["back"]
    ]  # fmt: skip
    rows.append(total("合计 Total", "", "", "", "", figures.amount(sum(one["amount"] for one in content["back"]))))
    return table(sections.next("退费与冲正", "Given back and reversed"), columns, rows)
