"""What each tenant brought along and paid in: reckoned backwards from how much they shall have when a visitor comes.

A tenant's opening balance = cost from the first day to the start + what shall be left − top-ups on the way. Top-ups
leave eight days' worth of it, so that no balance looks low while history is being filled in.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from prewatt.billing.month_ahead import next_month
from prewatt.cli.demo.ahead import amount_of, paid_at, paying_ahead, settled_month
from prewatt.cli.demo.plan import CURRENCY, HISTORY_DAYS, TIME_ZONE, DemoPlan, Fate, TenantPlan
from prewatt.cli.demo.tariffs import demo_tariffs
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, local_date, month_start
from prewatt.rating.bands import BANDS, Band
from prewatt.rating.cost import cost_nano, rounded_minor
from prewatt.rating.tariff import BandSource, Tariff
from prewatt.simulator.meters import VirtualMeter

MINUTES_TO_ZERO = (2, 3, 5, 8, 13)
"""When the showcase tenants run dry, in minutes of the visitor's watch after the start: one by one at any speed.

No more than a site disconnects in a minute: where the history takes longer than the last of them, all go at once.
"""

_LEVEL_1_DAYS, _LEVEL_2_DAYS = 7, 3
_NEVER_BELOW_DAYS = 8
_FEN_STEP = 5_000
_DESK_S = (9 * 3600, 20 * 3600)
_PAYS_LAST = 1 / 9
_CHANNELS, _CHANNEL_WEIGHTS = ("cash", "card", "transfer"), (60, 30, 10)
_TILLS = ("T1", "T2")


@dataclass(frozen=True, slots=True)
class TopUpPlan:
    """A payment that a tenant made at the desk."""

    tenant: str
    at: datetime
    amount: Money
    channel: str
    till: str


@dataclass(frozen=True, slots=True)
class PursePlan:
    """A tenant's money: what came over from the old system, what was paid since, and when to warn."""

    tenant: str
    opening: Money
    level_1: Money
    level_2: Money
    top_ups: tuple[TopUpPlan, ...]
    ahead: Money | None = None
    """What is asked for a month, where the tenant has paid ahead all along."""


class Reckoner:
    """Costs of the demo's rooms between instants, by the same rules as the product's, from the virtual meters."""

    def __init__(self, *, meters: Mapping[str, VirtualMeter], first_day: date, zone: ZoneInfo) -> None:
        self._meters = meters
        self._tariffs = {code: tariff for code, (_, tariff) in demo_tariffs(CURRENCY).items()}
        self._zone = zone
        self._from_at = day_start(first_day, zone)
        self.first_day = first_day

    def cost(self, tenant: TenantPlan, to_at: datetime) -> Money:
        """This method will return what a tenant's rooms cost from the first day to an instant, to the minor unit."""
        tariff = self._tariffs[tenant.tariff]
        cuts = [self._from_at, *self._months_until(to_at), to_at]
        minor = 0
        for room in tenant.rooms:
            meter = self._meters[room]
            for start, end in pairwise(cuts):
                minor += rounded_minor(cost_nano(self._bands(meter, tariff, start, end), tariff), CURRENCY)
        return Money(minor, CURRENCY)

    def _months_until(self, to_at: datetime) -> list[datetime]:
        first = local_date(self._from_at, self._zone)
        cuts: list[datetime] = []
        month = month_start(first)
        while True:
            month = month_start(month + timedelta(days=32))
            start = day_start(month, self._zone)
            if start >= to_at:
                return cuts
            cuts.append(start)

    @staticmethod
    def _bands(meter: VirtualMeter, tariff: Tariff, start: datetime, end: datetime) -> list[int]:
        before, after = meter.registers(start), meter.registers(end)
        totals = dict.fromkeys(BANDS, 0)
        if tariff.band_source is BandSource.METER:
            for band, low, high in zip(tariff.meter_rates, before.rates_wh, after.rates_wh, strict=True):
                totals[band] += (high - low) * meter.spec.multiplier
        else:
            totals[Band.FLAT] = (after.total_wh - before.total_wh) * meter.spec.multiplier
        return [totals[band] for band in BANDS]


