"""Use by day, as papers and charts need it. Who may see it is asked before."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from prewatt.metering.models import DayUsage


class DayBand(NamedTuple):
    """Where and when energy of a tenancy was used."""

    installation_id: int
    day: date
    band: int


def list_day_usage(*, tenancy_ids: Collection[int], from_day: date, to_day: date) -> dict[int, dict[DayBand, int]]:
    """This function will return the use of tenancies on days from ``from_day`` to before ``to_day``, in primary Wh."""
    found: dict[int, dict[DayBand, int]] = {one: {} for one in tenancy_ids}
    rows = DayUsage.objects.filter(tenancy__in=tenancy_ids, date__gte=from_day, date__lt=to_day)
    for tenancy_id, installation_id, day, band, wh in rows.values_list(
        "tenancy_id", "installation_id", "date", "band", "quantity_wh"
    ):
        found[tenancy_id][DayBand(installation_id, day, band)] = wh
    return found
