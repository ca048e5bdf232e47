"""What several reports share: the groupings by time, and the SQL of what a reader may see."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.report import Choice, Option

ACCOUNT_WITHIN: Final = """(%(whole)s OR EXISTS (
    SELECT 1 FROM tenancy_tenancy stay JOIN estate_meteringpoint seen ON seen.id = stay.metering_point_id
     WHERE stay.account_id = a.id AND seen.building_id = ANY(%(buildings)s)))"""
"""Whose account ``a`` the reader may see: one that has had a room in a block of theirs."""

ROOMS: Final = """(SELECT string_agg(DISTINCT room.code, ', ' ORDER BY room.code)
    FROM tenancy_tenancy stay JOIN estate_meteringpoint room ON room.id = stay.metering_point_id
   WHERE stay.account_id = a.id AND stay.period @> %(now)s)"""
"""The rooms that the account ``a`` pays for now."""

NAMED: Final = "(%(text)s = '' OR a.number = %(text)s OR c.name ILIKE %(like)s OR a.search_text ILIKE %(like)s)"
"""Whether the account ``a`` of the customer ``c`` is meant by the words typed."""


def by_time(day_sql: str, *, default: str = "day") -> Option:
    """This function will make the question by which stretch of time; ``day_sql`` is a local day."""
    return Option(
        "by",
        _("Time by"),
        (
            Choice("day", _("Day"), (Column("day", _("Day"), Kind.DAY, day_sql),)),
            Choice(
                "month",
                _("Month"),
                (Column("month", _("Month"), Kind.MONTH, f"date_trunc('month', {day_sql})::date"),),
            ),
            Choice("year", _("Year"), (Column("year", _("Year"), Kind.YEAR, f"date_trunc('year', {day_sql})::date"),)),
            Choice("all", _("The whole period")),
        ),
        default,
    )


def local_day(instant_sql: str) -> str:
    """This function will write the SQL of the local day on which an instant falls."""
    return f"({instant_sql} AT TIME ZONE %(zone)s)::date"
