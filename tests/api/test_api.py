import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.usecases_estate.sheets import estate_sheet

from prewatt.access.audit import Actor
from prewatt.access.models import Action, IdempotentRequest, Scope, User
from prewatt.access.permissions import Permission
from prewatt.access.services import create_login, ensure_roles, grant, issue_token, revoke_token
from prewatt.api import metering, money
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.errors import Unable
from prewatt.metering.models import Reading
from prewatt.payments.models import Payment
from prewatt.supply.models import Command, Relay
from prewatt.tenancy.models import Account
from prewatt.usecases.import_estate import import_estate
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db
CLI = Actor(process="cli")
PROBLEM = "application/problem+json"


class Machine:
    """A client that carries a token."""

    def __init__(self, token: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: object) -> Any:
        return self.client.get(f"/api/v1/{path}", {k: str(v) for k, v in query.items()}, headers=self.headers)

    def post(self, path: str, body: object, key: str | None = None) -> Any:
        headers = self.headers if key is None else {**self.headers, "Idempotency-Key": key}
        text = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(f"/api/v1/{path}", text, content_type="application/json", headers=headers)


def token_for(scope: Scope, role: str = "machine", name: str = "erp") -> str:
    with unit_of_work(actor=CLI, verb="test"):
        ensure_roles()
        user = create_login(username=name, password="", is_machine=True)
        grant(user=user, role_code=role, scope=scope)
        return issue_token(user=user)


@pytest.fixture(autouse=True)
def estate(tmp_path: Path) -> None:
    import_estate(actor=CLI, sheet=estate_sheet(5), safe=MeterSafe.open(tmp_path / "meter.key", create=True))


@pytest.fixture
def machine() -> Machine:
    return Machine(token_for(Scope.objects.get(kind="site")))


def account_id(number: str = "100000") -> UUID:
    return Account.objects.get(number=number).public_id


def top_up(machine: Machine, key: str, amount: Any = "300.00", **changes: Any) -> Any:
    body = {"amount": amount, "currency": "CNY", "channel": "transfer"} | changes
    return machine.post(f"accounts/{account_id()}/top-ups", body, key=key)


def test_accounts_are_paged_by_a_cursor(machine: Machine) -> None:
    first = machine.get("accounts", limit=3).json()
    rest = machine.get("accounts", limit=3, cursor=first["next_cursor"]).json()
    assert [len(first["items"]), len(rest["items"]), rest["next_cursor"]] == [3, 2, None]
    assert {one["number"] for one in first["items"] + rest["items"]} == {f"{100_000 + index}" for index in range(5)}


def test_an_account_says_what_is_available(machine: Machine) -> None:
    Account.objects.filter(number="100001").update(accrued=250, allowed_credit=1_000)
    found = machine.get(f"accounts/{account_id('100001')}").json()
    money = {
        name: found[name]["amount"] for name in ("ledger_balance", "accrued", "balance", "allowed_credit", "available")
    }
    assert money == {
        "ledger_balance": "100.01", "accrued": "2.50", "balance": "97.51", "allowed_credit": "10.00",
        "available": "107.51",
    }  # fmt: skip
    assert [point["code"] for point in found["points"]] == ["1#-102"]


def test_the_same_key_and_body_gets_the_same_answer_once_in_the_books(machine: Machine) -> None:
    first, again = top_up(machine, "key-00000001"), top_up(machine, "key-00000001")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["balance_after"] == {"amount": "400.00", "currency": "CNY"}
    assert (Payment.objects.count(), IdempotentRequest.objects.count()) == (1, 1)
    assert Action.objects.filter(process="api", verb="take_payment", actor__username="erp").exists()


def test_the_same_key_with_another_body_is_a_conflict(machine: Machine) -> None:
    top_up(machine, "key-00000001")
    for other in (top_up(machine, "key-00000001", "301.00"), machine.post(
        f"accounts/{account_id('100001')}/top-ups",
        {"amount": "300.00", "currency": "CNY", "channel": "transfer"},
        key="key-00000001",
    )):  # fmt: skip
        assert (other.status_code, other.headers["Content-Type"]) == (409, PROBLEM)
        assert other.json()["code"] == "key_reused"
    assert Payment.objects.count() == 1


def test_two_machines_may_use_the_same_key(machine: Machine) -> None:
    other = Machine(token_for(Scope.objects.get(kind="site"), name="till"))
    assert [top_up(machine, "key-00000001").status_code, top_up(other, "key-00000001").status_code] == [201, 201]
    assert Payment.objects.count() == 2


BAD_TOP_UPS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"amount": "0.00"}, "bad_payment"),
    ({"amount": "-5"}, "invalid_request"),
    ({"amount": "1000000.01"}, "bad_payment"),
    ({"amount": "1.005"}, "bad_amount"),
    ({"amount": 300}, "invalid_request"),
    ({"currency": "EUR"}, "bad_payment"),
    ({"currency": "XXX"}, "unknown_currency"),
    ({"channel": "gold"}, "invalid_request"),
    ({"note": "unknown field"}, "invalid_request"),
)


