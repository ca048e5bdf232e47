from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.bookkeeper import DAY, NOW, Bookkeeper

from prewatt.access.audit import Actor
from prewatt.kernel.money import Money
from prewatt.ledger import queries, services
from prewatt.ledger.errors import (
    AccountTaken,
    AlreadyReversed,
    BelowFloor,
    KeyConflict,
    UnbalancedEntry,
    UnknownAccount,
    UnknownEntry,
)
from prewatt.ledger.models import Book, JournalEntry, Posting
from prewatt.ledger.values import EntryDraft, PostingLine
from prewatt.usecases.work import unit_of_work


def _balance(books: Bookkeeper) -> int:
    return queries.party_balance(ledger_account_ids=[books.party])[books.party].minor


def test_a_payment_moves_the_balance_and_its_mirror(books: Bookkeeper) -> None:
    result = books.post("payment:1", 5_000)
    assert result.created
    assert _balance(books) == 5_000
    assert queries.house_balance(book_id=books.book, code="takings:cash") == Money(-5_000, "CNY")
    (line,) = queries.list_postings(ledger_account_ids=[books.party])
    assert (line.seq, line.amount, line.balance_after) == (1, Money(5_000, "CNY"), Money(5_000, "CNY"))
    assert queries.find_entry(book_id=books.book, cause_key="payment:1") == result.entry_id


def test_post_entry_same_key_twice_is_one_entry(books: Bookkeeper) -> None:
    first = books.post("payment:1", 5_000)
    again = books.post("payment:1", 5_000)
    assert (again.entry_id, again.created) == (first.entry_id, False)
    assert (_balance(books), JournalEntry.objects.count(), Posting.objects.count()) == (5_000, 1, 2)


def test_same_key_with_other_inputs_is_refused(books: Bookkeeper) -> None:
    books.post("payment:1", 5_000)
    with pytest.raises(KeyConflict, match="payment:1"):
        books.post("payment:1", 5_001)
    assert _balance(books) == 5_000


def _draft(books: Bookkeeper, key: str, minor: int) -> EntryDraft:
    return EntryDraft("payment", key, {"minor": minor}, NOW, DAY, books.lines(minor))


def test_post_entries_same_key_twice_in_one_batch(books: Bookkeeper) -> None:
    drafts = [_draft(books, "a", 1), _draft(books, "b", 2), _draft(books, "a", 1)]
    results = services.post_entries(book_id=books.book, drafts=drafts)
    assert [one.created for one in results] == [True, True, False]
    assert results[0].entry_id == results[2].entry_id
    assert _balance(books) == 3
    again = services.post_entries(book_id=books.book, drafts=[*drafts, _draft(books, "c", 4)])
    assert [one.created for one in again] == [False, False, False, True]
    assert _balance(books) == 7
    with pytest.raises(KeyConflict):
        services.post_entries(book_id=books.book, drafts=[_draft(books, "d", 1), _draft(books, "d", 2)])
    assert services.post_entries(book_id=books.book, drafts=[]) == []
    with pytest.raises(ValueError, match="at most 5000"):
        services.post_entries(book_id=books.book, drafts=[_draft(books, "e", 1)] * 5_001)


def test_a_big_batch_is_a_few_statements(
    books: Bookkeeper, django_assert_max_num_queries: Callable[..., object]
) -> None:
    drafts = [_draft(books, f"k{number}", number + 1) for number in range(500)]
    with django_assert_max_num_queries(10):  # type: ignore[attr-defined]  # pytest-django hands out an untyped context
        services.post_entries(book_id=books.book, drafts=drafts)
    ids = JournalEntry.objects.order_by("pk").values_list("cause_key", flat=True)
    assert list(ids) == [f"k{number}" for number in range(500)]
    assert _balance(books) == sum(range(501))
    assert queries.verify(seals=True) == []


