"""Reads of the ledger. They name accounts by row number: who may see whom is decided by the rooms above."""

import json
from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from prewatt.kernel.money import Money
from prewatt.ledger.documents import number_text
from prewatt.ledger.errors import UnknownAccount, UnknownDocument
from prewatt.ledger.models import Book, Document, JournalEntry, LedgerAccount, Posting
from prewatt.ledger.services.days import last_sealed
from prewatt.ledger.values import DocumentValue, PostingRow
from prewatt.ledger.verification import verify

__all__ = [
    "document_numbers",
    "find_book",
    "find_document",
    "find_entry",
    "find_entry_memo",
    "find_last_sealed_day",
    "get_document",
    "get_document_by_id",
    "get_document_of_entry",
    "house_balance",
    "list_documents",
    "list_postings",
    "party_balance",
    "party_postings_of_entries",
    "party_postings_of_kind",
    "verify",
]

PAGE_MAX = 500
_HOUSE_BALANCE = """
WITH last AS (
    SELECT closing, date FROM ledger_dailybalance WHERE ledger_account_id = %(account)s ORDER BY date DESC LIMIT 1
)
SELECT coalesce((SELECT closing FROM last), 0) + coalesce((
    SELECT sum(posting.amount) FROM ledger_journalentry entry JOIN ledger_posting posting ON posting.entry_id = entry.id
    WHERE entry.book_id = %(book)s AND entry.booking_date > coalesce((SELECT date FROM last), '-infinity'::date)
          AND posting.ledger_account_id = %(account)s), 0)
"""
_POSTINGS = """
SELECT posting.id, entry.id, posting.ledger_account_id, entry.kind, entry.cause_key, posting.seq, posting.amount,
       posting.balance_after, account.currency, entry.occurred_at, entry.booking_date, entry.memo, entry.reverses_id,
       EXISTS (SELECT 1 FROM ledger_journalentry mirror WHERE mirror.reverses_id = entry.id)
FROM ledger_posting posting
JOIN ledger_journalentry entry ON entry.id = posting.entry_id
JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id
WHERE posting.ledger_account_id = ANY(%(accounts)s) AND account.kind = 'party'
      AND (%(before)s::bigint IS NULL OR posting.seq < %(before)s)
ORDER BY posting.id DESC LIMIT %(limit)s
"""


def party_balance(*, ledger_account_ids: Collection[int]) -> dict[int, Money]:
    """This function will return the balances of party accounts; an id that is none is left out."""
    rows = LedgerAccount.objects.filter(pk__in=list(ledger_account_ids), balance__isnull=False)
    return {
        pk: Money(balance, currency)
        for pk, balance, currency in rows.values_list("pk", "balance", "currency")
        if balance is not None
    }


def list_postings(
    *, ledger_account_ids: Collection[int], before_seq: int | None = None, limit: int = 50
) -> list[PostingRow]:
    """This function will return lines of party accounts, the newest first.

    ``before_seq`` pages on, and needs exactly one account: each account counts its own lines.
    """
    if before_seq is not None and len(ledger_account_ids) != 1:
        raise ValueError("a place in the row belongs to one account")
    with connection.cursor() as cursor:
        cursor.execute(
            _POSTINGS,
            {"accounts": list(ledger_account_ids), "before": before_seq, "limit": max(1, min(limit, PAGE_MAX))},
        )
        return [_posting_row(row) for row in cursor.fetchall()]


def house_balance(*, book_id: int, code: str) -> Money:
    """This function will return how a house account stands: its last daily balance and what came after it."""
    account = LedgerAccount.objects.filter(book_id=book_id, code=code, balance=None).first()
    if account is None:
        raise UnknownAccount(f"There is no house account {code}.")
    with connection.cursor() as cursor:
        cursor.execute(_HOUSE_BALANCE, {"account": account.pk, "book": book_id})
        return Money(int(cursor.fetchone()[0]), account.currency)


def find_book(*, code: str) -> int | None:
    """This function will return the id of the book of that code."""
    return Book.objects.filter(code=code).values_list("pk", flat=True).first()


def find_entry(*, book_id: int, cause_key: str) -> int | None:
    """This function will return the entry that the cause made."""
    return JournalEntry.objects.filter(book_id=book_id, cause_key=cause_key).values_list("pk", flat=True).first()


def find_entry_memo(*, book_id: int, cause_key: str) -> dict[str, Any] | None:
    """This function will return what was noted on the entry that the cause made."""
    return JournalEntry.objects.filter(book_id=book_id, cause_key=cause_key).values_list("memo", flat=True).first()


def party_postings_of_kind(*, book_id: int, kind: str) -> dict[int, Money]:
    """This function will sum the postings of all entries of a kind by party account, for kinds made once."""
    rows = Posting.objects.filter(entry__book_id=book_id, entry__kind=kind, seq__isnull=False)
    sums = rows.values("ledger_account_id", "ledger_account__currency").annotate(total=Sum("amount")).order_by()
    return {row["ledger_account_id"]: Money(row["total"], row["ledger_account__currency"]) for row in sums}


def party_postings_of_entries(*, entry_ids: Collection[int]) -> dict[int, tuple[Money, bool]]:
    """This function will return, of each entry, what it moved on its party's account and whether it was reversed."""
    reversed_ids = set(JournalEntry.objects.filter(reverses__in=entry_ids).values_list("reverses_id", flat=True))
    rows = Posting.objects.filter(entry__in=entry_ids, seq__isnull=False)
    return {
        entry_id: (Money(amount, currency), entry_id in reversed_ids)
        for entry_id, amount, currency in rows.values_list("entry_id", "amount", "ledger_account__currency")
    }


def find_last_sealed_day(*, book_id: int) -> date | None:
    """This function will return the last sealed day of the book."""
    return last_sealed(book_id)


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
        raise UnknownDocument(f"There is no {kind} of entry {entry_id}.")
    return _document_value(document)


def list_documents(*, subject_kind: str, subject_ids: Collection[str]) -> list[DocumentValue]:
    """This function will return the papers about subjects, the newest first, at most 500."""
    rows = Document.objects.select_related("series").filter(subject_kind=subject_kind, subject_id__in=list(subject_ids))
    return [_document_value(document) for document in rows.order_by("-pk")[:PAGE_MAX]]


def document_numbers(*, document_ids: Collection[int]) -> dict[int, tuple[UUID, str]]:
    """This function will return the public id and the printed number of papers by row number."""
    return {
        paper.pk: (
            paper.public_id,
            number_text(
                kind=paper.series.kind, year=paper.series.year, point=paper.series.point, number=paper.number
            ),
        )
        for paper in Document.objects.select_related("series").filter(pk__in=document_ids)
    }  # fmt: skip


def _document_value(document: Document) -> DocumentValue:
    series = document.series
    return DocumentValue(
        id=document.pk, public_id=document.public_id, kind=document.kind,
        issued_at=document.issued_at, content=document.content,
        number_text=number_text(kind=series.kind, year=series.year, point=series.point, number=document.number),
        voided_at=document.voided_at, subject=(document.subject_kind, document.subject_id),
        entry_id=document.entry_id,
    )  # fmt: skip


def _posting_row(row: tuple[Any, ...]) -> PostingRow:
    currency = row[8]
    return PostingRow(
        id=row[0], entry_id=row[1], ledger_account_id=row[2], kind=row[3], cause_key=row[4], seq=row[5],
        amount=Money(row[6], currency), balance_after=Money(row[7], currency), occurred_at=row[9],
        booking_date=row[10], memo=json.loads(row[11]), reverses=row[12], is_reversed=row[13],
    )  # fmt: skip
