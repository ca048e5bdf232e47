"""What the desk can do, done by machines: the same use cases, the same rights, each request once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.console.conftest import build_town, make_user, pay
from tests.usecases_billing.town import ACTOR, Town, set_clock
from tests.usecases_estate.sheets import estate_sheet

from prewatt.access import throttle
from prewatt.access.audit import Actor
from prewatt.access.models import Action, IdempotentRequest, Scope
from prewatt.access.services import ensure_organisation, grant, issue_token
from prewatt.api import door
from prewatt.api.urls import ROUTERS
from prewatt.cases.services import open_case
from prewatt.ledger.queries import list_postings
from prewatt.reports.estate_workbook import write_estate
from prewatt.supply.models import Hold
from prewatt.tenancy.queries import get_account
from prewatt.usecases import answer_once
from prewatt.usecases.gather_events import gather_events
from prewatt.usecases.work import unit_of_work

NOW = "2026-11-20T12:00"


class Machine:
    """A client that carries a token."""

    def __init__(self, town: Town, role: str) -> None:
        user = make_user(town, role, username=f"{role}-{uuid4().hex[:6]}")
        with unit_of_work(actor=ACTOR, verb="test"):
            token = issue_token(user=user)
        self.user = user
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: object) -> Any:
        return self.client.get(f"/api/v1/{path}", {k: str(v) for k, v in query.items()}, headers=self.headers)

    def post(self, path: str, body: object = None, *, key: str = "") -> Any:
        headers = {**self.headers, "Idempotency-Key": key or uuid4().hex}
        return self.client.post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
        )  # fmt: skip


@pytest.fixture
def town(db: None) -> Town:
    set_clock(NOW)
    return build_town(rooms=3)


@pytest.fixture
def chief(town: Town) -> Machine:
    return Machine(town, "administrator")


def walk(machine: Machine, path: str, **query: object) -> list[dict[str, Any]]:
    """Every row of a list, page by page, two at a time."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, object] = {}
    for _ in range(20):
        page = machine.get(path, limit=2, **query, **cursor).json()
        assert len(page["items"]) <= 2
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("the list does not end")


def test_the_estate_is_read_page_by_page(town: Town, chief: Machine) -> None:
    (site,) = walk(chief, "sites")
    assert (site["code"], site["supply_mode"], site["time_zone"]) == (town.site.code, "off", "Asia/Shanghai")
    assert chief.get(f"sites/{site['id']}").json() == site
    assert [one["code"] for one in chief.get(f"sites/{site['id']}/buildings").json()["items"]] == ["1#"]
    points = walk(chief, "points", site=site["id"], building="1#")
    assert {one["code"] for one in points} == {"1#-001", "1#-002", "1#-003"}
    (one,) = walk(chief, "points", code="1#-002")
    supply = chief.get(f"points/{one['id']}").json()
    assert (supply["desired"], supply["reported"], supply["holds"]) == ("on", "unknown", [])
    assert supply["account"] == str(town.rooms[1].account.public_id)
    (gateway,) = chief.get(f"sites/{site['id']}/gateways").json()["items"]
    assert (gateway["code"], gateway["buses"][0]["meters"]) == ("G1", 3)
    (bus,) = chief.get(f"sites/{site['id']}/buses").json()["items"]
    assert len(bus["meters"]) == 3


def test_who_lacks_the_right_is_told_so_before_the_body_is_looked_at(town: Town) -> None:
    machine, account = Machine(town, "machine"), town.rooms[0].account.public_id
    bodies: tuple[object, ...] = ({}, {"reason": 7}, [], None)
    for body in bodies:
        answer = machine.post(f"accounts/{account}/clearings", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), body
    without_key = machine.client.post(f"/api/v1/accounts/{account}/clearings", headers=machine.headers)
    assert without_key.status_code == 403
    assert machine.post(f"accounts/{account}/top-ups", {}).status_code == 422
    assert machine.get("accounts", limit=0).status_code == 422


