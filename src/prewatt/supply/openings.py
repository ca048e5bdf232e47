"""Where supply begins: a relay's row for each point whose meter can disconnect."""

from collections.abc import Sequence
from datetime import datetime

from prewatt.access.audit import require_unit_of_work
from prewatt.estate.models import MeterInstallation, RelayKind
from prewatt.supply.models import Relay


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
