"""Readings of one installation, the newest first. Who may see them is asked before."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from prewatt.metering.models import Quality, Reading, ReadingKind

PAGE_ROWS_MAX = 500


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One answer of a meter: registers in Wh as read, before the multiplier."""

    read_at: datetime
    kind: str
    kind_no: int
    meter_at: datetime | None
    received_at: datetime
    total_wh: int
    rates_wh: tuple[int, ...]
    quality: str
    cause: str


def list_installation_readings(
    *,
    installation_id: int,
    from_at: datetime | None = None,
    to_at: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 100,
) -> list[ReadingRow]:
    """This function will list readings of an installation within [from_at, to_at), the newest first, at most 500.

    ``before`` is the instant and kind of the last one of the page before.
    """
    rows = Reading.objects.filter(installation_id=installation_id)
    if from_at is not None:
        rows = rows.filter(read_at__gte=from_at)
    if to_at is not None:
        rows = rows.filter(read_at__lt=to_at)
    if before is not None:
        rows = rows.filter(Q(read_at__lt=before[0]) | Q(read_at=before[0], kind__lt=before[1]))
    found = rows.order_by("-read_at", "-kind")[: max(1, min(limit, PAGE_ROWS_MAX))]
    return [
        ReadingRow(
            read_at=row.read_at, kind=ReadingKind(row.kind).name.lower(), kind_no=row.kind, meter_at=row.meter_at,
            received_at=row.received_at, total_wh=row.total_wh, rates_wh=tuple(row.rates_wh),
            quality=Quality(row.quality).name.lower(), cause=row.cause,
        )
        for row in found
    ]  # fmt: skip
