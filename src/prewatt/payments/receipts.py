"""What a paper says: everything that its reader needs, kept as it was on the day it was issued."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date
from prewatt.payments.capitals import to_capitals
from prewatt.rating.bands import BANDS

DAYS_LEFT_MAX = 9_999
_SUBJECT = """
SELECT site.operator_name, site.operator_tax_no, site.service_phone, site.name, site.time_zone, account.number,
       account.public_id, customer.name, customer.tax_no, account.allowed_credit, account.currency, account.daily_cost,
       ARRAY(SELECT point.code::text FROM tenancy_tenancy tenancy
             JOIN estate_meteringpoint point ON point.id = tenancy.metering_point_id
             WHERE tenancy.account_id = account.id AND tenancy.period @> %(at)s::timestamptz ORDER BY point.code),
       ARRAY(SELECT meter.serial::text FROM tenancy_tenancy tenancy
             JOIN estate_meteringpoint point ON point.id = tenancy.metering_point_id
             JOIN estate_meterinstallation fitted ON fitted.metering_point_id = point.id
                  AND fitted.period @> %(at)s::timestamptz
             JOIN estate_meter meter ON meter.id = fitted.meter_id
             WHERE tenancy.account_id = account.id AND tenancy.period @> %(at)s::timestamptz ORDER BY point.code),
       (SELECT count(*) FROM payments_payment bought
        WHERE bought.account_id = account.id AND bought.kind = 'top_up' AND bought.reversed_at IS NULL)
FROM tenancy_account account JOIN estate_site site ON site.id = account.site_id
JOIN tenancy_customer customer ON customer.id = account.customer_id WHERE account.id = %(account)s
"""
_TARIFFS = """
SELECT DISTINCT version.name, version.prices::text
FROM (SELECT DISTINCT assigned.scope_id, assigned.tariff_code FROM billing_tariffassignment assigned
      JOIN tenancy_tenancy tenancy ON tenancy.id = assigned.tenancy_id
      WHERE tenancy.account_id = %(account)s AND tenancy.period @> %(at)s::timestamptz
            AND assigned.period @> %(at)s::timestamptz) key
CROSS JOIN LATERAL (SELECT name, definition -> 'prices' AS prices FROM billing_tariffversion version
                    WHERE version.scope_id = key.scope_id AND version.code = key.tariff_code
                          AND version.published_at IS NOT NULL AND version.effective_from <= %(day)s
                    ORDER BY version.effective_from DESC LIMIT 1) version
ORDER BY version.name, version.prices::text
"""


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """What happened, for the paper that tells of it. Balances are before and after, with today's use taken off."""

    amount: Money
    balance_before: Money
    balance_after: Money
    at: datetime
    by: str
    channel: str = ""
    till: str = ""
    reason: str = ""
    payment_public_id: str = ""
    about: str = ""
    trade_no: str = ""


def paper_content(*, account_id: int, facts: PaperFacts) -> dict[str, Any]:
    """This function will return what the paper says, as JSON; its number stands beside it.

    ``days_left`` is what is available over the recent daily cost, None without one; money is [minor, currency].
    """
    with connection.cursor() as cursor:
        cursor.execute(_SUBJECT, {"account": account_id, "at": facts.at})
        (
            operator, operator_tax_no, service_phone, site, time_zone, number, public_id, customer, customer_tax_no,
            allowed_credit, currency, daily_cost, rooms, meters, purchases,
        ) = cursor.fetchone()  # fmt: skip
    prices = price_list(account_id=account_id, at=facts.at, zone=ZoneInfo(time_zone))
    return {
        "operator": operator,
        "operator_tax_no": operator_tax_no,
        "service_phone": service_phone,
        "site": site,
        "time_zone": time_zone,
        "account": number,
        "account_public_id": str(public_id),
        "customer": customer,
        "customer_tax_no": customer_tax_no,
        "rooms": rooms,
        "meters": meters,
        "amount": facts.amount,
        "amount_capitals": to_capitals(Money(abs(facts.amount.minor), facts.amount.currency)),
        "balance_before": facts.balance_before,
        "balance_after": facts.balance_after,
        "at": facts.at,
        "cashier": facts.by,
        "channel": facts.channel,
        "till": facts.till,
        "reason": facts.reason,
        "payment": facts.payment_public_id,
        "about": facts.about,
        "trade_no": facts.trade_no,
        "tariffs": list(dict.fromkeys(one["tariff"] for one in prices)),
        "prices": prices,
        "purchase_count": purchases,
        "days_left": days_left(
            available=facts.balance_after + Money(allowed_credit, currency), daily_cost_minor=daily_cost
        ),
    }


def days_left(*, available: Money, daily_cost_minor: int | None) -> int | None:
    """This function will return for how many whole days the money will do, None when no cost is known."""
    if daily_cost_minor is None or daily_cost_minor <= 0:
        return None
    return max(0, min(available.minor // daily_cost_minor, DAYS_LEFT_MAX))


def price_list(*, account_id: int, at: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """This function will return the price plans by which the account's rooms are rated at the instant.

    Each with its name and, by band, what a kWh costs in 1e-6 currency.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TARIFFS, {"account": account_id, "at": at, "day": local_date(at, zone)})
        rows = cursor.fetchall()
    return [{"tariff": name, "bands": _by_band(json.loads(prices or "{}"))} for name, prices in rows]


def _by_band(prices: Mapping[str, int]) -> list[list[int]]:
    return [[int(band), prices[band.code]] for band in BANDS if band.code in prices]
