"""Supply mode, the stop of all disconnections, and the rules of a site."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import User
from prewatt.access.notify import touch
from prewatt.cases.kinds import Kind
from prewatt.cases.services import close_case
from prewatt.estate.models import Place, Site, SupplyMode
from prewatt.supply.errors import ReasonMissing
from prewatt.supply.models import ModeChange, SupplyPolicy

POLICY_FIELDS: Final = frozenset(
    {
        "level_1", "level_2", "min_reconnect_balance", "cuts_per_minute", "cuts_per_day", "friendly_from",
        "friendly_to", "friendly_weekends", "last_call_s", "notice_channels",
    }
)  # fmt: skip


def ensure_policy(*, site: Site, rules: Mapping[str, Any] | None = None) -> SupplyPolicy:
    """This function will give a site its rules, or change those that are named. Amounts in minor units."""
    require_unit_of_work()
    unknown = set(rules or {}) - POLICY_FIELDS
    if unknown:
        raise ValueError(f"no such rule: {', '.join(sorted(unknown))}")
    policy, _created = SupplyPolicy.objects.update_or_create(site=site, defaults=dict(rules or {}))
    return policy


def change_mode(
    *,
    site: Site,
    building: Place | None,
    mode: SupplyMode,
    statement: str,
    signed_by: User,
    would_disconnect: Sequence[Mapping[str, object]],
    now: datetime,
) -> ModeChange:
    """This function will set the supply mode of a site, or of one building against its site's, signed and dated."""
    require_unit_of_work()
    if not statement.strip():
        raise ReasonMissing("A change of supply mode is signed with a statement.", hint="Write why, and who agreed.")
    if building is not None:
        Place.objects.filter(pk=building.pk).update(supply_mode=mode)
    else:
        Site.objects.filter(pk=site.pk).update(
            supply_mode=mode, live_since=now if mode == SupplyMode.LIVE else site.live_since
        )
    touch(site_id=site.pk, cases=True)
    return ModeChange.objects.create(
        site=site, building=building, mode=mode, at=now, signed_by=signed_by, statement=statement.strip()[:500],
        would_disconnect=list(would_disconnect),
    )  # fmt: skip


def stop(*, site: Site, why: str, now: datetime) -> bool:
    """This function will stop all disconnections of a site, and say whether they were going."""
    require_unit_of_work()
    ensure_policy(site=site)
    stopped = SupplyPolicy.objects.filter(site=site, stopped_at=None).update(stopped_at=now, stopped_why=why[:200])
    touch(site_id=site.pk, cases=True)
    return stopped == 1


def resume(*, site: Site, now: datetime) -> bool:
    """This function will let disconnections go on; those made before no longer count against the limits."""
    require_unit_of_work()
    resumed = SupplyPolicy.objects.filter(site=site, stopped_at__isnull=False).update(
        stopped_at=None, stopped_why="", resumed_at=now
    )
    close_case(kind=Kind.CUT_LIMIT, subject_kind="site", subject_id=site.pk, now=now, note="Resumed by a person.")
    touch(site_id=site.pk, cases=True)
    return resumed == 1
