"""The guard bar: are payments sound, does the field answer, may anybody be disconnected now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any, Final

from django.db import connection

from prewatt.cases.kinds import Kind
from prewatt.kernel.period import day_start
from prewatt.supply.policy import Reason, SiteRules, is_friendly
from prewatt.supply.reasons import words_of
from prewatt.usecases.see_site import SiteView

AUDITED_WITHIN: Final = timedelta(hours=26)
"""The books are added again after each day close, or by themselves a day later: longer is too long."""
POSTED_WITHIN: Final = timedelta(minutes=1)
MONEY_KINDS: Final = (
    Kind.MONEY_UNMATCHED, Kind.CALLBACK_FOREIGN, Kind.REFUND_FAILED, Kind.STATEMENT_DIFFERS, Kind.STATEMENT_MISSING,
)  # fmt: skip
"""Cases about money that wait for a person; none of them says that the books are wrong."""


class PaymentsState(StrEnum):
    """What is to be said of payments, the worst first."""

    DIFFER = auto()
    UNPOSTED = auto()
    UNAUDITED = auto()
    TO_SETTLE = auto()
    WELL = auto()


@dataclass(frozen=True, slots=True)
class Payments:
    """How sound the money is: differences, payments without an entry, cases, the last audit. Estate time."""

    differences: int
    unposted: int
    to_settle: int
    posted_at: datetime | None
    audited_at: datetime | None
    now: datetime

    @property
    def state(self) -> PaymentsState:
        """This property will say the worst that is known; well only when every one of these was looked at."""
        audited = self.audited_at is not None and self.now - self.audited_at <= AUDITED_WITHIN
        rules = (
            (self.differences > 0, PaymentsState.DIFFER),
            (self.unposted > 0, PaymentsState.UNPOSTED),
            (not audited, PaymentsState.UNAUDITED),
            (self.to_settle > 0, PaymentsState.TO_SETTLE),
        )
        return next((state for holds, state in rules if holds), PaymentsState.WELL)


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands between a tenant and a wrongful disconnection, in one line. Counts are of meters and of today."""

    payments: Payments
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
SELECT money.differences, money.to_settle,
       (SELECT count(*) FROM payments_payment
         WHERE site_id = %(site)s AND kind = 'top_up' AND entry_id IS NULL AND reversed_at IS NULL
           AND received_at BETWEEN %(since)s AND %(posted_before)s),
       (SELECT received_at FROM payments_payment
         WHERE site_id = %(site)s AND entry_id IS NOT NULL AND received_at <= %(now)s
         ORDER BY received_at DESC LIMIT 1),
       (SELECT estate_at FROM access_action
         WHERE subject_kind = 'books' AND subject_id = 'all' AND outcome = 'done' ORDER BY id DESC LIMIT 1),
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
  CROSS JOIN (SELECT count(*) FILTER (WHERE c.kind = 'ledger_difference') AS differences,
                     count(*) FILTER (WHERE c.kind = ANY(%(money)s)) AS to_settle
                FROM cases_case c JOIN access_scope s ON s.id = c.scope_id
               WHERE c.closed_at IS NULL AND s.path LIKE %(path)s) AS money
  LEFT JOIN supply_supplypolicy policy ON policy.site_id = %(site)s
"""


def see_guard(*, site: SiteView, now: datetime) -> Guard:
    """This function will tell whether money and field are sound and whether anybody may be disconnected: one query."""
    local = now.astimezone(site.zone)
    today = day_start(local.date(), site.zone)
    inputs: dict[str, Any] = {
        "site": site.id, "path": f"{site.scope.path}%", "now": now, "today": today, "date": local.date(),
        "money": [str(kind) for kind in MONEY_KINDS],
        "since": now - timedelta(days=1), "posted_before": now - POSTED_WITHIN,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, inputs)
        (
            differences, to_settle, unposted, posted_at, audited_at, online, total, stopped, why, cuts, limit,
            from_time, to_time, weekends, special,
        ) = cursor.fetchone()  # fmt: skip
    payments = Payments(differences, unposted, to_settle, posted_at, audited_at, now)
    rules = SiteRules(
        local_time=local.time(), day_off=special == "holiday" if special else local.weekday() >= 5,
        friendly_from=from_time, friendly_to=to_time, friendly_weekends=weekends,
    )  # fmt: skip
    friendly = is_friendly(rules)
    return Guard(
        payments=payments, online=online, total=total, mode=site.mode, stopped=stopped, stopped_why=why,
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
