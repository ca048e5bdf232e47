"""How fast relays answered, by cause, block or time."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind, measure
from prewatt.reports.tables.pieces import by_time, local_day
from prewatt.reports.tables.report import Choice, Group, Option, Report
from prewatt.reports.tables.words import CAUSES

_SECONDS: Final = "extract(epoch FROM m.ended_at - m.queued_at)"

REPORT: Final = Report(
    code="response",
    group=Group.SUPPLY,
    title=_("Response times"),
    line=_("How many disconnections and reconnections were proven, and how fast, by cause, block or time."),
    permission=Permission.REPORTS_VIEW,
    source="""
      FROM supply_command m
      JOIN estate_meteringpoint p ON p.id = m.metering_point_id
      JOIN estate_place b ON b.id = p.building_id
     WHERE p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s) AND m.target = 'relay'
       AND m.estate_at >= %(from_at)s AND m.estate_at < %(to_at)s""",
    columns=(
        measure("off", _("Disconnections"), Kind.COUNT, "count(*) FILTER (WHERE m.wanted = 'off')"),
        measure("on", _("Reconnections"), Kind.COUNT, "count(*) FILTER (WHERE m.wanted = 'on')"),
        measure("verified", _("Verified"), Kind.COUNT, "count(*) FILTER (WHERE m.state = 'verified')"),
        measure(
            "failed", _("Failed or expired"), Kind.COUNT, "count(*) FILTER (WHERE m.state IN ('failed', 'expired'))"
        ),
        measure(
            "median",
            _("Half within"),
            Kind.SPAN,
            f"(percentile_disc(0.5) WITHIN GROUP (ORDER BY {_SECONDS}) FILTER (WHERE m.state = 'verified'))::bigint",
            sums=False,
        ),
        measure(
            "slow",
            _("95 of 100 within"),
            Kind.SPAN,
            f"(percentile_disc(0.95) WITHIN GROUP (ORDER BY {_SECONDS}) FILTER (WHERE m.state = 'verified'))::bigint",
            sums=False,
        ),
    ),
    options=(
        by_time(local_day("m.estate_at"), default="all"),
        Option(
            "per",
            _("Split by"),
            (
                Choice(
                    "cause",
                    _("Cause"),
                    (Column("cause", _("Cause"), Kind.WORD, "split_part(m.cause, ':', 1)", words=CAUSES),),
                ),
                Choice("block", _("Building"), (Column("block", _("Building"), sql="b.code"),)),
                Choice("none", _("Not split")),
            ),
            "cause",
        ),
    ),
    is_grouped=True,
    empty=_("No relay was asked to move in this period."),
)