def test_tariffs_are_read_and_published_once(town: Town, chief: Machine) -> None:
    site = town.site.public_id
    (known,) = walk(chief, f"sites/{site}/tariffs", code="shop")
    body = {
        "code": "shop", "name": "Shops", "effective_from": "2027-01-01",
        "definition": known["definition"] | {"prices": {"flat": 900_000}},
    }  # fmt: skip
    first = chief.post(f"sites/{site}/tariff-versions", body, key="tariff-0001")
    again = chief.post(f"sites/{site}/tariff-versions", body, key="tariff-0001")
    assert (first.status_code, first.json()) == (201, again.json())
    assert [one["version"] for one in walk(chief, f"sites/{site}/tariffs")] == [1, 2]
    past = chief.post(f"sites/{site}/tariff-versions", body | {"effective_from": "2026-11-02"})
    assert (past.status_code, past.json()["code"]) == (422, "tariff_starts_in_past")
    hole = chief.post(f"sites/{site}/tariff-versions", body | {"definition": {"prices": {"flat": 0.6}}})
    assert (hole.status_code, hole.json()["code"]) == (422, "bad_price")
    foreign = body | {"definition": known["definition"] | {"currency": "EUR"}}
    assert chief.post(f"sites/{site}/tariff-versions", foreign).status_code == 422


def test_customers_and_accounts_are_found(town: Town, chief: Machine) -> None:
    customers = walk(chief, "customers")
    assert len(customers) == 3
    assert chief.get(f"customers/{customers[0]['id']}").json() == customers[0]
    assert chief.get(f"customers/{uuid4()}").status_code == 404
    of_customer = walk(chief, "accounts", customer=customers[0]["id"])
    assert len(of_customer) == 1
    (found,) = walk(chief, "accounts", q="1#-002", state="open", site=town.site.public_id)
    assert found["id"] == str(town.rooms[1].account.public_id)
    assert walk(chief, "accounts", state="closed") == []
    assert chief.get("accounts", state="odd").status_code == 422


