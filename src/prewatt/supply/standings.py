"""The facts that decisions rest on, read set-wise: accounts first, then the points of those that need a decision."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.estate.models import CalendarDay, DayKind, Site
from prewatt.kernel.clock import machine_now
from prewatt.kernel.period import day_start
from prewatt.metering.arrays import to_int_array
from prewatt.supply.models import Hold, SupplyPolicy
from prewatt.supply.policy import AccountFacts, CutsMade, NoticeProof, PointFacts, SiteRules
from prewatt.supply.values import Standing

CREDIT: Final = "credit"

_STANDINGS: Final = """
WITH money AS (
    SELECT b.account_id, sum(l.balance)::bigint AS balance
      FROM tenancy_bucket b JOIN ledger_ledgeraccount l ON l.id = b.ledger_account_id
     WHERE b.account_id = ANY(%(ids)s) AND b.kind = 'cash' AND b.medium = 'electricity' GROUP BY b.account_id),
points AS (
    SELECT t.account_id, bool_or(coalesce(bp.supply_mode, s.supply_mode) = 'live') AS live,
           bool_or(r.withheld <> '' OR r.shadow) AS marked
      FROM tenancy_tenancy t
      JOIN estate_meteringpoint mp ON mp.id = t.metering_point_id
      JOIN estate_place bp ON bp.id = mp.building_id
      JOIN estate_site s ON s.id = mp.site_id
      LEFT JOIN supply_relay r ON r.metering_point_id = mp.id
     WHERE t.account_id = ANY(%(ids)s) AND t.period @> %(now)s GROUP BY t.account_id),
held AS (
    SELECT DISTINCT source_key FROM supply_hold
     WHERE source_key = ANY(%(keys)s) AND lifted_at IS NULL AND reason = 'credit'),
loading AS (SELECT DISTINCT scope_id FROM cases_progress WHERE finished_at IS NULL)
SELECT a.id, a.public_id, a.number, a.site_id, a.currency, a.payment_mode = 'prepaid', a.state = 'open',
       coalesce(money.balance, 0), a.accrued, a.allowed_credit,
       greatest(coalesce(a.level_1, p.level_1, 10000), a.warn_days * a.daily_cost),
       coalesce(a.level_2, p.level_2, 3000),
       coalesce(p.min_reconnect_balance, 100), coalesce(p.last_call_s, 3600),
       a.daily_cost, a.empties_at, loading.scope_id IS NOT NULL, coalesce(points.live, false),
       coalesce(points.marked, false) OR held.source_key IS NOT NULL
  FROM tenancy_account a
  JOIN estate_site s ON s.id = a.site_id
  LEFT JOIN supply_supplypolicy p ON p.site_id = a.site_id
  LEFT JOIN loading ON loading.scope_id = s.scope_id
  LEFT JOIN money ON money.account_id = a.id
  LEFT JOIN points ON points.account_id = a.id
  LEFT JOIN held ON held.source_key = 'account:' || a.id
 WHERE a.id = ANY(%(ids)s)
 ORDER BY a.id
"""

_LOW: Final = """
SELECT a.id
  FROM unnest(%(ids)s::bigint[], %(available)s::bigint[]) given (id, available)
  JOIN tenancy_account a ON a.id = given.id
  LEFT JOIN supply_supplypolicy p ON p.site_id = a.site_id
 WHERE given.available <= greatest(0, coalesce(a.level_1, p.level_1, 10000), coalesce(a.level_2, p.level_2, 3000),
                                   a.daily_cost * a.warn_days, a.daily_cost * coalesce(p.last_call_s, 3600) / 86400)
    OR EXISTS (SELECT 1 FROM tenancy_tenancy t JOIN supply_relay r ON r.metering_point_id = t.metering_point_id
                WHERE t.account_id = a.id AND t.period @> %(now)s AND (r.withheld <> '' OR r.shadow))
    OR EXISTS (SELECT 1 FROM supply_hold h
                WHERE h.source_key = 'account:' || a.id AND h.lifted_at IS NULL AND h.reason = 'credit')
