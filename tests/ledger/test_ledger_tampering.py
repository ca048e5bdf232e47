"""C5: who changes the books by SQL is refused, or found."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.ledger.bookkeeper import DAY, NOW, Bookkeeper

from prewatt.cli.postgres.cluster import APP
from prewatt.cli.postgres.rights import give_rights
from prewatt.ledger import queries, services

CHANGES = [
    "UPDATE ledger_posting SET amount = amount + 1",
    "DELETE FROM ledger_posting",
    "UPDATE ledger_journalentry SET booking_date = booking_date - 1",
    "DELETE FROM ledger_journalentry",
    "UPDATE ledger_ledgerday SET seal = 'x'",
    "DELETE FROM ledger_dailybalance",
    "DELETE FROM ledger_document",
    "DELETE FROM access_action",
]
TAMPERINGS = {
    "UPDATE ledger_posting SET amount = amount * 2": "party_balance",
    "UPDATE ledger_posting SET balance_after = balance_after + 1 WHERE seq IS NOT NULL": "running_balance",
    "UPDATE ledger_posting SET amount = amount + 1 WHERE seq IS NULL": "entry_sum",
    "DELETE FROM ledger_posting WHERE seq IS NULL": "entry_sum",
    "DELETE FROM ledger_posting": "entry_empty",
    "UPDATE ledger_ledgeraccount SET last_seq = 7 WHERE kind = 'party'": "party_seq",
    "UPDATE ledger_ledgeraccount SET balance = 7 WHERE kind = 'party'": "party_balance",
    "UPDATE ledger_dailybalance SET closing = closing + 1": "daily_balance",
    "UPDATE ledger_ledgerday SET entries = 9": "day_entries",
    "DELETE FROM ledger_ledgerday WHERE date = (SELECT min(date) FROM ledger_ledgerday)": "day_missing",
    "UPDATE ledger_document SET number = 8": "document_numbers",
    "UPDATE ledger_document SET content = '{\"total\": 6}'": "document",
    "UPDATE ledger_ledgeraccount SET book_id = (SELECT min(id) FROM ledger_book) WHERE kind = 'house'": "entry_book",
    "UPDATE ledger_journalentry SET memo = '{\"who\": \"else\"}' WHERE cause_key = 'a'": "seal",
    "UPDATE ledger_journalentry SET occurred_at = occurred_at - interval '1 day' WHERE cause_key = 'a'": "seal",
    "UPDATE ledger_journalentry SET input_hash = 'x' WHERE cause_key = 'a'": "seal",
    "UPDATE ledger_ledgeraccount SET code = 'account:2:cash:electricity' WHERE kind = 'party'": "seal",
    "UPDATE ledger_ledgerday SET seal = repeat('0', 64) WHERE date = (SELECT min(date) FROM ledger_ledgerday)":
        "seal_chain",
    "INSERT INTO ledger_posting (entry_id, ledger_account_id, amount) SELECT p.entry_id, p.ledger_account_id, s.sign"
    " FROM ledger_posting p, (VALUES (1), (-1)) s (sign) WHERE p.seq IS NULL AND p.entry_id ="
    " (SELECT id FROM ledger_journalentry WHERE reverses_id IS NOT NULL)": "seal",
    "UPDATE ledger_journalentry SET reverses_id = (SELECT id FROM ledger_journalentry WHERE cause_key = 'b')"
    " WHERE cause_key = 'undo'": "reversal",
}  # fmt: skip


TABLES = ["ledger_posting", "ledger_journalentry", "ledger_ledgerday", "ledger_dailybalance", "ledger_document"]


@pytest.fixture
def another_book(db: None, work: None) -> int:
    return services.ensure_book(code="another", issuer="Another")


@pytest.fixture
def sound_books(another_book: int, books: Bookkeeper) -> None:
    """Three entries over two sealed days, one reversed, and a paper."""
    entry = books.post("a", 100).entry_id
    books.post("b", 70)
    services.reverse_entry(
        entry_id=entry, cause_key="undo", inputs={}, occurred_at=NOW, booking_date=DAY.replace(day=2)
    )
    services.issue_document(
        book_id=books.book, kind="receipt", year=2027, point="T1", subject=("payment", "p"), entry_id=entry,
        issued_at=NOW, content={"total": 5},
    )  # fmt: skip
    services.seal_day(book_id=books.book, day=DAY.replace(day=2))
    assert queries.verify(seals=True) == []


def _run(statement: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


@pytest.mark.faults("C5")
@pytest.mark.usefixtures("sound_books")
def test_a_change_is_refused_as_the_program_by_rights(faults: Faults) -> None:
    connection.ensure_connection()
    give_rights(connection.connection, app=APP)
    _run(f"SET ROLE {APP}")
    for change in CHANGES:
        with pytest.raises(ProgrammingError, match="permission denied"):
            _run(change)
        faults.hit()
    _run("RESET ROLE")
    assert_sound(seals=True)


@pytest.mark.usefixtures("sound_books")
def test_the_program_can_still_post(books: Bookkeeper) -> None:
    give_rights(connection.connection, app=APP)
    _run(f"SET ROLE {APP}")
    books.post("c", 40, day=DAY.replace(day=3))
    services.seal_day(book_id=books.book, day=DAY.replace(day=3))
    _run("RESET ROLE")
    assert queries.verify(seals=True) == []


@pytest.mark.faults("C5")
@pytest.mark.usefixtures("sound_books")
def test_a_change_is_refused_as_the_owner_by_trigger(faults: Faults) -> None:
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    for change in [*CHANGES, "TRUNCATE ledger_posting", "TRUNCATE ledger_journalentry CASCADE"]:
        with pytest.raises(IntegrityError, match="append-only"):
            _run(change)
        faults.hit()
    assert_sound(seals=True)


@pytest.mark.faults("C5")
@pytest.mark.usefixtures("sound_books")
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_change_below_the_triggers_is_found(tampering: str) -> None:
    """Triggers are switched off as a superuser can; the control is the sound book in the fixture."""
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    for table in TABLES:
        _run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    assert _run(tampering) > 0
    found = queries.verify(seals=True)
    assert TAMPERINGS[tampering] in {difference.kind for difference in found}
    assert all(str(difference) for difference in found)


@pytest.mark.faults("C5", control=True)
@pytest.mark.usefixtures("sound_books")
def test_without_seals_a_change_that_adds_up_is_not_found() -> None:
    """What the seals defend: below the triggers, with every sum right, only they know what stood there."""
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    for table in TABLES:
        _run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    tampering = next(statement for statement, kind in TAMPERINGS.items() if kind == "seal")
    assert _run(tampering) > 0
    assert queries.verify(seals=False) == []
    assert queries.verify(seals=True) != []
