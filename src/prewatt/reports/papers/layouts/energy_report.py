"""The energy report: what a month was used for, day by day, against the months before, and what could be better."""

from datetime import date, timedelta
from typing import Final

from prewatt.reports.formats import price as write_price
from prewatt.reports.papers.layouts.statement import average_price, change, period_of
from prewatt.reports.papers.pieces import (
    EMPTY,
    Content,
    EnergyDigits,
    Figures,
    Issued,
    Plain,
    Sections,
    chart,
    clean,
    column,
    fact,
    group,
    note,
    row,
    table,
    total,
)
from prewatt.reports.papers.words import BANDS, OUTAGE_CAUSES, Both

WEEKDAYS: Final = "一二三四五六日"
GRAMS_A_KG: Final = 1_000


def lay_out_energy_report(issued: Issued, figures: Figures) -> Plain:
    """This function will lay an energy report out."""
    content = issued.content
    days = {int(band): values for band, values in content["days"]["bands"].items()}
    digits = EnergyDigits.for_all(wh for values in days.values() for wh in values)
    sections = Sections()
    first, count = date.fromisoformat(content["days"]["from"]), content["days"]["count"]
    charts = [chart(sections.next("每日用电", "Use by day"), labels=[str(1 + at) for at in range(count)], bands=days)]
    months = content["months"]
    if len(months) > 1:
        bands = {band: [one["bands"].get(str(band), 0) for one in months] for band in BANDS if band}
        labels = [one["month"] for one in months]
        charts.append(chart(sections.next("逐月用电", "Use by month"), labels=labels, bands=bands))
    tables = []
    if len(content["by_room"]) > 1:
        tables.append(_rooms(content, figures, digits, sections))
    tables.append(_outages(content, figures, sections))
    return {
        "subtitle": period_of(content, figures),
        "marks": [
            fact(Both("单号", "No."), issued.number),
            fact(Both("出具日", "Issued"), figures.day(issued.issued_at)),
        ],
        "facts": [
            fact(Both("客户", "Customer"), clean(content["customer"]), span=2),
            fact(Both("户号", "Account"), clean(content["account"])),
            fact(Both("房间", "Room"), "、".join(clean(one) for one in content["rooms"])),
        ],
        "figures": _figures(content, figures, digits),
        "more": _more(content, figures, digits),
        "charts": charts,
        "tables": tables,
        "days": _days(content, figures, digits, sections, days=days, first=first),
        "notes": _notes(content, figures),
    }


def _figures(content: Content, figures: Figures, digits: EnergyDigits) -> list[Plain]:
    wh, cost, count = content["energy_wh"], content["amount"][0], content["days"]["paid"]
    average = write_price(average_price(cost, wh, figures)) if wh else EMPTY
    return [
        fact(Both("本月电量", "Energy"), f"{digits.write(wh)} kWh"),
        fact(Both("本月电费", "Cost"), figures.money(cost)),
        fact(Both(f"均价 {figures.unit}/kWh", "Average"), average),
        fact(Both("日均", "A day"), f"{digits.write(wh // max(count, 1) // 10 * 10)} kWh"),
    ]


def _more(content: Content, figures: Figures, digits: EnergyDigits) -> list[Plain]:
    wh, before, year = content["energy_wh"], content["before"], content["year_before"]
    found = [
        fact(Both("较上月", "Last month"), change(wh, before["wh"]), note=_compared(before, figures, digits)),
        fact(Both("较去年同月", "Last year"), change(wh, year["wh"]), note=_compared(year, figures, digits)),
    ]
    load = content["load"]
    if load is not None:
        found.append(
            fact(
                Both("最大负荷", "Highest load"),
                f"{load['peak_w'] / 1000:,.2f} kW",
                note=figures.short(load["peak_at"]),
            )
        )
        found.append(
            fact(
                Both("最低负荷", "Base load"), f"{load['base_w'] / 1000:,.2f} kW",
                note=f"{figures.short(load['base_at'])}",
            )
        )  # fmt: skip
    grams = content["co2_g_per_kwh"]
    if grams is not None:
        kg = wh * grams // GRAMS_A_KG // GRAMS_A_KG
        found.append(fact(Both("二氧化碳", "CO2"), f"{kg:,} kg", note=f"{grams} g/kWh"))
    return found


def _compared(one: Content, figures: Figures, digits: EnergyDigits) -> str:
    return f"{digits.write(one['wh'])} kWh · {figures.money(one['cost'])}" if one["wh"] else ""


