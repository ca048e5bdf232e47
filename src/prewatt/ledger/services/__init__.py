"""Writes of the ledger, split by use."""

from prewatt.ledger.services.accounts import (
    ensure_book,
    house_account,
    lock_party_accounts,
    open_party_account,
    open_party_accounts,
)
from prewatt.ledger.services.days import booking_date_for, seal_day
from prewatt.ledger.services.documents import issue_document, issue_documents, keep_files, lock_series, void_document
from prewatt.ledger.services.posting import post_entries, post_entry, reverse_entry
from prewatt.ledger.values import (
    DocumentDraft,
    DocumentValue,
    EntryDraft,
    EntryResult,
    PartyState,
    PostingLine,
    SealResult,
)

__all__ = [
    "DocumentDraft",
    "DocumentValue",
    "EntryDraft",
    "EntryResult",
    "PartyState",
    "PostingLine",
    "SealResult",
    "booking_date_for",
    "ensure_book",
    "house_account",
    "issue_document",
    "issue_documents",
    "keep_files",
    "lock_party_accounts",
    "lock_series",
    "open_party_account",
    "open_party_accounts",
    "post_entries",
    "post_entry",
    "reverse_entry",
    "seal_day",
    "void_document",
]
