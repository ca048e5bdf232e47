"""The fee statement: an equation on top, and below it a table that proves each of its terms."""

from collections.abc import Mapping, Sequence
from datetime import date

from prewatt.kernel.money import minor_digits, round_half_away
from prewatt.rating.bands import Band
from prewatt.reports.formats import percent
from prewatt.reports.formats import price as write_price
from prewatt.reports.papers.pieces import (
    EMPTY,
    Content,
    EnergyDigits,
    Figures,
    Issued,
    Plain,
    Sections,
    band_cell,
    chart,
    clean,
    column,
    fact,
    group,
    note,
    noted,
    row,
    table,
    term,
    total,
)
from prewatt.reports.papers.words import BANDS, DAY_TYPES, Both, channel, entry

PAIR_LINES_MAX = 8
"""Top-ups and adjustments stand beside each other while both are as short as this."""
ROOMS_NAMED_MAX = 4


def lay_out_statement(issued: Issued, figures: Figures) -> Plain:
    """This function will lay a fee statement out."""
    content = issued.content
    digits = EnergyDigits.for_all(_quantities(content))
    sections = Sections()
    tables = [_registers(content, figures, digits, sections), _energy(content, figures, digits, sections)]
    if content["shared"]:
        tables.append(_shared(content, figures, digits, sections))
    pair = [_top_ups(content, figures, sections)]
    if content["adjustments"]:
        pair.append(_adjustments(content, figures, sections))
    if any(len(one["rows"]) > PAIR_LINES_MAX for one in pair):
        tables, pair = [*tables, *pair], []
    return {
        "subtitle": period_of(content, figures),
        "marks": [
            fact(Both("单号", "No."), issued.number),
            fact(Both("出账日", "Issued"), figures.day(issued.issued_at)),
            fact(Both("异议期至", "Objection until"), content["objection_until"]),
        ],
        "facts": _facts(content),
        "equation": _equation(content, figures),
        "capitals": _capitals(content),
        "outcome": _outcome(content, figures),
        "tables": tables,
        "pair": pair,
        "beside": {"zh": "", "en": "", "note": ""},
        "chart": _days(content, sections),
        "compare": _compare(content, figures, digits),
        "notes": _notes(content),
    }


def _quantities(content: Content) -> list[int]:
    energies = [wh for one in content["energy"] for _, wh, *_ in one["bands"]]
    registers = [wh for one in content["registers"] for line in one["rows"] for wh in line[1:]]
    return [*energies, *registers, *(one["share_wh"] for one in content["registers"])]


def period_of(content: Content, figures: Figures) -> str:
    """This function will write the month of a paper, and from which instant to which it reaches."""
    return f"{month_of(content)}　{figures.short(content['from_at'])} – {figures.short(content['to_at'])}"


def month_of(content: Content) -> str:
    """This function will write the month of a paper in both languages."""
    month = date.fromisoformat(f"{content['month']}-01")
    return f"{month.year} 年 {month.month} 月 {month:%B %Y}"


def _facts(content: Content) -> list[Plain]:
    rooms = [clean(one) for one in content["rooms"]]
    shown = "、".join(rooms[:ROOMS_NAMED_MAX]) + (f" 等 {len(rooms)} 间" if len(rooms) > ROOMS_NAMED_MAX else "")
    tariffs = dict.fromkeys(_version(one) for one in content["energy"])
    return [
        fact(Both("客户", "Customer"), clean(content["customer"]), note=clean(content["customer_tax_no"]), span=2),
        fact(Both("户号", "Account"), clean(content["account"])),
        fact(Both("房间", "Room"), shown),
        fact(Both("电价方案", "Price plan"), "、".join(tariffs)),
    ]


def _version(one: Content) -> str:
    return f"{clean(one['tariff'])} 第 {one['version']} 版 v{one['version']}"


