"""What a tenant used: by hour, day or month and band, what it cost, how it compares, where the month will end."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Sum

from prewatt.billing.forecast import find_daily_cost
from prewatt.billing.models import Position, TariffAssignment
from prewatt.billing.month_ahead import days_in, next_month
from prewatt.billing.queries.timelines import TariffKey, load_timelines
from prewatt.kernel.money import Money, nano_per_minor, round_half_away
from prewatt.kernel.period import local_date, month_start
from prewatt.metering.models import DayUsage
from prewatt.rating.segments import PriceTimeline
from prewatt.tenancy.models import Tenancy
from prewatt.usecases.see_site import SiteView

MONTHS: Final = 36
BANDS: Final = ("sharp_wh", "peak_wh", "flat_wh", "valley_wh", "deep_valley_wh")
PACE_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class BandUse:
    """A band's share: energy and what it cost."""

    band: int
    wh: int
    cost: Money


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the month will end at the usual pace. ``days_wh``: what the days to come would use."""

    cost: Money
    low: Money
    high: Money
    days_wh: tuple[int, ...]
    before: Money | None


@dataclass(frozen=True, slots=True)
class Use:
    """A stretch of use. ``before_wh`` and ``before_cost``: the stretch before it, as long as this one is by now."""

    stretch: str
    labels: tuple[date, ...]
    bands: Mapping[int, tuple[int, ...]]
    by_band: tuple[BandUse, ...]
    cost: Money
    before_wh: int | None
    before_cost: Money | None
    forecast: Forecast | None

    @property
    def total_wh(self) -> int:
        """This property will hold the energy of the whole stretch."""
        return sum(one.wh for one in self.by_band)

    @property
    def average_micro(self) -> int | None:
        """This property will hold the mean price of a kWh, in 1e-6 currency to four decimals; None without use."""
        if self.total_wh <= 0:
            return None
        hundreds = round_half_away(self.cost.minor * nano_per_minor(self.cost.currency), self.total_wh * 100)
        return hundreds * 100


@dataclass(frozen=True, slots=True)
class _Days:
    """Use and exact cost by day and band."""

    wh: Mapping[date, Mapping[int, int]]
    nano: Mapping[date, Mapping[int, int]]

    def sum_wh(self, days: Collection[date]) -> int:
        return sum(sum(self.wh.get(day, {}).values()) for day in days)

    def sum_nano(self, days: Collection[date]) -> int:
        return sum(sum(self.nano.get(day, {}).values()) for day in days)


def see_days(*, account_id: int, site: SiteView, now: datetime, days: int) -> Use:
    """This function will show the last local days, today last, beside as many days one or more whole weeks before."""
    today = local_date(now, site.zone)
    labels = tuple(today - timedelta(days=back) for back in reversed(range(days)))
    shift = timedelta(days=-(-days // 7) * 7)
    known = _load(account_id, site, from_day=labels[0] - shift, to_day=today)
    before = [day - shift for day in labels]
    return _use(f"{days}d", labels, known, before, site, forecast=None)


def see_month(*, account_id: int, site: SiteView, now: datetime, month: date) -> Use:
    """This function will show a month day by day, beside the month before up to the same day, with a forecast."""
    today = local_date(now, site.zone)
    last = min(today, next_month(month) - timedelta(days=1))
    labels = tuple(month + timedelta(days=one) for one in range((last - month).days + 1))
    earlier = month_start(month - timedelta(days=1))
    known = _load(account_id, site, from_day=min(earlier, today - timedelta(days=PACE_DAYS)), to_day=last)
    before = [earlier + timedelta(days=one) for one in range(min(len(labels), days_in(earlier)))]
    forecast = (
        _forecast(known, site, today=today, month=month, earlier=earlier) if month == month_start(today) else None
    )
    return _use("month", labels, known, before, site, forecast=forecast)


def see_months(*, account_id: int, site: SiteView, months: int = MONTHS) -> Use:
    """This function will show the last months, three years of them, from the account's positions."""
    rows = list(
        Position.objects.filter(account=account_id)
        .values_list("period_start")
        .annotate(Sum("rounded"), *(Sum(band) for band in BANDS))
        .order_by("-period_start")[:months]
    )[::-1]
    labels = tuple(row[0] for row in rows)
    bands = {place: tuple(row[place + 1] for row in rows) for place in range(1, len(BANDS) + 1)}
    used = {band: values for band, values in bands.items() if any(values)}
    cost = Money(sum(row[1] for row in rows), site.currency)
    by_band = tuple(BandUse(band, sum(values), Money.zero(site.currency)) for band, values in sorted(used.items()))
    return Use("years", labels, used, by_band, cost, None, None, None)