"""
"""The highest level is that of ``notices.ladder``: whoever stands above it stands above every step."""

_POINTS: Final = """
WITH wanted AS (
    SELECT t.account_id, t.metering_point_id, true AS is_tenant
      FROM tenancy_tenancy t WHERE t.account_id = ANY(%(ids)s) AND t.period @> %(now)s
    UNION ALL
    SELECT x.account_id, h.metering_point_id, false
      FROM unnest(%(ids)s::bigint[]) x(account_id)
      JOIN supply_hold h ON h.source_key = 'account:' || x.account_id AND h.lifted_at IS NULL AND h.reason = 'credit'
     WHERE NOT EXISTS (SELECT 1 FROM tenancy_tenancy t WHERE t.account_id = x.account_id
                          AND t.metering_point_id = h.metering_point_id AND t.period @> %(now)s))
SELECT w.account_id, mp.id, mp.code, mp.public_id, mp.site_id, mp.building_id, r.decision_id,
       coalesce(bp.supply_mode, s.supply_mode),
       w.is_tenant AND mp.use = 'tenant',
       mp.medium = 'electricity',
       coalesce(m.relay_kind, 'none') <> 'none',
       h.id IS NOT NULL,
       coalesce(r.reported = 'off' AND r.installation_id = i.id, false),
       coalesce(c.state <> 'queued', false),
       EXISTS (SELECT 1 FROM supply_hold o WHERE o.metering_point_id = mp.id AND o.lifted_at IS NULL
                  AND o.effect = 'protect' AND o.from_at <= %(now)s AND (o.to_at IS NULL OR o.to_at > %(now)s)),
       EXISTS (SELECT 1 FROM supply_hold o WHERE o.metering_point_id = mp.id AND o.lifted_at IS NULL
                  AND o.effect = 'frozen' AND o.from_at <= %(now)s AND (o.to_at IS NULL OR o.to_at > %(now)s)),
       EXISTS (SELECT 1 FROM metering_reading q WHERE q.installation_id = i.id AND q.quality = 2
                  AND q.read_at >= st.last_read_at),
       coalesce(bus.under_work_until > %(now)s, false),
       coalesce(gs.comm = 'lost', false) OR coalesce(l.until, '-infinity') <= %(machine_now)s,
       coalesce(st.comm, 'lost') = 'lost',
       coalesce(r.withheld, ''),
       coalesce(r.shadow, false)
  FROM wanted w
  JOIN estate_meteringpoint mp ON mp.id = w.metering_point_id
  JOIN estate_site s ON s.id = mp.site_id
  JOIN estate_place bp ON bp.id = mp.building_id
  LEFT JOIN supply_relay r ON r.metering_point_id = mp.id
  LEFT JOIN supply_hold h ON h.metering_point_id = mp.id AND h.reason = 'credit' AND h.lifted_at IS NULL
                         AND h.source_key = 'account:' || w.account_id
  LEFT JOIN estate_meterinstallation i ON i.metering_point_id = mp.id AND i.period @> %(now)s
  LEFT JOIN estate_meter m ON m.id = i.meter_id
  LEFT JOIN estate_bus bus ON bus.id = i.bus_id
  LEFT JOIN estate_gatewaylease l ON l.gateway_id = bus.gateway_id
  LEFT JOIN metering_gatewaystate gs ON gs.gateway_id = bus.gateway_id
  LEFT JOIN metering_meterstate st ON st.installation_id = i.id
  LEFT JOIN supply_command c ON c.installation_id = i.id AND c.target = 'relay' AND c.wanted = 'off'
                            AND c.state IN ('queued', 'sent', 'acknowledged')
 ORDER BY w.account_id, mp.id
"""


@dataclass(frozen=True, slots=True)
class PointRow:
    """A point of an account with the facts of its supply."""

    account_id: int
    point_id: int
    code: str
    public_id: UUID
    site_id: int
    building_id: int
    decision_id: int | None
    facts: PointFacts


@dataclass(frozen=True, slots=True)
class SiteNow:
    """A site's rules as they stand now, and where its local day began."""

    site: Site
    policy: SupplyPolicy
    rules: SiteRules
    day_start: datetime


def list_standings(*, account_ids: Collection[int], now: datetime) -> list[Standing]:
    """This function will return where accounts stand, in id order: one query."""
    if not account_ids:
        return []
    with connection.cursor() as cursor:
        keys = [f"account:{account_id}" for account_id in account_ids]
        cursor.execute(_STANDINGS, {"ids": list(account_ids), "keys": keys, "now": now})
        return [Standing(*row) for row in cursor.fetchall()]


