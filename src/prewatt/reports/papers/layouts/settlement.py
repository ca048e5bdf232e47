"""The settlement of a month that was paid ahead: what was paid against what was used, and what follows from it."""

from prewatt.reports.papers.layouts.statement import month_of
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
from prewatt.reports.papers.words import Both

_TERMS = (
    ("paid", Both("预付", "Paid ahead"), "本月收到的款 money received in the month"),
    ("refunded", Both("退费", "Given back"), "本月退还 money given back in the month"),
    ("adjusted", Both("调整", "Adjusted"), "冲正、清零等 reversals, clearings"),
    ("late", Both("往期补计", "Charged late"), "以前月份迟到的电量 use of earlier months that came in late"),
    ("used", Both("本月用电", "Used"), "按实际电量 by real use"),
)
_WAYS = {
    "carry": Both("结转下月", "carried to the next month"),
    "refund": Both("退还", "to be given back"),
}


def lay_out_settlement(issued: Issued, figures: Figures) -> Plain:
    """This function will lay a settlement out."""
    content = issued.content
    sections = Sections()
    terms = [term(Both("期初余额", "Opening"), figures.amount(content["opening"][0]))]
    for name, label, _ in _TERMS:
        minor = content[name][0]
        if minor or name in {"paid", "used"}:
            terms.append(term(label, figures.amount(abs(minor)), "−" if minor < 0 or name == "used" else "+"))
    terms.append(term(Both(f"期末余额（{figures.unit}）", "Closing"), figures.amount(content["closing"][0]), "="))
    return {
        "subtitle": f"{month_of(content)}　月预付、多退少补 paid ahead, settled by real use",
        "marks": [
            fact(Both("单号", "No."), issued.number),
            fact(Both("出账日", "Issued"), figures.day(issued.issued_at)),
        ],
        "facts": [
            fact(Both("客户", "Customer"), clean(content["customer"]), note=clean(content["customer_tax_no"]), span=2),
            fact(Both("户号", "Account"), clean(content["account"])),
            fact(Both("房间", "Room"), "、".join(clean(one) for one in content["rooms"])),
        ],
        "equation": {"terms": terms},
        "result": _result(content, figures),
        "capitals": content["amount_capitals"],
        "tables": [_asked(content, figures, sections), _moved(content, figures, sections)],
        "notes": _notes(content, figures),
    }


def _result(content: Content, figures: Figures) -> Plain:
    surplus, shortfall = content["surplus"][0], content["shortfall"][0]
    if surplus:
        way = _WAYS.get(content["surplus_way"], Both("", ""))
        return fact(Both("多余", "Surplus"), figures.money(surplus), note=way.line)
    if shortfall:
        return fact(Both("不足", "Shortfall"), figures.money(shortfall), note="请补缴 to be paid")
    return fact(Both("结果", "Result"), figures.money(0), note="两清 nothing left, nothing owed")


def _asked(content: Content, figures: Figures, sections: Sections) -> Plain:
    columns = [
        column("项目", "Item", width=3),
        column("说明", "Explanation", width=5),
        column(f"金额 {figures.unit}", "Amount", right=True, width=2),
    ]
    estimate = content["estimate"]
    days = content["days_counted"]
    basis = f"按此前 {days} 天实际用电 from the use of {days} days before" if days else ""
    rows = [
        row("预估 Estimate", noted(basis, soft=True), EMPTY if estimate is None else figures.amount(estimate[0])),
        row(
            "请缴 Asked for", noted("月前请缴 before the month began", soft=True),
            figures.amount(content["requested"][0]),
        ),
        row(
            "实际用电 Used", noted("按实际电量结算 by real use", soft=True), figures.amount(-content["used"][0])
        ),
    ]  # fmt: skip
    if estimate is not None:
        more = -content["used"][0] - estimate[0]
        rows.append(total("实际 − 预估 Used less estimate", "", figures.amount(more, plus=True)))
    return table(sections.next("预估与实际", "Estimate and real use"), columns, rows)


def _moved(content: Content, figures: Figures, sections: Sections) -> Plain:
    columns = [
        column("项目", "Item", width=3),
        column("说明", "Explanation", width=5),
        column(f"金额 {figures.unit}", "Amount", right=True, width=2),
    ]
    rows = [row("期初余额 Opening", "", figures.amount(content["opening"][0]))]
    rows += [
        row(label.line, noted(said, soft=True), figures.amount(content[name][0], plus=True))
        for name, label, said in _TERMS
    ]
    rows.append(total("期末余额 Closing", "", figures.amount(content["closing"][0])))
    if content["ahead"][0]:
        said = noted(f"已为 {content['next_month']} 预付 paid for {content['next_month']}", soft=True)
        rows.append(row("其中预付下月 Ahead", said, figures.amount(content["ahead"][0])))
    return table(sections.next("余额变动", "How the balance moved"), columns, rows)


def _notes(content: Content, figures: Figures) -> list[Plain]:
    notes = [
        note(
            "多余 = 期末余额 − 已为下月预付；不足为其相反数。",
            "Surplus = closing balance less what was paid for the next month; a shortfall is the other way round.",
        )
    ]
    due = content["still_due"]
    if due is not None:
        month = content["next_month"]
        notes.insert(
            0,
            note(
                f"{month} 尚需预缴 {figures.money(due[0])}。",
                f"Still to be paid ahead for {month}: {figures.money(due[0])}.",
            ),
        )
    return notes
