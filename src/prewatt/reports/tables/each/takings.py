"""What came in and went out, by day, cashier, channel or till."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind, measure
from prewatt.reports.tables.pieces import ACCOUNT_WITHIN, by_time, local_day
from prewatt.reports.tables.report import Choice, Group, Option, Report
from prewatt.reports.tables.words import CHANNELS

_CHANNEL: Final = Column("channel", _("Channel"), Kind.WORD, "m.channel", words=CHANNELS)
_CASHIER: Final = Column("cashier", _("Cashier"), sql="coalesce(nullif(w.name, ''), w.username, '')")
_TRADES: Final = """
        SELECT site_id, account_id, channel, till, taken_by_id, currency, received_at AS at, kind AS movement,
               CASE kind WHEN 'refund' THEN -amount ELSE amount END AS amount
          FROM payments_payment
         WHERE site_id = %(site)s AND entry_id IS NOT NULL AND received_at >= %(from_at)s AND received_at < %(to_at)s
        UNION ALL
        SELECT site_id, account_id, channel, till, taken_by_id, currency, reversed_at, 'void',
               CASE kind WHEN 'refund' THEN amount ELSE -amount END
          FROM payments_payment
         WHERE site_id = %(site)s AND entry_id IS NOT NULL AND reversed_at >= %(from_at)s AND reversed_at < %(to_at)s"""
"""Every movement of money: what was taken and undone on one day stands there twice."""

REPORT: Final = Report(
    code="takings",
    group=Group.MONEY,
    title=_("Takings"),
    line=_("Top-ups, refunds and reversals, by day, cashier, channel or till."),
    permission=Permission.REPORTS_MONEY,
    source=f"""
      FROM ({_TRADES}) m
      LEFT JOIN tenancy_account a ON a.id = m.account_id
      LEFT JOIN access_user w ON w.id = m.taken_by_id
     WHERE m.currency = %(currency)s AND {ACCOUNT_WITHIN}""",
    columns=(
        measure("top_ups", _("Top-ups"), Kind.COUNT, "count(*) FILTER (WHERE m.movement = 'top_up')"),
        measure(
            "taken", _("Taken"), Kind.MONEY, "coalesce(sum(m.amount) FILTER (WHERE m.movement = 'top_up'), 0)::bigint"
        ),
        measure("refunds", _("Refunds"), Kind.COUNT, "count(*) FILTER (WHERE m.movement = 'refund')"),
        measure(
            "refunded",
            _("Given back"),
            Kind.MONEY,
            "coalesce(sum(m.amount) FILTER (WHERE m.movement = 'refund'), 0)::bigint",
        ),
        measure("voids", _("Reversals"), Kind.COUNT, "count(*) FILTER (WHERE m.movement = 'void')"),
        measure(
            "voided", _("Reversed"), Kind.MONEY, "coalesce(sum(m.amount) FILTER (WHERE m.movement = 'void'), 0)::bigint"
        ),
        measure("net", _("Net"), Kind.MONEY, "sum(m.amount)::bigint"),
    ),
    options=(
        by_time(local_day("m.at")),
        Option(
            "per",
            _("Split by"),
            (
                Choice("none", _("Not split")),
                Choice("channel", _("Channel"), (_CHANNEL,)),
                Choice("cashier", _("Cashier"), (_CASHIER,)),
                Choice("both", _("Cashier and channel"), (_CASHIER, _CHANNEL)),
                Choice("till", _("At till"), (Column("till", _("At till"), sql="m.till"),)),
            ),
            "channel",
        ),
    ),
    is_grouped=True,
    charted="net",
    empty=_("No money moved in this period."),
)