def test_money_moves_once_for_each_key(town: Town, chief: Machine) -> None:
    account = town.rooms[0].account
    path = f"accounts/{account.public_id}"
    body = {"amount": "50.00", "currency": "CNY", "channel": "transfer"}
    top_up = chief.post(f"{path}/top-ups", body).json()
    refund = body | {"amount": "10.00", "reason": "moved out"}
    first, again = (chief.post(f"{path}/refunds", refund, key="refund-001") for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    assert first.json()["amount"] == {"amount": "10.00", "currency": "CNY"}
    other = chief.post(f"{path}/refunds", refund | {"amount": "11.00"}, key="refund-001")
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    large = chief.post(f"{path}/refunds", refund | {"amount": "900.00"}, key="refund-002")
    assert (large.status_code, large.json()["code"]) == (422, "refund_too_large")
    assert Action.objects.filter(verb="refund_balance", outcome="refused", process="api").count() == 1
    undone = chief.post(f"payments/{top_up['payment']}/reversal", {"reason": "wrong account"})
    assert undone.status_code == 201
    assert chief.get(f"payments/{top_up['payment']}").json()["reversed_at"] is not None
    cleared = chief.post(f"{path}/clearings", {"reason": "end of lease"})
    assert cleared.status_code == 201
    assert chief.get(path).json()["balance"]["amount"] == "0.00"
    facts = get_account(user=chief.user, public_id=account.public_id)
    kinds = [row.kind for row in list_postings(ledger_account_ids=facts.ledger_account_ids)]
    assert kinds.count("refund") == 1
    assert len(walk(chief, "payments", account=account.public_id, site=town.site.public_id, day="2026-11-20")) == 2
    assert chief.get("payments", day="2026-11-20").status_code == 422
    papers = walk(chief, "papers", site=town.site.public_id)
    assert {one["kind"] for one in papers} >= {"receipt", "refund", "reversal", "clearing"}
    assert walk(chief, "orders", site=town.site.public_id, state="paid", q="1") == []
    assert chief.get(f"orders/{uuid4()}").status_code == 404


def test_the_work_and_its_answer_are_kept_together_or_not_at_all(
    town: Town, chief: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("the power fails between work and answer")

    path, body = f"points/{town.rooms[0].point.public_id}/protect", {"reason": "clinic"}
    with monkeypatch.context() as failing:
        failing.setattr(answer_once, "keep_answer", broken)
        assert chief.post(path, body, key="protect-77").status_code == 500
    assert (Hold.objects.count(), IdempotentRequest.objects.count()) == (0, 0)
    assert not Action.objects.filter(verb="protect_point").exists()
    assert chief.post(path, body, key="protect-77").status_code == 200
    assert (Hold.objects.count(), IdempotentRequest.objects.count()) == (1, 1)


def test_a_paper_is_fetched_as_pdf(town: Town, chief: Machine) -> None:
    paid = pay(town.rooms[0])
    answer = chief.get(f"papers/{paid.document_public_id}.pdf")
    assert (answer.status_code, answer.headers["Content-Type"], answer.content[:5]) == (
        200,
        "application/pdf",
        b"%PDF-",
    )
    early = chief.post(f"accounts/{town.rooms[0].account.public_id}/statements", {"month": "2026-11"})
    assert (early.status_code, early.json()["code"]) == (422, "month_not_over")


def test_use_months_and_readings(town: Town, chief: Machine) -> None:
    path = f"accounts/{town.rooms[0].account.public_id}"
    days = chief.get(f"{path}/usage", days=3).json()["items"]
    assert [one["day"] for one in days] == ["2026-11-18", "2026-11-19", "2026-11-20"]
    assert sum(one["total_wh"] or 0 for one in days) > 0
    assert chief.get(f"{path}/months").json() == {"items": []}
    assert chief.get(f"sites/{town.site.public_id}/months/2026-11").json() == {"items": []}
    assert chief.get(f"sites/{town.site.public_id}/months/2026-13").status_code == 422
    readings = walk(chief, f"sites/{town.site.public_id}/readings", q="1#-001")
    assert [one["kind"] for one in readings] == ["scheduled", "scheduled"]
    assert len(walk(chief, f"sites/{town.site.public_id}/readings", from_at="2026-11-20T00:00:00+08:00")) == 3
    assert walk(chief, f"sites/{town.site.public_id}/readings", held="true") == []


def test_power_is_switched_with_a_reason_and_once(town: Town, chief: Machine) -> None:
    path = f"points/{town.rooms[0].point.public_id}"
    off = chief.post(f"{path}/disconnect", {"reason": "asked for"})
    assert (off.status_code, off.json()["code"]) == (422, "not_live")
    assert chief.post(f"{path}/protect", {"reason": ""}).status_code == 422
    first, again = (chief.post(f"{path}/protect", {"reason": "clinic"}, key="protect-01") for _ in range(2))
    assert (first.status_code, first.json()["holds"]) == (200, ["protection"])
    assert first.json() == again.json()
    assert Hold.objects.filter(reason="protection").count() == 1
    assert chief.post(f"{path}/unprotect", {"reason": "moved"}).json()["holds"] == []
    assert chief.post(f"{path}/unprotect", {"reason": "moved"}).json()["code"] == "unknown_hold"
    assert chief.post(f"{path}/freeze", {"reason": "meter work"}).json()["frozen"] is True
    assert chief.post(f"{path}/unfreeze", {"reason": "done"}).json()["frozen"] is False
    assert chief.post(f"{path}/lock-off", {"reason": "fire"}).json()["desired"] == "off"
    assert chief.post(f"{path}/unlock", {"reason": "safe"}).json()["desired"] == "on"
    site = f"sites/{town.site.public_id}"
    assert chief.post(f"{site}/stop-cuts", {"reason": "storm"}).json()["stopped"] is True
    assert chief.post(f"{site}/resume-cuts", {"reason": "calm"}).json() | {"site": ""} == {
        "site": "", "stopped": False, "changed": True,
    }  # fmt: skip
    log = walk(chief, f"{site}/commands")
    assert {one["room"] for one in log} <= {"1#-001"}
    assert walk(chief, f"{site}/commands", live="true") == [one for one in log if one["ended_at"] is None]


def test_cases_are_taken_and_closed(town: Town, chief: Machine) -> None:
    with unit_of_work(actor=ACTOR, verb="test") as work:
        for number in range(3):
            open_case(
                scope=town.site.scope, kind="meter_lost", subject_kind="meter", subject_id=number, severity="warning",
                now=work.now,
            )  # fmt: skip
    found = walk(chief, "cases", kind="meter_lost", severity="warning")
    assert len(found) == 3
    path = f"cases/{found[0]['id']}"
    assert chief.post(f"{path}/take").json()["state"] == "taken"
    assert chief.get(path).json()["owner"] == str(chief.user)
    assert chief.post(f"{path}/close", {"note": "cable"}, key="close-0001").json()["state"] == "closed"
    assert chief.post(f"{path}/close", {"note": "cable"}, key="close-0001").json()["state"] == "closed"
    assert chief.get(path).status_code == 404


def test_the_outbox_is_read(town: Town, chief: Machine) -> None:
    pay(town.rooms[0])
    assert chief.get(f"sites/{town.site.public_id}/notices", state="pending").status_code == 200
    assert chief.post(f"notices/{uuid4()}/send-again").status_code == 404


MONEY: dict[str, object] = {"amount": "1.00", "currency": "CNY", "channel": "cash"}
BODIES: dict[str, dict[str, object]] = {
    "top-ups": MONEY,
    "refunds": {**MONEY, "reason": "why"},
    "statements": {"month": "2026-10"},
    "close": {"note": "why"},
    "refuse": {"note": "why"},
    "webhooks": {"site": str(uuid4()), "url": "https://erp.example.org/", "events": ["alarm"]},
    "change": {"url": "https://erp.example.org/", "events": ["alarm"]},
    "tariff-versions": {"code": "shop", "name": "Shops", "effective_from": "2027-01-01", "definition": {}},
}


def operations() -> Iterator[tuple[str, str, str]]:
    for router in ROUTERS:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, path, getattr(operation.view_func, door.MARK)


def test_every_operation_is_refused_to_a_role_without_its_permission(town: Town) -> None:
    refused = 0
    for role in ("auditor", "cashier", "engineer", "machine"):
        machine = Machine(town, role)
        held = set(machine.user.memberships.get().role.permissions)
        for method, path, permission in operations():
            if permission in held or path == "/estate-imports":
                continue
            address = re.sub(r"{\w+_id}", lambda _: str(uuid4()), path)[1:].replace("{month}", "2026-11")
            body = BODIES.get(path.rpartition("/")[2], {"reason": "why"})
            answer = machine.get(address) if method == "GET" else machine.post(address, body)
            if method == "GET" and answer.status_code == 422:  # a list that needs to be told its site
                answer = machine.get(address, site=uuid4())
            assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), (role, path)
            refused += 1
    assert refused > 80


def test_another_estates_machine_changes_nothing_here(town: Town) -> None:
    elsewhere = build_town(rooms=1)
    stranger = Machine(elsewhere, "administrator")
    room, before = town.rooms[0], Hold.objects.count()
    why: dict[str, object] = {"reason": "why"}
    wishes: dict[str, dict[str, object]] = {
        f"points/{room.point.public_id}/freeze": why,
        f"sites/{town.site.public_id}/stop-cuts": why,
        f"accounts/{room.account.public_id}/refunds": {
            "amount": "1.00", "currency": "CNY", "channel": "cash", "reason": "why",
        },
        f"accounts/{room.account.public_id}/clearings": why,
    }  # fmt: skip
    for path, body in wishes.items():
        assert stranger.post(path, body).status_code == 404, path
    for path in (f"sites/{town.site.public_id}/readings", f"points/{room.point.public_id}",
                 f"accounts/{room.account.public_id}/usage", f"sites/{town.site.public_id}/tariffs"):  # fmt: skip
        assert stranger.get(path).status_code == 404, path
    assert (Hold.objects.count(), IdempotentRequest.objects.count()) == (before, 0)


def test_an_estate_workbook_is_tried_then_brought_once(
    town: Town, chief: Machine, tmp_path: Path, settings: Any
) -> None:
    settings.METER_KEY_FILE = tmp_path / "meter.key"
    sheet = estate_sheet(3)
    write_estate(path=tmp_path / "estate.xlsx", sheet=sheet)
    data = (tmp_path / "estate.xlsx").read_bytes()

    def bring(content: bytes = data, key: str = "", **fields: str) -> Any:
        upload = SimpleUploadedFile("estate.xlsx", content)
        headers = {**chief.headers, "Idempotency-Key": key or uuid4().hex}
        return chief.client.post("/api/v1/estate-imports", {"workbook": upload, **fields}, headers=headers)

    assert (bring().status_code, bring().json()["code"]) == (403, "not_permitted")
    with unit_of_work(actor=ACTOR, verb="test"):
        grant(user=chief.user, role_code="administrator", scope=ensure_organisation(name=sheet.site.organisation))
    tried = bring().json()
    assert (tried["state"], tried["site"], tried["problems"]) == ("checked", None, [])
    done = bring(dry_run="false", key="import-0001")
    assert (done.status_code, done.json()["state"]) == (200, "imported")
    assert bring(dry_run="false", key="import-0001").json() == done.json()
    assert len(walk(chief, "points", site=done.json()["site"])) == 3
    for content in (b"", b"PK nonsense", b"=1+1", data[:2_000]):
        answer = bring(content)
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")


def test_webhooks_are_made_with_a_secret_that_is_told_once(
    town: Town, chief: Machine, tmp_path: Path, settings: Any
) -> None:
    settings.METER_KEY_FILE = tmp_path / "meter.key"
    body = {"site": str(town.site.public_id), "url": "https://erp.example.org/hook", "events": ["payment"]}
    first, again = (chief.post("webhooks", body, key="webhook-01") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() | {"secret": None} == again.json()
    secret = first.json()["secret"]
    assert secret.startswith("whsec_")
    assert secret not in json.dumps(list(IdempotentRequest.objects.values_list("answer", flat=True)))
    path = f"webhooks/{first.json()['id']}"
    assert chief.get(path).json() == walk(chief, "webhooks", site=town.site.public_id)[0]
    rotated = chief.post(f"{path}/rotate").json()
    assert rotated["secret"] not in {None, secret}
    assert rotated["old_secret_until"] is not None
    changed = chief.post(f"{path}/change", body | {"site": None}).json()
    assert changed["code"] == "invalid_request"
    wish = {"url": "https://erp.example.org/2", "events": ["alarm", "payment"], "note": "ERP"}
    assert chief.post(f"{path}/change", wish).json()["events"] == ["alarm", "payment"]
    inside = chief.post("webhooks", body | {"url": "http://10.0.0.1/"})
    assert (inside.status_code, inside.json()["code"]) == (422, "bad_endpoint")
    pay(town.rooms[0])
    gather_events(actor=Actor(process="worker"))
    (delivery,) = walk(chief, f"{path}/deliveries", state="pending")
    assert (delivery["event"], json.loads(delivery["body"])["id"]) == ("payment", delivery["id"])
    assert chief.post(f"deliveries/{delivery['id']}/resend").json() == {"id": delivery["id"], "state": "pending"}
    assert chief.post(f"{path}/end").json()["state"] == "ended"
    assert chief.post(f"{path}/enable").json()["state"] == "active"
    stranger = Machine(build_town(rooms=1), "administrator")
    assert stranger.get(f"{path}/deliveries").status_code == 404
    assert stranger.post(f"deliveries/{delivery['id']}/resend").status_code == 404


def test_requests_are_counted_and_refused_when_too_many(
    town: Town, chief: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = chief.get("sites")
    assert first.headers["RateLimit-Policy"] == '"token";q=1200;w=60'
    assert first.headers["RateLimit"].startswith('"token";r=1199;t=')
    monkeypatch.setattr(door, "REQUESTS", throttle.Limit("api-test", burst=2, every_s=30))
    answers = [chief.get("sites") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert (answers[2].json()["code"], answers[2].headers["Content-Type"]) == (
        "too_many_tries", "application/problem+json",
    )  # fmt: skip
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 30
    assert Machine(town, "auditor").get("sites").status_code == 200
    assert Scope.objects.filter(kind="site").exists()
