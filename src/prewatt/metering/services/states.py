"""Where each installation's row of readings ends, and what each tenancy used on each day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import connection

from prewatt.access.ahead import Answer
from prewatt.access.audit import require_unit_of_work
from prewatt.metering.arrays import to_array, to_int_array, to_nested_array
from prewatt.metering.models import MeterState
from prewatt.metering.values import StateChange

_ENSURE = """
INSERT INTO metering_meterstate
    (installation_id, last_read_at, last_total_wh, last_rates_wh, comm, comm_since, failures, held_cause)
SELECT id, lower(period), opening_total_wh, opening_rates_wh, 'lost', %s, 0, ''
FROM estate_meterinstallation WHERE id = ANY(%s::bigint[]) ORDER BY id
ON CONFLICT (installation_id) DO NOTHING
"""
_WRITE = """
UPDATE metering_meterstate state SET
    last_read_at = given.read_at, last_total_wh = given.total_wh, last_rates_wh = given.rates_wh::bigint[],
    last_ok_at = CASE WHEN given.is_live THEN greatest(state.last_ok_at, given.read_at) ELSE state.last_ok_at END,
    comm = CASE WHEN given.is_live AND state.comm = 'lost' THEN 'online' ELSE state.comm END,
    comm_since = CASE WHEN given.is_live AND state.comm = 'lost' THEN given.read_at ELSE state.comm_since END,
    failures = CASE WHEN given.is_live THEN 0 ELSE state.failures END,
    clock_drift_s = coalesce(given.clock_drift_s, state.clock_drift_s),
    power_w = coalesce(given.power_w, state.power_w),
    moved_at = CASE WHEN given.has_moved THEN given.read_at ELSE state.moved_at END,
    held_at = timestamptz 'epoch' + given.held_us * interval '1 microsecond', held_total_wh = given.held_total_wh,
    held_cause = given.held_cause
FROM (
    SELECT *, timestamptz 'epoch' + read_us * interval '1 microsecond' AS read_at
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::boolean[], %s::integer[], %s::bigint[],
                %s::boolean[], %s::bigint[], %s::bigint[], %s::text[])
         arrays (installation_id, read_us, total_wh, rates_wh, is_live, clock_drift_s, power_w, has_moved, held_us,
                 held_total_wh, held_cause)
) given
WHERE state.installation_id = given.installation_id
RETURNING CASE WHEN given.is_live AND state.comm_since = given.read_at THEN state.installation_id END
"""
_ADD_USE = """
INSERT INTO metering_dayusage (tenancy_id, installation_id, date, band, quantity_wh)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::smallint[], %s::bigint[])
ON CONFLICT (tenancy_id, installation_id, date, band)
DO UPDATE SET quantity_wh = metering_dayusage.quantity_wh + excluded.quantity_wh
"""

DayUsageKey = tuple[int, int, date, int]
"""Tenancy, installation, local day, band."""


def ensure_meter_states(*, installation_ids: Sequence[int], now: datetime) -> None:
    """This function will give each installation a row that begins with its opening registers, where it has none."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_ENSURE, [now, to_int_array(installation_ids)])


def write_states(*, changes: Sequence[StateChange]) -> Answer[list[int]]:
    """This function will move the ends of rows of readings, and answer with meters that were lost and answer again."""
    require_unit_of_work()
    rows = sorted(changes, key=lambda one: one.installation_id)
    lasts, markers = [one.last for one in rows], [one.marker for one in rows]
    columns = [
        to_int_array(one.installation_id for one in rows),
        to_int_array(last.read_us for last in lasts),
        to_int_array(last.total_wh for last in lasts),
        to_nested_array(last.rates_wh for last in lasts),
        to_array(one.is_live for one in rows),
        to_array(one.clock_drift_s for one in rows),
        to_array(one.power_w for one in rows),
        to_array(one.has_moved for one in rows),
        to_array(None if marker is None else marker.point.read_us for marker in markers),
        to_array(None if marker is None else marker.point.total_wh for marker in markers),
        to_array("" if marker is None else marker.cause.value for marker in markers),
    ]
    return Answer(
        statement=_WRITE, parameters=columns, read=lambda found: [back for (back,) in found if back is not None]
    )


def forget_held_line(*, installation_id: int) -> None:
    """This function will forget which line of readings is held back; the next judgement finds it anew."""
    require_unit_of_work()
    MeterState.objects.filter(pk=installation_id).update(held_at=None, held_total_wh=None, held_cause="")


def add_day_usage(*, quantities_wh: Mapping[DayUsageKey, int]) -> None:
    """This function will add primary Wh to the use of tenancies by day and band; below zero takes back."""
    require_unit_of_work()
    rows = sorted((*key, wh) for key, wh in quantities_wh.items() if wh)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_USE, [to_array(column) for column in zip(*rows, strict=True)])
