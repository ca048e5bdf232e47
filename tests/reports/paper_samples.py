"""What issued papers say, as it is kept: one of each kind, for a coffee shop in one autumn month."""

import math
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from prewatt.kernel.money import Money
from prewatt.payments.capitals import to_capitals
from prewatt.reports.papers import Marks

Content = dict[str, Any]
ISSUED_AT = datetime(2026, 11, 1, 1, 30, tzinfo=UTC)
COMMON: Content = {
    "operator": "南通永嘉商业管理有限公司",
    "operator_tax_no": "91320600MA1N0ABC2X",
    "service_phone": "0513-8000 1234",
    "site": "永嘉天地",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
    "account": "0010307",
    "account_public_id": "019a0000-0000-7000-8000-000000000307",
    "customer": "拾光咖啡",
    "customer_tax_no": "92320602MA1X1YY30B",
    "rooms": ["1#-307"],
}
PEAK = [15210 + (one * 7919) % 4600 for one in range(31)]
FLAT = [13400 + (one * 104729) % 2500 for one in range(31)]
VALLEY = [7600 + (one * 1299709) % 1100 for one in range(31)]
PRICES = {2: 1_140_500, 3: 691_200, 4: 312_000}
PROGRAMME = {
    "workday": [
        ["00:00", "06:00", "valley"],
        ["06:00", "11:00", "flat"],
        ["11:00", "13:00", "valley"],
        ["13:00", "15:00", "flat"],
        ["15:00", "22:00", "peak"],
        ["22:00", "24:00", "flat"],
    ],
}
PROGRAMME |= {"weekend": PROGRAMME["workday"], "holiday": PROGRAMME["workday"]}


def marks(number: str = "S-2026-10-000307", **other: Any) -> Marks:
    return Marks(
        number=number,
        check="7F3A-20C9-E1B4",
        issued_at=ISSUED_AT,
        address="https://power.example.org/v/019a0000-0000-7000-8000-000000000307/7F3A20C9E1B4",
        **other,
    )


def receipt(**other: Any) -> Content:
    return (
        deepcopy(COMMON)
        | {
            "amount": [30_000, "CNY"],
            "amount_capitals": "人民币叁佰元整",
            "balance_before": [1_840, "CNY"],
            "balance_after": [31_840, "CNY"],
            "at": "2026-10-28T04:05:31.120000+00:00",
            "cashier": "陈丽",
            "channel": "cash",
            "till": "T1",
            "reason": "",
            "payment": "019a0000-0000-7000-8000-000000000001",
            "about": "",
            "tariffs": ["商铺分时"],
            "meters": ["202503111307"],
            "prices": [{"tariff": "商铺分时", "bands": [[band, micro] for band, micro in PRICES.items()]}],
            "purchase_count": 12,
            "trade_no": "",
            "days_left": 10,
        }
        | other
    )


def refund(**other: Any) -> Content:
    before = {"balance_before": [31_840, "CNY"], "balance_after": [1_840, "CNY"], "reason": "退租，余额退还"}
    return receipt(**before, days_left=0, **other)


