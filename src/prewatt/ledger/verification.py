"""Re-adding everything: each check is one statement and so one moment; what does not add up is a ``Difference``."""

import hashlib
import zlib
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from prewatt.ledger.documents import number_text
from prewatt.ledger.hashing import GENESIS, hash_content, seal
from prewatt.ledger.models import Document, DocumentFile, LedgerDay
from prewatt.ledger.services.days import entry_lines
from prewatt.ledger.values import Difference

DIFFERENCES_MAX = 1_000
"""A check stops listing here: by then a person must look anyway."""

_CHECKS: dict[str, str] = {
    "entry_sum": """
        SELECT 'entry ' || posting.entry_id || ' in ' || account.currency, '0', sum(posting.amount)::text
        FROM ledger_posting posting JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id
        GROUP BY posting.entry_id, account.currency HAVING sum(posting.amount) <> 0 ORDER BY posting.entry_id""",
    "entry_empty": """
        SELECT 'entry ' || entry.id, '2 postings', '0' FROM ledger_journalentry entry
        WHERE NOT EXISTS (SELECT 1 FROM ledger_posting posting WHERE posting.entry_id = entry.id) ORDER BY entry.id""",
    "entry_book": """
        SELECT 'entry ' || entry.id, 'book ' || entry.book_id, 'book ' || account.book_id
        FROM ledger_journalentry entry JOIN ledger_posting posting ON posting.entry_id = entry.id
        JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id
        WHERE account.book_id <> entry.book_id ORDER BY entry.id""",
    "party_balance": """
        SELECT 'account ' || account.code, coalesce(sums.total, 0)::text, account.balance::text
        FROM ledger_ledgeraccount account
        LEFT JOIN (SELECT ledger_account_id, sum(amount) AS total FROM ledger_posting GROUP BY 1) sums
            ON sums.ledger_account_id = account.id
        WHERE account.kind = 'party' AND account.balance <> coalesce(sums.total, 0) ORDER BY account.id""",
    "party_seq": """
        SELECT 'account ' || account.code, account.last_seq::text,
               coalesce(lines.n, 0) || ' lines up to ' || coalesce(lines.highest, 0)
        FROM ledger_ledgeraccount account
        LEFT JOIN (SELECT ledger_account_id, count(*) AS n, max(seq) AS highest, min(seq) AS lowest
                   FROM ledger_posting GROUP BY 1) lines ON lines.ledger_account_id = account.id
        WHERE account.kind = 'party'
              AND (account.last_seq <> coalesce(lines.n, 0) OR account.last_seq <> coalesce(lines.highest, 0)
                   OR coalesce(lines.lowest, 1) <> 1)
        ORDER BY account.id""",
    "running_balance": """
        SELECT 'account ' || account.code || ' line ' || line.seq, line.running::text, line.balance_after::text
        FROM (SELECT ledger_account_id, seq, balance_after,
                     sum(amount) OVER (PARTITION BY ledger_account_id ORDER BY seq) AS running
              FROM ledger_posting WHERE seq IS NOT NULL) line
        JOIN ledger_ledgeraccount account ON account.id = line.ledger_account_id
        WHERE line.running <> line.balance_after ORDER BY account.id, line.seq""",
    "reversal": """
        SELECT 'entry ' || mirror.id || ' reverses ' || mirror.reverses_id, '0', sums.total::text
        FROM ledger_journalentry mirror
        JOIN LATERAL (SELECT ledger_account_id, sum(amount) AS total FROM ledger_posting
                      WHERE entry_id IN (mirror.id, mirror.reverses_id) GROUP BY 1) sums ON sums.total <> 0
        WHERE mirror.reverses_id IS NOT NULL ORDER BY mirror.id""",
    "daily_balance": """
        WITH truth AS (
            SELECT posting.ledger_account_id, entry.booking_date,
                   -coalesce(sum(posting.amount) FILTER (WHERE posting.amount < 0), 0) AS debit,
                   coalesce(sum(posting.amount) FILTER (WHERE posting.amount > 0), 0) AS credit,
                   sum(sum(posting.amount)) OVER (PARTITION BY posting.ledger_account_id
                                                  ORDER BY entry.booking_date) AS closing
            FROM ledger_posting posting JOIN ledger_journalentry entry ON entry.id = posting.entry_id
            WHERE posting.seq IS NULL GROUP BY 1, 2)
        SELECT 'account ' || account.code || ' on ' || coalesce(truth.booking_date, daily.date),
               concat_ws('/', truth.debit, truth.credit, truth.closing),
               concat_ws('/', daily.debit, daily.credit, daily.closing)
        FROM truth
        FULL JOIN ledger_dailybalance daily
            ON daily.ledger_account_id = truth.ledger_account_id AND daily.date = truth.booking_date
        JOIN ledger_ledgeraccount account ON account.id = coalesce(truth.ledger_account_id, daily.ledger_account_id)
        WHERE (truth.debit, truth.credit, truth.closing) IS DISTINCT FROM (daily.debit, daily.credit, daily.closing)
              AND (daily.date IS NOT NULL
                   OR EXISTS (SELECT 1 FROM ledger_ledgerday day WHERE day.book_id = account.book_id
                              AND day.date = truth.booking_date AND day.state = 'sealed'))
        ORDER BY account.id, 1""",
    "day_entries": """
        SELECT book.code || ' on ' || day.date, day.entries::text, count(entry.id)::text
        FROM ledger_ledgerday day JOIN ledger_book book ON book.id = day.book_id
        LEFT JOIN ledger_journalentry entry ON entry.book_id = day.book_id AND entry.booking_date = day.date
        WHERE day.state = 'sealed' GROUP BY day.id, book.code HAVING day.entries <> count(entry.id)
        ORDER BY day.date""",
    "day_missing": """
        SELECT book.code || ' on ' || entry.booking_date, 'sealed', 'open'
        FROM (SELECT DISTINCT book_id, booking_date FROM ledger_journalentry) entry
        JOIN ledger_book book ON book.id = entry.book_id
        WHERE EXISTS (SELECT 1 FROM ledger_ledgerday later WHERE later.book_id = entry.book_id
                      AND later.date > entry.booking_date AND later.state = 'sealed')
              AND NOT EXISTS (SELECT 1 FROM ledger_ledgerday day WHERE day.book_id = entry.book_id
                              AND day.date = entry.booking_date AND day.state = 'sealed')
        ORDER BY entry.booking_date""",
    "document_numbers": """
        SELECT book.code || ' ' || series.kind || '-' || series.year || '-' || series.point,
               series.next_no - 1 || ' papers', count(paper.id) || ' papers up to ' || coalesce(max(paper.number), 0)
        FROM ledger_documentseries series JOIN ledger_book book ON book.id = series.book_id
        LEFT JOIN ledger_document paper ON paper.series_id = series.id
        GROUP BY series.id, book.code
        HAVING count(paper.id) <> series.next_no - 1 OR coalesce(max(paper.number), 0) <> series.next_no - 1
               OR coalesce(min(paper.number), 1) <> 1
        ORDER BY series.id""",
}


