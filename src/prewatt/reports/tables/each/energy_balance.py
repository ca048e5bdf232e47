"""What a block's own meter counted against its units: the loss between them."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind, measure
from prewatt.reports.tables.report import Group, Report

_AT: Final = """(SELECT r.total_wh FROM metering_reading r
    WHERE r.installation_id = i.id AND r.quality = 1 AND r.read_at <= {instant}
      AND r.read_at >= {instant} - interval '3 days' ORDER BY r.read_at DESC LIMIT 1)"""
"""The register at an instant: the last accepted reading before it, three days old at most."""

REPORT: Final = Report(
    code="energy-balance",
    group=Group.ENERGY,
    title=_("Energy balance"),
    line=_("Per block: what its main meter counted, its tenants, its common use, and what is lost between."),
    permission=Permission.REPORTS_VIEW,
    source=f"""
      FROM (
        SELECT p.building_id, p.use, i.id,
               i.multiplier * (coalesce(CASE WHEN upper(i.period) <= %(to_at)s THEN i.closing_total_wh END,
                                        {_AT.format(instant="%(until)s")})
                 - CASE WHEN lower(i.period) >= %(from_at)s THEN i.opening_total_wh
                        ELSE {_AT.format(instant="%(from_at)s")} END) AS wh
          FROM estate_meteringpoint p
          JOIN estate_meterinstallation i ON i.metering_point_id = p.id
               AND i.period && tstzrange(%(from_at)s, %(to_at)s)
         WHERE p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s) AND p.medium = 'electricity') m
      JOIN estate_place b ON b.id = m.building_id""",
    columns=(
        Column("block", _("Building"), sql="b.code"),
        measure("main", _("Main meter, kWh"), Kind.ENERGY, "sum(m.wh) FILTER (WHERE m.use = 'master')::bigint"),
        measure("tenants", _("Tenants, kWh"), Kind.ENERGY, "sum(m.wh) FILTER (WHERE m.use = 'tenant')::bigint"),
        measure("common", _("Common use, kWh"), Kind.ENERGY, "sum(m.wh) FILTER (WHERE m.use = 'common')::bigint"),
        measure(
            "loss",
            _("Loss, kWh"),
            Kind.ENERGY,
            "(sum(m.wh) FILTER (WHERE m.use = 'master')"
            " - coalesce(sum(m.wh) FILTER (WHERE m.use <> 'master'), 0))::bigint",
        ),
        measure(
            "loss_share",
            _("Loss, %"),
            Kind.PERMILLE,
            "round(1000 * (sum(m.wh) FILTER (WHERE m.use = 'master')"
            " - coalesce(sum(m.wh) FILTER (WHERE m.use <> 'master'), 0))"
            " / nullif(sum(m.wh) FILTER (WHERE m.use = 'master'), 0))::bigint",
            sums=False,
        ),
        measure("meters", _("Meters"), Kind.COUNT, "count(DISTINCT m.id)"),
        measure("unread", _("Without reading"), Kind.COUNT, "count(DISTINCT m.id) FILTER (WHERE m.wh IS NULL)"),
    ),
    is_grouped=True,
    empty=_("No meter hung in this period."),
)
