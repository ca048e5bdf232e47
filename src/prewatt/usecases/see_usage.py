"""What an account used, by day or month and band, and what a kilowatt-hour costs it now and next."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Sum

from prewatt.billing.forecast import find_daily_cost, find_days_left
from prewatt.billing.models import Position, TariffAssignment
from prewatt.billing.queries.timelines import load_timelines
from prewatt.kernel.period import local_date
from prewatt.metering.models import DayUsage
from prewatt.rating.segments import from_instant_us, to_us
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases.see_site import SiteView

BAND_COLUMNS: Final = ("sharp_wh", "peak_wh", "flat_wh", "valley_wh", "deep_valley_wh")
HOURS_A_DAY: Final = 24
PRICE_AHEAD: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class UsageView:
    """Use by day or month and band, in Wh; ``before`` is the same stretch one week earlier, day by day.

    What lies before anything is known is None; so is all of ``before`` when there is none.
    """

    labels: tuple[date, ...]
    bands: dict[int, tuple[int | None, ...]]
    before: tuple[int | None, ...] | None

    @property
    def total_wh(self) -> int:
        """This property will hold the sum of everything shown."""
        return sum(wh or 0 for values in self.bands.values() for wh in values)


def see_day_usage(*, account_id: int, zone: ZoneInfo, now: datetime, days: int) -> UsageView:
    """This function will return the account's use of the last ``days`` local days, today last."""
    today = local_date(now, zone)
    dates = tuple(today - timedelta(days=back) for back in reversed(range(days)))
    rows = (
        DayUsage.objects.filter(tenancy__account=account_id, date__gte=dates[0] - timedelta(days=7), date__lte=today)
        .values("date", "band").annotate(wh=Sum("quantity_wh")).values_list("date", "band", "wh")
    )  # fmt: skip
    by_day: dict[date, dict[int, int]] = defaultdict(dict)
    for day, band, wh in rows:
        by_day[day][band] = wh
    first = min(by_day, default=today + timedelta(days=1))  # nothing is known of what lies before
    used = sorted({band for day in dates for band in by_day[day]})
    earlier = [day - timedelta(days=7) for day in dates]
    before = tuple(sum(by_day[day].values()) if day >= first else None for day in earlier)
    return UsageView(
        dates,
        {band: tuple(by_day[day].get(band, 0) if day >= first else None for day in dates) for band in used},
        before if any(before) else None,
    )


def see_month_usage(*, account_id: int, months: int) -> UsageView:
    """This function will return the account's use of its last months, from its positions."""
    rows = list(
        Position.objects.filter(account=account_id)
        .values_list("period_start")
        .annotate(*(Sum(column) for column in BAND_COLUMNS))
        .order_by("-period_start")[:months]
    )[::-1]
    by_band = {band: tuple(row[band] for row in rows) for band in range(1, len(BAND_COLUMNS) + 1)}
    return UsageView(tuple(row[0] for row in rows), {band: wh for band, wh in by_band.items() if any(wh)}, None)


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How long the money lasts, in whole days, or in whole hours when that is less than a day.

    ``at_most`` is None where even the quiet days do not say it.
    """

    in_hours: bool
    expected: int
    at_least: int
    at_most: int | None


def see_time_left(*, facts: AccountFacts, usage: UsageView) -> TimeLeft | None:
    """This function will say how long the money lasts and how sure that is, from the whole days of ``usage``.

    The last day of ``usage`` is today and does not count. A day's cost is its share of the recent daily cost.
    """
    whole = [sum(values[at] or 0 for values in usage.bands.values()) for at in range(len(usage.labels) - 1)]
    used = [wh for wh in whole if wh > 0]
    if facts.daily_cost is None or facts.daily_cost.minor <= 0 or not used:
        return None
    total = sum(used)
    cost = find_daily_cost(day_costs=[facts.daily_cost.minor * wh * len(used) // total for wh in used])
    if cost is None:
        return None
    left = find_days_left(available=facts.available.minor, cost=cost)
    in_hours = left is not None and left.days == 0
    if in_hours:
        left = find_days_left(available=facts.available.minor * HOURS_A_DAY, cost=cost)
    return None if left is None else TimeLeft(in_hours, left.days, left.at_least, left.at_most)


@dataclass(frozen=True, slots=True)
class PriceView:
    """The band and price of this moment, and the next other price. Prices in 1e-6 currency per kWh."""

    tariff: str
    band: int
    micro: int
    next_at: datetime | None
    next_band: int | None
    next_micro: int | None


def see_price(*, point_id: int, site: SiteView, now: datetime) -> PriceView | None:
    """This function will return what the point's tenancy pays now and when that changes, within two days."""
    assigned = TariffAssignment.objects.filter(
        tenancy__metering_point=point_id, tenancy__period__upper_inf=True, period__contains=now
    ).first()
    if assigned is None:
        return None
    key = (assigned.scope_id, assigned.tariff_code)
    timeline = load_timelines(keys=[key], site_id=site.id, zone=site.zone.key)[key]
    segments = timeline.segments(from_us=to_us(now), to_us=to_us(now + PRICE_AHEAD))
    priced = [
        (one.from_us, int(one.band), timeline.tariff(one.version).price_of(one.band))
        for one in segments
        if one.version is not None and one.band is not None
    ]
    if not priced:
        return None
    _, band, micro = priced[0]
    after = next((one for one in priced if one[2] != micro), None)
    return PriceView(
        assigned.tariff_code, band, micro, None if after is None else from_instant_us(after[0]),
        None if after is None else after[1], None if after is None else after[2],
    )  # fmt: skip
