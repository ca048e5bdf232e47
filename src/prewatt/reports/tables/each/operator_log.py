"""Who did what, from where and why, and how it ended."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from prewatt.access.permissions import Permission
from prewatt.reports.tables.columns import Column, Kind
from prewatt.reports.tables.report import Choice, Group, Option, Report
from prewatt.reports.tables.verbs import VERBS
from prewatt.reports.tables.words import OUTCOMES

_OURS: Final = """EXISTS (SELECT 1 FROM access_membership o JOIN access_scope h ON h.id = o.scope_id
                   WHERE o.user_id = x.actor_id AND h.path LIKE ANY(%(paths)s))
       AND NOT EXISTS (SELECT 1 FROM access_membership o JOIN access_scope h ON h.id = o.scope_id
                        WHERE o.user_id = x.actor_id AND NOT h.path LIKE ANY(%(paths)s))"""
"""Whose actions without a place, such as signing in, the reader may see: of people who work nowhere else."""

REPORT: Final = Report(
    code="operator-log",
    group=Group.PEOPLE,
    title=_("Operator log"),
    line=_("Who did what, when, from which address and why; what was refused too."),
    permission=Permission.AUDIT_VIEW,
    source=f"""
      FROM access_action x
      LEFT JOIN access_scope s ON s.id = x.scope_id
      LEFT JOIN access_user w ON w.id = x.actor_id
     WHERE (s.path LIKE ANY(%(paths)s) OR (x.scope_id IS NULL AND {_OURS}))
       AND x.estate_at >= %(from_at)s AND x.estate_at < %(to_at)s
       AND (%(by)s = 'all' OR (x.actor_id IS NOT NULL) = (%(by)s = 'people'))
       AND (%(outcome)s = 'all' OR x.outcome = %(outcome)s)
       AND (%(text)s = '' OR x.verb ILIKE %(like)s OR x.subject_id = %(text)s OR w.username ILIKE %(like)s
            OR w.name ILIKE %(like)s OR x.reason ILIKE %(like)s)""",
    columns=(
        Column("at", _("Time"), Kind.INSTANT, "x.estate_at"),
        Column("who", _("Who"), sql="coalesce(nullif(w.name, ''), w.username, x.process)"),
        Column("verb", _("Action"), Kind.WORD, "x.verb", words=VERBS),
        Column("subject", _("About"), sql="trim(x.subject_kind || ' ' || x.subject_id)"),
        Column("outcome", _("Outcome"), Kind.WORD, "x.outcome", words=OUTCOMES),
        Column("reason", _("Reason"), sql="x.reason"),
        Column("detail", _("Detail"), sql="x.detail"),
        Column("address", _("Address"), sql="x.address"),
    ),
    options=(
        Option(
            "by",
            _("Whose"),
            (Choice("people", _("People")), Choice("programs", _("Programs")), Choice("all", _("All"))),
            "people",
        ),
        Option(
            "outcome",
            _("Outcome"),
            (Choice("all", _("All")), Choice("done", _("Done")), Choice("refused", _("Refused"))),
            "all",
        ),
    ),
    order="x.id DESC",
    has_block=False,
    text_label=_("Person, action or number"),
    empty=_("Nobody did anything in this period."),
)
