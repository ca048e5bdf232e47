"""Positions follow the use: band totals, exact cost, rounded cost; and what each account has accrued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import add
from typing import Final, NamedTuple

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.metering.arrays import Plain, to_array, to_int_array
from prewatt.rating.bands import BANDS, Band
from prewatt.rating.cost import cost_nano, rounded_minor
from prewatt.rating.segments import from_instant_us
from prewatt.rating.tariff import Tariff

_LOCK_PAYERS: Final = """
SELECT id FROM tenancy_account WHERE id = ANY(ARRAY(
    SELECT tenancy.account_id
    FROM (
        SELECT installation_id, timestamptz 'epoch' + first_us * interval '1 microsecond' AS first_at
        FROM unnest(%s::bigint[], %s::bigint[]) arrays (installation_id, first_us)
    ) given
    JOIN estate_meterinstallation installation ON installation.id = given.installation_id
    LEFT JOIN metering_meterstate state ON state.installation_id = given.installation_id
    JOIN tenancy_tenancy tenancy ON tenancy.metering_point_id = installation.metering_point_id
     AND tenancy.period && tstzrange(
        CASE WHEN state.last_read_at < given.first_at THEN state.last_read_at
             ELSE least(lower(installation.period), given.first_at) END,
        greatest(state.last_read_at, lower(installation.period), %s), '[]')
)) ORDER BY id FOR NO KEY UPDATE
"""
"""The array is worked out first, so that the accounts are looked up by it and nothing else is planned around them."""

_FIND: Final = """
SELECT position.id, position.rounded, position.sharp_wh, position.peak_wh, position.flat_wh, position.valley_wh,
       position.deep_valley_wh
FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) WITH ORDINALITY
     given (tenancy_id, period_start, tariff_version_id, place)
LEFT JOIN billing_position position USING (tenancy_id, period_start, tariff_version_id)
ORDER BY given.place
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


def lock_payers(*, first_us: Mapping[int, int], last_us: int) -> set[int]:
    """This function will lock, in id order, the accounts that readings of installations may charge, and return them.

    ``first_us`` has the instant of the earliest new reading of each installation, ``last_us`` is the latest of all.
    """
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(
            _LOCK_PAYERS, [to_int_array(first_us), to_int_array(first_us.values()), from_instant_us(last_us)]
        )
        return {account_id for (account_id,) in cursor.fetchall()}


def open_positions(
    *, usage: Mapping[PositionKey, UsageTotal], account_of: Mapping[int, int]
) -> dict[PositionKey, Sequence[int]]:
    """This function will find the positions that use adds to, or begin them: row, rounded cost and totals by band.

    The accounts must be locked. ``account_of`` is by tenancy.
    """
    require_unit_of_work()
    keys = [key for key, total in usage.items() if any(total.bands_wh)]
    if not keys:
        return {}
    found = _find(keys)
    missing = [(account_of[key.tenancy_id], *key) for key in keys if key not in found]
    if missing:
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, [to_array(column) for column in zip(*missing, strict=True)])
        found = _find(keys)
    return found


def apply_usage(
    *,
    usage: Mapping[PositionKey, UsageTotal],
    opened: Mapping[PositionKey, Sequence[int]],
    account_of: Mapping[int, int],
    tariffs: Mapping[int, Tariff],
) -> dict[int, int]:
    """This function will add use to positions, price them anew and move what their accounts have accrued.

    ``opened`` is what ``open_positions`` found, ``account_of`` is by tenancy, ``tariffs`` by version. Returns what was
    added to each account's accrued amount, in minor units.
    """
    require_unit_of_work()
    if not opened:
        return {}
    rows: list[tuple[Plain, ...]] = []
    accrued: dict[int, int] = {}
    for key, (position_id, rounded_before, *bands_wh) in opened.items():
        total, tariff, account_id = usage[key], tariffs[key.tariff_version_id], account_of[key.tenancy_id]
        totals_wh = [*map(add, bands_wh, total.bands_wh)]
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


def _find(keys: Sequence[PositionKey]) -> dict[PositionKey, Sequence[int]]:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [to_array(column) for column in zip(*keys, strict=True)])
        return {key: row for key, row in zip(keys, cursor.fetchall(), strict=True) if row[0] is not None}
