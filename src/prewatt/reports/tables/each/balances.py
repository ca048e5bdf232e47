"""What each account has or owes now, and for how long it has owed."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind, Words, measure
from prewatt.reports.tables.pieces import ACCOUNT_WITHIN, NAMED, ROOMS
from prewatt.reports.tables.report import Choice, Group, Option, Report

AGES: Final[Words] = {
    "0": _("In credit"),
    "1": _("Up to 7 days"),
    "2": _("8 to 30 days"),
    "3": _("31 to 60 days"),
    "4": _("61 to 90 days"),
    "5": _("More than 90 days"),
}
_AGE: Final = Column("age", _("In arrears for"), Kind.WORD, "x.age", words=AGES)

REPORT: Final = Report(
    code="balances",
    group=Group.MONEY,
    title=_("Balances and arrears"),
    line=_("What every open account has or owes now, and since when; summed up by the age of arrears."),
    permission=Permission.REPORTS_MONEY,
    source=f"""
      FROM (
        SELECT y.*, CASE WHEN y.balance >= 0 THEN '0' WHEN y.days <= 7 THEN '1' WHEN y.days <= 30 THEN '2'
                         WHEN y.days <= 60 THEN '3' WHEN y.days <= 90 THEN '4' ELSE '5' END AS age
          FROM (
            SELECT z.*, since.day, %(today)s - coalesce(since.day, %(today)s) AS days
              FROM (
                SELECT a.id, a.number, c.name, c.phone, {ROOMS} AS rooms, l.id AS ledger_id,
                       l.balance - a.accrued AS balance
                  FROM tenancy_account a
                  JOIN tenancy_customer c ON c.id = a.customer_id
                  JOIN tenancy_bucket u ON u.account_id = a.id AND u.kind = 'cash' AND u.medium = 'electricity'
                  JOIN ledger_ledgeraccount l ON l.id = u.ledger_account_id
                 WHERE a.site_id = %(site)s AND a.state = 'open' AND a.payment_mode <> 'own_use'
                   AND {ACCOUNT_WITHIN} AND {NAMED}) z
              LEFT JOIN LATERAL (
                SELECT min(e.booking_date) AS day
                  FROM ledger_posting po JOIN ledger_journalentry e ON e.id = po.entry_id
                 WHERE po.ledger_account_id = z.ledger_id
                   AND po.seq > coalesce((SELECT max(q.seq) FROM ledger_posting q
                        WHERE q.ledger_account_id = z.ledger_id AND q.balance_after >= 0), 0)) since
                ON z.balance < 0) y) x
     WHERE %(show)s = 'all' OR x.balance < 0""",
    columns=(
        measure("balance", _("Balance"), Kind.MONEY, "sum(x.balance)::bigint"),
        measure("arrears", _("Arrears"), Kind.MONEY, "sum(greatest(-x.balance, 0))::bigint"),
    ),
    options=(
        Option(
            "per",
            _("Split by"),
            (
                Choice(
                    "account",
                    _("Account"),
                    (
                        Column("account", _("Account"), sql="x.number"),
                        Column("customer", _("Customer"), sql="x.name"),
                        Column("rooms", _("Rooms"), sql="x.rooms"),
                        Column("phone", _("Phone"), sql="x.phone"),
                        Column("since", _("In arrears since"), Kind.DAY, "x.day"),
                        _AGE,
                    ),
                ),
                Choice("age", _("Age of arrears"), (_AGE, measure("accounts", _("Accounts"), Kind.COUNT, "count(*)"))),
            ),
            "account",
        ),
        Option("show", _("Accounts"), (Choice("all", _("All")), Choice("arrears", _("Arrears only"))), "all"),
    ),
    has_period=False,
    text_label=_("Room, customer or account"),
    is_grouped=True,
    order="balance, 1",
    charted="arrears",
    empty=_("No account fits."),
)
