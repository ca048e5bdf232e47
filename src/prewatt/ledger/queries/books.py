"""Accounts, entries and days. Accounts are named by row number: who may see whom is decided by the rooms above."""

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from prewatt.kernel.money import Money
from prewatt.ledger.errors import UnknownAccount
from prewatt.ledger.models import Book, JournalEntry, LedgerAccount, Posting
from prewatt.ledger.services.days import last_sealed
from prewatt.ledger.values import AccountBookings, Booking, PostingRow

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


_BOOKED_SINCE = """
WITH since AS MATERIALIZED (
    SELECT posting.ledger_account_id, posting.amount, posting.seq, entry.id, entry.kind, entry.reverses_id,
           entry.occurred_at, entry.booking_date, entry.memo
    FROM ledger_posting posting JOIN ledger_journalentry entry ON entry.id = posting.entry_id
    WHERE posting.ledger_account_id = ANY(%(accounts)s) AND entry.booking_date >= %(from)s
)
SELECT account.id, account.currency, account.balance - coalesce(total.amount, 0)::bigint, since.id, since.kind,
       origin.kind, since.occurred_at, since.booking_date, since.memo::text, since.amount
FROM ledger_ledgeraccount account
LEFT JOIN (SELECT ledger_account_id, sum(amount) AS amount FROM since GROUP BY 1) total
    ON total.ledger_account_id = account.id
LEFT JOIN since ON since.ledger_account_id = account.id AND since.booking_date < %(to)s
LEFT JOIN ledger_journalentry origin ON origin.id = since.reverses_id
WHERE account.id = ANY(%(accounts)s) AND account.kind = 'party'
ORDER BY account.id, since.booking_date, since.seq
"""


_MOVED = """
SELECT coalesce(origin.memo, entry.memo) ->> 'channel', coalesce(sum(posting.amount), 0)::bigint
FROM ledger_journalentry entry
JOIN ledger_posting posting ON posting.entry_id = entry.id AND posting.seq IS NOT NULL
JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id AND account.currency = %(currency)s
LEFT JOIN ledger_journalentry origin ON origin.id = entry.reverses_id
WHERE entry.book_id = %(book)s AND entry.booking_date BETWEEN %(day)s AND %(day)s + 7
      AND entry.occurred_at >= %(from)s AND entry.occurred_at < %(to)s
      AND coalesce(origin.kind, entry.kind) IN ('top_up', 'refund')
GROUP BY 1 ORDER BY 1
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


def list_bookings(*, ledger_account_ids: Collection[int], from_day: date, to_day: date) -> dict[int, AccountBookings]:
    """This function will return what was booked on party accounts on days from ``from_day`` to before ``to_day``.

    In the order of days, with the balance before and after them: one statement, and so one moment. The balance before
    is today's less everything booked since, because entries are booked on days in another order than they are written.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED_SINCE, {"accounts": list(ledger_account_ids), "from": from_day, "to": to_day})
        rows = cursor.fetchall()
    within: dict[int, list[Booking]] = defaultdict(list)
    openings: dict[int, Money] = {}
    for account_id, currency, opening, entry_id, kind, origin, occurred_at, day, memo, amount in rows:
        openings[account_id] = Money(opening, currency)
        if entry_id is not None:
            within[account_id].append(
                Booking(entry_id, kind, origin or "", occurred_at, day, json.loads(memo), Money(amount, currency))
            )
    return {account_id: AccountBookings(opening, tuple(within[account_id])) for account_id, opening in openings.items()}


def moved_by_channel(*, book_id: int, currency: str, day: date, from_at: datetime, to_at: datetime) -> dict[str, Money]:
    """This function will return what parties paid in less what they got back, by channel, within a day.

    What was undone in this time counts in it, by the channel of what it undid.
    """
    wanted: dict[str, Any] = {"book": book_id, "currency": currency, "day": day, "from": from_at, "to": to_at}
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, wanted)
        return {channel or "": Money(amount, currency) for channel, amount in cursor.fetchall()}


def find_memos(*, entry_ids: Collection[int]) -> dict[int, tuple[dict[str, Any], int | None, dict[str, Any]]]:
    """This function will return, of each entry, its memo, and the entry that reverses it with that one's memo."""
    rows = JournalEntry.objects.filter(pk__in=entry_ids).values_list(
        "pk", "memo", "reversed_by__pk", "reversed_by__memo"
    )
    return {pk: (memo, mirror, mirror_memo or {}) for pk, memo, mirror, mirror_memo in rows}


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


def _posting_row(row: tuple[Any, ...]) -> PostingRow:
    currency = row[8]
    return PostingRow(
        id=row[0], entry_id=row[1], ledger_account_id=row[2], kind=row[3], cause_key=row[4], seq=row[5],
        amount=Money(row[6], currency), balance_after=Money(row[7], currency), occurred_at=row[9],
        booking_date=row[10], memo=json.loads(row[11]), reverses=row[12], is_reversed=row[13],
    )  # fmt: skip
