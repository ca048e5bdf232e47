import zlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from tests.ledger.bookkeeper import NOW, Bookkeeper

from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.ledger import queries, services
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.models import Document, DocumentFile
from prewatt.ledger.values import DocumentValue


def _issue(books: Bookkeeper, *, point: str = "T1", year: int = 2027) -> DocumentValue:
    return services.issue_document(
        book_id=books.book, kind="receipt", year=year, point=point, subject=("payment", "p1"), entry_id=None,
        issued_at=NOW, content={"total": 5},
    )  # fmt: skip


def test_numbers_run_per_series(books: Bookkeeper) -> None:
    texts = [_issue(books).number_text, _issue(books).number_text, _issue(books, point="T2").number_text]
    texts.append(_issue(books, year=2028).number_text)
    assert texts == ["R-2027-T1-000001", "R-2027-T1-000002", "R-2027-T2-000001", "R-2028-T1-000001"]
    assert [one.number_text for one in queries.list_documents(subject_kind="payment", subject_ids=["p1"])] == texts[
        ::-1
    ]


def test_a_rollback_gives_the_number_back(books: Bookkeeper) -> None:
    def fail() -> None:
        with transaction.atomic():
            _issue(books)
            raise Refused("no")

    with pytest.raises(Refused):
        fail()
    assert _issue(books).number_text == "R-2027-T1-000001"
    assert queries.verify(seals=True) == []


def test_a_void_keeps_its_number(books: Bookkeeper) -> None:
    paper = _issue(books)
    services.void_document(public_id=paper.public_id, now=NOW)
    found = queries.get_document(public_id=paper.public_id)
    assert (found.voided_at, found.number_text, found.content) == (NOW, paper.number_text, {"total": 5})
    with pytest.raises(UnknownDocument):
        services.void_document(public_id=paper.public_id, now=NOW)
    with pytest.raises(UnknownDocument):
        queries.get_document(public_id=uuid4())
    assert _issue(books).number_text == "R-2027-T1-000002"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_document SET content = '{}' WHERE public_id = %s",
        "UPDATE ledger_document SET number = 9, voided_at = now() WHERE public_id = %s",
        "DELETE FROM ledger_document WHERE public_id = %s",
    ],
)
def test_an_issued_paper_is_not_rewritten(books: Bookkeeper, statement: str) -> None:
    paper = _issue(books)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [paper.public_id])
    assert Document.objects.count() == 1


def _keep(paper: DocumentValue, data: bytes, form: str = "a4") -> None:
    services.keep_files(form=form, files={paper.id: data}, printed_at=NOW)


def test_what_was_printed_first_stays(books: Bookkeeper) -> None:
    paper, other = _issue(books), _issue(books)
    _keep(paper, b"first")
    _keep(paper, b"second")
    _keep(paper, b"roll", "roll")
    assert queries.find_file(document_id=paper.id, form="a4") == b"first"
    assert queries.find_file(document_id=paper.id, form="roll") == b"roll"
    assert queries.find_file(document_id=other.id, form="a4") is None
    assert queries.find_printed(document_ids=[paper.id, other.id], form="a4") == {paper.id}
    assert queries.verify(seals=True) == []


@pytest.mark.parametrize("packed", [b"no deflated file", zlib.compress(b"forged")])
def test_a_forged_print_is_found(books: Bookkeeper, packed: bytes) -> None:
    paper = _issue(books)
    DocumentFile.objects.create(document_id=paper.id, form="a4", sha256="0" * 64, packed=packed, printed_at=NOW)
    (found,) = queries.verify(seals=True)
    assert (found.kind, found.subject) == ("print", f"document {paper.id} as a4")


def test_many_are_issued_in_a_row_of_numbers(books: Bookkeeper) -> None:
    drafts = [services.DocumentDraft(("account_month", f"a{at}:2027-02"), {"n": at}) for at in range(3)]
    issued = services.issue_documents(
        book_id=books.book, kind="statement", year=2027, point="02", issued_at=NOW, drafts=drafts
    )
    assert [one.number_text for one in issued] == [f"S-2027-02-{at:06}" for at in range(1, 4)]
    assert (
        services.issue_documents(book_id=books.book, kind="statement", year=2027, point="02", issued_at=NOW, drafts=[])
        == []
    )
    assert len({one.check for one in issued}) == 3
    in_force = queries.find_documents_in_force(
        kind="statement", subject_kind="account_month", subject_ids=["a1:2027-02", "a9:2027-02"]
    )
    assert in_force == {"a1:2027-02": issued[1]}
    with pytest.raises(IntegrityError), transaction.atomic():
        services.issue_documents(
            book_id=books.book, kind="statement", year=2027, point="02", issued_at=NOW, drafts=drafts[:1]
        )
    services.void_document(public_id=issued[0].public_id, now=NOW)
    services.issue_documents(
        book_id=books.book, kind="statement", year=2027, point="02", issued_at=NOW, drafts=drafts[:1]
    )


def test_papers_are_found_by_account_number_kind_and_time(books: Bookkeeper) -> None:
    account = uuid4()
    content = {"account_public_id": str(account), "account": "17", "customer": "Tea", "amount": [500, "CNY"]}
    services.issue_documents(
        book_id=books.book, kind="statement", year=2027, point="02", issued_at=NOW,
        drafts=[services.DocumentDraft(("account_month", "a"), content)],
    )  # fmt: skip
    receipt = _issue(books)
    (line,) = queries.list_account_documents(account_public_id=account)
    assert (line.account, line.customer, line.amount, line.kind) == ("17", "Tea", Money(500, "CNY"), "statement")
    assert queries.list_account_documents(account_public_id=account, kinds=["receipt"]) == []

    def search(**wanted: Any) -> list[str]:
        return [one.kind for one in queries.search_documents(wanted=queries.DocumentsWanted(**wanted))]

    assert search() == ["receipt", "statement"]
    assert search(text="1") == ["receipt", "statement"]
    assert search(text="S-2027-02-000001") == ["statement"]
    assert search(text=receipt.number_text) == ["receipt"]
    assert search(text="000001") == ["receipt", "statement"]
    assert search(text="nothing") == []
    assert search(kinds=("receipt",)) == ["receipt"]
    assert search(from_at=NOW + timedelta(seconds=1)) == []
    assert search(to_at=NOW) == []
    assert search(book_id=books.book, before_id=receipt.id) == ["statement"]
    (first, second) = queries.list_number_ranges(book_id=books.book, from_at=NOW, to_at=NOW + timedelta(1))
    assert (first.kind, first.first, first.count, first.missing) == ("receipt", "R-2027-T1-000001", 1, 0)
    assert (second.kind, second.void) == ("statement", 0)
