"""The shift board: is anything wrong, and what has today brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from prewatt.kernel.money import Money
from prewatt.kernel.period import day_start, local_date
from prewatt.usecases.see_site import SiteView

OFFLINE_AFTER = timedelta(minutes=30)
PAID_TARGET = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Count:
    """How many wait, and since when the oldest does."""

    number: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Takings:
    """What one channel took today, reversals taken off."""

    channel: str
    amount: Money
    number: int


@dataclass(frozen=True, slots=True)
class ShiftView:
    """Six counts that ask for somebody, and the figures of the day, which do not. Energy in Wh; None is not known."""

    paid_not_on: Count
    offline: Count
    zero_today: int
    zero_soon: int
    unverified: Count
    to_tell: Count
    held: Count
    takings: tuple[Takings, ...]
    taken: Money
    energy_wh: int
    energy_before_wh: int | None
    bands_wh: tuple[tuple[int, int], ...]
    cuts_proven: int
    cuts: int
    restores_proven: int
    restores: int
    spared: int
    read: int
    meters: int


_COUNTS: Final = """
WITH points AS (SELECT id FROM estate_meteringpoint WHERE building_id = ANY(%(buildings)s)),
     paying AS (SELECT DISTINCT t.account_id AS id FROM tenancy_tenancy t JOIN points p ON p.id = t.metering_point_id
                 WHERE upper_inf(t.period))
SELECT paid.n, paid.oldest, lost.n, lost.oldest, zero.today, zero.soon, live.n, live.oldest, told.n, told.oldest,
       held.n, held.oldest, done.off_proven, done.off_all, done.on_proven, done.on_all, spared.n, seen.read, seen.all_n
  FROM (SELECT count(*) AS n, min(r.desired_at) AS oldest
          FROM supply_relay r JOIN points p ON p.id = r.metering_point_id
         WHERE r.desired = 'on' AND r.reported = 'off' AND r.differs) paid,
       (SELECT count(*) AS n, min(s.comm_since) AS oldest FROM metering_meterstate s
          JOIN estate_meterinstallation i ON i.id = s.installation_id AND upper_inf(i.period)
          JOIN points p ON p.id = i.metering_point_id
         WHERE s.comm = 'lost' AND s.comm_since <= %(offline_before)s) lost,
       (SELECT count(*) FILTER (WHERE a.empties_at < %(tomorrow)s) AS today, count(*) AS soon
          FROM tenancy_account a JOIN paying ON paying.id = a.id
         WHERE a.site_id = %(site)s AND a.state = 'open' AND a.empties_at < %(soon)s AND a.empties_at >= %(now)s
           AND a.payment_mode = 'prepaid') zero,
       (SELECT count(*) AS n, min(c.estate_at) AS oldest
          FROM supply_command c JOIN points p ON p.id = c.metering_point_id
         WHERE c.state IN ('queued', 'sent', 'acknowledged')) live,
       (SELECT count(*) AS n, min(o.created_at) AS oldest FROM notices_notice o JOIN paying ON paying.id = o.account_id
         WHERE o.channel = 'desk' AND o.state = 'pending') told,
       (SELECT count(*) AS n, min(k.opened_at) AS oldest FROM cases_case k JOIN access_scope s ON s.id = k.scope_id
         WHERE k.kind = 'reading_held' AND k.closed_at IS NULL AND s.path LIKE %(path)s) held,
       (SELECT count(*) FILTER (WHERE c.wanted = 'off' AND c.state = 'verified') AS off_proven,
               count(*) FILTER (WHERE c.wanted = 'off') AS off_all,
               count(*) FILTER (WHERE c.wanted = 'on' AND c.state = 'verified') AS on_proven,
               count(*) FILTER (WHERE c.wanted = 'on') AS on_all
          FROM supply_command c JOIN points p ON p.id = c.metering_point_id
         WHERE c.estate_at >= %(today)s AND c.state NOT IN ('voided', 'expired')) done,
       (SELECT count(DISTINCT d.metering_point_id) AS n
          FROM supply_decision d JOIN points p ON p.id = d.metering_point_id
         WHERE d.at >= %(today)s AND d.answer = 'spare') spared,
       (SELECT count(*) FILTER (WHERE s.comm <> 'lost') AS read, count(*) AS all_n
          FROM estate_meterinstallation i JOIN points p ON p.id = i.metering_point_id
          LEFT JOIN metering_meterstate s ON s.installation_id = i.id WHERE upper_inf(i.period)) seen
"""

_TAKINGS: Final = """
SELECT y.channel, sum(CASE WHEN y.kind = 'refund' THEN -y.amount ELSE y.amount END)::bigint, count(*)
  FROM payments_payment y
 WHERE y.site_id = %(site)s AND y.received_at >= %(today)s AND y.reversed_at IS NULL
 GROUP BY y.channel ORDER BY 2 DESC
"""

_ENERGY: Final = """
SELECT u.date, u.band, sum(u.quantity_wh)::bigint
  FROM metering_dayusage u JOIN tenancy_tenancy t ON t.id = u.tenancy_id
  JOIN estate_meteringpoint p ON p.id = t.metering_point_id
 WHERE p.building_id = ANY(%(buildings)s) AND p.use <> 'master' AND u.date IN (%(date)s, %(before)s)
 GROUP BY u.date, u.band ORDER BY u.band
"""


def see_shift(*, site: SiteView, building_ids: Sequence[int], now: datetime) -> ShiftView:
    """This function will count what waits within the buildings and add up today. Who may see is asked before."""
    date = local_date(now, site.zone)
    today = day_start(date, site.zone)
    wanted = {
        "site": site.id, "path": f"{site.scope.path}%", "now": now, "today": today, "date": date,
        "before": date - timedelta(days=7),
        "tomorrow": day_start(date + timedelta(days=1), site.zone), "soon": now + timedelta(days=3),
        "offline_before": now - OFFLINE_AFTER,
        "buildings": list(building_ids),
    }  # fmt: skip
    c = _rows(_COUNTS, wanted)[0]
    takings = [Takings(channel, Money(amount, site.currency), n) for channel, amount, n in _rows(_TAKINGS, wanted)]
    energy = _rows(_ENERGY, wanted)
    bands = tuple((band, wh) for day, band, wh in energy if day == date)
    before = [wh for day, _, wh in energy if day != date]
    return ShiftView(
        paid_not_on=Count(c[0], c[1]), offline=Count(c[2], c[3]), zero_today=c[4], zero_soon=c[5],
        unverified=Count(c[6], c[7]), to_tell=Count(c[8], c[9]), held=Count(c[10], c[11]), takings=tuple(takings),
        taken=sum((one.amount for one in takings), Money.zero(site.currency)),
        energy_wh=sum(wh for _, wh in bands), energy_before_wh=sum(before) if before else None,
        bands_wh=bands, cuts_proven=c[12], cuts=c[13], restores_proven=c[14], restores=c[15], spared=c[16],
        read=c[17], meters=c[18],
    )  # fmt: skip


def _rows(sql: str, parameters: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