def test_bad_top_ups_are_refused_and_leave_nothing(machine: Machine) -> None:
    for changes, code in BAD_TOP_UPS:
        answer = top_up(machine, "key-00000001", **changes)
        assert (answer.status_code, answer.headers["Content-Type"], answer.json()["code"]) == (422, PROBLEM, code)
    assert (Payment.objects.count(), IdempotentRequest.objects.count()) == (0, 0)


def test_a_top_up_needs_a_key(machine: Machine) -> None:
    body = {"amount": "1.00", "currency": "CNY", "channel": "cash"}
    answer = machine.post(f"accounts/{account_id()}/top-ups", body)
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["errors"][0]["where"]


def test_broken_json_is_told(machine: Machine) -> None:
    answer = machine.post(f"accounts/{account_id()}/top-ups", "{", key="key-00000001")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)


def test_the_ledger_is_paged_newest_first(machine: Machine) -> None:
    for number in range(3):
        top_up(machine, f"key-0000000{number}", f"{number + 1}.00")
    path = f"accounts/{account_id()}/ledger"
    first = machine.get(path, limit=2).json()
    rest = machine.get(path, limit=2, cursor=first["next_cursor"]).json()
    lines = first["items"] + rest["items"]
    assert [line["seq"] for line in lines] == [4, 3, 2, 1]
    assert [line["kind"] for line in lines] == ["top_up", "top_up", "top_up", "opening_balance"]
    assert [line["balance_after"]["amount"] for line in lines] == ["106.00", "103.00", "101.00", "100.00"]
    assert rest["next_cursor"] is None


def test_a_meter_tells_wish_and_proof_apart(machine: Machine) -> None:
    now = estate_now()
    listed = machine.get("meters", point="1#-101").json()["items"]
    assert [(one["desired"], one["reported"], one["proven_at"]) for one in listed] == [("on", "unknown", None)]
    Relay.objects.filter(metering_point__code="1#-101").update(reported="on", proven_at=now)
    meter = machine.get(f"meters/{listed[0]['id']}").json()
    assert (meter["reported"], meter["communication"], meter["point"]["code"]) == ("on", "lost", "1#-101")
    assert meter["last_reading"]["total_wh"] == 1_000_000


def test_meters_are_paged(machine: Machine) -> None:
    first = machine.get("meters", limit=4).json()
    rest = machine.get("meters", limit=4, cursor=first["next_cursor"]).json()
    assert len({one["serial"] for one in first["items"] + rest["items"]}) == 5


def test_a_point_that_no_database_can_hold_is_refused(machine: Machine) -> None:
    assert machine.get("meters", point="1#\x00").status_code == 422


def test_readings_are_paged_within_a_period(machine: Machine) -> None:
    relay = Relay.objects.select_related("installation__meter").get(metering_point__code="1#-101")
    assert relay.installation is not None
    begin = estate_now().replace(microsecond=0) - timedelta(hours=10)
    for hour in range(5):
        Reading.objects.create(
            installation_id=relay.installation.pk, kind=1, read_at=begin + timedelta(hours=hour), received_at=begin,
            total_wh=1_000_000 + hour, rates_wh=[1, 2], quality=2 if hour == 4 else 1,
            cause="jump" if hour == 4 else "",
        )  # fmt: skip
    path = f"meters/{relay.installation.meter.public_id}/readings"
    period = {"from_at": begin.isoformat(), "to_at": (begin + timedelta(hours=5)).isoformat()}
    first = machine.get(path, limit=3, **period).json()
    rest = machine.get(path, limit=3, cursor=first["next_cursor"], **period).json()
    found = first["items"] + rest["items"]
    assert [one["total_wh"] - 1_000_000 for one in found] == [4, 3, 2, 1, 0]
    assert (found[0]["quality"], found[0]["cause"], found[1]["kind"]) == ("quarantined", "jump", "scheduled")
    assert len(machine.get(path).json()["items"]) == 6  # the opening register too


def test_commands_can_be_read(machine: Machine) -> None:
    relay = Relay.objects.select_related("installation__bus", "installation__meter").get(metering_point__code="1#-101")
    assert relay.installation is not None
    made = Command.objects.create(
        installation=relay.installation, metering_point_id=relay.pk, gateway_id=relay.installation.bus.gateway_id,
        wanted="off", cause="credit", deadline=machine_now(), queued_at=machine_now(), estate_at=estate_now(),
    )  # fmt: skip
    command = machine.get(f"commands/{made.public_id}").json()
    assert (command["state"], command["wanted"], command["cause"]) == ("queued", "off", "credit")
    listed = machine.get(f"meters/{relay.installation.meter.public_id}/commands").json()["items"]
    assert [one["id"] for one in listed] == [str(made.public_id)]
    assert machine.get(f"commands/{uuid4()}").status_code == 404


