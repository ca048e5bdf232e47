"""Readings as they came, for the list and the sheet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.estate.models import MeterInstallation
from prewatt.estate.queries import list_buildings
from prewatt.metering.errors import UnknownReading
from prewatt.metering.models import Quality

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """One answer of a meter: registers in Wh as read, before the multiplier."""

    room: str
    room_public_id: UUID
    serial: str
    address: str
    multiplier: int
    kind: int
    read_at: datetime
    meter_at: datetime | None
    received_at: datetime
    total_wh: int
    rates_wh: tuple[int, ...]
    quality: int
    cause: str
    installation_public_id: UUID

    @property
    def is_held(self) -> bool:
        """This property will tell whether a person must still decide about the reading."""
        return self.quality == Quality.QUARANTINED

    @property
    def four_rates(self) -> tuple[int | None, ...]:
        """This property will hold the registers T1 to T4, None where the meter gave none."""
        return (*self.rates_wh, None, None, None, None)[:4]

    @property
    def iso(self) -> str:
        """This property will hold the exact instant, as addresses carry it."""
        return self.read_at.isoformat()


@dataclass(frozen=True, slots=True)
class ReadingsWanted:
    """Which readings: words in room, meter or address; a stretch of time; those held back alone."""

    text: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None
    held: bool = False


_READINGS: Final = """
SELECT p.code, p.public_id, m.serial, i.address, i.multiplier, r.kind, r.read_at, r.meter_at, r.received_at,
       r.total_wh, r.rates_wh, r.quality, r.cause, i.public_id
  FROM metering_reading r
  JOIN estate_meterinstallation i ON i.id = r.installation_id
  JOIN estate_meteringpoint p ON p.id = i.metering_point_id
  JOIN estate_meter m ON m.id = i.meter_id
 WHERE p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s)
   AND (%(text)s = '' OR p.code ILIKE %(like)s OR m.serial ILIKE %(like)s OR i.address LIKE %(like)s)
   AND (%(from)s::timestamptz IS NULL OR r.read_at >= %(from)s)
   AND (%(to)s::timestamptz IS NULL OR r.read_at < %(to)s)
   AND (NOT %(held)s OR r.quality = 2)
   AND (%(before)s::timestamptz IS NULL
        OR (r.read_at, i.public_id, r.kind) < (%(before)s, %(before_id)s::uuid, %(before_kind)s))
 ORDER BY r.read_at DESC, i.public_id DESC, r.kind DESC
 LIMIT %(limit)s
"""

Cursor = tuple[datetime, UUID, int]


def list_readings(
    *, user: User, site_id: int, wanted: ReadingsWanted, before: Cursor | None = None, limit: int = PAGE
) -> list[ReadingLine]:
    """This function will list readings of the login's buildings, the newest first; ``before`` pages on."""
    buildings = list_buildings(user=user, site_id=site_id, permission=Permission.READINGS_VIEW)
    parameters: dict[str, Any] = {
        "site": site_id, "buildings": [one.id for one in buildings], "text": wanted.text,
        "like": f"%{_escaped(wanted.text)}%", "from": wanted.from_at, "to": wanted.to_at, "held": wanted.held,
        "before": before[0] if before else None, "before_id": before[1] if before else None,
        "before_kind": before[2] if before else None, "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, parameters)
        return [_line(row) for row in cursor.fetchall()]


def find_installation(*, user: User, public_id: UUID) -> int:
    """This function will return the row number of an installation that the login may work on. Raises UnknownReading."""
    rows = for_scope(
        MeterInstallation.objects.filter(public_id=public_id),
        path_field="metering_point__building__scope__path",
        user=user,
        permission=Permission.CASES_WORK,
    )
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        raise UnknownReading("There is no such meter, or it is not within your scope.")
    return found


def iterate_readings(
    *, user: User, site_id: int, wanted: ReadingsWanted, at_most: int, batch: int = 2_000
) -> Iterator[ReadingLine]:
    """This function will walk readings page by page, so that a long sheet needs no long memory."""
    before: Cursor | None = None
    left = at_most
    while left > 0:
        page = list_readings(user=user, site_id=site_id, wanted=wanted, before=before, limit=min(batch, left))
        yield from page
        if len(page) < batch:
            return
        left -= len(page)
        last = page[-1]
        before = (last.read_at, last.installation_public_id, last.kind)


def _line(row: tuple[Any, ...]) -> ReadingLine:
    columns: list[Any] = list(row)
    columns[10] = tuple(columns[10])
    return ReadingLine(*columns)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