def list_low_accounts(*, available: Mapping[int, int], now: datetime) -> set[int]:
    """This function will return the accounts that stand at their highest level or below it, or that are marked.

    ``available`` is what each has for electricity, in minor units. The others need no standing: they are above every
    step of the ladder, and credit touches nothing of their supply.
    """
    parameters: dict[str, Any] = {
        "ids": to_int_array(available), "available": to_int_array(available.values()), "now": now
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LOW, parameters)
        return {account_id for (account_id,) in cursor.fetchall()}


def list_point_rows(*, account_ids: Collection[int], now: datetime) -> list[PointRow]:
    """This function will return the points of accounts, also those they left while held: one query."""
    if not account_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, {"ids": list(account_ids), "now": now, "machine_now": machine_now()})
        return [_point_row(row) for row in cursor.fetchall()]


def _point_row(row: tuple[Any, ...]) -> PointRow:
    account_id, point_id, code, public_id, site_id, building_id, decision_id, *facts = row
    return PointRow(
        account_id, point_id, code, public_id, site_id, building_id, decision_id, PointFacts(*facts)
    )  # fmt: skip


def account_facts(standing: Standing, proof: NoticeProof | None) -> AccountFacts:
    """This function will return what the policy looks at in an account."""
    return AccountFacts(
        ledger_balance=standing.ledger_balance,
        accrued=standing.accrued,
        allowed_credit=standing.allowed_credit,
        min_reconnect_balance=standing.min_reconnect_balance,
        prepaid=standing.prepaid,
        open=standing.open,
        proof=proof,
    )


def sites_now(*, site_ids: Iterable[int], loading: Collection[int], now: datetime) -> dict[int, SiteNow]:
    """This function will return the rules of sites as they stand now; ``loading`` names those being filled."""
    ids = set(site_ids)
    policies = {policy.site_id: policy for policy in SupplyPolicy.objects.filter(site__in=ids)}
    found = {}
    for site in Site.objects.filter(pk__in=ids).select_related("scope"):
        policy = policies.get(site.pk) or SupplyPolicy(site=site)
        found[site.pk] = _site_now(site, policy, is_loading=site.pk in loading, now=now)
    return found


def _site_now(site: Site, policy: SupplyPolicy, *, is_loading: bool, now: datetime) -> SiteNow:
    zone = ZoneInfo(site.time_zone)
    local = now.astimezone(zone)
    rules = SiteRules(
        local_time=local.time().replace(microsecond=0),
        day_off=is_day_off(site_id=site.pk, day=local.date()),
        stopped=policy.stopped_at is not None,
        loading=is_loading,
        friendly_from=policy.friendly_from,
        friendly_to=policy.friendly_to,
        friendly_weekends=policy.friendly_weekends,
        last_call_s=policy.last_call_s,
        cuts_per_minute=policy.cuts_per_minute,
        cuts_per_day=policy.cuts_per_day,
    )
    return SiteNow(site, policy, rules, day_start(local.date(), zone))


def is_day_off(*, site_id: int, day: date) -> bool:
    """This function will tell whether a local day is a weekend or holiday by the site's calendar."""
    special = CalendarDay.objects.filter(site=site_id, date=day).values_list("kind", flat=True).first()
    return special == DayKind.HOLIDAY if special else day.weekday() >= 5


def cuts_made(*, site: SiteNow, now: datetime) -> CutsMade:
    """This function will count the site's disconnections in the last minute and since local midnight.

    Those before a person resumed them do not count: he has seen them.
    """
    seen = site.policy.resumed_at or datetime.min.replace(tzinfo=now.tzinfo)
    placed = Hold.objects.filter(
        metering_point__site=site.site, effect="off", reason__in=[CREDIT, "manual"], from_at__gt=seen, from_at__lte=now
    )
    return CutsMade(
        minute=placed.filter(from_at__gt=now - timedelta(minutes=1)).count(),
        day=placed.filter(from_at__gte=site.day_start).count(),
    )


def proofs_or_none(proofs: Mapping[int, NoticeProof] | None) -> Mapping[int, NoticeProof]:
    """This function will return the proofs; none given means none proven, so nobody is disconnected."""
    return proofs or {}
