"""What was used, by time and by unit, block, customer or band."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind, measure
from prewatt.reports.tables.pieces import NAMED, by_time
from prewatt.reports.tables.report import Choice, Group, Option, Report
from prewatt.reports.tables.words import BANDS

REPORT: Final = Report(
    code="energy",
    group=Group.ENERGY,
    title=_("Energy used"),
    line=_("By day, month or year; by unit, block, customer or tariff band."),
    permission=Permission.REPORTS_VIEW,
    source=f"""
      FROM metering_dayusage u
      JOIN tenancy_tenancy t ON t.id = u.tenancy_id
      JOIN estate_meteringpoint p ON p.id = t.metering_point_id
      JOIN estate_place b ON b.id = p.building_id
      JOIN tenancy_account a ON a.id = t.account_id
      JOIN tenancy_customer c ON c.id = a.customer_id
     WHERE p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s) AND p.medium = 'electricity'
       AND u.date BETWEEN %(from_day)s AND %(to_day)s AND (p.code ILIKE %(like)s OR {NAMED})""",
    columns=(measure("energy", _("Energy, kWh"), Kind.ENERGY, "sum(u.quantity_wh)::bigint"),),
    options=(
        by_time("u.date"),
        Option(
            "per",
            _("Split by"),
            (
                Choice("none", _("Not split")),
                Choice("unit", _("Room"), (Column("room", _("Room"), sql="p.code"),)),
                Choice("block", _("Building"), (Column("block", _("Building"), sql="b.code"),)),
                Choice(
                    "customer",
                    _("Customer"),
                    (
                        Column("customer", _("Customer"), sql="c.name"),
                        Column("customer_code", _("Customer no."), sql="c.code"),
                    ),
                ),
                Choice(
                    "band",
                    _("Tariff band"),
                    (Column("band", _("Tariff band"), Kind.WORD, "u.band::text", words=BANDS),),
                ),
            ),
            "none",
        ),
    ),
    text_label=_("Room, customer or account"),
    is_grouped=True,
    charted="energy",
    empty=_("Nothing was used in this period, or its readings have not come yet."),
)
