"""The guard bar: are payments sound, does the field answer, may anybody be disconnected now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from prewatt.kernel.period import day_start, local_date
from prewatt.usecases.see_site import SiteView


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands between a tenant and a wrongful disconnection, in one line. Counts are of meters and of today."""

    payments_ok: bool
    online: int
    total: int
    mode: str
    stopped: bool
    stopped_why: str
    cuts_today: int
    cuts_limit: int


_FACTS: Final = """
SELECT (SELECT count(*) FROM cases_case WHERE kind = 'ledger_difference' AND closed_at IS NULL),
       meters.online, meters.total, policy.stopped_at IS NOT NULL, coalesce(policy.stopped_why, ''),
       (SELECT count(*) FROM supply_command c JOIN estate_meteringpoint p ON p.id = c.metering_point_id
         WHERE p.site_id = %(site)s AND c.target = 'relay' AND c.wanted = 'off' AND c.estate_at >= %(today)s
           AND c.state NOT IN ('voided', 'expired')),
       coalesce(policy.cuts_per_day, 0)
  FROM (SELECT count(*) FILTER (WHERE s.comm <> 'lost') AS online, count(*) AS total
          FROM estate_meterinstallation i
          JOIN estate_meteringpoint p ON p.id = i.metering_point_id
          LEFT JOIN metering_meterstate s ON s.installation_id = i.id
         WHERE p.site_id = %(site)s AND upper_inf(i.period)) AS meters
  LEFT JOIN supply_supplypolicy policy ON policy.site_id = %(site)s
"""


def see_guard(*, site: SiteView, now: datetime) -> Guard:
    """This function will tell whether money and field are sound and whether disconnections are stopped: one query."""
    today = day_start(local_date(now, site.zone), site.zone)
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"site": site.id, "today": today})
        differences, online, total, stopped, why, cuts, limit = cursor.fetchone()
    return Guard(
        payments_ok=differences == 0, online=online, total=total, mode=site.mode, stopped=stopped, stopped_why=why,
        cuts_today=cuts, cuts_limit=limit,
    )  # fmt: skip
