"""What a month's energy report of each account says, gathered for many accounts at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from prewatt.billing.queries.months import MonthPosition
from prewatt.billing.queries.payers import load_payers
from prewatt.billing.statement import split_days
from prewatt.kernel.money import Money, nano_per_minor
from prewatt.kernel.period import day_start
from prewatt.metering.queries.loads import Load, find_loads
from prewatt.rating.bands import BANDS, Band
from prewatt.rating.segments import to_us
from prewatt.rating.usage import Stretch
from prewatt.usecases._papers import PaperMonth, Party
from prewatt.usecases._statements import MonthFacts, Stay, days_paid, load_month_facts, outages_of, rooms_of

CO2_G_PER_KWH: Final = {"CNY": 537}
"""China's national average emission factor of electricity for 2022, 0.5366 kg/kWh; other grids are not reckoned."""
SHARE: Final = 10
_MOMENT: Final = timedelta(microseconds=1)


def energy_report_contents(
    *, account_ids: Collection[int], site_id: int, month: PaperMonth
) -> dict[int, dict[str, Any]]:
    """This function will return what a month's energy report says, by account, in a fixed number of queries."""
    facts = load_month_facts(account_ids=account_ids, month=month)
    meters = {
        account_id: {where.installation_id for stay in stays for where in facts.usage.get(stay.id, {})}
        for account_id, stays in facts.stays.items()
    }
    alone = {next(iter(found)): account_id for account_id, found in meters.items() if len(found) == 1}
    loads = find_loads(installation_ids=list(alone), from_at=month.from_at, to_at=month.to_at)
    load_of = {alone[installation_id]: load for installation_id, load in loads.items()}
    versions = _version_of_day(facts, site_id)
    return {
        account_id: _report(party, facts, load_of.get(account_id), versions)
        for account_id, party in facts.parties.items()
    }


_DayVersions = Mapping[tuple[int, date], int]
"""The price version that rated a tenancy at the end of a day."""


def _version_of_day(facts: MonthFacts, site_id: int) -> _DayVersions:
    """Return which version rated each day of the tenancies that had more than one in the month."""
    month = facts.month
    many = {
        stay.id: stay.point_id
        for some in facts.stays.values()
        for stay in some
        if sum(one.month == month.first for one in facts.positions.get(stay.id, ())) > 1
    }
    if not many:
        return {}
    payers = load_payers(
        point_ids=list(set(many.values())), site_id=site_id, zone=month.zone.key, from_at=month.from_at,
        to_at=month.to_at,
    )  # fmt: skip
    ends_us = {
        month.first + timedelta(days=at): to_us(day_start(month.first + timedelta(days=at + 1), month.zone) - _MOMENT)
        for at in range(month.count)
    }
    found: dict[tuple[int, date], int] = {}
    for tenancy_id, point_id in many.items():
        for day, end_us in ends_us.items():
            version = _version_at(payers.stretches.get(point_id, ()), tenancy_id, day, end_us)
            if version is not None:
                found[tenancy_id, day] = version
    return found


def _version_at(stretches: Sequence[Stretch], tenancy_id: int, day: date, at_us: int) -> int | None:
    for stretch in stretches:
        if stretch.payer == tenancy_id and stretch.from_us <= at_us < stretch.to_us:
            dated = stretch.timeline.version_on(day)
            return None if dated is None else dated.version
    return None