def _load(account_id: int, site: SiteView, *, from_day: date, to_day: date) -> _Days:
    wh: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    nano: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    tenancies = list(Tenancy.objects.filter(account=account_id).values_list("pk", flat=True))
    timelines = _timelines(tenancies, site)
    rows = DayUsage.objects.filter(tenancy__in=tenancies, date__gte=from_day, date__lte=to_day)
    for tenancy_id, day, band, used in rows.values_list("tenancy_id", "date", "band", "quantity_wh"):
        wh[day][band] += used
        nano[day][band] += used * _price(timelines.get(tenancy_id), day, band)
    return _Days(wh, nano)


def _timelines(tenancies: Sequence[int], site: SiteView) -> dict[int, PriceTimeline]:
    """Return what each tenancy is rated by; of several assignments the newest one's prices serve for this view."""
    assigned = TariffAssignment.objects.filter(tenancy__in=tenancies).order_by("period")
    keys: dict[int, TariffKey] = {row.tenancy_id: (row.scope_id, row.tariff_code) for row in assigned}
    timelines = load_timelines(keys=keys.values(), site_id=site.id, zone=site.zone.key)
    return {tenancy: timelines[key] for tenancy, key in keys.items()}


def _price(timeline: PriceTimeline | None, day: date, band: int) -> int:
    dated = timeline.version_on(day) if timeline is not None else None
    return (dated.tariff.prices[band - 1] or 0) if dated is not None else 0


def _use(
    stretch: str, labels: tuple[date, ...], known: _Days, before: Sequence[date], site: SiteView, *,
    forecast: Forecast | None,
) -> Use:  # fmt: skip
    unit = nano_per_minor(site.currency)
    used = sorted({band for day in labels for band, wh in known.wh.get(day, {}).items() if wh})
    by_band, nano, minor = [], 0, 0
    for band in used:  # rounded from the whole, so that the lines add up as printed
        nano += sum(known.nano.get(day, {}).get(band, 0) for day in labels)
        upto = round_half_away(nano, unit)
        wh = sum(known.wh.get(day, {}).get(band, 0) for day in labels)
        by_band.append(BandUse(band, wh, Money(upto - minor, site.currency)))
        minor = upto
    has_before = any(day in known.wh for day in before)
    return Use(
        stretch, labels,
        {band: tuple(known.wh.get(day, {}).get(band, 0) for day in labels) for band in used},
        tuple(by_band), Money(minor, site.currency),
        known.sum_wh(before) if has_before else None,
        Money(round_half_away(known.sum_nano(before), unit), site.currency) if has_before else None,
        forecast,
    )  # fmt: skip


def _forecast(known: _Days, site: SiteView, *, today: date, month: date, earlier: date) -> Forecast | None:
    """Return where the month ends: what is known, and for the days to come the pace of the last two weeks."""
    unit = nano_per_minor(site.currency)
    past = [today - timedelta(days=back) for back in range(1, PACE_DAYS + 1)]
    past = [day for day in past if day in known.wh]
    cost = find_daily_cost(day_costs=[round_half_away(known.sum_nano([day]), unit) for day in past])
    if cost is None:
        return None
    ahead = days_in(month) - today.day
    whole = [month + timedelta(days=one) for one in range(today.day - 1)]
    spent = round_half_away(known.sum_nano(whole), unit)
    today_cost = max(cost.average, round_half_away(known.sum_nano([today]), unit))
    pace_wh = known.sum_wh(past) // len(past)
    last = [earlier + timedelta(days=one) for one in range(days_in(earlier))]
    before = round_half_away(known.sum_nano(last), unit) if any(day in known.wh for day in last) else None

    def money(daily: int) -> Money:
        return Money(spent + today_cost + ahead * daily, site.currency)

    # Many days together stray less than one: half way to the quartiles on either side.
    low, high = (cost.average + cost.quiet) // 2, (cost.average + cost.busy + 1) // 2
    return Forecast(
        cost=money(cost.average), low=money(min(low, cost.average)), high=money(max(high, cost.average)),
        days_wh=tuple(pace_wh for _ in range(ahead)),
        before=Money(before, site.currency) if before is not None else None,
    )  # fmt: skip
