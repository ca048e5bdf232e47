"""The agreement that a tenant signs on moving in: who, which meters, which prices, and the rules of supply."""

from prewatt.rating.bands import Band
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
    clean,
    column,
    fact,
    group,
    note,
    noted,
    row,
    table,
)
from prewatt.reports.papers.words import DAY_TYPES, PAYMENT_MODES, Both


def lay_out_agreement(issued: Issued, figures: Figures) -> Plain:
    """This function will lay an agreement out."""
    content = issued.content
    digits = EnergyDigits.for_all(one["opening_wh"] for one in content["meters"])
    sections = Sections()
    day = figures.day(issued.issued_at)
    mode = PAYMENT_MODES.get(content["payment_mode"], Both(content["payment_mode"], ""))
    return {
        "subtitle": f"{clean(content['customer'])}　{day}",
        "marks": [fact(Both("单号", "No."), issued.number), fact(Both("签订日", "Date"), day)],
        "facts": [
            fact(Both("甲方（供电人）", "Seller"), clean(content["operator"]), span=2),
            fact(Both("税号", "Tax no."), clean(content["operator_tax_no"])),
            fact(Both("服务电话", "Service"), clean(content["service_phone"])),
            fact(Both("乙方（用电人）", "Customer"), clean(content["customer"]), span=2),
            fact(Both("税号", "Tax no."), clean(content["customer_tax_no"])),
            fact(Both("电话", "Phone"), clean(content["customer_phone"])),
            fact(Both("户号", "Account"), clean(content["account"])),
            fact(Both("付费方式", "Payment"), mode.line),
            fact(Both("邮箱", "Mail"), clean(content["customer_email"]), span=2),
        ],
        "tables": [_meters(content, figures, digits, sections), _prices(content, figures, sections)],
        "rules": {"section": sections.next("供用电约定", "Terms of supply"), "notes": _rules(content, figures)},
        "signatures": [
            {
                "label": Both("甲方（盖章）", "Seller, stamp").plain(),
                "name": clean(content["operator"]),
                "below": Both("经办人、日期", "Name and date").plain(),
            },
            {
                "label": Both("乙方（签字或盖章）", "Customer, signature").plain(),
                "name": clean(content["customer"]),
                "below": Both("签字人、日期", "Name and date").plain(),
            },
        ],
    }


def _meters(content: Content, figures: Figures, digits: EnergyDigits, sections: Sections) -> Plain:
    columns = [
        column("房间", "Room", width=2),
        column("表号", "Meter no.", width=3),
        column("倍率", "×", right=True, width=1),
        column("限定功率 kW", "Rated power", right=True, width=2),
        column("起算时刻", "From", width=3),
        column("起算示数 kWh", "Opening register", right=True, width=2),
    ]
    rows = [
        row(
            clean(one["room"]), clean(one["meter"]), f"{one['multiplier']:,}", f"{one['rated_power_w'] / 1000:,.1f}",
            figures.minute(one["from_at"]), digits.write(one["opening_wh"]),
        )
        for one in content["meters"]
    ]  # fmt: skip
    return table(sections.next("用电地点与计量", "Rooms and meters"), columns, rows)


def _prices(content: Content, figures: Figures, sections: Sections) -> Plain:
    columns = [
        column("时段", "Band", width=2),
        column(f"单价 {figures.unit}/kWh", "Price", right=True, width=2),
        column("时间", "Hours", width=6),
    ]
    rows: list[Plain] = []
    for one in content["prices"]:
        basis = " · ".join(filter(None, (f"自 {one['from']} 起 from {one['from']}", clean(one["reference"]))))
        rows.append(group(f"{clean(one['tariff'])} 第 {one['version']} 版 v{one['version']}", basis))
        rows += [row(band_cell(band), write_price(micro), _hours(one["days"], band)) for band, micro in one["bands"]]
    said = "调价时按新版公告执行 a new version is announced before it holds"
    return table(sections.next("电价", "Prices", said), columns, rows)


def _hours(days: Content, band: int) -> Plain:
    """Return when a band holds, for each type of day that has a programme of its own."""
    code = Band(band).code
    by_type = {
        day_type: "、".join(f"{from_time}–{to_time}" for from_time, to_time, of in slots if of == code)
        for day_type, slots in days.items()
    }
    if len(set(by_type.values())) == 1:
        return noted(next(iter(by_type.values())) or EMPTY, soft=True)
    return noted("　".join(f"{DAY_TYPES[one].line} {times or EMPTY}" for one, times in by_type.items()), soft=True)


def _rules(content: Content, figures: Figures) -> list[Plain]:
    rules = content["rules"]
    level_1, level_2 = figures.money(rules["level_1"]), figures.money(rules["level_2"])
    credit, least = figures.money(rules["allowed_credit"]), figures.money(rules["min_reconnect"])
    minutes = rules["last_call_minutes"]
    return [
        note(
            "先付费后用电。余额 = 账面余额 − 当日未结电费；电费按累计电量计算，只舍入一次。",
            "Power is paid before it is used. Balance = ledger balance less use not yet charged.",
        ),
        note(
            f"可用余额低于 {level_1} 和 {level_2} 时各提醒一次，停电前 {minutes} 分钟再提醒一次；提醒未送达不停电。",
            f"Notice is given below {level_1}, below {level_2} and {minutes} minutes before a disconnection; without "
            "a delivered notice nobody is disconnected.",
        ),
        note(
            f"余额用完（含允许透支 {credit}）后停电{_friendly(rules)[0]}；余额达到 {least} 后自动复电。",
            f"Power goes off when the balance and the allowed credit of {credit} are used up{_friendly(rules)[1]}, "
            f"and comes back by itself at {least}.",
        ),
        note(
            "物业费、租金等非电费用不从本账户扣收，也不因此停电。",
            "Rent and property fees are not taken from this account, and never a reason to disconnect.",
        ),
        note(
            "退租时抄表结清，余额退还原支付渠道或经本人确认的账户；欠费随本户，不随房间。",
            "On moving out the meter is read, and what is left is given back. A debt stays with the account, never "
            "with the room.",
        ),
        note(
            "对读数或账单有异议，可在出账后 30 天内提出；每张单据均可扫码核对。",
            "Readings and statements can be disputed for 30 days; every paper can be checked by its code.",
        ),
    ]


def _friendly(rules: Content) -> tuple[str, str]:
    from_time, to_time = rules["friendly_from"], rules["friendly_to"]
    zh, en = [], []
    if from_time and to_time:
        zh.append(f"{from_time}–{to_time} 内不停电")
        en.append(f"never from {from_time} to {to_time}")
    if rules["friendly_weekends"]:
        zh.append("周末和节假日不停电")
        en.append("never on weekends and holidays")
    return "".join(f"，{one}" for one in zh), "".join(f", {one}" for one in en)
