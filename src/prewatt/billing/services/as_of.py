"""What a position cost up to the end of a local day: its totals less the use dated after that day.

A close that runs late, or behind readings that came first, so posts what one on time would have posted.
"""

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from django.db import connection

from prewatt.billing.queries.timelines import load_tariffs
from prewatt.rating.cost import cost_nano, rounded_minor

_POSITIONS: Final = """
SELECT position.id, account.currency, position.tariff_version_id, position.rounded, position.sharp_wh,
       position.peak_wh, position.flat_wh, position.valley_wh, position.deep_valley_wh,
       after.sharp_wh, after.peak_wh, after.flat_wh, after.valley_wh, after.deep_valley_wh
FROM billing_position position
JOIN tenancy_account account ON account.id = position.account_id
JOIN estate_site site ON site.id = account.site_id
JOIN billing_tariffversion version ON version.id = position.tariff_version_id
LEFT JOIN LATERAL (
    SELECT min(later.effective_from) AS day FROM billing_tariffversion later
    WHERE later.scope_id = version.scope_id AND later.code = version.code
      AND later.effective_from > version.effective_from AND later.published_at IS NOT NULL
) replaced ON true
LEFT JOIN LATERAL (
    SELECT sum(used.quantity_wh) FILTER (WHERE used.band = 1)::bigint AS sharp_wh,
           sum(used.quantity_wh) FILTER (WHERE used.band = 2)::bigint AS peak_wh,
           sum(used.quantity_wh) FILTER (WHERE used.band = 3)::bigint AS flat_wh,
           sum(used.quantity_wh) FILTER (WHERE used.band = 4)::bigint AS valley_wh,
           sum(used.quantity_wh) FILTER (WHERE used.band = 5)::bigint AS deep_valley_wh
    FROM metering_dayusage used
    JOIN billing_tariffassignment assigned
      ON assigned.tenancy_id = used.tenancy_id AND assigned.tariff_code = version.code
     AND assigned.scope_id = version.scope_id
     AND assigned.period @> ((used.date + 1)::timestamp AT TIME ZONE site.time_zone - interval '1 microsecond')
    WHERE used.tenancy_id = position.tenancy_id AND used.date > %(day)s
      AND used.date >= greatest(position.period_start, version.effective_from)
      AND used.date < least((position.period_start + interval '1 month')::date, replaced.day)
) after ON true
WHERE position.account_id = ANY(%(accounts)s)
  AND position.rounded <> position.posted AND position.unposted_from IS NOT NULL
"""
_BANDS: Final = 5


def rounded_as_of(*, account_ids: Collection[int], day: date) -> dict[int, int]:
    """This function will return the rounded cost up to the end of a local day, by position, of what is not posted.

    A tariff that changes within a day counts whole for that day; the next close settles what this shifts.
    """
    parameters: dict[str, Any] = {"accounts": list(account_ids), "day": day}
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, parameters)
        rows = cursor.fetchall()
    tariffs = load_tariffs(version_ids={version_id for _, _, version_id, *_ in rows})
    costs = {}
    for position_id, currency, version_id, rounded, *bands in rows:
        total, after = bands[:_BANDS], [wh or 0 for wh in bands[_BANDS:]]
        up_to = [wh - later for wh, later in zip(total, after, strict=True)]
        is_whole = not any(after)
        costs[position_id] = rounded if is_whole else rounded_minor(cost_nano(up_to, tariffs[version_id]), currency)
    return costs
