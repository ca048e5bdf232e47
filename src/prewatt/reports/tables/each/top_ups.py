"""Every top-up, one a row."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.pieces import ACCOUNT_WITHIN, NAMED
from prewatt.reports.tables.report import Choice, Group, Option, Report
from prewatt.reports.tables.words import CHANNELS

_NUMBER: Final = """'R-' || s.year || '-' || s.point || '-'
    || lpad(d.number::text, greatest(6, length(d.number::text)), '0')"""

REPORT: Final = Report(
    code="top-ups",
    group=Group.MONEY,
    title=_("Top-up records"),
    line=_("Every top-up with its receipt, account, way, cashier and what was given back of it."),
    permission=Permission.REPORTS_MONEY,
    source=f"""
      FROM payments_payment m
      LEFT JOIN tenancy_account a ON a.id = m.account_id
      LEFT JOIN tenancy_customer c ON c.id = a.customer_id
      LEFT JOIN access_user w ON w.id = m.taken_by_id
      LEFT JOIN ledger_document d ON d.id = m.document_id
      LEFT JOIN ledger_documentseries s ON s.id = d.series_id
     WHERE m.site_id = %(site)s AND m.kind = 'top_up' AND m.entry_id IS NOT NULL AND m.currency = %(currency)s
       AND m.received_at >= %(from_at)s AND m.received_at < %(to_at)s
       AND (%(channel)s = 'all' OR m.channel = %(channel)s) AND {ACCOUNT_WITHIN} AND {NAMED}""",
    columns=(
        Column("at", _("Time"), Kind.INSTANT, "m.received_at"),
        Column("receipt", _("Receipt"), sql=_NUMBER),
        Column("account", _("Account"), sql="a.number"),
        Column("customer", _("Customer"), sql="c.name"),
        Column("channel", _("Channel"), Kind.WORD, "m.channel", words=CHANNELS),
        Column("cashier", _("Cashier"), sql="coalesce(nullif(w.name, ''), w.username)"),
        Column("till", _("At till"), sql="m.till"),
        Column("amount", _("Amount"), Kind.MONEY, "m.amount", sums=True),
        Column("refunded", _("Given back"), Kind.MONEY, "m.refunded", sums=True),
        Column("reversed", _("Reversed at"), Kind.INSTANT, "m.reversed_at"),
    ),
    options=(
        Option(
            "channel",
            _("Channel"),
            (Choice("all", _("All")), *(Choice(code, word) for code, word in CHANNELS.items())),
            "all",
        ),
    ),
    order="m.received_at DESC, m.id DESC",
    text_label=_("Room, customer or account"),
    empty=_("No top-up fits."),
)
