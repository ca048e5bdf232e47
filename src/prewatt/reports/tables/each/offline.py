"""Meters and gateways that do not answer now."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.report import Choice, Group, Option, Report
from prewatt.reports.tables.words import COMM

REPORT: Final = Report(
    code="offline",
    group=Group.FIELD,
    title=_("Offline meters and gateways"),
    line=_("What does not answer now, or only sometimes, and since when."),
    permission=Permission.REPORTS_VIEW,
    source="""
      FROM (
        SELECT 'meter' AS what, b.code AS block, p.code AS room, m.serial AS name, i.address, g.code AS gateway,
               coalesce(nullif(u.name, ''), u.port::text) AS line, s.comm, s.comm_since AS since, s.last_ok_at,
               s.failures
          FROM metering_meterstate s
          JOIN estate_meterinstallation i ON i.id = s.installation_id AND i.period @> %(now)s
          JOIN estate_meter m ON m.id = i.meter_id
          JOIN estate_meteringpoint p ON p.id = i.metering_point_id
          JOIN estate_place b ON b.id = p.building_id
          JOIN estate_bus u ON u.id = i.bus_id
          JOIN estate_gateway g ON g.id = u.gateway_id
         WHERE s.comm <> 'online' AND p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s)
        UNION ALL
        SELECT 'gateway', b.code, NULL, g.code, g.address, g.code, NULL, s.comm, s.comm_since, NULL, NULL
          FROM metering_gatewaystate s
          JOIN estate_gateway g ON g.id = s.gateway_id
          LEFT JOIN estate_place b ON b.id = g.place_id AND b.kind = 'building'
         WHERE s.comm <> 'online' AND g.site_id = %(site)s AND (%(whole)s OR b.id = ANY(%(buildings)s))) o
     WHERE (%(what)s = 'all' OR o.what = %(what)s)
       AND (%(text)s = '' OR o.room ILIKE %(like)s OR o.name ILIKE %(like)s OR o.address ILIKE %(like)s)""",
    columns=(
        Column("what", _("What"), Kind.WORD, "o.what", words={"meter": _("Meter"), "gateway": _("Gateway")}),
        Column("block", _("Building"), sql="o.block"),
        Column("room", _("Room"), sql="o.room"),
        Column("name", _("Number"), sql="o.name"),
        Column("address", _("Address"), sql="o.address"),
        Column("gateway", _("Gateway"), sql="o.gateway"),
        Column("line", _("Line"), sql="o.line"),
        Column("comm", _("State"), Kind.WORD, "o.comm", words=COMM),
        Column("since", _("Since"), Kind.INSTANT, "o.since"),
        Column("span", _("How long"), Kind.SPAN, "extract(epoch FROM %(now)s - o.since)::bigint"),
        Column("last_ok_at", _("Last answer"), Kind.INSTANT, "o.last_ok_at"),
        Column("failures", _("Failures"), Kind.COUNT, "o.failures"),
    ),
    options=(
        Option(
            "what",
            _("What"),
            (Choice("all", _("All")), Choice("meter", _("Meters")), Choice("gateway", _("Gateways"))),
            "all",
        ),
    ),
    has_period=False,
    order="o.what, o.since NULLS LAST, o.block, o.room",
    text_label=_("Room or meter"),
    empty=_("Everything answers."),
)