@pytest.mark.parametrize("minors", [(5, -4), (5,), (), (5, -5, 0)])
def test_postings_that_do_not_sum_to_zero_are_our_own_fault(books: Bookkeeper, minors: tuple[int, ...]) -> None:
    lines = [PostingLine(books.takings, Money(minor, "CNY")) for minor in minors]
    with pytest.raises(UnbalancedEntry):
        services.post_entries(book_id=books.book, drafts=[EntryDraft("x", "x", {}, NOW, DAY, lines)])


def test_the_database_refuses_an_unbalanced_entry_too(books: Bookkeeper) -> None:
    entry = books.post("payment:1", 100).entry_id
    for sql in (
        "INSERT INTO ledger_posting (entry_id, ledger_account_id, amount) VALUES (%s, %s, 5)",
        "INSERT INTO ledger_posting (entry_id, ledger_account_id, amount) VALUES (%s, %s, 5), (%s, %s, -5)",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [entry, books.takings] * sql.count("(%s"))


def test_an_account_of_another_currency_or_book_is_refused(books: Bookkeeper) -> None:
    other = services.ensure_book(code="tower", issuer="Tower Ltd")
    foreign = services.house_account(book_id=other, code="takings:cash", currency="CNY")
    for account, currency in ((foreign, "CNY"), (books.takings, "EUR"), (10**9, "CNY")):
        lines = [PostingLine(account, Money(5, currency)), PostingLine(account, Money(-5, currency))]
        with pytest.raises(UnknownAccount):
            books.post("payment:1", 5, postings=lines)
    mixed = [*books.lines(5), PostingLine(books.takings, Money(1, "EUR")), PostingLine(books.takings, Money(-1, "EUR"))]
    with pytest.raises(UnknownAccount, match="one currency"):
        books.post("payment:1", 5, postings=mixed)
    with pytest.raises(UnknownAccount):
        services.lock_party_accounts(ledger_account_ids=[books.takings])
    with pytest.raises(UnknownAccount):
        queries.house_balance(book_id=books.book, code="nonsense")
    assert services.lock_party_accounts(ledger_account_ids=[]) == {}


def test_accounts_are_opened_once(books: Bookkeeper) -> None:
    with pytest.raises(AccountTaken):
        services.open_party_account(book_id=books.book, code="takings:cash", currency="CNY")
    with pytest.raises(AccountTaken):
        services.house_account(book_id=books.book, code="account:1:cash:electricity", currency="CNY")
    with pytest.raises(AccountTaken):
        services.house_account(book_id=books.book, code="takings:cash", currency="EUR")
    opened = services.open_party_accounts(book_id=books.book, codes=["b", "a"], currency="CNY")
    assert set(opened) == {"a", "b"}
    assert opened["b"] < opened["a"]
    with pytest.raises(AccountTaken, match="ledger account a "):
        services.open_party_accounts(book_id=books.book, codes=["a", "c"], currency="CNY")
    with pytest.raises(ValueError, match="floor"):
        services.open_party_account(book_id=books.book, code="d", currency="CNY", floor=Money(1, "CNY"))


def test_a_book_is_kept_by_its_code(books: Bookkeeper) -> None:
    with CaptureQueriesContext(connection) as found:
        assert services.ensure_book(code="plaza", issuer="Plaza Ltd") == books.book
    assert not any("FOR UPDATE" in query["sql"] for query in found.captured_queries)
    assert services.ensure_book(code="plaza", issuer="Plaza Holding") == books.book
    assert Book.objects.get(pk=books.book).issuer == "Plaza Holding"


def test_a_floor_holds(books: Bookkeeper) -> None:
    party = services.open_party_account(book_id=books.book, code="f", currency="CNY", floor=Money(-100, "CNY"))
    books.post("down", -100, postings=books.lines(-100, party=party))
    with pytest.raises(BelowFloor, match=r"-1\.00 CNY"):
        books.post("further", -1, postings=books.lines(-1, party=party))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_ledgeraccount SET balance = -101 WHERE id = %s", [party])


