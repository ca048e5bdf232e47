"""Papers with numbers that have no gaps, and the files that they were printed as."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.kernel.ids import uuid7
from prewatt.ledger.documents import number_text
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.hashing import hash_content, to_plain
from prewatt.ledger.models import Document, DocumentFile
from prewatt.ledger.values import DocumentDraft, DocumentValue

_DRAW = """
INSERT INTO ledger_documentseries (book_id, kind, year, point, next_no) VALUES (%(book)s, %(kind)s, %(year)s,
    %(point)s, 1 + %(count)s)
ON CONFLICT (book_id, kind, year, point) DO UPDATE SET next_no = ledger_documentseries.next_no + %(count)s
RETURNING id, next_no - %(count)s
"""
_LOCK = """
INSERT INTO ledger_documentseries (book_id, kind, year, point, next_no)
VALUES (%(book)s, %(kind)s, %(year)s, %(point)s, 1)
ON CONFLICT (book_id, kind, year, point) DO UPDATE SET next_no = ledger_documentseries.next_no
"""
_INSERT = """
INSERT INTO ledger_document (public_id, series_id, number, kind, subject_kind, subject_id, entry_id, issued_at, content,
                             content_hash)
SELECT public_id, %(series)s, %(first)s + place - 1, %(kind)s, subject_kind, subject_id, entry_id, %(issued_at)s,
       content::jsonb, content_hash
FROM unnest(%(public_ids)s::uuid[], %(subject_kinds)s::text[], %(subject_ids)s::text[], %(entries)s::bigint[],
            %(contents)s::text[], %(hashes)s::text[])
     WITH ORDINALITY given (public_id, subject_kind, subject_id, entry_id, content, content_hash, place)
ORDER BY place RETURNING id
"""
INSERT_AT_ONCE = 200
PACKED = 1


def lock_series(*, book_id: int, kind: str, year: int, point: str) -> None:
    """This function will let nobody else draw from the series until the transaction ends.

    For papers that are in force once: what is found behind the lock stays so until the new one is issued.
    """
    require_unit_of_work()
    locked: dict[str, Any] = {"book": book_id, "kind": kind, "year": year, "point": point}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, locked)


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
    return issue_documents(
        book_id=book_id, kind=kind, year=year, point=point, issued_at=issued_at,
        drafts=[DocumentDraft(subject, content, entry_id)],
    )[0]  # fmt: skip


def issue_documents(
    *, book_id: int, kind: str, year: int, point: str, issued_at: datetime, drafts: Sequence[DocumentDraft]
) -> list[DocumentValue]:
    """This function will draw the next numbers of the series at once and issue a paper for each draft, in their order.

    Call it last, as ``issue_document``.
    """
    require_unit_of_work()
    if not drafts:
        return []
    drawn: dict[str, Any] = {"book": book_id, "kind": kind, "year": year, "point": point, "count": len(drafts)}
    with connection.cursor() as cursor:
        cursor.execute(_DRAW, drawn)
        series_id, first = cursor.fetchone()
    values = []
    for number, draft in enumerate(drafts, start=first):
        text, plain = number_text(kind=kind, year=year, point=point, number=number), to_plain(draft.content)
        values.append(
            DocumentValue(
                id=0, public_id=uuid7(), number_text=text, kind=kind, issued_at=issued_at, content=plain,
                subject=draft.subject, entry_id=draft.entry_id, content_hash=hash_content(text, plain),
            )
        )  # fmt: skip
    ids: list[int] = []
    for start in range(0, len(values), INSERT_AT_ONCE):
        ids += _insert(values[start : start + INSERT_AT_ONCE], series_id=series_id, first=first + start)
    return [replace(value, id=pk) for value, pk in zip(values, ids, strict=True)]


def _insert(values: Sequence[DocumentValue], *, series_id: int, first: int) -> list[int]:
    """This function will write papers with numbers that follow each other, and return their row numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "series": series_id, "first": first, "kind": values[0].kind, "issued_at": values[0].issued_at,
                "public_ids": [one.public_id for one in values], "subject_kinds": [one.subject[0] for one in values],
                "subject_ids": [one.subject[1] for one in values], "entries": [one.entry_id for one in values],
                "contents": [json.dumps(one.content, ensure_ascii=False) for one in values],
                "hashes": [one.content_hash for one in values],
            },
        )  # fmt: skip
        return [pk for (pk,) in cursor.fetchall()]


def void_document(*, public_id: UUID, now: datetime) -> None:
    """This function will mark a paper as void; it keeps its number and what it says. Raises UnknownDocument."""
    require_unit_of_work()
    if Document.objects.filter(public_id=public_id, voided_at=None).update(voided_at=now) != 1:
        raise UnknownDocument("There is no such document, or it is void already.")


def keep_files(*, form: str, files: Mapping[int, bytes], printed_at: datetime) -> None:
    """This function will keep printed papers by row number of the paper; what was kept before stays as it was.

    ``printed_at`` is machine time.
    """
    require_unit_of_work()
    DocumentFile.objects.bulk_create(
        [
            DocumentFile(
                document_id=document_id, form=form, sha256=hashlib.sha256(data).hexdigest(),
                packed=zlib.compress(data, PACKED), printed_at=printed_at,
            )
            for document_id, data in files.items()
        ],
        INSERT_AT_ONCE,
        ignore_conflicts=True,
    )  # fmt: skip