def _equation(content: Content, figures: Figures) -> Plain:
    adjusted = content["adjustments_total"][0]
    count = sum(one["kind"] == "top_up" for one in content["top_ups"])
    return {
        "terms": [
            term(Both("期初余额", "Opening"), figures.amount(content["opening"][0])),
            term(Both(f"充值 {count} 笔", "Top-ups"), figures.amount(content["top_ups_total"][0]), "+"),
            term(Both("本期费用", "Charges"), figures.amount(content["charges"][0]), "−"),
            term(Both("调整", "Adjustments"), figures.amount(abs(adjusted)), "−" if adjusted < 0 else "+"),
            term(Both(f"期末余额（{figures.unit}）", "Closing"), figures.amount(content["closing"][0]), "="),
        ]
    }


def _capitals(content: Content) -> str:
    capitals = content["amount_capitals"]
    return f"本期费用大写 Charges in capitals：{capitals}" if capitals else ""


def _outcome(content: Content, figures: Figures) -> str:
    closing = content["closing"][0]
    if content["payment_mode"] == "own_use":
        return "自用电，只计量不收款。Own use: metered, not paid."
    if closing < 0:
        return f"请补缴 To pay：{figures.money(-closing)}"
    return "期末有余额，无需另付。The balance covers it: nothing to pay."


def _registers(content: Content, figures: Figures, digits: EnergyDigits, sections: Sections) -> Plain:
    columns = [
        column("房间 · 表号", "Room · meter", width=3),
        column("费率", "Rate", width=2),
        column("上期示数", "Previous", right=True, width=3),
        column("本期示数", "Present", right=True, width=3),
        column("示数差", "Difference", right=True, width=2),
        column("倍率", "×", right=True, width=1),
        column("电量 kWh", "Energy", right=True, width=2),
    ]
    rows: list[Plain] = []
    for one in content["registers"]:
        rows += _register_rows(one, figures, digits)
    if len(content["registers"]) != 1:
        whole = sum(one["energy_wh"] for one in content["registers"])
        rows.append(total("合计 Total", "", "", "", "", "", digits.write(whole)))
    return table(sections.next("示数与电量", "Registers and energy", _how_read(content)), columns, rows)


def _how_read(content: Content) -> str:
    ends = [one[end] for one in content["registers"] for end in ("from", "to")]
    if any(end["estimated"] for end in ends):
        return "标“估”的电量为估算 what is marked 估 is estimated"
    if any(end["next_at"] for end in ends):
        return "示数均为实抄，零点前后按时间分摊 actually read; shared out by time at midnight"
    return "均为实抄 all actually read"


def _register_rows(one: Content, figures: Figures, digits: EnergyDigits) -> list[Plain]:
    rows = []
    for place, (rate, from_wh, to_wh, difference_wh) in enumerate(one["rows"]):
        first = place == 0
        rows.append(
            row(
                noted(clean(one["room"]), clean(one["meter"])) if first else "",
                band_cell(rate) if rate else BANDS[0].line,
                noted(digits.write(from_wh), figures.minute(one["from"]["at"]) if first else ""),
                noted(digits.write(to_wh), figures.minute(one["to"]["at"]) if first else ""),
                noted(digits.write(difference_wh), "过零翻转 wrapped" if first and one["wrapped"] else ""),
                f"{one['multiplier']:,}",
                digits.write(difference_wh * one["multiplier"]),
            )
        )
    return [*rows, *_share_rows(one, figures, digits)]


def _share_rows(one: Content, figures: Figures, digits: EnergyDigits) -> list[Plain]:
    """Return what lies between the readings and the month's own instants, and the energy with it."""
    share_wh = one["share_wh"]
    if not share_wh:
        return []
    ends = (one["from"], one["to"])
    gaps = [
        noted(f"{figures.short(end['at'])} – {figures.short(end['next_at'])}", soft=True) if end["next_at"] else ""
        for end in ends
    ]
    mark = "估" if any(end["estimated"] for end in ends) else ""
    sign = "" if share_wh < 0 else "+"
    label = noted("折算到零点 to midnight", soft=True)
    share = row("", label, *gaps, "", "", noted(f"{sign}{digits.write(share_wh)}", mark=mark))
    return [share, row("", "本表电量 Energy", "", "", "", "", digits.write(one["energy_wh"]))]