def test_reverse_entry_same_key_twice_is_one_mirror(books: Bookkeeper) -> None:
    entry = books.post("payment:1", 700).entry_id
    asked: dict[str, Any] = {
        "entry_id": entry, "cause_key": "reversal:1", "inputs": {}, "occurred_at": NOW, "booking_date": DAY
    }  # fmt: skip
    first = services.reverse_entry(**asked)
    again = services.reverse_entry(**asked)
    assert (first.created, again.created, again.entry_id) == (True, False, first.entry_id)
    assert _balance(books) == 0
    newest, oldest = queries.list_postings(ledger_account_ids=[books.party])
    assert (newest.reverses, newest.kind, newest.is_reversed) == (entry, "payment_reversal", False)
    assert oldest.is_reversed
    with pytest.raises(AlreadyReversed):
        services.reverse_entry(**(asked | {"cause_key": "reversal:2"}))
    with pytest.raises(AlreadyReversed, match="not reversed"):
        services.reverse_entry(**(asked | {"entry_id": first.entry_id}))
    with pytest.raises(UnknownEntry):
        services.reverse_entry(**(asked | {"entry_id": 10**9}))
    assert queries.verify(seals=True) == []


def test_lines_are_paged_by_their_place(books: Bookkeeper) -> None:
    for number in range(5):
        books.post(f"k{number}", 10)
    page = queries.list_postings(ledger_account_ids=[books.party], limit=2)
    rest = queries.list_postings(ledger_account_ids=[books.party], before_seq=page[-1].seq, limit=9)
    assert [line.seq for line in (*page, *rest)] == [5, 4, 3, 2, 1]
    with pytest.raises(ValueError, match="one account"):
        queries.list_postings(ledger_account_ids=[1, 2], before_seq=1)


def test_posting_outside_a_unit_of_work_is_a_bug(make_books: Callable[[], Bookkeeper]) -> None:
    with pytest.raises(RuntimeError):
        make_books()


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(-500, 500).filter(bool), st.integers(0, 3)),
        max_size=25,
    )
)
def test_whatever_is_posted_sums_to_zero_and_runs_true(moves: list[tuple[int, int, int, int]]) -> None:
    """I1, I2: the sum of all postings is zero; each balance is the sum of its lines, at every line."""
    with transaction.atomic():
        with unit_of_work(actor=Actor(process="test"), verb="test"):
            books = Bookkeeper()
            parties = [
                services.open_party_account(book_id=books.book, code=f"p{number}", currency="CNY")
                for number in range(3)
            ]
            houses = [books.takings, books.revenue]
            truth = dict.fromkeys(parties, 0)
            for place, (party, house, minor, day) in enumerate(moves):
                lines = books.lines(minor, party=parties[party], against=houses[house])
                books.post(f"k{place}", minor, postings=lines, day=DAY + timedelta(days=day))
                truth[parties[party]] += minor
            found = queries.party_balance(ledger_account_ids=parties)
            assert {pk: money.minor for pk, money in found.items()} == truth
            services.seal_day(book_id=books.book, day=DAY + timedelta(days=1))
            houses_total = sum(
                queries.house_balance(book_id=books.book, code=code).minor
                for code in ("takings:cash", "revenue:electricity")
            )
            assert houses_total == -sum(truth.values())
            assert queries.verify(seals=True) == []
        transaction.set_rollback(True)


def _rows_scanned() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'ledger_posting'")
        return int(cursor.fetchone()[0])


def test_posting_never_reads_the_books_from_end_to_end(books: Bookkeeper) -> None:
    """What a day's close costs must not grow with the years: the lines of the books are not scanned."""
    before = _rows_scanned()
    for batch in range(4):
        services.post_entries(
            book_id=books.book, drafts=[_draft(books, f"{batch}:{number}", number + 1) for number in range(50)]
        )
    assert _rows_scanned() == before
    assert Posting.objects.filter(balance_after__gt=10**9).count() == 0  # no index has it: the counter does count
    assert _rows_scanned() > before
