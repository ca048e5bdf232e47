"""Positions and day use as they are stored, to compare with what readings say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from prewatt.billing.services.positions import PositionKey

_POSITIONS: Final = """
SELECT position.tenancy_id, position.period_start, position.tariff_version_id,
       position.sharp_wh, position.peak_wh, position.flat_wh, position.valley_wh, position.deep_valley_wh,
       position.cost_nano, position.rounded, position.posted, position.account_id,
       account.number, point.code, tariff.code, tariff.version
FROM billing_position position
JOIN tenancy_tenancy tenancy ON tenancy.id = position.tenancy_id
JOIN tenancy_account account ON account.id = position.account_id
JOIN estate_meteringpoint point ON point.id = tenancy.metering_point_id
JOIN billing_tariffversion tariff ON tariff.id = position.tariff_version_id
WHERE tenancy.metering_point_id = ANY(%s)
"""
_ACCRUALS: Final = """
SELECT account.number, account.accrued, coalesce(sum(position.rounded - position.posted), 0)::bigint
FROM tenancy_account account LEFT JOIN billing_position position ON position.account_id = account.id
WHERE account.site_id = %s GROUP BY account.id
HAVING account.accrued <> coalesce(sum(position.rounded - position.posted), 0) ORDER BY account.number
"""


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """A position as stored. ``label`` is what people call it."""

    bands_wh: tuple[int, ...]
    cost_nano: int
    rounded: int
    posted: int
    account_id: int
    label: str


def load_positions(*, point_ids: Sequence[int]) -> dict[PositionKey, StoredPosition]:
    """This function will return every position of the tenancies of points."""
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, [list(point_ids)])
        return {
            PositionKey(*row[:3]): StoredPosition(
                tuple(row[3:8]),
                row[8],
                row[9],
                row[10],
                row[11],
                f"{row[12]} {row[13]} {row[1]:%Y-%m} {row[14]} v{row[15]}",
            )
            for row in cursor.fetchall()
        }


def list_wrong_accruals(*, site_id: int) -> list[tuple[str, int, int]]:
    """This function will return number, accrued amount and sum of positions of accounts where the two differ."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCRUALS, [site_id])
        return list(cursor.fetchall())
