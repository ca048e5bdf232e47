"""Every refund, at the desk and to the channel that the money came by."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.pieces import ACCOUNT_WITHIN, NAMED
from prewatt.reports.tables.report import Group, Report
from prewatt.reports.tables.words import CHANNELS, REFUNDS

REPORT: Final = Report(
    code="refunds",
    group=Group.MONEY,
    title=_("Refunds"),
    line=_("Money given back at the desk or to the channel it came by, with reason, who asked and who approved."),
    permission=Permission.REPORTS_MONEY,
    source=f"""
      FROM (
        SELECT p.account_id, p.channel, p.received_at AS at, p.received_at AS ended_at, p.amount, p.currency,
               CASE WHEN p.reversed_at IS NULL THEN 'paid_out' ELSE 'reversed' END AS state,
               e.memo->>'reason' AS reason, p.taken_by_id AS asked_by_id, NULL::bigint AS decided_by_id, p.id
          FROM payments_payment p LEFT JOIN ledger_journalentry e ON e.id = p.entry_id
         WHERE p.site_id = %(site)s AND p.kind = 'refund' AND p.received_at >= %(from_at)s AND p.received_at < %(to_at)s
           AND NOT EXISTS (SELECT 1 FROM payments_refund r WHERE r.trade_id = p.id)
        UNION ALL
        SELECT r.account_id, m.channel, r.asked_at, r.ended_at, r.amount, r.currency, r.state, r.reason, r.asked_by_id,
               r.decided_by_id, r.id
          FROM payments_refund r JOIN payments_merchant m ON m.id = r.merchant_id
         WHERE r.site_id = %(site)s AND r.asked_at >= %(from_at)s AND r.asked_at < %(to_at)s) f
      LEFT JOIN tenancy_account a ON a.id = f.account_id
      LEFT JOIN tenancy_customer c ON c.id = a.customer_id
      LEFT JOIN access_user w ON w.id = f.asked_by_id
      LEFT JOIN access_user v ON v.id = f.decided_by_id
     WHERE f.currency = %(currency)s AND {ACCOUNT_WITHIN} AND {NAMED}""",
    columns=(
        Column("asked_at", _("Asked at"), Kind.INSTANT, "f.at"),
        Column("account", _("Account"), sql="a.number"),
        Column("customer", _("Customer"), sql="c.name"),
        Column("channel", _("Channel"), Kind.WORD, "f.channel", words=CHANNELS),
        Column("amount", _("Amount"), Kind.MONEY, "f.amount", sums=True),
        Column("state", _("State"), Kind.WORD, "f.state", words=REFUNDS),
        Column("reason", _("Reason"), sql="f.reason"),
        Column("asked_by", _("Asked by"), sql="coalesce(nullif(w.name, ''), w.username)"),
        Column("decided_by", _("Approved by"), sql="coalesce(nullif(v.name, ''), v.username)"),
        Column("ended_at", _("Ended at"), Kind.INSTANT, "f.ended_at"),
    ),
    order="f.at DESC, f.id DESC",
    text_label=_("Room, customer or account"),
    empty=_("Nothing was given back in this period."),
)
