"""Papers with numbers that have no gaps."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.kernel.ids import uuid7
from prewatt.ledger.documents import number_text
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.hashing import hash_content, to_plain
from prewatt.ledger.models import Document
from prewatt.ledger.values import DocumentValue

_DRAW = """
INSERT INTO ledger_documentseries (book_id, kind, year, point, next_no) VALUES (%s, %s, %s, %s, 2)
ON CONFLICT (book_id, kind, year, point) DO UPDATE SET next_no = ledger_documentseries.next_no + 1
RETURNING id, next_no - 1
"""


def issue_document(
    *,
    book_id: int,
    kind: str,
    year: int,
    point: str,
    subject: tuple[str, str],
    entry_id: int | None,
    issued_at: datetime,
    content: Mapping[str, Any],
) -> DocumentValue:
    """This function will draw the next number of the series and issue the paper.

    Call it last: the series stays locked until the transaction ends, and a rollback gives the number back, so that
    there is no gap. ``point`` is the till or channel; ``subject`` is (kind, id).
    """
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_DRAW, [book_id, kind, year, point])
        series_id, number = cursor.fetchone()
    text = number_text(kind=kind, year=year, point=point, number=number)
    plain = to_plain(content)
    document = Document.objects.create(
        public_id=uuid7(), series_id=series_id, number=number, kind=kind, subject_kind=subject[0],
        subject_id=subject[1], entry_id=entry_id, issued_at=issued_at, content=plain,
        content_hash=hash_content(text, plain),
    )  # fmt: skip
    return DocumentValue(
        id=document.pk, public_id=document.public_id, number_text=text, kind=kind, issued_at=issued_at, content=plain,
        subject=subject, entry_id=entry_id,
    )  # fmt: skip


def void_document(*, public_id: UUID, now: datetime) -> None:
    """This function will mark a paper as void; it keeps its number and what it says. Raises UnknownDocument."""
    require_unit_of_work()
    if Document.objects.filter(public_id=public_id, voided_at=None).update(voided_at=now) != 1:
        raise UnknownDocument("There is no such document, or it is void already.")
