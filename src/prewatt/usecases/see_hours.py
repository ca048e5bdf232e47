"""What an account used hour by hour, from its readings: the newest hours, which a table of days cannot show."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from django.db import connection

from prewatt.billing.models import TariffAssignment
from prewatt.billing.queries.timelines import TariffKey, load_timelines, unpriced_timeline
from prewatt.kernel.clock import estate_clock
from prewatt.rating.hours import spread_over_hours
from prewatt.rating.segments import PriceTimeline, Segment, to_us
from prewatt.rating.usage import Interval
from prewatt.supply.models import Command
from prewatt.tenancy.models import Tenancy
from prewatt.usecases.see_site import SiteView

HOURS: Final = 48
HOUR: Final = timedelta(hours=1)
BEFORE: Final = timedelta(hours=3)
"""How far before the first hour a reading is looked for, so that the hour begins at its beginning."""

COMMANDS_MAX: Final = 100

# The first and the last reading of each hour hold all that the hours need, however often a meter is read.
_READINGS: Final = """
SELECT t.id, i.id, i.multiplier, min(r.read_at), min(r.total_wh), max(r.read_at), max(r.total_wh)
  FROM tenancy_tenancy t
  JOIN estate_meterinstallation i ON i.metering_point_id = t.metering_point_id AND i.period && t.period
  JOIN metering_reading r ON r.installation_id = i.id AND r.quality = 1
       AND r.read_at >= %(from)s AND r.read_at <= %(now)s
       AND (t.period * i.period) @> r.read_at
 WHERE t.account_id = %(account)s
 GROUP BY t.id, i.id, date_bin('1 hour', r.read_at, %(from)s)
 ORDER BY t.id, i.id, 4
"""

_Reading = tuple[int, int]
"""When, in microseconds, and the register, in Wh."""


@dataclass(frozen=True, slots=True)
class HoursView:
    """Use by hour and band, in Wh; None where no reading says it. ``outages`` are places of hours: from, to.

    The last hour has only begun.
    """

    starts: tuple[datetime, ...]
    bands: dict[int, tuple[int | None, ...]]
    outages: tuple[tuple[float, float], ...]

    @property
    def total_wh(self) -> int:
        """This property will hold the sum of everything shown."""
        return sum(wh or 0 for values in self.bands.values() for wh in values)


def see_hour_usage(*, account_id: int, site: SiteView, now: datetime, hours: int = HOURS) -> HoursView:
    """This function will return the account's use of the last ``hours`` local hours, this one last."""
    this_hour = now.astimezone(site.zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    starts = tuple(this_hour - HOUR * back for back in reversed(range(hours)))
    starts_us, end_us = [to_us(start) for start in starts], to_us(this_hour + HOUR)
    rows = _readings(account_id, from_at=starts[0] - BEFORE, now=now)
    timelines = _timelines(sorted({tenancy for tenancy, _, _ in rows}), site=site, now=now)
    found: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (tenancy, _, multiplier), readings in rows.items():
        timeline = timelines.get(tenancy) or unpriced_timeline(zone=site.zone.key)
        for interval, segments in _intervals(readings, multiplier, timeline):
            spread = spread_over_hours(interval=interval, segments=segments, starts_us=starts_us, end_us=end_us)
            for hour, bands in spread.items():
                for band, wh in bands.items():
                    found[hour][int(band)] += wh
    used = sorted({band for bands in found.values() for band, wh in bands.items() if wh})
    return HoursView(
        starts,
        {band: tuple(found[at].get(band, 0) if at in found else None for at in range(hours)) for band in used},
        tuple(_outages(account_id, from_at=starts[0], now=now)),
    )


def _readings(account_id: int, *, from_at: datetime, now: datetime) -> dict[tuple[int, int, int], list[_Reading]]:
    found: dict[tuple[int, int, int], list[_Reading]] = defaultdict(list)
    inputs: dict[str, Any] = {"account": account_id, "from": from_at, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, inputs)
        for tenancy, installation, multiplier, first_at, first_wh, last_at, last_wh in cursor.fetchall():
            found[tenancy, installation, multiplier] += [(to_us(first_at), first_wh), (to_us(last_at), last_wh)]
    return found


def _intervals(
    readings: Sequence[_Reading], multiplier: int, timeline: PriceTimeline
) -> Iterator[tuple[Interval, list[Segment]]]:
    for (from_us, from_wh), (until_us, until_wh) in pairwise(readings):
        if until_us > from_us and until_wh >= from_wh:
            interval = Interval(from_us, until_us, (until_wh - from_wh) * multiplier)
            yield interval, timeline.segments(from_us=from_us, to_us=until_us)


def _timelines(tenancies: Sequence[int], *, site: SiteView, now: datetime) -> dict[int, PriceTimeline]:
    """This function will return what each tenancy is rated by now; ended ones by what they were rated by last."""
    rows = TariffAssignment.objects.filter(tenancy__in=tenancies, period__startswith__lte=now).order_by("period")
    keys: dict[int, TariffKey] = {row.tenancy_id: (row.scope_id, row.tariff_code) for row in rows}
    timelines = load_timelines(keys=keys.values(), site_id=site.id, zone=site.zone.key)
    return {tenancy: timelines[key] for tenancy, key in keys.items()}


def _outages(account_id: int, *, from_at: datetime, now: datetime) -> Iterator[tuple[float, float]]:
    """This function will yield when the account's room was off, by proven commands, in hours from ``from_at``.

    An account with several rooms has no time at which "it" was off: nothing is yielded.
    """
    points = Tenancy.objects.filter(account=account_id, period__contains=now).values_list("metering_point", flat=True)
    if len(points) != 1:
        return
    proven = Command.objects.filter(metering_point=points[0], target="relay", state="verified").order_by("-pk")
    clock, off_at = estate_clock(), None
    for wanted, ended_at in reversed(proven.values_list("wanted", "ended_at")[:COMMANDS_MAX]):
        at = now if ended_at is None else clock.estate_at(ended_at)
        if wanted == "off":
            off_at = off_at or at
        elif off_at is not None:
            if at > from_at:
                yield _hours(off_at, from_at), _hours(at, from_at)
            off_at = None
    if off_at is not None:
        yield _hours(off_at, from_at), _hours(now, from_at)


def _hours(at: datetime, from_at: datetime) -> float:
    return round(max(at - from_at, timedelta(0)) / HOUR, 3)  # for pixels alone