def test_a_cursor_that_is_none_is_refused(machine: Machine) -> None:
    meter = machine.get("meters", limit=1).json()["items"][0]["id"]
    for path in ("accounts", f"accounts/{account_id()}/ledger", "meters", f"meters/{meter}/readings"):
        for cursor in ("!", "bm9uc2Vuc2U", "é", "eA~"):
            answer = machine.get(path, cursor=cursor)
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_without_a_token_in_force_nothing_is_answered(machine: Machine) -> None:
    with unit_of_work(actor=CLI, verb="test"):
        token = issue_token(user=User.objects.get(username="erp"), expires_at=machine_now() - timedelta(seconds=1))
    expired, stranger, nobody = Machine(token), Machine("pw_000000000000_x"), Machine("")
    with unit_of_work(actor=CLI, verb="test"):
        revoke_token(prefix=machine.headers["Authorization"].split("_")[1])
    for client in (expired, stranger, nobody, machine):
        answer = client.get("accounts")
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_role_without_the_permission_is_refused() -> None:
    auditor = Machine(token_for(Scope.objects.get(kind="site"), role="auditor"))
    answer = auditor.get("accounts")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_another_organisation_sees_and_takes_nothing(machine: Machine) -> None:
    elsewhere = Scope.objects.create(kind="organisation", path="/999999/", name="Elsewhere")
    stranger = Machine(token_for(elsewhere, name="stranger"))
    meter = machine.get("meters", limit=1).json()["items"][0]["id"]
    assert stranger.get("accounts").json()["items"] == []
    assert stranger.get("meters").json()["items"] == []
    for path in (f"accounts/{account_id()}", f"accounts/{account_id()}/ledger", f"meters/{meter}/readings"):
        assert stranger.get(path).status_code == 404
    assert top_up(stranger, "key-00000001").status_code == 404


def test_wrong_methods_and_addresses_are_problems_too(machine: Machine) -> None:
    deleted = machine.client.delete(f"/api/v1/accounts/{account_id()}", headers=machine.headers)
    assert (deleted.status_code, deleted.headers["Content-Type"], deleted.headers["Allow"]) == (405, PROBLEM, "GET")
    assert machine.get("accounts/17").status_code == 422
    missing = machine.get("nothing/here")
    assert (missing.status_code, missing.headers["Content-Type"]) == (404, PROBLEM)


def test_our_own_faults_say_nothing_of_themselves(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(metering, "list_meters", broken)
    answer = machine.get("meters")
    assert (answer.status_code, answer.json()["code"]) == (500, "our_fault")
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "code"), [(OperationalError("secret detail"), "busy"), (Unable("Not now."), "unable")]
)
def test_what_can_be_repeated_says_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def broken(**_: object) -> None:
        raise error

    monkeypatch.setattr(money, "take_payment_by_key", broken)
    answer = top_up(machine, "key-00000001")
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, code, "5")
    assert "secret" not in answer.content.decode()


def test_the_description_is_sound_openapi_3_1() -> None:
    description = json.loads(Client().get("/api/v1/openapi.json").content)
    assert description["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(description).validate()
    for path in description["paths"].values():
        for operation in path.values():
            assert operation["security"], operation["operationId"]
            assert {"400", "401", "403", "404", "422", "503"} <= set(operation["responses"])
            assert set(operation["responses"]["422"]["content"]) == {PROBLEM}
    top_ups = description["paths"]["/api/v1/accounts/{account_id}/top-ups"]["post"]
    header = next(one for one in top_ups["parameters"] if one["in"] == "header")
    assert (header["name"], header["required"]) == ("Idempotency-Key", True)
    assert "409" in top_ups["responses"]


def test_every_address_of_the_api_names_its_permission() -> None:
    def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            address = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, address)
            else:
                yield address, pattern.callback

    found = {
        address: view.prewatt_permission
        for address, view in walk(get_resolver().url_patterns)
        if address.startswith("api/v1/")
    }  # fmt: skip
    assert {address for address, mark in found.items() if mark == "public"} == {"api/v1/openapi.json", "api/v1/"}
    assert found["api/v1/accounts/<account_id>/top-ups"] == Permission.API_TAKE
    assert found["api/v1/points/<point_id>/disconnect"] == Permission.SUPPLY_SWITCH
    assert set(found.values()) - {"public"} <= set(Permission)


def test_a_page_of_accounts_needs_a_fixed_number_of_queries(machine: Machine) -> None:
    with CaptureQueriesContext(connection) as queries:
        machine.get("accounts")
    assert len(queries) <= 10
