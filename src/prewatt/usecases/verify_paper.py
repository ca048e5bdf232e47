"""Whether a paper that somebody holds is one of ours and still stands. Anybody may ask: it says little."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from prewatt.kernel.money import Money
from prewatt.ledger.documents import plain_check
from prewatt.ledger.queries import find_document


@dataclass(frozen=True, slots=True)
class VerifiedPaper:
    """What a stranger may know of a paper that they hold already. No name, no room."""

    number: str
    kind: str
    operator: str
    issued_at: datetime
    voided_at: datetime | None
    amount: Money | None
    zone: ZoneInfo


def verify_paper(*, public_id: UUID, check: str) -> VerifiedPaper | None:
    """This function will return what stands on the paper of that id, when the check code is its own; else None.

    An id without its code, and a code without its id, give the same nothing.
    """
    document = find_document(public_id=public_id)
    expected = plain_check(document.check) if document is not None else ""
    is_right = hmac.compare_digest(expected.encode(), plain_check(check).encode())
    if document is None or not is_right:
        return None
    amount = document.content.get("amount")
    return VerifiedPaper(
        number=document.number_text, kind=document.kind, operator=document.content["operator"],
        issued_at=document.issued_at, voided_at=document.voided_at,
        amount=Money(*amount) if amount else None, zone=ZoneInfo(document.content["time_zone"]),
    )  # fmt: skip
