"""Every disconnection and reconnection with its cause and how long the meter took to prove it."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.report import Choice, Group, Option, Report
from prewatt.reports.tables.words import CAUSES, COMMANDS

REPORT: Final = Report(
    code="switching",
    group=Group.SUPPLY,
    title=_("Disconnections and reconnections"),
    line=_("Every command to a relay: why, by whom it was caused, how it ended and how long that took."),
    permission=Permission.REPORTS_VIEW,
    source="""
      FROM supply_command m
      JOIN estate_meteringpoint p ON p.id = m.metering_point_id
      JOIN estate_place b ON b.id = p.building_id
      LEFT JOIN LATERAL (
        SELECT c.name FROM tenancy_tenancy t JOIN tenancy_account a ON a.id = t.account_id
          JOIN tenancy_customer c ON c.id = a.customer_id
         WHERE t.metering_point_id = p.id AND t.period @> m.estate_at LIMIT 1) payer ON true
      LEFT JOIN access_action x ON x.id = m.action_id
      LEFT JOIN access_user w ON w.id = x.actor_id
     WHERE p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s) AND m.target = 'relay'
       AND m.estate_at >= %(from_at)s AND m.estate_at < %(to_at)s
       AND (%(wanted)s = 'all' OR m.wanted = %(wanted)s)
       AND (%(text)s = '' OR p.code ILIKE %(like)s OR payer.name ILIKE %(like)s)""",
    columns=(
        Column("at", _("Time"), Kind.INSTANT, "m.estate_at"),
        Column("block", _("Building"), sql="b.code"),
        Column("room", _("Room"), sql="p.code"),
        Column("customer", _("Customer"), sql="payer.name"),
        Column(
            "wanted",
            _("What"),
            Kind.WORD,
            "m.wanted",
            words={"off": _("Disconnection"), "on": _("Reconnection")},
        ),
        Column("cause", _("Cause"), Kind.WORD, "split_part(m.cause, ':', 1)", words=CAUSES),
        Column("by", _("Caused by"), sql="coalesce(nullif(w.name, ''), w.username)"),
        Column("state", _("State"), Kind.WORD, "m.state", words=COMMANDS),
        Column("response", _("Proven after"), Kind.SPAN, "extract(epoch FROM m.ended_at - m.queued_at)::bigint"),
        Column("tries", _("Tries"), Kind.COUNT, "m.tries"),
        Column("error", _("Error"), sql="m.error"),
    ),
    options=(
        Option(
            "wanted",
            _("What"),
            (Choice("all", _("All")), Choice("off", _("Disconnections")), Choice("on", _("Reconnections"))),
            "all",
        ),
    ),
    order="m.estate_at DESC, m.id DESC",
    text_label=_("Room or customer"),
    empty=_("No relay was asked to move in this period."),
)