def verify(*, seals: bool) -> list[Difference]:
    """This function will re-add the ledger and return what differs, nothing when it is sound.

    With ``seals`` it also recomputes every seal and the hash of every paper, which finds what was changed below the
    triggers.
    """
    found: list[Difference] = []
    for kind, statement in _CHECKS.items():
        found.extend(Difference(kind, *row) for row in _rows(f"{statement} LIMIT {DIFFERENCES_MAX}"))
    if seals:
        found.extend(_broken_seals())
        found.extend(_changed_papers())
        found.extend(_changed_prints())
    return found


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _broken_seals() -> Iterator[Difference]:
    """This function will yield each day whose seal is not what its entries and the seal before it make.

    A chain that breaks is followed on from the stored seal, so that only the days that were touched are named.
    """
    before: dict[int, tuple[date, str]] = {}
    days = LedgerDay.objects.filter(state="sealed").select_related("book").order_by("book_id", "date")
    for day in days.iterator():
        last_date, last_seal = before.get(day.book_id, (None, GENESIS))
        if day.seal_before != last_seal or (last_date is not None and (day.date - last_date).days != 1):
            yield Difference("seal_chain", f"{day.book.code} on {day.date}", last_seal[:16], day.seal_before[:16])
        expected = seal(before=day.seal_before, day=day.date, lines=entry_lines(day.book_id, day.date))
        if expected != day.seal:
            yield Difference("seal", f"{day.book.code} on {day.date}", expected[:16], day.seal[:16])
        before[day.book_id] = (day.date, day.seal)


def _changed_papers() -> Iterator[Difference]:
    for paper in Document.objects.select_related("series").order_by("pk").iterator(chunk_size=1_000):
        series = paper.series
        text = number_text(kind=series.kind, year=series.year, point=series.point, number=paper.number)
        expected = hash_content(text, paper.content)
        if expected != paper.content_hash:
            yield Difference("document", text, paper.content_hash[:16], expected[:16])


def _changed_prints() -> Iterator[Difference]:
    """This function will yield each kept print that is not what was handed out first."""
    for kept in DocumentFile.objects.order_by("pk").iterator(chunk_size=100):
        try:
            found = hashlib.sha256(zlib.decompress(kept.packed)).hexdigest()
        except zlib.error:
            found = "unreadable"
        if found != kept.sha256:
            yield Difference("print", f"document {kept.document_id} as {kept.form}", kept.sha256[:16], found[:16])
