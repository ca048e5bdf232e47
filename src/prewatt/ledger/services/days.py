"""Book-days: open while they take entries, sealed in order, each seal standing on the one before."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.ledger.errors import DaySealed
from prewatt.ledger.hashing import GENESIS, canonical, seal
from prewatt.ledger.models import DayState, JournalEntry, LedgerDay
from prewatt.ledger.values import SealResult

_LOCK_MARK = 0x1ED6
_SEALING = date.max
"""Stands for the order of a book's seals in the key of its lock."""
_FIRST_SEAL = date.min
"""Held by whoever posts before the book has a seal: the first seal looks for the earliest entry of all.

It is taken before any day, by those who post as by the one who seals: else they would wait for each other.
"""
_ROWS_AT_ONCE = 2_000
_ENTRY_LINES = """
SELECT entry.cause_key, entry.kind, entry.input_hash, entry.occurred_at, entry.booking_date,
       coalesce(origin.cause_key, ''), entry.memo::text,
       coalesce(jsonb_agg(jsonb_build_array(account.code, account.currency, posting.amount, posting.seq,
                                            posting.balance_after) ORDER BY posting.id)
                FILTER (WHERE posting.id IS NOT NULL), '[]'::jsonb)::text
FROM ledger_journalentry entry
LEFT JOIN ledger_journalentry origin ON origin.id = entry.reverses_id
LEFT JOIN ledger_posting posting ON posting.entry_id = entry.id
LEFT JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id
WHERE entry.book_id = %s AND entry.booking_date = %s AND entry.id > %s AND entry.id <= %s
GROUP BY entry.id, origin.cause_key ORDER BY entry.id
"""
_DAILY_BALANCES = """
INSERT INTO ledger_dailybalance (ledger_account_id, date, debit, credit, closing)
SELECT account.id, %(day)s, -coalesce(sum(posting.amount) FILTER (WHERE posting.amount < 0), 0),
       coalesce(sum(posting.amount) FILTER (WHERE posting.amount > 0), 0),
       coalesce((SELECT earlier.closing FROM ledger_dailybalance earlier
                 WHERE earlier.ledger_account_id = account.id AND earlier.date < %(day)s
                 ORDER BY earlier.date DESC LIMIT 1), 0) + sum(posting.amount)
FROM ledger_journalentry entry
JOIN ledger_posting posting ON posting.entry_id = entry.id
JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id AND account.kind = 'house'
WHERE entry.book_id = %(book)s AND entry.booking_date = %(day)s
GROUP BY account.id
"""


def booking_date_for(*, book_id: int, wanted: date) -> date:
    """This function will return the day to book on: ``wanted``, or the next open day when it is sealed.

    The day stays open until the transaction ends.
    """
    require_unit_of_work()
    if _is_held_open(book_id, wanted):
        return wanted
    with connection.cursor() as cursor:
        cursor.execute("SELECT prewatt_hold_day(%s, %s, %s)", [_LOCK_MARK, book_id, wanted])
        day: date = cursor.fetchone()[0]
    _note_held_open(book_id, day)
    return day


def hold_days_open(*, book_id: int, days: Iterable[date]) -> None:
    """This function will keep the days from being sealed until the transaction ends. Raises DaySealed."""
    wanted = sorted(day for day in days if not _is_held_open(book_id, day))
    if not wanted:
        return
    if last_sealed(book_id) is None:
        _lock(book_id, _FIRST_SEAL, exclusive=False)
    for day in wanted:
        _lock(book_id, day, exclusive=False)
    sealed = last_sealed(book_id)
    if sealed is not None and wanted[0] <= sealed:
        raise DaySealed(
            "The book-day %(day)s is sealed.", hint="Book on a day after %(sealed)s.", day=wanted[0], sealed=sealed
        )


def seal_day(*, book_id: int, day: date) -> SealResult:
    """This function will seal the day and every open day before it, and return the day's seal.

    It waits for entries that are being posted on these days. A sealed day is answered with the seal that it has.
    """
    require_unit_of_work()
    _lock(book_id, _SEALING, exclusive=True)
    before = LedgerDay.objects.filter(book_id=book_id, state=DayState.SEALED).order_by("-date").first()
    if before is not None and day <= before.date:
        return _sealed_before(book_id, day)
    if before is not None:
        next_day = before.date + timedelta(days=1)
    else:
        _lock(book_id, _FIRST_SEAL, exclusive=True)
        first = JournalEntry.objects.filter(book_id=book_id).order_by("booking_date").first()
        next_day = min(first.booking_date, day) if first is not None else day
    seal_before = before.seal if before is not None else GENESIS
    while True:
        result = _seal_one(book_id, next_day, seal_before)
        if next_day == day:
            return result
        next_day, seal_before = next_day + timedelta(days=1), result.seal


def last_sealed(book_id: int) -> date | None:
    """This function will return the last sealed day of the book."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(date) FROM ledger_ledgerday WHERE book_id = %s AND state = 'sealed'", [book_id])
        day: date | None = cursor.fetchone()[0]
    return day


def entry_lines(book_id: int, day: date) -> Iterator[str]:
    """This function will yield the canonical text of each entry of the day, in id order.

    It names accounts and causes by their codes, so that the same history has the same seals in every database.
    """
    entries = JournalEntry.objects.filter(book_id=book_id, booking_date=day).order_by("pk")
    ids = list(entries.values_list("pk", flat=True))
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        chunk = ids[start : start + _ROWS_AT_ONCE]
        with connection.cursor() as cursor:
            cursor.execute(_ENTRY_LINES, [book_id, day, chunk[0] - 1, chunk[-1]])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        for *fields, memo, postings in rows:
            yield canonical([*fields, json.loads(memo), json.loads(postings)])


def _seal_one(book_id: int, day: date, seal_before: str) -> SealResult:
    _lock(book_id, day, exclusive=True)
    entries = JournalEntry.objects.filter(book_id=book_id, booking_date=day).count()
    value = seal(before=seal_before, day=day, lines=entry_lines(book_id, day))
    with connection.cursor() as cursor:
        cursor.execute(_DAILY_BALANCES, {"book": book_id, "day": day})
    LedgerDay.objects.create(
        book_id=book_id, date=day, state=DayState.SEALED, entries=entries, seal=value, seal_before=seal_before
    )
    return SealResult(book_id=book_id, day=day, entries=entries, seal=value)


def _sealed_before(book_id: int, day: date) -> SealResult:
    row = LedgerDay.objects.filter(book_id=book_id, date=day).first()
    if row is None:
        raise DaySealed("The book-day %(day)s lies before the first day of the book.", day=day)
    return SealResult(book_id=book_id, day=day, entries=row.entries, seal=row.seal)


def _is_held_open(book_id: int, day: date) -> bool:
    """This function will tell whether this transaction holds the day open already; a lock lives with its savepoint."""
    return (book_id, day, *connection.savepoint_ids) in require_unit_of_work().held_open


def _note_held_open(book_id: int, day: date) -> None:
    require_unit_of_work().held_open.add((book_id, day, *connection.savepoint_ids))


def _lock(book_id: int, day: date, *, exclusive: bool) -> None:
    """This function will lock a book-day until the transaction ends."""
    function = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
    key = _LOCK_MARK << 48 | book_id << 24 | day.toordinal()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [key])