def _energy(content: Content, figures: Figures, digits: EnergyDigits, sections: Sections) -> Plain:
    columns = [
        column("时段", "Band", width=3),
        column("电量 kWh", "Energy", right=True, width=2),
        column(f"单价 {figures.unit}/kWh", "Price", right=True, width=2),
        column(f"金额 {figures.unit}", "Amount", right=True, width=2),
    ]
    rows: list[Plain] = []
    many = len(content["energy"]) > 1
    for one in content["energy"]:
        if many:
            rows.append(group(f"{clean(one['room'])}　{_version(one)}", f"{one['from']} – {one['to']}"))
        rows += [
            row(band_cell(band), digits.write(wh), write_price(micro), figures.amount(minor))
            for band, wh, micro, minor in one["bands"]
        ]
        if many:
            rows.append(row("小计 Subtotal", digits.write(one["wh"]), EMPTY, figures.amount(one["amount"])))
    carried = content["carried"][0]
    if carried:
        rows.append(row(_CARRIED, "", "", figures.amount(-carried)))
    energy_wh, amount = content["energy_wh"], sum(one["amount"] for one in content["energy"]) - carried
    average = (
        f"均价 average {write_price(average_price(amount, energy_wh, figures))}" if energy_wh and not carried else EMPTY
    )
    rows.append(total("电费合计 Energy charge", digits.write(energy_wh), average, figures.amount(amount)))
    return table(
        sections.next("电费", "Energy charge", "每条金额按累计舍入 rounded once, from the whole"), columns, rows
    )


_CARRIED = noted("其中结账后才到的电量，记入下期", "arrived after the close: charged with the next statement")


def average_price(minor: int, wh: int, figures: Figures) -> int:
    """This function will return an average price in 1e-6 currency per kWh, to four decimals."""
    hundreds = round_half_away(minor * 10 ** (4 - minor_digits(figures.currency)) * 1_000, wh)
    return hundreds * 100


def _shared(content: Content, figures: Figures, digits: EnergyDigits, sections: Sections) -> Plain:
    columns = [
        column("项目", "Item", width=3),
        column("算法", "How it is reckoned", width=5),
        column("电量 kWh", "Energy", right=True, width=2),
        column(f"单价 {figures.unit}/kWh", "Price", right=True, width=2),
        column(f"金额 {figures.unit}", "Amount", right=True, width=2),
    ]
    rows = [
        row(
            noted(clean(one["name_zh"]), clean(one["name_en"])), noted(clean(one["formula"]), soft=True),
            digits.write(one["wh"]), write_price(one["price"]), figures.amount(one["amount"]),
        )
        for one in content["shared"]
    ]  # fmt: skip
    shared = sum(one["amount"] for one in content["shared"])
    energy = content["charges"][0] - shared
    sum_text = f"{figures.amount(energy)} + {figures.amount(shared)}"
    rows.append(total("本期费用 Charges", sum_text, "", "", figures.amount(content["charges"][0])))
    return table(sections.next("公摊与损耗", "Shared cost and loss", "单列 apart from the price"), columns, rows)


def _top_ups(content: Content, figures: Figures, sections: Sections) -> Plain:
    columns = [
        column("时间", "Time"),
        column("方式 · 单号", "Way · number", width=1),
        column(f"金额 {figures.unit}", "Amount", right=True),
    ]
    rows = [
        row(
            figures.short(one["at"]),
            noted(entry(one["kind"]).line if one["kind"] != "top_up" else channel(one["channel"]).line, one["number"]),
            figures.amount(one["amount"]),
        )
        for one in content["top_ups"]
    ]
    rows.append(total("合计 Total", "", figures.amount(content["top_ups_total"][0])))
    return table(sections.next("充值", "Top-ups"), columns, rows)


def _adjustments(content: Content, figures: Figures, sections: Sections) -> Plain:
    columns = [
        column("日期", "Day"),
        column("事由", "Reason", width=1),
        column(f"金额 {figures.unit}", "Amount", right=True),
    ]
    rows = []
    for one in content["adjustments"]:
        about = " · ".join(filter(None, (clean(one["about"]), clean(one["reason"]), one["number"])))
        said = noted(entry(one["kind"]).line, about)
        rows.append(row(one["day"][5:], said, figures.amount(one["amount"])))
    rows.append(total("合计 Total", "", figures.amount(content["adjustments_total"][0])))
    return table(sections.next("调整", "Adjustments"), columns, rows)


