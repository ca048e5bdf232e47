"""Posting: a batch of entries in four statements, each cause once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.kernel.money import Money
from prewatt.ledger.errors import (
    AlreadyReversed,
    BelowFloor,
    KeyConflict,
    UnbalancedEntry,
    UnknownAccount,
    UnknownEntry,
)
from prewatt.ledger.hashing import hash_inputs, to_plain
from prewatt.ledger.models import JournalEntry, Posting
from prewatt.ledger.services.accounts import lock_party_accounts
from prewatt.ledger.services.days import hold_days_open
from prewatt.ledger.values import EntryDraft, EntryResult, PartyState, PostingLine

ENTRIES_MAX = 5_000
_INSERT_ENTRIES = """
INSERT INTO ledger_journalentry
    (book_id, kind, cause_key, input_hash, occurred_at, booking_date, reverses_id, action_id, memo)
SELECT %(book)s, kind, cause_key, input_hash, occurred_at, booking_date, reverses, %(action)s, memo::jsonb
FROM unnest(%(kinds)s::text[], %(keys)s::text[], %(hashes)s::text[], %(occurred)s::timestamptz[], %(dates)s::date[],
            %(reverses)s::bigint[], %(memos)s::text[])
     WITH ORDINALITY given (kind, cause_key, input_hash, occurred_at, booking_date, reverses, memo, place)
ORDER BY place
ON CONFLICT (book_id, cause_key) DO NOTHING RETURNING cause_key, id
"""
_FIND_ENTRIES = """
SELECT cause_key, id, input_hash FROM ledger_journalentry WHERE book_id = %s AND cause_key = ANY(%s)
"""
_FIND_ACCOUNTS = """
SELECT id, kind, currency FROM ledger_ledgeraccount WHERE id = ANY(%s) AND book_id = %s
"""
_INSERT_POSTINGS = """
WITH posted AS (
INSERT INTO ledger_posting (entry_id, ledger_account_id, amount, seq, balance_after)
SELECT entry, account, amount, seq, balance
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
     WITH ORDINALITY given (entry, account, amount, seq, balance, place)
ORDER BY place)
UPDATE ledger_ledgeraccount account SET balance = moved.balance, last_seq = moved.seq
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) moved (id, balance, seq) WHERE account.id = moved.id
"""


@dataclass(slots=True)
class _Running:
    """A party account while a batch runs over it."""

    balance_minor: int
    seq: int
    floor_minor: int | None


def post_entry(  # noqa: PLR0913 - one entry, all its facts by name; ``EntryDraft`` is the same as a value
    *,
    book_id: int,
    kind: str,
    cause_key: str,
    inputs: Mapping[str, Any],
    occurred_at: datetime,
    booking_date: date,
    postings: Sequence[PostingLine],
    reverses: int | None = None,
    memo: Mapping[str, Any] | None = None,
    locked: Mapping[int, PartyState] | None = None,
) -> EntryResult:
    """This function will post one entry, or answer with the one that this cause made before.

    The caller holds the lock of the party accounts. ``locked``: how they stand, from a caller who has just looked at
    all accounts of the entry and knows that its cause is new. Raises KeyConflict, DaySealed, BelowFloor,
    UnknownAccount, UnbalancedEntry.
    """
    draft = EntryDraft(
        kind=kind, cause_key=cause_key, inputs=inputs, occurred_at=occurred_at, booking_date=booking_date,
        postings=postings, reverses=reverses, memo=memo or {},
    )  # fmt: skip
    return post_entries(book_id=book_id, drafts=[draft], locked=locked)[0]


def post_entries(
    *, book_id: int, drafts: Sequence[EntryDraft], locked: Mapping[int, PartyState] | None = None
) -> list[EntryResult]:
    """This function will post a batch in its order, at most 5,000 entries, and answer in the same order.

    All or nothing. What was posted before from the same inputs is left as it is. ``locked`` as ``post_entry`` has it.
    Raises as ``post_entry`` does.
    """
    work = require_unit_of_work()
    if len(drafts) > ENTRIES_MAX:
        raise ValueError(f"{len(drafts)} entries in one batch: post at most {ENTRIES_MAX}")
    if not drafts:
        return []
    hashes: dict[str, str] = {}
    for draft in drafts:
        _require_balanced(draft)
        hashed = hash_inputs(draft.kind, draft.inputs)
        if hashes.setdefault(draft.cause_key, hashed) != hashed:
            raise _key_conflict(draft.cause_key)
    known = _find(book_id, hashes) if locked is None else {}
    fresh = {draft.cause_key: draft for draft in reversed(drafts) if draft.cause_key not in known}
    fresh = {key: fresh[key] for key in hashes if key in fresh}
    created: dict[str, int] = {}
    if fresh:
        hold_days_open(book_id=book_id, days={draft.booking_date for draft in fresh.values()})
        states = _accounts_of(book_id, fresh.values()) if locked is None else locked
        created = _insert_entries(book_id, work.action_id, fresh, hashes)
        if len(created) < len(fresh):
            known |= _find(book_id, {key: hashes[key] for key in fresh if key not in created})
        _insert_postings({key: fresh[key] for key in fresh if key in created}, created, states)
    results, seen = [], set[str]()
    for draft in drafts:
        key = draft.cause_key
        results.append(EntryResult(created[key] if key in created else known[key], key in created and key not in seen))
        seen.add(key)
    return results


def reverse_entry(
    *,
    entry_id: int,
    cause_key: str,
    inputs: Mapping[str, Any],
    occurred_at: datetime,
    booking_date: date,
    memo: Mapping[str, Any] | None = None,
) -> EntryResult:
    """This function will post the mirror of an entry, pointing at it; nothing is changed or taken away.

    Raises UnknownEntry, AlreadyReversed and what ``post_entry`` raises.
    """
    require_unit_of_work()
    entry = JournalEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise UnknownEntry("There is no entry %(entry)s.", entry=entry_id)
    if entry.reverses_id is not None:
        raise AlreadyReversed("A reversal is not reversed.", hint="Post the right entry instead.")
    lines = Posting.objects.filter(entry=entry).order_by("pk").values_list(
        "ledger_account_id", "amount", "ledger_account__currency", "ledger_account__kind"
    )  # fmt: skip
    lock_party_accounts(ledger_account_ids=[row[0] for row in lines if row[3] == "party"])
    other = JournalEntry.objects.filter(reverses=entry).values_list("cause_key", flat=True).first()
    if other is not None and other != cause_key:
        raise AlreadyReversed("The entry was reversed before.", hint="Look at the ledger: it shows the reversal.")
    return post_entry(
        book_id=entry.book_id, kind=f"{entry.kind}_reversal", cause_key=cause_key, inputs=inputs,
        occurred_at=occurred_at, booking_date=booking_date, reverses=entry.pk, memo=memo,
        postings=[PostingLine(account, Money(-amount, currency)) for account, amount, currency, _ in lines],
    )  # fmt: skip


def _require_balanced(draft: EntryDraft) -> None:
    sums: dict[str, int] = {}
    for line in draft.postings:
        sums[line.amount.currency] = sums.get(line.amount.currency, 0) + line.amount.minor
        if line.amount.minor == 0:
            raise UnbalancedEntry(f"Entry {draft.cause_key} has a posting of nothing.")
    if not draft.postings or any(sums.values()):
        raise UnbalancedEntry(f"The postings of {draft.cause_key} do not sum to zero: {sums}.")


def _key_conflict(cause_key: str) -> KeyConflict:
    return KeyConflict(
        "%(cause)s was posted before from other inputs.",
        hint="Nothing was posted. Compare the two causes.",
        cause=cause_key,
    )


def _find(book_id: int, hashes: Mapping[str, str]) -> dict[str, int]:
    """This function will return the entries that the causes made before. Raises KeyConflict."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND_ENTRIES, [book_id, list(hashes)])
        rows = cursor.fetchall()
    for key, _, input_hash in rows:
        if input_hash != hashes[key]:
            raise _key_conflict(key)
    return {key: entry_id for key, entry_id, _ in rows}


