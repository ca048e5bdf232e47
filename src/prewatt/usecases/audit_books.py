"""After each close somebody adds everything again; what differs is not repaired but shown to a person."""

from datetime import timedelta
from typing import Final

from prewatt.access.audit import Actor
from prewatt.access.models import Action, Outcome
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Progress, Severity
from prewatt.cases.services import close_case, open_case
from prewatt.estate.models import Site
from prewatt.kernel.clock import estate_now
from prewatt.ledger.values import Difference
from prewatt.usecases.verify_books import verify_books
from prewatt.usecases.work import unit_of_work

TOLD_MAX: Final = 20
AUDIT_AFTER: Final = timedelta(hours=25)
"""Each day close is followed by an audit; when none came for longer, one is due by itself."""
_SUBJECT: Final = "books"
_ALL: Final = (_SUBJECT, "all")


def audit_books(*, actor: Actor) -> list[Difference]:
    """This function will verify all books with their seals, and open a case on every site when something differs.

    The case closes by itself when everything adds up again.
    """
    differences = verify_books(seals=True, actor=actor)
    told = [f"{one.kind} {one.subject}: {one.expected} / {one.found}" for one in differences[:TOLD_MAX]]
    with unit_of_work(actor=actor, verb="audit_books", subject=_ALL) as work:
        for site in Site.objects.select_related("scope").order_by("pk"):
            about = {"kind": Kind.LEDGER_DIFFERENCE, "subject_kind": _SUBJECT, "subject_id": str(site.public_id)}
            if differences:
                open_case(
                    scope=site.scope,
                    subject_label=site.name,
                    severity=Severity.URGENT,
                    now=work.now,
                    detail={"difference": len(differences), "what": told},
                    **about,
                )
            else:
                close_case(now=work.now, note="Everything adds up again.", **about)
    return differences


def audit_overdue_books(*, actor: Actor) -> bool:
    """This function will audit the books when nobody did for a day, and say whether it did.

    While history is being loaded there is nothing to compare yet.
    """
    if Progress.objects.filter(finished_at=None).exists():
        return False
    done = Action.objects.filter(subject_kind=_ALL[0], subject_id=_ALL[1], outcome=Outcome.DONE).order_by("-pk")
    last_at = done.values_list("estate_at", flat=True).first()
    if last_at is not None and estate_now() - last_at < AUDIT_AFTER:
        return False
    audit_books(actor=actor)
    return True
