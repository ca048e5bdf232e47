"""The first register of an installation: what all its use is counted from."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.estate.models import MeterInstallation
from prewatt.metering.models import CommState, MeterState, Quality, ReadingKind

_INSERT = """
INSERT INTO metering_reading (installation_id, kind, read_at, received_at, total_wh, rates_wh, quality)
SELECT installation.id, %(kind)s, lower(installation.period), %(now)s, installation.opening_total_wh,
       installation.opening_rates_wh, %(quality)s
FROM estate_meterinstallation installation WHERE installation.id = ANY(%(ids)s)
ON CONFLICT DO NOTHING
"""


def record_openings(*, installations: Sequence[MeterInstallation], now: datetime) -> None:
    """This function will store the opening registers as readings and as the last accepted ones; twice is once.

    Registers stay as the meter shows them, in Wh. Needs a unit of work.
    """
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "kind": ReadingKind.OPENING,
                "quality": Quality.ACCEPTED,
                "now": now,
                "ids": [row.pk for row in installations],
            },
        )
    MeterState.objects.bulk_create(
        [
            MeterState(
                installation=row, last_read_at=row.period.lower, last_total_wh=row.opening_total_wh,
                last_rates_wh=list(row.opening_rates_wh), comm=CommState.LOST,
            )
            for row in installations
        ],
        batch_size=500,
        ignore_conflicts=True,
    )  # fmt: skip
