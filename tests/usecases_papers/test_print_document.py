"""A paper is printed once, kept, handed out byte for byte, and verified by whoever holds it."""

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from tests.usecases_billing.town import ACTOR, Town
from tests.usecases_money.conftest import make_cashier
from tests.usecases_papers.month import pay

from prewatt.access.models import Action, TryCount, User
from prewatt.access.permissions import Permission
from prewatt.kernel.money import Money
from prewatt.ledger.errors import UnknownDocument
from prewatt.ledger.models import DocumentFile
from prewatt.ledger.queries import find_file, get_document
from prewatt.ledger.values import DocumentValue
from prewatt.reports.papers import printing
from prewatt.reports.papers.errors import NoSuchForm
from prewatt.tenancy.errors import UnknownAccount
from prewatt.usecases.print_document import print_document, render_paper, verify_address
from prewatt.usecases.reverse_payment import reverse_payment
from prewatt.usecases.see_documents import see_document
from prewatt.usecases.verify_paper import verify_paper


@pytest.fixture
def cashier(town: Town) -> User:
    return make_cashier(town.site.scope)


@pytest.fixture
def receipt(town: Town) -> DocumentValue:
    paid = pay(town.add_room(), 30_000, "2026-11-02T09:00")
    return get_document(public_id=paid.document_public_id)


def test_a_paper_is_the_same_bytes_even_when_its_layout_has_changed(
    receipt: DocumentValue, cashier: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = print_document(user=cashier, public_id=receipt.public_id)
    for file in printing.TEMPLATES.glob("*.typ"):
        (tmp_path / file.name).write_text(file.read_text().replace("Power", "").replace("Amount", "Sum"))
    monkeypatch.setattr(printing, "TEMPLATES", tmp_path)
    printing._own.__dict__.clear()
    changed = tmp_path / "slip.typ"
    changed.write_text(changed.read_text().replace("收款人", "经手人"))
    assert render_paper(document=receipt) != first, "the control: the layout did change"
    assert print_document(user=cashier, public_id=receipt.public_id) == first
    printing._own.__dict__.clear()
    kept = DocumentFile.objects.get()
    assert (kept.form, kept.sha256) == ("a5", hashlib.sha256(first).hexdigest())
    assert Action.objects.filter(verb="print_document").count() == 1


def test_each_form_is_kept_by_itself(receipt: DocumentValue, cashier: User) -> None:
    a5, roll = (print_document(user=cashier, public_id=receipt.public_id, form=form) for form in ("a5", "roll"))
    assert a5 != roll
    assert set(DocumentFile.objects.values_list("form", flat=True)) == {"a5", "roll"}
    with pytest.raises(NoSuchForm):
        print_document(user=cashier, public_id=receipt.public_id, form="a4")


def test_a_void_paper_is_marked_and_the_first_print_stays(receipt: DocumentValue, cashier: User) -> None:
    first = print_document(user=cashier, public_id=receipt.public_id)
    reverse_payment(actor=ACTOR, payment_public_id=receipt.content["payment"], reason="wrong room")
    void = print_document(user=cashier, public_id=receipt.public_id)
    assert void != first
    assert print_document(user=cashier, public_id=receipt.public_id) == void
    assert find_file(document_id=receipt.id, form="a5") == first


@pytest.mark.parametrize("statement", ["UPDATE ledger_documentfile SET packed = ''", "DELETE FROM ledger_documentfile"])
def test_what_was_printed_is_not_rewritten(receipt: DocumentValue, cashier: User, statement: str) -> None:
    print_document(user=cashier, public_id=receipt.public_id)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_nobody_prints_what_they_may_not_see(receipt: DocumentValue, cashier: User) -> None:
    other = Town.build()
    stranger = make_cashier(other.site.scope, username="stranger")
    with pytest.raises(UnknownAccount):
        print_document(user=stranger, public_id=receipt.public_id)
    with pytest.raises(UnknownDocument):
        see_document(user=cashier, public_id=uuid4())
    assert see_document(user=cashier, public_id=receipt.public_id, permission=Permission.MONEY_TAKE)


def test_verifying_needs_id_and_code(receipt: DocumentValue) -> None:
    found = verify_paper(public_id=receipt.public_id, check=receipt.check.lower())
    assert found is not None
    said = (found.number, found.kind, found.amount, found.voided_at)
    assert said == (receipt.number_text, "receipt", Money(30_000, "CNY"), None)
    assert verify_paper(public_id=receipt.public_id, check="0000-0000-0000") is None
    assert verify_paper(public_id=receipt.public_id, check="") is None
    assert verify_paper(public_id=uuid4(), check=receipt.check) is None
    assert verify_paper(public_id=uuid4(), check="") is None


def test_the_public_page(receipt: DocumentValue, town: Town) -> None:
    client = Client()
    path = verify_address(receipt).split("8000", 1)[1]
    valid = client.get(path)
    shown = valid.content.decode()
    assert valid.status_code == 200
    for said in ("单据有效", "This paper is valid", receipt.number_text, "¥300.00"):
        assert said in shown
    for kept in (receipt.content["customer"], receipt.content["account"], town.rooms[0].point.code):
        assert kept not in shown
    reverse_payment(actor=ACTOR, payment_public_id=receipt.content["payment"], reason="wrong room")
    assert "This paper is void" in client.get(path).content.decode()


def test_guessing_gives_nothing_and_ends_soon(receipt: DocumentValue) -> None:
    client = Client()
    wrong = client.get(f"/v/{receipt.public_id}/000000000000")
    unknown = client.get(f"/v/{uuid4()}/000000000000")
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.content == unknown.content
    answers = [client.get(f"/v/{uuid4()}/{at:012}").status_code for at in range(40)]
    assert answers[-1] == 429
    assert answers.count(404) <= 30
    assert TryCount.objects.exists()
