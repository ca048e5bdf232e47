"""What a paper says: everything that its reader needs, kept as it was on the day it was issued."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F

from prewatt.billing.models import TariffAssignment, TariffVersion
from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date
from prewatt.payments.capitals import to_capitals
from prewatt.tenancy.models import Account, Tenancy

DAYS_LEFT_MAX = 9_999


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
    account = Account.objects.select_related("site", "customer").get(pk=account_id)
    site = account.site
    available = facts.balance_after + Money(account.allowed_credit, account.currency)
    return {
        "operator": site.operator_name,
        "operator_tax_no": site.operator_tax_no,
        "service_phone": site.service_phone,
        "site": site.name,
        "time_zone": site.time_zone,
        "account": account.number,
        "account_public_id": str(account.public_id),
        "customer": account.customer.name,
        "customer_tax_no": account.customer.tax_no,
        "rooms": _rooms(account_id, facts.at),
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
        "tariffs": tariff_names(account_id=account_id, at=facts.at, zone=ZoneInfo(site.time_zone)),
        "days_left": days_left(available=available, daily_cost_minor=account.daily_cost),
    }


def days_left(*, available: Money, daily_cost_minor: int | None) -> int | None:
    """This function will return for how many whole days the money will do, None when no cost is known."""
    if daily_cost_minor is None or daily_cost_minor <= 0:
        return None
    return max(0, min(available.minor // daily_cost_minor, DAYS_LEFT_MAX))


def tariff_names(*, account_id: int, at: datetime, zone: ZoneInfo) -> list[str]:
    """This function will return the names of the tariffs by which the account's rooms are rated at the instant."""
    keys = set(
        TariffAssignment.objects.filter(
            tenancy__account=account_id, tenancy__period__contains=at, period__contains=at
        ).values_list("scope_id", "tariff_code")
    )
    versions = TariffVersion.objects.filter(
        scope__in={scope for scope, _ in keys}, code__in={code for _, code in keys}, published_at__isnull=False,
        effective_from__lte=local_date(at, zone),
    ).order_by("effective_from")  # fmt: skip
    names: Mapping[tuple[int, str], str] = {(row.scope_id, row.code): row.name for row in versions}
    return sorted({names[key] for key in keys if key in names})


def _rooms(account_id: int, at: datetime) -> list[str]:
    rows = Tenancy.objects.filter(account=account_id, period__contains=at).annotate(code=F("metering_point__code"))
    return list(rows.order_by("code").values_list("code", flat=True))
