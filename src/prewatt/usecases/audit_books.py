"""After each close somebody adds everything again; what differs is not repaired but shown to a person."""

from typing import Final

from prewatt.access.audit import Actor
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Severity
from prewatt.cases.services import close_case, open_case
from prewatt.estate.models import Site
from prewatt.ledger.values import Difference
from prewatt.usecases.verify_books import verify_books
from prewatt.usecases.work import unit_of_work

TOLD_MAX: Final = 20
_SUBJECT: Final = "books"


def audit_books(*, actor: Actor) -> list[Difference]:
    """This function will verify all books with their seals, and open a case on every site when something differs.

    The case closes by itself when everything adds up again.
    """
    differences = verify_books(seals=True, actor=actor)
    told = [f"{one.kind} {one.subject}: {one.expected} / {one.found}" for one in differences[:TOLD_MAX]]
    with unit_of_work(actor=actor, verb="audit_books") as work:
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
