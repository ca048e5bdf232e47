from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection, transaction
from tests.ledger.bookkeeper import DAY, Bookkeeper

from prewatt.kernel.money import Money
from prewatt.ledger import queries, services
from prewatt.ledger.errors import DaySealed
from prewatt.ledger.models import DailyBalance, LedgerDay

NEXT = DAY + timedelta(days=1)
LATER = DAY + timedelta(days=3)


def test_a_sealed_day_takes_no_more(books: Bookkeeper) -> None:
    books.post("a", 10)
    sealed = services.seal_day(book_id=books.book, day=DAY)
    assert (sealed.entries, len(sealed.seal)) == (1, 64)
    with pytest.raises(DaySealed):
        books.post("b", 10)
    assert services.booking_date_for(book_id=books.book, wanted=DAY) == NEXT
    assert services.booking_date_for(book_id=books.book, wanted=LATER) == LATER
    books.post("b", 10, day=NEXT)
    assert not books.post("a", 10).created
    assert queries.find_last_sealed_day(book_id=books.book) == DAY


def test_the_database_refuses_a_sealed_day_too(books: Bookkeeper) -> None:
    services.seal_day(book_id=books.book, day=DAY)
    for day in (DAY, DAY - timedelta(days=9)):
        with pytest.raises(DatabaseError, match="is sealed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ledger_journalentry"
                " (book_id, kind, cause_key, input_hash, occurred_at, booking_date, memo)"
                " VALUES (%s, 'x', 'x', 'x', now(), %s, '{}')",
                [books.book, day],
            )


def test_seal_day_twice_is_one_seal(books: Bookkeeper) -> None:
    books.post("a", 10)
    first = services.seal_day(book_id=books.book, day=DAY)
    assert services.seal_day(book_id=books.book, day=DAY) == first
    assert LedgerDay.objects.count() == 1
    with pytest.raises(DaySealed, match="before the first day"):
        services.seal_day(book_id=books.book, day=DAY - timedelta(days=1))


def test_days_between_are_sealed_in_order(books: Bookkeeper) -> None:
    books.post("a", 10)
    books.post("c", 30, day=LATER)
    services.seal_day(book_id=books.book, day=LATER)
    rows = list(LedgerDay.objects.order_by("date").values_list("date", "entries", "seal_before", "seal"))
    assert [(row[0], row[1]) for row in rows] == [(DAY, 1), (NEXT, 0), (DAY + timedelta(days=2), 0), (LATER, 1)]
    assert all(after[2] == before[3] for before, after in pairwise(rows))
    assert queries.verify(seals=True) == []


def test_daily_balances_are_what_the_days_turned_over(books: Bookkeeper) -> None:
    books.post("a", 100)
    books.post("b", -30)
    books.post("c", 7, day=NEXT)
    services.seal_day(book_id=books.book, day=NEXT)
    books.post("d", 1, day=LATER)
    rows = DailyBalance.objects.filter(ledger_account_id=books.takings).order_by("date")
    assert list(rows.values_list("date", "debit", "credit", "closing")) == [(DAY, 100, 30, -70), (NEXT, 7, 0, -77)]
    assert queries.house_balance(book_id=books.book, code="takings:cash") == Money(-78, "CNY")
    assert queries.house_balance(book_id=books.book, code="revenue:electricity") == Money(0, "CNY")


def test_the_same_history_has_the_same_seal_in_another_book(books: Bookkeeper) -> None:
    """I12: seals name codes, not row numbers."""
    other = Bookkeeper.__new__(Bookkeeper)
    other.book = services.ensure_book(code="tower", issuer="Tower Ltd")
    other.takings = services.house_account(book_id=other.book, code="takings:cash", currency="CNY")
    other.party = services.open_party_account(book_id=other.book, code="account:1:cash:electricity", currency="CNY")
    seals = []
    for keeper in (books, other):
        for number in range(3):
            keeper.post(f"k{number}", 10 + number)
        seals.append(services.seal_day(book_id=keeper.book, day=DAY).seal)
    assert seals[0] == seals[1]


@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2027, 12, 31)])
def test_leap_days_and_years_end_are_days(books: Bookkeeper, day: date) -> None:
    books.post("a", 10, day=day)
    services.seal_day(book_id=books.book, day=day)
    assert services.booking_date_for(book_id=books.book, wanted=day) == day + timedelta(days=1)
