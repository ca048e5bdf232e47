"""Readings go in once, and are never changed but for the word on whether they count."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection

from prewatt.access.ahead import Answer
from prewatt.access.audit import require_unit_of_work
from prewatt.metering.arrays import to_array, to_int_array, to_nested_array
from prewatt.metering.models import Quality
from prewatt.metering.validation import HeldCause
from prewatt.metering.values import ReadingIn, ReadingKey
from prewatt.rating.segments import from_instant_us, to_us

_INSERT = """
WITH given AS MATERIALIZED (
    SELECT place, installation_id, kind, timestamptz 'epoch' + read_us * interval '1 microsecond' AS read_at, meter_at,
           total_wh, rates_wh::bigint[], epoch, seq
    FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::text[], %s::bigint[],
                %s::bigint[]) WITH ORDINALITY
         given (installation_id, kind, read_us, meter_at, total_wh, rates_wh, epoch, seq, place)
), stored AS (
    INSERT INTO metering_reading
        (installation_id, kind, read_at, meter_at, received_at, total_wh, rates_wh, quality, cause, epoch, seq)
    SELECT installation_id, kind, read_at, meter_at, %s, total_wh, rates_wh, 1, '', epoch, seq FROM given
    ON CONFLICT DO NOTHING
    RETURNING installation_id, kind, read_at
)
SELECT given.place - 1 FROM given LEFT JOIN stored USING (installation_id, kind, read_at)
WHERE stored.installation_id IS NULL
"""
"""Answers with the places of those that were there already: most often with nothing."""

_MARK = """
UPDATE metering_reading reading SET quality = %s, cause = given.cause
FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[], %s::text[]) given (installation_id, kind, read_at, cause)
WHERE reading.installation_id = given.installation_id AND reading.kind = given.kind
  AND reading.read_at = given.read_at AND reading.quality = ANY(%s::smallint[])
"""


def insert_readings(*, readings: Mapping[ReadingKey, ReadingIn], received_at: datetime) -> Answer[set[ReadingKey]]:
    """This function will store readings that are not there yet, as accepted, and answer with the keys of the others."""
    require_unit_of_work()
    keys, given = list(readings), readings.values()
    columns = [
        to_int_array(key.installation_id for key in keys),
        to_int_array(key.kind for key in keys),
        to_int_array(key.read_us for key in keys),
        to_array(one.meter_at for one in given),
        to_int_array(one.total_wh for one in given),
        to_nested_array(one.rates_wh for one in given),
        to_int_array(one.epoch for one in given),
        to_int_array(one.seq for one in given),
    ]
    return Answer(
        statement=_INSERT, parameters=[*columns, received_at], read=lambda rows: {keys[place] for (place,) in rows}
    )


def mark_readings(
    *, causes: Mapping[ReadingKey, HeldCause | None], quality: Quality, only_from: Collection[Quality] = tuple(Quality)
) -> int:
    """This function will set the quality (and the cause) of stored readings and return how many it changed."""
    require_unit_of_work()
    if not causes:
        return 0
    keys = sorted(causes)
    columns = [
        to_int_array(key.installation_id for key in keys),
        to_int_array(key.kind for key in keys),
        to_array(from_instant_us(key.read_us) for key in keys),
        to_array(causes[key] or "" for key in keys),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [quality, *columns, to_int_array(only_from)])
        return int(cursor.rowcount)


def key_of(reading: ReadingIn) -> ReadingKey:
    """This function will return the natural key of a reading."""
    return ReadingKey(reading.installation_id, int(reading.kind), to_us(reading.read_at))
