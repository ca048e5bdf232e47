"""Issued papers: what they say, where they are, how they were printed."""

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.fields.json import KT, KeyTransform

from prewatt.kernel.money import Money
from prewatt.ledger.documents import number_text, parse_number
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.models import Document, DocumentFile
from prewatt.ledger.values import DocumentLine, DocumentValue, NumberRange

PAGE_MAX = 500
_LINE = (
    "id", "public_id", "number", "series__kind", "series__year", "series__point", "kind", "issued_at", "voided_at",
    "account_public_id", "account", "customer", "amount",
)  # fmt: skip


def find_document(*, public_id: UUID) -> DocumentValue | None:
    """This function will return an issued paper."""
    document = Document.objects.select_related("series").filter(public_id=public_id).first()
    return _document_value(document) if document is not None else None


def get_document(*, public_id: UUID) -> DocumentValue:
    """This function will return an issued paper. Raises UnknownDocument."""
    document = find_document(public_id=public_id)
    if document is None:
        raise UnknownDocument("There is no such document.")
    return document


def get_document_by_id(*, document_id: int) -> DocumentValue:
    """This function will return an issued paper by its row number."""
    return _document_value(Document.objects.select_related("series").get(pk=document_id))


def get_document_of_entry(*, entry_id: int, kind: str) -> DocumentValue:
    """This function will return the paper of that kind about an entry. Raises UnknownDocument."""
    document = Document.objects.select_related("series").filter(entry=entry_id, kind=kind).first()
    if document is None:
        raise UnknownDocument("There is no %(kind)s of entry %(entry)s.", kind=kind, entry=entry_id)
    return _document_value(document)


def find_documents_in_force(*, kind: str, subject_kind: str, subject_ids: Collection[str]) -> dict[str, DocumentValue]:
    """This function will return the paper of a kind that is in force for each subject, by subject."""
    rows = Document.objects.select_related("series").filter(
        kind=kind, subject_kind=subject_kind, subject_id__in=list(subject_ids), voided_at=None
    )
    return {document.subject_id: _document_value(document) for document in rows}


def list_documents(*, subject_kind: str, subject_ids: Collection[str]) -> list[DocumentValue]:
    """This function will return the papers about subjects, the newest first, at most 500."""
    rows = Document.objects.select_related("series").filter(subject_kind=subject_kind, subject_id__in=list(subject_ids))
    return [_document_value(document) for document in rows.order_by("-pk")[:PAGE_MAX]]


