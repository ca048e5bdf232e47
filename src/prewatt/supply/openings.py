"""Where supply begins: a policy for a new site, and a relay's row for each point whose meter can disconnect."""

from collections.abc import Sequence
from datetime import datetime, time

from prewatt.access.audit import require_unit_of_work
from prewatt.estate.models import MeterInstallation, RelayKind, Site
from prewatt.supply.models import Relay, SupplyPolicy

FRIENDLY_FROM = time(20)
FRIENDLY_TO = time(8)


def ensure_policy(*, site: Site) -> SupplyPolicy:
    """This function will give a new site the house's rules: no disconnection from 20:00 to 08:00 and on days off.

    A policy that is there stays as it is.
    """
    require_unit_of_work()
    policy, _ = SupplyPolicy.objects.get_or_create(
        site=site,
        defaults={"friendly_from": FRIENDLY_FROM, "friendly_to": FRIENDLY_TO, "notice_channels": ["mail", "desk"]},
    )
    return policy


def begin_relays(*, installations: Sequence[MeterInstallation], now: datetime) -> None:
    """This function will begin relays as wanted on and not yet proven; a relay that is there stays as it is.

    The meters must be at hand (``select_related("meter")``); those without a relay get no row.
    """
    require_unit_of_work()
    Relay.objects.bulk_create(
        [
            Relay(metering_point_id=row.metering_point_id, desired_at=now, installation=row)
            for row in installations
            if row.meter.relay_kind != RelayKind.NONE
        ],
        batch_size=500,
        ignore_conflicts=True,
    )