def statement(**other: Any) -> Content:
    peak, flat, valley = sum(PEAK), sum(FLAT), sum(VALLEY)
    costs = {band: wh * PRICES[band] for band, wh in ((2, peak), (3, flat), (4, valley))}
    reached, amounts = 0, []
    for band, cost in costs.items():
        before, reached = reached, reached + cost
        amounts.append(round(reached / 10**7) - round(before / 10**7))
        assert band
    energy = sum(amounts)
    shared, closing = 5_697 + 1_700, 21_436 + 90_000 - energy - 7_397 + 640
    return (
        deepcopy(COMMON)
        | {
            "payment_mode": "prepaid",
            "amount": [energy + shared, "CNY"],
            "amount_capitals": to_capitals(Money(energy + shared, "CNY")),
            "month": "2026-10",
            "from_at": "2026-09-30T16:00:00.000000+00:00",
            "to_at": "2026-10-31T16:00:00.000000+00:00",
            "objection_until": "2026-12-01",
            "supersedes": "",
            "opening": [21_436, "CNY"],
            "closing": [closing, "CNY"],
            "charges": [energy + shared, "CNY"],
            "carried": [0, "CNY"],
            "top_ups": [
                {
                    "kind": "top_up",
                    "at": "2026-10-06T01:12:00+00:00",
                    "channel": "alipay",
                    "number": "R-2026-alipay-097310",
                    "amount": 30_000,
                },
                {
                    "kind": "top_up",
                    "at": "2026-10-17T12:41:00+00:00",
                    "channel": "wechat",
                    "number": "R-2026-wechat-103886",
                    "amount": 30_000,
                },
                {
                    "kind": "top_up",
                    "at": "2026-10-28T04:05:00+00:00",
                    "channel": "cash",
                    "number": "R-2026-T1-109452",
                    "amount": 30_000,
                },
            ],
            "top_ups_total": [90_000, "CNY"],
            "adjustments": [
                {
                    "day": "2026-10-03",
                    "kind": "usage",
                    "about": "1#-307 2026-09-29",
                    "reason": "",
                    "number": "",
                    "amount": 640,
                }
            ],
            "adjustments_total": [640, "CNY"],
            "registers": [
                {
                    "room": "1#-307",
                    "meter": "202503111307",
                    "multiplier": 1,
                    "wrapped": False,
                    "share_wh": 0,
                    "from": {"at": "2026-09-30T16:00:00+00:00", "next_at": None, "estimated": False},
                    "to": {"at": "2026-10-31T16:00:00+00:00", "next_at": None, "estimated": False},
                    "energy_wh": peak + flat + valley,
                    "rows": [
                        [0, 18_204_620, 18_204_620 + peak + flat + valley, peak + flat + valley],
                        [2, 7_412_300, 7_412_300 + peak, peak],
                        [3, 6_820_150, 6_820_150 + flat, flat],
                        [4, 3_972_170, 3_972_170 + valley, valley],
                    ],
                }
            ],
            "energy": [
                {
                    "room": "1#-307",
                    "tariff": "商铺分时",
                    "code": "shop",
                    "version": 2,
                    "reference": "苏发改价格〔2026〕88 号",
                    "from": "2026-10-01",
                    "to": "2026-10-31",
                    "wh": peak + flat + valley,
                    "amount": energy,
                    "bands": [
                        [band, wh, PRICES[band], minor]
                        for (band, wh), minor in zip(((2, peak), (3, flat), (4, valley)), amounts, strict=True)
                    ],
                }
            ],
            "energy_wh": peak + flat + valley,
            "shared": [
                {
                    "name_zh": "公共照明、电梯",
                    "name_en": "Common light, lifts",
                    "formula": "8,640.00 kWh × 本户 86.5 m² ÷ 全楼 9,420 m²",
                    "wh": 79_340,
                    "price": 718_000,
                    "amount": 5_697,
                },
                {
                    "name_zh": "线路损耗",
                    "name_en": "Line loss",
                    "formula": "1,127.35 kWh × 损耗率 2.10 %",
                    "wh": 23_670,
                    "price": 718_000,
                    "amount": 1_700,
                },
            ],
            "days": {"from": "2026-10-01", "count": 31, "paid": 31, "bands": {"2": PEAK, "3": FLAT, "4": VALLEY}},
            "before_wh": 1_098_600,
            "outage_minutes": 0,
            "programmes": [{"tariff": "商铺分时", "code": "shop", "version": 2, "days": PROGRAMME}],
        }
        | other
    )


def settlement(**other: Any) -> Content:
    amounts = {
        "requested": 260_000, "opening": 20_000, "paid": 560_000, "refunded": 0, "adjusted": 0, "late": -500,
        "used": -289_500, "ahead": 260_000, "closing": 290_000, "surplus": 30_000, "shortfall": 0,
    }  # fmt: skip
    return (
        deepcopy(COMMON)
        | {name: [minor, "CNY"] for name, minor in amounts.items()}
        | {
            "month": "2026-10",
            "estimate": [310_000, "CNY"],
            "days_counted": 28,
            "surplus_way": "carry",
            "next_month": "2026-11",
            "still_due": [20_000, "CNY"],
            "amount": [30_000, "CNY"],
            "amount_capitals": "人民币叁佰元整",
        }
        | other
    )


def energy_report(**other: Any) -> Content:
    days = {"from": "2026-10-01", "count": 31, "paid": 31, "bands": {"2": PEAK, "3": FLAT, "4": VALLEY}}
    sums = {"2": sum(PEAK), "3": sum(FLAT), "4": sum(VALLEY)}
    costs = [round((PEAK[at] * PRICES[2] + FLAT[at] * PRICES[3] + VALLEY[at] * PRICES[4]) / 10**7) for at in range(31)]
    months = [
        {
            "month": f"{2025 + (9 + at) // 12}-{(9 + at) % 12 + 1:02d}",
            "bands": {band: int(wh * (0.8 + 0.25 * math.sin(at / 2))) for band, wh in sums.items()},
        }
        for at in range(13)
    ]
    return (
        deepcopy(COMMON)
        | {
            "amount": [sum(costs), "CNY"],
            "month": "2026-10",
            "from_at": "2026-09-30T16:00:00+00:00",
            "to_at": "2026-10-31T16:00:00+00:00",
            "energy_wh": sum(sums.values()),
            "days": days,
            "costs": costs,
            "months": months,
            "before": {"wh": 1_098_600, "cost": 86_800},
            "year_before": {"wh": 1_205_300, "cost": 97_110},
            "load": {
                "peak_w": 6_420,
                "peak_at": "2026-10-24T11:45:00+00:00",
                "base_w": 310,
                "base_at": "2026-10-12T20:15:00+00:00",
                "minutes": 15,
            },
            "by_room": [{"room": "1#-307", "wh": sum(sums.values()), "amount": sum(costs)}],
            "outages": [
                {
                    "room": "1#-307",
                    "from_at": "2026-10-19T03:12:00+00:00",
                    "to_at": "2026-10-19T03:40:00+00:00",
                    "minutes": 28,
                    "cause": "credit",
                }
            ],
            "co2_g_per_kwh": 537,
            "shift": {"from_band": 2, "to_band": 4, "share": 10, "saves": 4_330},
        }
        | other
    )