def plan_purses(plan: DemoPlan, *, reckoner: Reckoner, start_at: datetime, speed: int = 1) -> list[PursePlan]:
    """This function will return every tenant's money, in the plan's order. The same inputs give the same fen."""
    rng = random.Random(f"{plan.seed}:money")
    ahead, settled = _ahead(plan, reckoner, start_at)
    dry = (start_at + speed * timedelta(minutes=minutes) for minutes in MINUTES_TO_ZERO)
    drawn = [(tenant, _purse(tenant, reckoner, start_at, rng, dry)) for tenant in plan.tenants]
    return [
        _purse_ahead(tenant, reckoner, start_at, settled) if settled is not None and tenant.code in ahead else purse
        for tenant, purse in drawn
    ]


def _ahead(plan: DemoPlan, reckoner: Reckoner, start_at: datetime) -> tuple[set[str], date | None]:
    tenants = paying_ahead(plan)
    month = settled_month(first_day=reckoner.first_day, start_at=start_at, zone=ZoneInfo(TIME_ZONE))
    return ({one.code for one in tenants[:2]}, month) if tenants is not None else (set(), None)


def _purse_ahead(tenant: TenantPlan, reckoner: Reckoner, start_at: datetime, settled: date) -> PursePlan:
    """What came over paid for the first month, and is not used up yet when the second one's payment comes."""
    so_far = reckoner.cost(tenant, start_at)
    days = (local_date(start_at, ZoneInfo(TIME_ZONE)) - reckoner.first_day).days
    daily = Money(max(so_far.minor // days, 1), CURRENCY)
    amount = amount_of(daily=daily, month=next_month(settled))
    paid = TopUpPlan(tenant.code, paid_at(settled=settled, zone=ZoneInfo(TIME_ZONE)), amount, "transfer", _TILLS[0])
    opening = so_far + Money(daily.minor * _NEVER_BELOW_DAYS, CURRENCY)
    return PursePlan(tenant.code, opening, *_levels(daily), top_ups=(paid,), ahead=amount)


def _purse(
    tenant: TenantPlan, reckoner: Reckoner, start_at: datetime, rng: random.Random, dry: Iterator[datetime]
) -> PursePlan:
    so_far = reckoner.cost(tenant, start_at)
    daily = Money(max(so_far.minor // HISTORY_DAYS, 1), CURRENCY)
    if tenant.fate is Fate.MINUTES:
        opening = max(reckoner.cost(tenant, next(dry)), so_far + Money(2, CURRENCY))
        return PursePlan(tenant.code, opening, *_levels(daily), top_ups=())
    left = Money(daily.minor * tenant.days_left, CURRENCY)
    spare = left - Money(daily.minor * _NEVER_BELOW_DAYS, CURRENCY)
    top_ups = _top_ups(tenant, spare, start_at, rng) if tenant.fate is Fate.COMFORTABLE else ()
    opening = so_far + left
    for top_up in top_ups:
        opening -= top_up.amount
    return PursePlan(tenant.code, opening, *_levels(daily), top_ups=top_ups)


def _levels(daily: Money) -> tuple[Money, Money]:
    return Money(daily.minor * _LEVEL_1_DAYS, CURRENCY), Money(daily.minor * _LEVEL_2_DAYS, CURRENCY)


def _top_ups(tenant: TenantPlan, spare: Money, start_at: datetime, rng: random.Random) -> tuple[TopUpPlan, ...]:
    """Up to two round amounts in desk hours, together no more than is to spare; some pay just before the start."""
    share = Money(max(spare.minor // 2 // _FEN_STEP * _FEN_STEP, 0), CURRENCY)
    days_ago = sorted(rng.sample(range(1, HISTORY_DAYS - 1), rng.choices((0, 1, 2), (30, 45, 25))[0]), reverse=True)
    zone = ZoneInfo(TIME_ZONE)
    instants = [
        day_start(local_date(start_at, zone) - timedelta(days=ago), zone) + timedelta(seconds=rng.randrange(*_DESK_S))
        for ago in days_ago
    ]
    if rng.random() < _PAYS_LAST and len(instants) < 2:
        instants.append(start_at - timedelta(seconds=rng.randrange(600, 7_200)))
    made = (
        TopUpPlan(tenant.code, at, share, rng.choices(_CHANNELS, _CHANNEL_WEIGHTS)[0], rng.choice(_TILLS))
        for at in instants
    )
    return tuple(made) if share else ()


def chronological(purses: Sequence[PursePlan]) -> list[TopUpPlan]:
    """This function will return all top-ups in the order in which they were made."""
    return sorted((top_up for purse in purses for top_up in purse.top_ups), key=lambda made: (made.at, made.tenant))