def _accounts_of(book_id: int, drafts: Iterable[EntryDraft]) -> dict[int, PartyState]:
    """This function will check every account of the batch and return the party accounts, locked."""
    currencies: dict[int, str] = {}
    for draft in drafts:
        for line in draft.postings:
            if currencies.setdefault(line.ledger_account_id, line.amount.currency) != line.amount.currency:
                raise UnknownAccount(f"Ledger account {line.ledger_account_id} has one currency.")
    with connection.cursor() as cursor:
        cursor.execute(_FIND_ACCOUNTS, [list(currencies), book_id])
        kinds = {pk: (kind, currency) for pk, kind, currency in cursor.fetchall()}
    for account_id, currency in currencies.items():
        if account_id not in kinds or kinds[account_id][1] != currency:
            raise UnknownAccount(f"There is no ledger account {account_id} in {currency} in book {book_id}.")
    return lock_party_accounts(ledger_account_ids=[pk for pk, (kind, _) in kinds.items() if kind == "party"])


def _insert_entries(
    book_id: int, action_id: int, fresh: Mapping[str, EntryDraft], hashes: Mapping[str, str]
) -> dict[str, int]:
    drafts = list(fresh.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_ENTRIES,
            {
                "book": book_id,
                "action": action_id,
                "kinds": [draft.kind for draft in drafts],
                "keys": [draft.cause_key for draft in drafts],
                "hashes": [hashes[draft.cause_key] for draft in drafts],
                "occurred": [draft.occurred_at for draft in drafts],
                "dates": [draft.booking_date for draft in drafts],
                "reverses": [draft.reverses for draft in drafts],
                "memos": [json.dumps(to_plain(draft.memo), ensure_ascii=False) for draft in drafts],
            },
        )
        return dict(cursor.fetchall())


def _insert_postings(
    drafts: Mapping[str, EntryDraft], entry_ids: Mapping[str, int], states: Mapping[int, PartyState]
) -> None:
    running = {pk: _Running(state.balance_minor, state.last_seq, state.floor_minor) for pk, state in states.items()}
    rows: list[tuple[int, int, int, int | None, int | None]] = []
    for key, draft in drafts.items():
        for line in draft.postings:
            party = running.get(line.ledger_account_id)
            rows.append((entry_ids[key], line.ledger_account_id, line.amount.minor, *_advance(party, line)))
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_POSTINGS,
            [
                *(list(column) for column in zip(*rows, strict=True)),
                list(running),
                [one.balance_minor for one in running.values()],
                [one.seq for one in running.values()],
            ],
        )


def _advance(party: _Running | None, line: PostingLine) -> tuple[int | None, int | None]:
    """This function will move a party's running balance and return the posting's place and the balance after it."""
    if party is None:
        return None, None
    party.seq += 1
    party.balance_minor += line.amount.minor
    if party.floor_minor is not None and party.balance_minor < party.floor_minor and line.amount.minor < 0:
        raise BelowFloor(
            "The balance would fall to %(balance)s.",
            hint="It may not go below %(floor)s.",
            balance=Money(party.balance_minor, line.amount.currency),
            floor=Money(party.floor_minor, line.amount.currency),
        )
    return party.seq, party.balance_minor
