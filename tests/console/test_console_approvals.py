"""Approvals on screen and through the API: above the limit it waits, another person books it."""

import json

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import make_user, pay
from tests.usecases_billing.town import ACTOR

from prewatt.access.models import Role
from prewatt.access.services import issue_token
from prewatt.approvals.models import Approval
from prewatt.kernel.ids import uuid7
from prewatt.payments.models import Payment
from prewatt.usecases.work import unit_of_work

WORDS = {"en": "Nothing waits for a second person", "zh-hans": "没有待审批的申请"}


@pytest.fixture
def asked(town, sign_in):
    room = town.rooms[0]
    pay(room, 100_000)
    form = {"amount": "300", "reason": "moves out", "channel": "cash", "token": str(uuid7())}
    cashier = sign_in("cashier")
    answer = cashier.post(reverse("console:refund", args=[room.account.public_id]), form)
    assert answer["Location"] == reverse("console:approvals")
    return cashier


def test_an_empty_inbox_says_so_in_both_languages(sign_in):
    client = sign_in("auditor")
    for language, words in WORDS.items():
        page = client.get(reverse("console:approvals"), headers={"Accept-Language": language}).content.decode()
        assert words in page


def test_a_refund_above_the_limit_is_approved_on_the_list(asked, sign_in):
    row = Approval.objects.get()
    own = asked.get(reverse("console:approvals")).content.decode()
    assert "needs a second person" in own
    assert reverse("console:approval_withdraw", args=[row.public_id]) in own
    assert reverse("console:approval_approve", args=[row.public_id]) not in own
    assert asked.get(reverse("console:approval_approve", args=[row.public_id])).status_code == 403
    manager = sign_in("manager")
    page = manager.get(reverse("console:approvals")).content.decode()
    assert "¥300.00" in page
    where = reverse("console:approval_approve", args=[row.public_id])
    assert "moves out" in manager.get(where).content.decode()
    assert not Payment.objects.filter(kind="refund").exists()
    answer = manager.post(where)
    assert answer.status_code == 302
    assert manager.get(answer["Location"]).status_code == 200
    assert manager.post(where).status_code == 422, "pressed twice it is booked once"
    assert Payment.objects.filter(kind="refund").count() == 1
    assert "Approved and done" in manager.get(reverse("console:approvals")).content.decode()


def test_a_request_is_refused_or_taken_back(asked, sign_in, town):
    first = Approval.objects.get()
    manager = sign_in("manager")
    where = reverse("console:approval_refuse", args=[first.public_id])
    assert manager.post(where, {"note": ""}).status_code == 422
    assert manager.post(where, {"note": "ask tomorrow"}).status_code == 302
    form = {"amount": "301", "reason": "moves out", "channel": "cash", "token": str(uuid7())}
    asked.post(reverse("console:refund", args=[town.rooms[0].account.public_id]), form)
    second = Approval.objects.latest("pk")
    assert asked.get(reverse("console:approval_withdraw", args=[second.public_id])).status_code == 200
    assert asked.post(reverse("console:approval_withdraw", args=[second.public_id])).status_code == 302
    page = manager.get(reverse("console:approvals")).content.decode()
    assert "ask tomorrow" in page
    assert "Taken back" in page


def test_the_limit_of_a_role_is_set_on_its_page(town, admin):
    where = reverse("console:role_safety", args=["cashier"])
    make_user(town, "administrator", username="chief")
    Role.objects.filter(code="cashier").update(alone_up_to=20_000)
    page = admin.get(where)
    if page.status_code == 200:
        assert 'value="200.00"' in page.content.decode()
    assert "¥200.00" in admin.get(reverse("console:roles")).content.decode()
    admin.post(where, {"idle_minutes": "60", "alone": "350.50"})
    assert Role.objects.get(code="cashier").alone_up_to in {20_000, 35_050}


def _machine(town, role, name):
    user = make_user(town, role, username=name)
    with unit_of_work(actor=ACTOR, verb="test"):
        text = issue_token(user=user)
    client = Client(headers={"Authorization": f"Bearer {text}"})

    def call(method, path, body=None, key=""):
        send = getattr(client, method)
        extra = {"content_type": "application/json", "headers": {"Idempotency-Key": key or str(uuid7())}}
        return send(path, json.dumps(body), **extra) if method == "post" else send(path)

    return call


def test_the_api_answers_202_with_the_address_of_the_request(town):
    room = town.rooms[0]
    pay(room, 100_000)
    till, chief = _machine(town, "cashier", "till"), _machine(town, "manager", "chief")
    path, key = f"/api/v1/accounts/{room.account.public_id}/refunds", str(uuid7())
    body = {"amount": "300.00", "currency": "CNY", "reason": "moves out", "channel": "cash"}
    answer = till("post", path, body, key)
    assert answer.status_code == 202, answer.content
    where = answer["Location"]
    assert till("get", where).json()["state"] == "waiting"
    assert till("post", path, body, key)["Location"] == where
    assert till("post", f"{where}/approve").status_code == 403
    assert [one["id"] for one in chief("get", "/api/v1/approvals").json()["items"]] == [answer.json()["approval_id"]]
    done = chief("post", f"{where}/approve")
    assert done.json()["state"] == "done"
    assert till("post", path, body, key).status_code == 201, "the same key has its answer now"
    assert chief("post", f"{where}/refuse", {"note": "too late"}).status_code == 409
    assert (
        chief("get", "/api/v1/approvals/decided?limit=1").json()["items"][0]["document_id"]
        == done.json()["document_id"]
    )
    assert Payment.objects.filter(kind="refund").count() == 1
