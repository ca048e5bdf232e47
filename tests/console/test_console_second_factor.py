"""The second factor at the desk: required by a role, set up, asked for, used once, lost."""

import base64
import itertools
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from tests.console.conftest import build_town, make_user
from tests.faults.invariants import leaks_in_tables
from tests.usecases_billing.town import set_clock

from prewatt.access.models import Action, RecoveryCode, Role, SecondFactor, User
from prewatt.access.totp import code_at
from prewatt.estate.secrets import MeterSafe
from prewatt.kernel.clock import machine_now

PASSWORD = "correct horse"
GATE = "/second-factor"
_addresses = itertools.count(1)


@pytest.fixture(scope="module")
def place(module_database, tmp_path_factory):
    set_clock("2026-11-20T12:00")
    key = tmp_path_factory.mktemp("keys") / "meter.key"
    MeterSafe.open(key, create=True)
    town = build_town(rooms=1)
    return town, make_user(town, "administrator", username="chief"), key


@pytest.fixture(autouse=True)
def _settings(settings, place):
    settings.METER_KEY_FILE = place[2]


@pytest.fixture
def required(place):
    Role.objects.filter(code="cashier").update(needs_second_factor=True)
    yield
    Role.objects.filter(code="cashier").update(needs_second_factor=False)


def signed_in(place, username: str, role: str = "cashier", client: Client | None = None) -> Client:
    if not User.objects.filter(username=username).exists():
        make_user(place[0], role, username=username)
    client = client or Client(REMOTE_ADDR=f"192.0.2.{next(_addresses)}")
    assert client.post("/sign-in", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def now_code(secret: bytes, steps: int = 0) -> str:
    return code_at(secret=secret, counter=int(machine_now().timestamp()) // 30 + steps)


def set_up(client: Client) -> tuple[bytes, list[str]]:
    page = client.post("/second-factor/new", {"next": "/rooms"}).content.decode()
    text = re.search(r'id="pw-secret"[^>]*value="([A-Z2-7 ]+)"', page)
    assert text
    secret = base64.b32decode(text[1].replace(" ", ""))
    assert client.post("/second-factor/new", {"code": "000000"}).status_code == 422
    done = client.post("/second-factor/new", {"code": now_code(secret)})
    assert done.status_code == 200
    return secret, re.findall(r"<li>([a-z0-9-]{19})</li>", done.content.decode())


def test_a_role_that_requires_one_leads_to_setting_it_up(place, required):
    client = signed_in(place, "amy")
    answer = client.get("/rooms")
    assert answer["Location"].startswith("/second-factor?next=")
    assert client.get("/rooms", headers={"HX-Request": "true"}).status_code == 401
    assert client.post("/till", {}).status_code == 302
    assert client.get(answer["Location"])["Location"].startswith("/second-factor/new")
    secret, codes = set_up(client)
    assert len(set(codes)) == 10
    assert client.get("/rooms").status_code == 200
    row = SecondFactor.objects.get(user__username="amy", confirmed_at__isnull=False)
    assert secret not in bytes(row.sealed)
    assert not leaks_in_tables(secrets=codes)


def test_who_has_one_is_asked_at_each_sign_in_and_a_code_works_once(place):
    secret, _ = set_up(signed_in(place, "ben"))
    with time_machine.travel(machine_now() + timedelta(seconds=60), tick=False):
        client, other = signed_in(place, "ben"), signed_in(place, "ben")
        code, before = now_code(secret), client.cookies["prewatt_session"].value
        assert client.get("/rooms").status_code == 302
        assert client.get("/my/profile").status_code == 302
        assert client.post(GATE, {"code": "12 34 56", "next": "/rooms"}).status_code == 422
        assert client.post(GATE, {"code": code, "next": "/rooms"})["Location"] == "/rooms"
        assert client.cookies["prewatt_session"].value != before
        assert client.get("/rooms").status_code == 200
        assert other.post(GATE, {"code": code}).status_code == 422
        assert other.post(GATE, {"code": now_code(secret, -1)}).status_code == 422
        assert other.get("/rooms").status_code == 302
    assert Action.objects.filter(verb="pass_second_factor", outcome="refused", actor__username="ben").count() == 3


def test_a_recovery_code_opens_once(place):
    _, codes = set_up(signed_in(place, "cat"))
    client = signed_in(place, "cat")
    assert client.post(GATE, {"code": codes[3].upper(), "next": "/rooms"}).status_code == 302
    assert client.get("/rooms").status_code == 200
    assert signed_in(place, "cat").post(GATE, {"code": codes[3]}).status_code == 422
    assert RecoveryCode.objects.filter(user__username="cat", used_at=None).count() == 9


def test_tries_are_counted_and_a_stranger_with_the_password_locks_nobody_out(place):
    owner = signed_in(place, "dan")
    secret, _ = set_up(owner)
    with time_machine.travel(machine_now() + timedelta(minutes=30), tick=False):
        stranger = signed_in(place, "dan")
        said = [stranger.post(GATE, {"code": f"{number:06d}"}).content.decode() for number in range(12)]
        assert sum("Too many attempts" in one for one in said) == 7
        signed_in(place, "dan", client=owner)
        assert owner.post(GATE, {"code": now_code(secret)}).status_code == 302


def test_it_is_taken_away_by_its_owner_with_a_code_but_not_while_a_role_requires_it(place):
    client = signed_in(place, "eli")
    _, codes = set_up(client)
    Role.objects.filter(code="cashier").update(needs_second_factor=True)
    client.post(reverse("console:second_factor_drop"), {"code": codes[0]})
    assert SecondFactor.objects.filter(user__username="eli", ended_at=None).exists()
    Role.objects.filter(code="cashier").update(needs_second_factor=False)
    client.post(reverse("console:second_factor_drop"), {"code": "wrong"})
    assert SecondFactor.objects.filter(user__username="eli", ended_at=None).exists()
    client.post(reverse("console:second_factor_drop"), {"code": codes[0]})
    assert not SecondFactor.objects.filter(user__username="eli", ended_at=None).exists()
    assert signed_in(place, "eli").get("/rooms").status_code == 200


def test_an_administrator_takes_a_lost_one_away(place):
    client = signed_in(place, "fin")
    set_up(client)
    chief = Client()
    chief.force_login(place[1])
    user = User.objects.get(username="fin")
    assert "Lost phone" in chief.get(reverse("console:user", args=[user.public_id])).content.decode()
    assert chief.post(reverse("console:user_factor", args=[user.public_id])).status_code == 302
    assert client.get("/rooms").status_code == 302
    assert signed_in(place, "fin").get("/rooms").status_code == 200
    own = chief.post(reverse("console:user_factor", args=[place[1].public_id]), follow=True)
    assert "This is your own login" in own.content.decode()


def test_setting_up_asks_for_a_new_sign_in_and_a_tenant_needs_none(place):
    client = signed_in(place, "gil")
    with time_machine.travel(machine_now() + timedelta(minutes=20), tick=False):
        assert client.get("/second-factor/new").status_code == 422
    assert Client().get("/second-factor/new")["Location"] == "/sign-in"
    assert Client().get(GATE)["Location"] == "/sign-in"
    user = make_user(place[0], "cashier", username="ten")
    user.memberships.update(to_at=machine_now())
    assert signed_in(place, "ten").get("/second-factor/new")["Location"] == "/my/"
    assert signed_in(place, "gil").get(reverse("console:me")).status_code == 200
