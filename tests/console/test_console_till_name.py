"""A till is the machine on the desk: its browser keeps the name, receipts and the day's sums carry it."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import SignIn
from tests.usecases_billing.town import Town

from prewatt.kernel.ids import uuid7
from prewatt.ledger.queries import get_document_by_id
from prewatt.payments.models import Payment


def take(client: Client, town: Town) -> Payment:
    account = town.rooms[0].account.public_id
    form = {"account": account, "amount": "50", "channel": "cash", "token": uuid7()}
    assert client.post(reverse("console:till"), form).status_code == 302
    return Payment.objects.latest("pk")


def test_a_till_that_was_named_is_on_the_receipt(town: Town, sign_in: SignIn) -> None:
    cashier = sign_in("cashier")
    assert take(cashier, town).till == "T1"
    answer = cashier.post(reverse("console:name_till"), {"till": "east2"})
    assert answer["Location"] == reverse("console:till")
    assert ">EAST2</a>" in cashier.get(reverse("console:till")).content.decode()
    paid = take(cashier, town)
    assert paid.document_id is not None
    number = get_document_by_id(document_id=paid.document_id).number_text
    assert (paid.till, number) == ("EAST2", "R-2026-EAST2-000001")


@pytest.mark.parametrize("name", ["", "Till 2", "T-2", "一号"])
def test_a_name_that_papers_cannot_carry_is_refused(admin: Client, name: str) -> None:
    answer = admin.post(reverse("console:name_till"), {"till": name})
    assert answer.status_code == 422
    assert "pw_till" not in answer.cookies


def test_a_cookie_that_is_no_name_is_the_first_till(town: Town, admin: Client) -> None:
    admin.cookies["pw_till"] = "no such till; really"
    assert take(admin, town).till == "T1"
