"""The guard bar: are payments sound, does the field answer, may anybody be disconnected now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from prewatt.kernel.period import day_start
from prewatt.supply.policy import Reason, SiteRules, is_friendly
from prewatt.supply.reasons import words_of
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
    friendly: str
    until: datetime | None
    cuts_today: int
    cuts_limit: int


_FACTS: Final = """
SELECT (SELECT count(*) FROM cases_case WHERE kind = 'ledger_difference' AND closed_at IS NULL),
       meters.online, meters.total, policy.stopped_at IS NOT NULL, coalesce(policy.stopped_why, ''),
       (SELECT count(*) FROM supply_command c JOIN estate_meteringpoint p ON p.id = c.metering_point_id
         WHERE p.site_id = %(site)s AND c.target = 'relay' AND c.wanted = 'off' AND c.estate_at >= %(today)s
           AND c.state NOT IN ('voided', 'expired')),
       coalesce(policy.cuts_per_day, 0), policy.friendly_from, policy.friendly_to,
       coalesce(policy.friendly_weekends, true),
       (SELECT kind FROM estate_calendarday WHERE site_id = %(site)s AND date = %(date)s)
  FROM (SELECT count(*) FILTER (WHERE s.comm <> 'lost') AS online, count(*) AS total
          FROM estate_meterinstallation i
          JOIN estate_meteringpoint p ON p.id = i.metering_point_id
          LEFT JOIN metering_meterstate s ON s.installation_id = i.id
         WHERE p.site_id = %(site)s AND upper_inf(i.period)) AS meters
  LEFT JOIN supply_supplypolicy policy ON policy.site_id = %(site)s
"""


def see_guard(*, site: SiteView, now: datetime) -> Guard:
    """This function will tell whether money and field are sound and whether anybody may be disconnected: one query."""
    local = now.astimezone(site.zone)
    today = day_start(local.date(), site.zone)
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, {"site": site.id, "today": today, "date": local.date()})
        differences, online, total, stopped, why, cuts, limit, from_time, to_time, weekends, special = cursor.fetchone()
    rules = SiteRules(
        local_time=local.time(), day_off=special == "holiday" if special else local.weekday() >= 5,
        friendly_from=from_time, friendly_to=to_time, friendly_weekends=weekends,
    )  # fmt: skip
    friendly = is_friendly(rules)
    return Guard(
        payments_ok=differences == 0, online=online, total=total, mode=site.mode, stopped=stopped, stopped_why=why,
        friendly="" if friendly is None else str(words_of(friendly)), cuts_today=cuts, cuts_limit=limit,
        until=_changes_at(rules, friendly, local),
    )  # fmt: skip


def _changes_at(rules: SiteRules, friendly: Reason | None, local: datetime) -> datetime | None:
    """This function will return when friendly hours end or begin next, as far as the clock alone says it."""
    edge = rules.friendly_to if friendly is Reason.FRIENDLY_HOURS else rules.friendly_from if friendly is None else None
    if edge is None:
        return None
    at = local.replace(hour=edge.hour, minute=edge.minute, second=0, microsecond=0)
    return at if at > local else at + timedelta(days=1)
