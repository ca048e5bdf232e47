"""Positions follow the use: band totals, exact cost, rounded cost; and what each account has accrued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.metering.arrays import Plain, to_array, to_int_array
from prewatt.rating.bands import BANDS, Band
from prewatt.rating.cost import cost_nano, rounded_minor
from prewatt.rating.tariff import Tariff

_LOCK_PAYERS: Final = """
SELECT id FROM tenancy_account WHERE id IN (
    SELECT tenancy.account_id
    FROM unnest(%s::bigint[], %s::timestamptz[]) given (installation_id, first_at)
    JOIN estate_meterinstallation installation ON installation.id = given.installation_id
    LEFT JOIN metering_meterstate state ON state.installation_id = given.installation_id
    JOIN tenancy_tenancy tenancy ON tenancy.metering_point_id = installation.metering_point_id
     AND tenancy.period && tstzrange(
        CASE WHEN state.last_read_at < given.first_at THEN state.last_read_at
             ELSE least(lower(installation.period), given.first_at) END,
        greatest(state.last_read_at, lower(installation.period), %s), '[]')
) ORDER BY id FOR NO KEY UPDATE
"""
_FIND: Final = """
SELECT id, tenancy_id, period_start, tariff_version_id, sharp_wh, peak_wh, flat_wh, valley_wh, deep_valley_wh, rounded
FROM billing_position
JOIN unnest(%s::bigint[], %s::date[], %s::bigint[]) given (tenancy_id, period_start, tariff_version_id)
USING (tenancy_id, period_start, tariff_version_id)
"""
_OPEN: Final = """
INSERT INTO billing_position
    (account_id, tenancy_id, period_start, tariff_version_id, sharp_wh, peak_wh, flat_wh, valley_wh, deep_valley_wh,
     cost_nano, rounded, posted, close_no)
SELECT account_id, tenancy_id, period_start, tariff_version_id, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::bigint[])
     given (account_id, tenancy_id, period_start, tariff_version_id)
ON CONFLICT (tenancy_id, period_start, tariff_version_id) DO NOTHING
"""
_WRITE: Final = """
UPDATE billing_position position SET
    sharp_wh = given.sharp_wh, peak_wh = given.peak_wh, flat_wh = given.flat_wh, valley_wh = given.valley_wh,
    deep_valley_wh = given.deep_valley_wh, cost_nano = given.cost_nano, rounded = given.rounded,
    unposted_from = least(position.unposted_from, given.first_day),
    unposted_to = greatest(position.unposted_to, given.last_day)
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
            %s::bigint[], %s::date[], %s::date[])
     given (id, sharp_wh, peak_wh, flat_wh, valley_wh, deep_valley_wh, cost_nano, rounded, first_day, last_day)
WHERE position.id = given.id
"""
_ACCRUE: Final = """
UPDATE tenancy_account account SET accrued = account.accrued + given.amount
FROM unnest(%s::bigint[], %s::bigint[]) given (id, amount) WHERE account.id = given.id
"""


class PositionKey(NamedTuple):
    """What a position is of."""

    tenancy_id: int
    period_start: date
    tariff_version_id: int


@dataclass(slots=True)
class UsageTotal:
    """Use to add to one position: primary Wh in the order of ``BANDS``, and the local days it fell on."""

    first_day: date
    last_day: date
    bands_wh: list[int] = field(default_factory=lambda: [0] * len(BANDS))

    def add(self, *, day: date, band: Band, wh: int) -> None:
        """This method will add primary Wh of a day; below zero takes back."""
        self.bands_wh[band - 1] += wh
        self.first_day = min(self.first_day, day)
        self.last_day = max(self.last_day, day)


def lock_payers(*, first_read_at: Mapping[int, datetime], last_at: datetime) -> set[int]:
    """This function will lock, in id order, the accounts that readings of installations may charge, and return them.

    ``first_read_at`` has the earliest new reading of each installation, ``last_at`` is the latest of all.
    """
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_PAYERS, [to_int_array(first_read_at), to_array(first_read_at.values()), last_at])
        return {account_id for (account_id,) in cursor.fetchall()}


def apply_usage(
    *, usage: Mapping[PositionKey, UsageTotal], account_of: Mapping[int, int], tariffs: Mapping[int, Tariff]
) -> dict[int, int]:
    """This function will add use to positions, price them anew and move what their accounts have accrued.

    The accounts must be locked. ``account_of`` is by tenancy, ``tariffs`` by version. Returns what was added to each
    account's accrued amount, in minor units.
    """
    require_unit_of_work()
    keys = sorted(key for key, total in usage.items() if any(total.bands_wh))
    if not keys:
        return {}
    before = _find_or_open(keys, account_of)
    rows: list[tuple[Plain, ...]] = []
    accrued: dict[int, int] = {}
    for key in keys:
        position_id, bands_wh, rounded_before = before[key]
        total, tariff, account_id = usage[key], tariffs[key.tariff_version_id], account_of[key.tenancy_id]
        totals_wh = [one + more for one, more in zip(bands_wh, total.bands_wh, strict=True)]
        cost = cost_nano(totals_wh, tariff)
        rounded = rounded_minor(cost, tariff.currency)
        rows.append((position_id, *totals_wh, cost, rounded, total.first_day, total.last_day))
        accrued[account_id] = accrued.get(account_id, 0) + rounded - rounded_before
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [to_array(column) for column in zip(*rows, strict=True)])
    accrue(amounts=accrued)
    return accrued


def accrue(*, amounts: Mapping[int, int]) -> None:
    """This function will add minor units to what accounts have accrued; the accounts must be locked."""
    require_unit_of_work()
    moved = sorted((account_id, amount) for account_id, amount in amounts.items() if amount)
    if moved:
        with connection.cursor() as cursor:
            cursor.execute(_ACCRUE, [to_int_array(column) for column in zip(*moved, strict=True)])


def _find_or_open(
    keys: Sequence[PositionKey], account_of: Mapping[int, int]
) -> dict[PositionKey, tuple[int, list[int], int]]:
    """Return row, band totals and rounded cost of each position, opened empty where there was none."""
    found = _find(keys)
    missing = [key for key in keys if key not in found]
    if missing:
        rows = [(account_of[key.tenancy_id], *key) for key in missing]
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, [to_array(column) for column in zip(*rows, strict=True)])
        found |= _find(missing)
    return found


def _find(keys: Sequence[PositionKey]) -> dict[PositionKey, tuple[int, list[int], int]]:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [to_array(column) for column in zip(*keys, strict=True)])
        return {PositionKey(*row[1:4]): (row[0], list(row[4:9]), row[9]) for row in cursor.fetchall()}