def agreement(**other: Any) -> Content:
    return (
        deepcopy(COMMON)
        | {
            "customer_phone": "138 0000 1234",
            "customer_email": "hello@shiguang.example",
            "payment_mode": "prepaid",
            "meters": [
                {
                    "room": "1#-307",
                    "meter": "202503111307",
                    "multiplier": 1,
                    "rated_power_w": 12_000,
                    "from_at": "2025-03-10T16:00:00+00:00",
                    "opening_wh": 12_340,
                }
            ],
            "prices": [
                {
                    "tariff": "商铺分时",
                    "version": 2,
                    "from": "2026-07-01",
                    "reference": "苏发改价格〔2026〕88 号",
                    "days": PROGRAMME,
                    "bands": [[band, micro] for band, micro in PRICES.items()],
                }
            ],
            "rules": {
                "level_1": 20_000,
                "level_2": 5_000,
                "allowed_credit": 0,
                "min_reconnect": 1_000,
                "last_call_minutes": 60,
                "friendly_from": "18:00",
                "friendly_to": "09:00",
                "friendly_weekends": True,
            },
        }
        | other
    )


def _sum(name: str, *numbers: int) -> Content:
    return {"name": name} | dict(
        zip(("top_ups", "taken", "refunds", "refunded", "voids", "voided", "net"), numbers, strict=True)
    )


def cashier_report(**other: Any) -> Content:
    cash = _sum("cash", 41, 1_230_000, 1, 30_000, 1, 20_000, 1_180_000)
    card = _sum("card", 9, 402_000, 0, 0, 0, 0, 402_000)
    alipay = _sum("alipay", 88, 2_640_000, 0, 0, 0, 0, 2_640_000)
    total = _sum("", 138, 4_272_000, 1, 30_000, 1, 20_000, 4_222_000)
    desk = _sum("陈丽", 50, 1_632_000, 1, 30_000, 1, 20_000, 1_582_000)
    return (
        deepcopy(COMMON)
        | {
            "day": "2026-10-31",
            "amount": [4_222_000, "CNY"],
            "amount_capitals": "人民币肆万贰仟贰佰贰拾元整",
            "lines": [
                {"cashier": "陈丽", "till": "T1", "channel": "cash"} | cash,
                {"cashier": "陈丽", "till": "T1", "channel": "card"} | card,
                {"cashier": "", "till": "", "channel": "alipay"} | alipay,
            ],
            "by_channel": [cash, card, alipay],
            "by_cashier": [desk, alipay | {"name": ""}],
            "by_till": [desk | {"name": "T1"}, alipay | {"name": ""}],
            "total": total,
            "ledger": [
                {"channel": "cash", "net": 1_180_000, "ledger": 1_180_000},
                {"channel": "card", "net": 402_000, "ledger": 402_000},
                {"channel": "alipay", "net": 2_640_000, "ledger": 2_640_000},
            ],
            "ranges": [
                {
                    "kind": "receipt",
                    "first": "R-2026-T1-000101",
                    "last": "R-2026-T1-000150",
                    "count": 50,
                    "void": 1,
                    "missing": 0,
                },
                {
                    "kind": "refund",
                    "first": "F-2026-T1-000007",
                    "last": "F-2026-T1-000007",
                    "count": 1,
                    "void": 0,
                    "missing": 0,
                },
            ],
            "back": [
                {
                    "at": "2026-10-31T03:00:00+00:00",
                    "number": "F-2026-T1-000007",
                    "account": "0010307",
                    "cashier": "陈丽",
                    "reason": "退租",
                    "amount": -30_000,
                },
                {
                    "at": "2026-10-31T05:00:00+00:00",
                    "number": "X-2026-T1-000003",
                    "account": "0010311",
                    "cashier": "陈丽",
                    "reason": "充错房间",
                    "amount": -20_000,
                },
            ],
        }
        | other
    )


SAMPLES: dict[str, Content] = {
    "receipt": receipt(),
    "refund": refund(),
    "clearing": receipt(channel="", reason="结清", balance_after=[0, "CNY"]),
    "reversal": receipt(
        balance_before=[31_840, "CNY"], balance_after=[1_840, "CNY"], reason="充错房间", about="R-2026-T1-000122"
    ),
    "statement": statement(),
    "settlement": settlement(),
    "energy_report": energy_report(),
    "agreement": agreement(),
    "cashier_report": cashier_report(),
}