def list_account_documents(
    *, account_public_id: UUID, kinds: Collection[str] = (), before_id: int | None = None, limit: int = 50
) -> list[DocumentLine]:
    """This function will list the papers of an account, the newest first; ``kinds`` narrows, ``before_id`` pages on."""
    return search_documents(
        wanted=DocumentsWanted(kinds=tuple(kinds), before_id=before_id), account_public_ids=[account_public_id],
        limit=limit,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DocumentsWanted:
    """Which papers to list; empty means all. ``text`` is a printed number, or the figures at its end."""

    book_id: int | None = None
    text: str = ""
    kinds: tuple[str, ...] = ()
    from_at: datetime | None = None
    to_at: datetime | None = None
    before_id: int | None = None


def search_documents(
    *, wanted: DocumentsWanted, account_public_ids: Collection[UUID] | None = None, limit: int = 50
) -> list[DocumentLine]:
    """This function will list papers, the newest first, at most 500; those of some accounts alone when they are given.

    Who may see them is asked before.
    """
    rows = _narrowed(Document.objects.all(), wanted)
    if account_public_ids is not None:
        rows = rows.filter(content__account_public_id__in=[str(one) for one in account_public_ids])
    found = rows.annotate(
        account_public_id=KT("content__account_public_id"), account=KT("content__account"),
        customer=KT("content__customer"), amount=KeyTransform("amount", "content"),
    )  # fmt: skip
    page = found.order_by("-pk").values_list(*_LINE)[: max(1, min(limit, PAGE_MAX))]
    return [_line(row) for row in page]


def _narrowed(rows: QuerySet[Document], wanted: DocumentsWanted) -> QuerySet[Document]:
    if wanted.book_id is not None:
        rows = rows.filter(series__book=wanted.book_id)
    if wanted.kinds:
        rows = rows.filter(kind__in=wanted.kinds)
    if wanted.from_at is not None:
        rows = rows.filter(issued_at__gte=wanted.from_at)
    if wanted.to_at is not None:
        rows = rows.filter(issued_at__lt=wanted.to_at)
    if wanted.before_id is not None:
        rows = rows.filter(pk__lt=wanted.before_id)
    return rows.filter(_numbered(wanted.text.strip())) if wanted.text.strip() else rows


def _numbered(text: str) -> Q:
    """Return the condition that a paper bears this number, or that its number ends in these figures."""
    parts = parse_number(text)
    if parts is not None:
        return Q(
            series__kind=parts.kind, series__year=parts.year, series__point__iexact=parts.point, number=parts.number
        )
    tail = text.rsplit("-", maxsplit=1)[-1]
    return Q(number=int(tail)) if tail.isdecimal() and len(tail) < 10 else Q(pk=None)


def _line(row: tuple[Any, ...]) -> DocumentLine:
    (
        row_id, public_id, number, series_kind, year, point, kind, issued_at, voided_at, account_public_id, account,
        customer, amount,
    ) = row  # fmt: skip
    return DocumentLine(
        id=row_id, public_id=public_id, kind=kind, issued_at=issued_at, voided_at=voided_at,
        number_text=number_text(kind=series_kind, year=year, point=point, number=number),
        account_public_id=UUID(account_public_id) if account_public_id else None, account=account or "",
        customer=customer or "", amount=Money(*amount) if amount else None,
    )  # fmt: skip


def list_number_ranges(*, book_id: int, from_at: datetime, to_at: datetime) -> list[NumberRange]:
    """This function will return, of each series of a book, the numbers that were drawn from one instant to another."""
    rows = (
        Document.objects.filter(series__book=book_id, issued_at__gte=from_at, issued_at__lt=to_at)
        .values("series__kind", "series__year", "series__point")
        .annotate(first=Min("number"), last=Max("number"), count=Count("pk"), void=Count("voided_at"))
        .order_by("series__kind", "series__year", "series__point")
    )
    return [
        NumberRange(
            kind=row["series__kind"], point=row["series__point"], first=_text(row, row["first"]),
            last=_text(row, row["last"]), count=row["count"], void=row["void"],
            missing=row["last"] - row["first"] + 1 - row["count"],
        )
        for row in rows
    ]  # fmt: skip


def _text(row: Mapping[str, Any], number: int) -> str:
    return number_text(
        kind=row["series__kind"], year=row["series__year"], point=row["series__point"], number=number
    )  # fmt: skip


def document_numbers(*, document_ids: Collection[int]) -> dict[int, tuple[UUID, str]]:
    """This function will return the public id and the printed number of papers by row number."""
    return {paper.pk: (paper.public_id, _number(paper)) for paper in _with_series().filter(pk__in=document_ids)}


def document_numbers_of_entries(*, entry_ids: Collection[int]) -> dict[int, str]:
    """This function will return the printed number of the paper about each entry that has one."""
    return {
        paper.entry_id: _number(paper)
        for paper in _with_series().filter(entry__in=entry_ids).order_by("pk")
        if paper.entry_id is not None
    }


def find_file(*, document_id: int, form: str) -> bytes | None:
    """This function will return a paper as it was first printed in a form."""
    return find_files(document_ids=[document_id], form=form).get(document_id)


def find_files(*, document_ids: Collection[int], form: str) -> dict[int, bytes]:
    """This function will return papers as they were first printed in a form, by row number of the paper."""
    rows = DocumentFile.objects.filter(document__in=document_ids, form=form)
    return {document_id: zlib.decompress(packed) for document_id, packed in rows.values_list("document_id", "packed")}


def find_printed(*, document_ids: Collection[int], form: str) -> set[int]:
    """This function will return which papers have been printed in a form."""
    rows = DocumentFile.objects.filter(document__in=document_ids, form=form)
    return set(rows.values_list("document_id", flat=True))


def _with_series() -> QuerySet[Document]:
    return Document.objects.select_related("series").defer("content")


def _number(document: Document) -> str:
    series = document.series
    return number_text(kind=series.kind, year=series.year, point=series.point, number=document.number)


def _document_value(document: Document) -> DocumentValue:
    return DocumentValue(
        id=document.pk, public_id=document.public_id, kind=document.kind, issued_at=document.issued_at,
        content=document.content, number_text=_number(document), voided_at=document.voided_at,
        subject=(document.subject_kind, document.subject_id), entry_id=document.entry_id,
        content_hash=document.content_hash,
    )  # fmt: skip
