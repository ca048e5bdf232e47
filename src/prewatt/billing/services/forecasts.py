"""What a day costs each account, and when its money will be used up."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.billing.forecast import DAYS_BACK, find_daily_cost, find_empties_us, has_moved
from prewatt.billing.queries.payers import Payers
from prewatt.kernel.money import nano_per_minor, round_half_away
from prewatt.kernel.period import local_date
from prewatt.metering.arrays import to_array, to_int_array
from prewatt.rating.bands import Band
from prewatt.rating.segments import from_instant_us, to_us

_INSTANT: Final = timedelta(microseconds=1)
_RECENT_USE: Final = """
SELECT tenancy.account_id, tenancy.id, lower(tenancy.period), used.date, used.band, sum(used.quantity_wh)::bigint
FROM tenancy_tenancy tenancy
LEFT JOIN metering_dayusage used ON used.tenancy_id = tenancy.id AND used.date >= %(first)s AND used.date < %(today)s
WHERE tenancy.account_id = ANY(%(accounts)s) AND tenancy.period @> %(now)s
GROUP BY tenancy.account_id, tenancy.id, used.date, used.band
"""
_WRITE_COSTS: Final = """
UPDATE tenancy_account account SET daily_cost = given.cost
FROM unnest(%s::bigint[], %s::bigint[]) given (id, cost)
WHERE account.id = given.id AND account.daily_cost IS DISTINCT FROM given.cost
"""
_STANDING: Final = """
SELECT account.id, account.daily_cost, (extract(epoch FROM account.empties_at) * 1000000)::bigint,
       coalesce(ledger.balance, 0) - account.accrued + account.allowed_credit
FROM tenancy_account account
LEFT JOIN tenancy_bucket bucket
  ON bucket.account_id = account.id AND bucket.kind = 'cash' AND bucket.medium = 'electricity'
LEFT JOIN ledger_ledgeraccount ledger ON ledger.id = bucket.ledger_account_id
WHERE account.id = ANY(%s::bigint[])
"""
_WRITE_ENDS: Final = """
UPDATE tenancy_account account SET empties_at = given.empties_at
FROM unnest(%s::bigint[], %s::timestamptz[]) given (id, empties_at) WHERE account.id = given.id
"""


def refresh_daily_costs(*, account_ids: Collection[int], payers: Payers, zone: ZoneInfo, now: datetime) -> None:
    """This function will work out what a day costs accounts: their last two weeks' use at today's prices.

    Only points that they pay for now count, and only whole days of those tenancies. The accounts must be locked.
    """
    require_unit_of_work()
    today = local_date(now, zone)
    first = today - timedelta(days=DAYS_BACK)
    nano: dict[int, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    begun: dict[int, date] = {}
    currency_of: dict[int, str] = {}
    prices = _prices(payers, today)
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"accounts": list(account_ids), "first": first, "today": today, "now": now}
        cursor.execute(_RECENT_USE, parameters)
        for account_id, tenancy_id, from_at, day, band, wh in cursor.fetchall():
            first_whole_day = local_date((from_at or now) - _INSTANT, zone) + timedelta(days=1)
            begins = max(first, first_whole_day)
            begun[account_id] = min(begins, begun.get(account_id, begins))
            if day is not None and tenancy_id in prices:
                currency_of[account_id], by_band = prices[tenancy_id]
                nano[account_id][day] += wh * by_band.get(Band(band), 0)
    costs: dict[int, int | None] = dict.fromkeys(account_ids)
    for account_id, days in nano.items():
        unit = nano_per_minor(currency_of[account_id])
        begins = min(begun[account_id], *days)
        whole_days = [begins + timedelta(days=offset) for offset in range((today - begins).days)]
        cost = find_daily_cost(day_costs=[round_half_away(days.get(day, 0), unit) for day in whole_days])
        costs[account_id] = None if cost is None else cost.average
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_COSTS, [to_int_array(costs), to_array(costs.values())])


def refresh_ends(*, account_ids: Collection[int], now: datetime) -> dict[int, int]:
    """This function will move the instants at which accounts run out, where it is worth telling.

    The accounts must be locked. Returns what each has available for electricity, in minor units.
    """
    require_unit_of_work()
    now_us = to_us(now)
    available_of: dict[int, int] = {}
    moved: list[tuple[int, datetime | None]] = []
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [to_int_array(account_ids)])
        for account_id, daily_cost, before_us, available in cursor.fetchall():
            available_of[account_id] = available
            after_us = find_empties_us(available=available, daily_cost=daily_cost, now_us=now_us)
            if has_moved(before_us=before_us, after_us=after_us, now_us=now_us):
                moved.append((account_id, None if after_us is None else from_instant_us(after_us)))
        if moved:
            cursor.execute(_WRITE_ENDS, [to_array(column) for column in zip(*moved, strict=True)])
    return available_of


def _prices(payers: Payers, today: date) -> Mapping[int, tuple[str, dict[Band, int]]]:
    """Return currency and prices by band of each tenancy today, in 1e-6 currency per kWh."""
    found: dict[int, tuple[str, dict[Band, int]]] = {}
    for stretches in payers.stretches.values():
        for stretch in stretches:
            dated = stretch.timeline.version_on(today)
            if dated is not None:
                tariff = dated.tariff
                found[stretch.payer] = (tariff.currency, {band: tariff.price_of(band) for band in tariff.bands})
    return found