def _days(content: Content, sections: Sections) -> Plain:
    first = date.fromisoformat(content["days"]["from"])
    bands = {int(band): values for band, values in content["days"]["bands"].items()}
    count = max((len(values) for values in bands.values()), default=content["days"]["count"])
    labels = [str(first.day + place) for place in range(count)]
    return chart(sections.next("每日用电", "Use by day"), labels=labels, bands=bands)


def _compare(content: Content, figures: Figures, digits: EnergyDigits) -> list[Plain]:
    energy_wh, before_wh, days = content["energy_wh"], content["before_wh"], max(content["days"]["paid"], 1)
    more = change(energy_wh, before_wh)
    minutes = content["outage_minutes"]
    return [
        fact(Both("较上月", "Against last month"), more, note=f"{digits.write(before_wh)} kWh" if before_wh else ""),
        fact(Both("日均", "A day"), f"{digits.write(energy_wh // days // 10 * 10)} kWh"),
        fact(Both("日均费用", "Cost a day"), figures.money(content["charges"][0] // days)),
        fact(Both("停电", "Without power"), f"{minutes:,} 分钟 min", note="" if minutes else "本期无停电 none"),
    ]


def change(now_wh: int, before_wh: int | None) -> str:
    """This function will write by how much use has grown, as a percentage with its sign."""
    if not before_wh:
        return EMPTY
    sign = "−" if now_wh < before_wh else "+"
    return sign + percent(abs(now_wh - before_wh), before_wh)


def _notes(content: Content) -> list[Plain]:
    notes = []
    for one in content["programmes"]:
        zh, en = programme_words(one["days"])
        notes.append(note(f"时段（{_version(one)}）：{zh}", f"Bands of {clean(one['tariff'])}: {en}"))
    for one in {(line["code"], line["version"]): line for line in content["energy"]}.values():
        basis = clean(one["reference"]) or "见电价公示"
        notes.append(
            note(f"电价依据：{_version(one)}，{basis}。", f"Price basis: {clean(one['reference']) or 'as published'}.")
        )
    if content["supersedes"]:
        notes.append(note(f"本单替代已作废的 {content['supersedes']}。", "It replaces the paper named, which is void."))
    return [
        *notes,
        note(
            "金额按本期累计电量计算，只在最后四舍五入一次；电量 × 单价之和与合计相差不超过 1 分。",
            "Cost is reckoned from the whole and rounded once; lines are rounded so that they add up as printed.",
        ),
        note(
            f"对本单有异议，请在 {content['objection_until']} 前向前台提出，也可在手机页提出。",
            "Whoever disagrees with it tells the desk, or the page on the phone, by that day.",
        ),
    ]


def programme_words(days: Mapping[str, Sequence[Sequence[str]]]) -> tuple[str, str]:
    """This function will put day programmes into words; types of days that follow the same one are named together."""
    codes = {band.code: BANDS[band] for band in Band}
    grouped: dict[str, list[str]] = {}
    for day_type, slots in days.items():
        grouped.setdefault(repr(slots), []).append(day_type)
    zh, en = [], []
    for types in grouped.values():
        by_band: dict[str, list[str]] = {}
        for from_time, to_time, code in days[types[0]]:
            by_band.setdefault(code, []).append(f"{from_time}–{to_time}")
        named = len(grouped) > 1
        zh_said = "；".join(f"{codes[code].zh} {'、'.join(times)}" for code, times in by_band.items())
        en_said = "; ".join(f"{codes[code].en} {', '.join(times)}" for code, times in by_band.items())
        zh.append("、".join(DAY_TYPES[one].zh for one in types) * named + " " * named + zh_said)
        en.append(", ".join(DAY_TYPES[one].en for one in types) * named + " " * named + en_said)
    return "。".join(zh), ". ".join(en)
