"""A new installation: the first login by the code from the terminal, then steps that are read from what exists."""

from typing import Any

import pytest
from django.test import Client
from tests.console.conftest import NOW
from tests.usecases_billing.town import ACTOR, set_clock

from prewatt.access.audit import Actor
from prewatt.access.models import Action, User
from prewatt.access.services import create_login, ensure_organisation, ensure_roles, grant
from prewatt.estate import probing
from prewatt.estate.models import Bus, Site
from prewatt.estate.probing import LineFinding, LineWish
from prewatt.notices import channels
from prewatt.notices.values import Sent
from prewatt.usecases.check_public_address import Reach, Reached, check_public_address
from prewatt.usecases.see_first_run import FirstRun, Stand, Step, see_first_run
from prewatt.usecases.work import unit_of_work

CODE = "ABCD-EFGH-JKMN"
FIRST = {
    "code": "abcd efgh jkmn", "organisation": "Yongjia Group", "name": "Ann", "username": "ann",
    "password": "correct horse 9", "language": "en",
}  # fmt: skip
SITE = {
    "name": "North court", "code": "NC", "time_zone": "Asia/Shanghai", "currency": "CNY", "first_day": "2026-11-01",
    "operator_name": "Yongjia Group", "service_phone": "",
}  # fmt: skip
LINE = {"gateway": "GW1", "address": "192.0.2.7", "port": "20001", "baud": "2400", "parity": "E", "meter": "123"}


@pytest.fixture
def fresh(db: None, settings: Any) -> Client:
    set_clock(NOW)
    settings.SETUP_CODE = CODE
    return Client()


@pytest.fixture
def boss(db: None) -> Client:
    """An administrator of an organisation without a site."""
    set_clock(NOW)
    with unit_of_work(actor=ACTOR, verb="test"):
        ensure_roles()
        user = create_login(username="ann", password="correct horse 9", name="Ann")
        grant(user=user, role_code="administrator", scope=ensure_organisation(name="Yongjia Group"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[LineWish]:
    """What the field was asked; it answers the second time."""
    wishes: list[LineWish] = []

    def probe(wish: LineWish) -> LineFinding:
        wishes.append(wish)
        return LineFinding("silent") if len(wishes) == 1 else LineFinding()

    monkeypatch.setattr(probing, "_installed", [probe])
    return wishes


def run() -> FirstRun:
    return see_first_run(user=User.objects.get(username="ann"))


def stands() -> dict[Step, Stand]:
    return {one.step: one.stand for one in run().steps}


def test_only_the_code_makes_the_first_login_and_only_once(fresh: Client) -> None:
    assert fresh.get("/first-login").status_code == 200
    refused = fresh.post("/first-login", FIRST | {"code": "ZZZZ-ZZZZ-ZZZZ"})
    assert refused.status_code == 422
    assert not User.objects.exists()
    assert fresh.post("/first-login", FIRST | {"password": "short"}).status_code == 422
    made = fresh.post("/first-login", FIRST)
    assert (made.status_code, made["Location"]) == (302, "/first-run")
    assert fresh.get("/")["Location"] == "/first-run"  # there is no site to show yet
    assert fresh.get("/first-run").status_code == 200
    again = Client().post("/first-login", FIRST | {"username": "eve"})
    assert again["Location"] == "/sign-in"
    assert [user.username for user in User.objects.all()] == ["ann"]


def test_without_a_code_nobody_takes_the_installation(db: None) -> None:
    assert Client().get("/first-login")["Location"] == "/sign-in"
    assert Client().post("/first-login", FIRST | {"code": ""})["Location"] == "/sign-in"
    assert not User.objects.exists()


def test_steps_follow_from_what_is_there(boss: Client, asked: list[LineWish]) -> None:
    assert stands()[Step.SITE] is Stand.OPEN
    assert stands()[Step.GATEWAY] is Stand.WAITING
    assert boss.post("/first-run/gateway", LINE).status_code == 422
    assert boss.post("/first-run/site", SITE | {"code": "no code!"}).status_code == 422
    assert boss.post("/first-run/site", SITE)["Location"] == "/first-run"
    assert Site.objects.get().currency == "CNY"
    assert "The set-up" in boss.get("/").content.decode()

    everybody = boss.post("/first-run/gateway", LINE | {"meter": "9" * 12})  # the address that all meters hear
    assert (everybody.status_code, asked) == (422, [])
    silent = boss.post("/first-run/gateway", LINE)
    assert (silent.status_code, Bus.objects.count()) == (422, 0)
    assert "the meter is silent" in silent.content.decode()
    assert boss.post("/first-run/gateway", LINE).status_code == 302
    assert asked[-1] == LineWish("192.0.2.7", 20001, 2400, "000000000123")
    assert "in the books already" in boss.post("/first-run/gateway", LINE).content.decode()
    assert len(asked) == 2
    assert (
        boss.post("/first-run/gateway", LINE | {"gateway": "GW2", "port": "20002", "untried": "on"}).status_code == 302
    )
    assert len(asked) == 2

    for code in ("estate", "tariff", "payment", "messages", "address"):
        assert run().left
        boss.post(f"/first-run/skip/{code}")
    assert run().left == 0
    assert stands()[Step.TARIFF] is Stand.SKIPPED
    assert "The set-up" not in boss.get("/").content.decode()
    assert boss.post("/first-run/skip/everything").status_code == 404


def test_a_message_to_oneself_is_sent_now(boss: Client, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    told: list[str] = []

    def send(letter: Any) -> Sent:
        told.append(letter.recipient)
        return Sent(proof="taken") if len(told) > 1 else Sent(error="no mail server is set")

    monkeypatch.setitem(channels.SENDERS, "mail", send)
    form = {"way": "mail", "recipient": "ann@example.org"}
    assert "no mail server is set" in boss.post("/first-run/message", form).content.decode()
    settings.EMAIL_HOST = "mail.example.org"
    assert stands()[Step.MESSAGES] is Stand.OPEN
    assert boss.post("/first-run/message", form).status_code == 302
    assert stands()[Step.MESSAGES] is Stand.DONE
    assert told == ["ann@example.org"] * 2


def test_the_public_address_counts_while_it_is_the_same(
    boss: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUBLIC_ORIGIN = "http://127.0.0.1:8000"
    page = boss.post("/first-run/address", follow=True)
    assert "does not begin with https://" in page.content.decode()
    assert stands()[Step.ADDRESS] is Stand.OPEN
    row = Action.objects.get(verb="check_public_address")
    assert row.outcome == "refused"
    user = User.objects.get(username="ann")
    found = Reached("http://127.0.0.1:8000", Reach.GOOD)
    monkeypatch.setattr("prewatt.usecases.check_public_address.ask_public", lambda *_, **__: found)
    check_public_address(actor=Actor("web", user))
    assert stands()[Step.ADDRESS] is Stand.DONE
    settings.PUBLIC_ORIGIN = "https://other.example.org"
    assert stands()[Step.ADDRESS] is Stand.OPEN