def _report(party: Party, facts: MonthFacts, load: Load | None, versions: _DayVersions) -> dict[str, Any]:
    month, account_id = facts.month, party.account_id
    positions = facts.positions_of(account_id, month.first)
    costs = _costs(positions, facts, versions)
    before = (month.first - timedelta(days=1)).replace(day=1)
    year_before = month.first.replace(year=month.first.year - 1)
    return {
        **party.common,
        "rooms": rooms_of(facts=facts, account_id=account_id),
        "amount": Money(sum(costs), party.currency),
        "month": month.text,
        "from_at": month.from_at,
        "to_at": month.to_at,
        "energy_wh": sum(sum(one.bands_wh) for _, one in positions),
        "days": {
            "from": month.first, "count": month.count, "paid": days_paid(facts=facts, account_id=account_id),
            "bands": facts.days_of(account_id),
        },
        "costs": costs,
        "months": _months(facts, account_id),
        "before": _compared(facts, account_id, before),
        "year_before": _compared(facts, account_id, year_before),
        "load": None
        if load is None
        else {
            "peak_w": load.peak_w, "peak_at": load.peak_at, "base_w": load.base_w, "base_at": load.base_at,
            "minutes": load.minutes,
        },
        "by_room": _by_room(positions),
        "outages": [
            {
                "room": stay.room, "from_at": one.from_at, "to_at": one.to_at, "minutes": one.minutes,
                "cause": one.cause.split(":")[0],
            }
            for stay, one in outages_of(facts=facts, account_id=account_id)
        ],
        "co2_g_per_kwh": CO2_G_PER_KWH.get(party.currency),
        "shift": _shift(positions, facts, party.currency),
    }  # fmt: skip


def _costs(positions: Sequence[tuple[Stay, MonthPosition]], facts: MonthFacts, versions: _DayVersions) -> list[int]:
    """Return what each day of the month cost: the days of all positions, which add up to their rounded costs."""
    month = facts.month
    costs = [0] * month.count
    for stay, position in positions:
        days: dict[date, list[int]] = defaultdict(lambda: [0] * len(BANDS))
        for (_, day, band), wh in facts.usage.get(stay.id, {}).items():
            if versions.get((stay.id, day), position.version_id) == position.version_id:
                days[day][band - 1] += wh
        tariff = facts.versions[position.version_id].tariff
        split = split_days(bands_wh=position.bands_wh, days=days, tariff=tariff, first=month.first)
        for day, minor in split.items():
            costs[(day - month.first).days] += minor
    return costs


def _months(facts: MonthFacts, account_id: int) -> list[dict[str, Any]]:
    """Return use by band of every month that is known, from a year before on."""
    sums: dict[date, list[int]] = {}
    for stay in facts.stays.get(account_id, ()):
        for position in facts.positions.get(stay.id, ()):
            row = sums.setdefault(position.month, [0] * len(BANDS))
            sums[position.month] = [one + more for one, more in zip(row, position.bands_wh, strict=True)]
    return [
        {
            "month": f"{month:%Y-%m}",
            "bands": {int(band): wh for band, wh in zip(BANDS, sums[month], strict=True) if wh},
        }
        for month in sorted(sums)
    ]


def _compared(facts: MonthFacts, account_id: int, month: date) -> dict[str, int]:
    positions = [one for _, one in facts.positions_of(account_id, month)]
    return {"wh": sum(sum(one.bands_wh) for one in positions), "cost": sum(one.rounded for one in positions)}


def _by_room(positions: Sequence[tuple[Stay, MonthPosition]]) -> list[dict[str, Any]]:
    rooms: dict[str, list[int]] = {}
    for stay, position in positions:
        row = rooms.setdefault(stay.room, [0, 0])
        row[0] += sum(position.bands_wh)
        row[1] += position.rounded
    return [{"room": room, "wh": wh, "amount": minor} for room, (wh, minor) in rooms.items()]


def _shift(positions: Sequence[tuple[Stay, MonthPosition]], facts: MonthFacts, currency: str) -> dict[str, int] | None:
    """Return what a tenth of the dearest band's use would have saved in the cheapest, None when that is nothing."""
    saved: dict[tuple[Band, Band], int] = {}
    for _, position in positions:
        tariff = facts.versions[position.version_id].tariff
        used = [band for band in BANDS if position.bands_wh[band - 1]]
        if len(tariff.bands) < 2 or not used:
            continue
        dear = max(used, key=tariff.price_of)
        cheap = min(tariff.bands, key=tariff.price_of)
        gain = tariff.price_of(dear) - tariff.price_of(cheap)
        nano = position.bands_wh[dear - 1] * SHARE // 100 * gain
        saved[dear, cheap] = saved.get((dear, cheap), 0) + nano
    best = max(saved.items(), key=lambda one: one[1], default=None)
    if best is None or best[1] < nano_per_minor(currency):
        return None
    (dear, cheap), nano = best
    return {"from_band": int(dear), "to_band": int(cheap), "share": SHARE, "saves": nano // nano_per_minor(currency)}