def _days(
    content: Content,
    figures: Figures,
    digits: EnergyDigits,
    sections: Sections,
    *,
    days: dict[int, list[int]],
    first: date,
) -> Plain:
    bands = sorted(band for band, values in days.items() if any(values))
    columns = [
        column("日期", "Day", width=3),
        *(column(BANDS[band].zh, BANDS[band].en, right=True, width=2) for band in bands),
        column("合计 kWh", "Total", right=True, width=2),
        column(f"电费 {figures.unit}", "Cost", right=True, width=2),
    ]
    rows = []
    for at in range(content["days"]["count"]):
        day = first + timedelta(days=at)
        named = f"{day:%m-%d} 周{WEEKDAYS[day.weekday()]} {day:%a}"
        used = [days[band][at] for band in bands]
        rows.append(row(named, *map(digits.write, used), digits.write(sum(used)), figures.amount(content["costs"][at])))
    sums = [sum(days[band]) for band in bands]
    rows.append(
        total("合计 Total", *map(digits.write, sums), digits.write(sum(sums)), figures.amount(sum(content["costs"])))
    )
    said = "每日电费为累计舍入之差 a day's cost is what the whole grew by"
    return table(sections.next("每日明细", "Day by day", said), columns, rows)


def _rooms(content: Content, figures: Figures, digits: EnergyDigits, sections: Sections) -> Plain:
    columns = [
        column("房间", "Room", width=3),
        column("电量 kWh", "Energy", right=True, width=2),
        column(f"电费 {figures.unit}", "Cost", right=True, width=2),
    ]
    rows = [
        row(clean(one["room"]), digits.write(one["wh"]), figures.amount(one["amount"])) for one in content["by_room"]
    ]
    wh, minor = (sum(one[name] for one in content["by_room"]) for name in ("wh", "amount"))
    rows.append(total("合计 Total", digits.write(wh), figures.amount(minor)))
    return table(sections.next("按房间", "By room"), columns, rows)


def _outages(content: Content, figures: Figures, sections: Sections) -> Plain:
    columns = [
        column("房间", "Room", width=2),
        column("停电", "Off", width=2),
        column("复电", "On again", width=2),
        column("分钟", "Minutes", right=True, width=1),
        column("原因", "Cause", width=3),
    ]
    rows = [
        row(
            clean(one["room"]), figures.short(one["from_at"]),
            figures.short(one["to_at"]) if one["to_at"] else EMPTY, f"{one['minutes']:,}",
            OUTAGE_CAUSES.get(one["cause"], Both("其他", "Other")).line,
        )
        for one in content["outages"]
    ]  # fmt: skip
    if not rows:
        rows = [group("本月无停电", "none this month")]
    return table(sections.next("停电", "Without power", "由电表回读核实 proven by the meter"), columns, rows)


def _notes(content: Content, figures: Figures) -> list[Plain]:
    notes = []
    tip = content["shift"]
    if tip is not None:
        dear, cheap = BANDS[tip["from_band"]], BANDS[tip["to_band"]]
        saved = figures.money(tip["saves"])
        notes.append(
            note(
                f"若把{dear.zh}段电量的 {tip['share']} % 移到{cheap.zh}段，本月可少付 {saved}。",
                f"Moving {tip['share']} % of the {dear.en.lower()} use to {cheap.en.lower()} hours would have saved "
                f"{saved} this month.",
            )
        )
    load = content["load"]
    if load is not None and content["energy_wh"]:
        base_wh = load["base_w"] * 24 * content["days"]["paid"]
        share = min(100, 100 * base_wh // content["energy_wh"])
        notes.append(
            note(
                f"最低负荷若整月不断，约占本月电量的 {share} %：歇业时不必开的设备可先查这里。",
                f"The base load, all month long, would be about {share} % of the month: look there first.",
            )
        )
        notes.append(
            note(
                f"负荷按不超过 {load['minutes']} 分钟的抄表间隔求平均。",
                f"Loads are averages between readings at most {load['minutes']} minutes apart.",
            )
        )
    if content["co2_g_per_kwh"] is not None:
        notes.append(
            note(
                "二氧化碳按 2022 年全国电力平均排放因子 0.5366 kg/kWh 估算。",
                "CO2 by the national average emission factor of 2022, 0.5366 kg/kWh.",
            )
        )
    return notes
