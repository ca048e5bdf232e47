"""What was sold: the charges that the day closes booked."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind, measure
from prewatt.reports.tables.pieces import NAMED, by_time
from prewatt.reports.tables.report import Choice, Group, Option, Report

REPORT: Final = Report(
    code="charges",
    group=Group.MONEY,
    title=_("Sales"),
    line=_("What was charged for energy, by the day on which it was booked. The running day comes with its close."),
    permission=Permission.REPORTS_MONEY,
    source=f"""
      FROM ledger_book k
      JOIN ledger_journalentry e ON e.book_id = k.id AND e.kind = 'usage'
      JOIN ledger_posting po ON po.entry_id = e.id
      JOIN tenancy_bucket u ON u.ledger_account_id = po.ledger_account_id
      JOIN tenancy_account a ON a.id = u.account_id
      JOIN tenancy_customer c ON c.id = a.customer_id
      LEFT JOIN estate_meteringpoint p ON p.site_id = a.site_id AND p.code = e.memo->>'point'
      LEFT JOIN estate_place b ON b.id = p.building_id
     WHERE k.code = %(site_code)s AND a.site_id = %(site)s AND e.booking_date BETWEEN %(from_day)s AND %(to_day)s
       AND (%(whole)s OR p.building_id = ANY(%(buildings)s)) AND (p.code ILIKE %(like)s OR {NAMED})""",
    columns=(
        measure("accounts", _("Accounts"), Kind.COUNT, "count(DISTINCT a.id)", sums=False),
        measure("charged", _("Charged"), Kind.MONEY, "(-sum(po.amount))::bigint"),
    ),
    options=(
        by_time("e.booking_date"),
        Option(
            "per",
            _("Split by"),
            (
                Choice("none", _("Not split")),
                Choice("block", _("Building"), (Column("block", _("Building"), sql="b.code"),)),
                Choice("unit", _("Room"), (Column("room", _("Room"), sql="p.code"),)),
                Choice(
                    "customer",
                    _("Customer"),
                    (
                        Column("customer", _("Customer"), sql="c.name"),
                        Column("customer_code", _("Customer no."), sql="c.code"),
                    ),
                ),
                Choice("tariff", _("Price plan"), (Column("tariff", _("Price plan"), sql="e.memo->>'tariff'"),)),
            ),
            "none",
        ),
    ),
    text_label=_("Room, customer or account"),
    is_grouped=True,
    charted="charged",
    empty=_("No day of this period is closed yet, or nothing was charged."),
)
