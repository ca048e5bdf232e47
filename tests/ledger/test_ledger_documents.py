from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from tests.ledger.bookkeeper import NOW, Bookkeeper

from prewatt.kernel.errors import Refused
from prewatt.ledger import queries, services
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.models import Document
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
