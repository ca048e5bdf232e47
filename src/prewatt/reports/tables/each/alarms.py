"""What a person had to look at, and how long it took."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.report import Choice, Group, Option, Report
from prewatt.reports.tables.words import CASES, SEVERITIES

REPORT: Final = Report(
    code="alarms",
    group=Group.FIELD,
    title=_("Alarms"),
    line=_("What somebody had to look at: when it began, who took it, when it was closed and with which words."),
    permission=Permission.REPORTS_VIEW,
    source="""
      FROM cases_case k
      JOIN access_scope s ON s.id = k.scope_id
      LEFT JOIN access_user w ON w.id = k.owner_id
     WHERE s.path LIKE ANY(%(paths)s) AND k.opened_at >= %(from_at)s AND k.opened_at < %(to_at)s
       AND (%(state)s = 'all' OR (k.closed_at IS NULL) = (%(state)s = 'open'))
       AND (%(kind)s = 'all' OR k.kind = %(kind)s) AND (%(text)s = '' OR k.subject_label ILIKE %(like)s)""",
    columns=(
        Column("opened_at", _("Opened at"), Kind.INSTANT, "k.opened_at"),
        Column("kind", _("What"), Kind.WORD, "k.kind", words=CASES),
        Column("subject", _("About"), sql="k.subject_label"),
        Column("severity", _("Severity"), Kind.WORD, "k.severity", words=SEVERITIES),
        Column("times", _("Times"), Kind.COUNT, "k.hits", sums=True),
        Column("owner", _("Owner"), sql="coalesce(nullif(w.name, ''), w.username)"),
        Column("closed_at", _("Closed at"), Kind.INSTANT, "k.closed_at"),
        Column(
            "span", _("Open for"), Kind.SPAN, "extract(epoch FROM coalesce(k.closed_at, %(now)s) - k.opened_at)::bigint"
        ),
        Column("note", _("Note"), sql="k.note"),
    ),
    options=(
        Option(
            "state",
            _("State"),
            (Choice("all", _("All")), Choice("open", _("Open")), Choice("closed", _("Closed"))),
            "all",
        ),
        Option(
            "kind",
            _("Kind"),
            (Choice("all", _("All")), *(Choice(code, word) for code, word in CASES.items())),
            "all",
        ),
    ),
    order="k.opened_at DESC, k.id DESC",
    text_label=_("About"),
    empty=_("Nobody had to look at anything in this period."),
)
