"""Sessions at the desk: listed and ended, out after a rest, and rights that are felt with the next click."""

import itertools
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from tests.console.conftest import build_town, make_user
from tests.usecases_billing.town import set_clock

from prewatt.access.models import Action, LoginSession, Role, User
from prewatt.access.sessions import SEEN_COOKIE
from prewatt.kernel.clock import machine_now

PASSWORD = "correct horse"
_addresses = itertools.count(1)


@pytest.fixture(scope="module")
def place(module_database):
    set_clock("2026-11-20T12:00")
    town = build_town(rooms=1)
    return town, make_user(town, "administrator", username="chief")


def signed_in(place, username: str, role: str = "cashier") -> Client:
    if not User.objects.filter(username=username).exists():
        make_user(place[0], role, username=username)
    browser = {"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0"}
    client = Client(headers=browser, REMOTE_ADDR=f"192.0.2.{next(_addresses)}")
    assert client.post("/sign-in", {"username": username, "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize(("rest", "status"), [(timedelta(minutes=59), 200), (timedelta(minutes=61), 302)])
def test_a_session_ends_after_the_rest_that_its_role_allows(place, rest, status):
    client = signed_in(place, f"rests{status}")
    assert client.get("/rooms").status_code == 200
    with time_machine.travel(machine_now() + rest, tick=False):
        answer = client.get("/rooms")
        assert answer.status_code == status
        if status == 302:
            assert answer["Location"] == "/sign-in?next=/rooms"
            assert "nobody was there" in client.get(answer["Location"]).content.decode()
            assert client.get("/rooms").status_code == 302


def test_what_a_page_asks_for_by_itself_keeps_no_session_awake(place):
    client = signed_in(place, "screen")
    client.get("/rooms")
    begin = machine_now()
    part = {"HX-Request": "true"}
    with time_machine.travel(begin + timedelta(minutes=50), tick=False):
        assert client.get("/shift/live", headers=part).status_code == 200
    with time_machine.travel(begin + timedelta(minutes=70), tick=False):
        assert client.get("/shift/live", headers=part).status_code == 401


def test_work_keeps_a_session_awake(place):
    client = signed_in(place, "worker")
    begin = machine_now()
    for minutes in (50, 100, 150):
        with time_machine.travel(begin + timedelta(minutes=minutes), tick=False):
            assert client.get("/rooms").status_code == 200


def test_a_cookie_of_another_session_or_a_forged_one_wakes_nothing(place):
    client, other = signed_in(place, "one"), signed_in(place, "two")
    begin = machine_now()
    with time_machine.travel(begin + timedelta(minutes=50), tick=False):
        other.get("/rooms")
    for mark in (other.cookies[SEEN_COOKIE].value, "forged", ""):
        with time_machine.travel(begin + timedelta(minutes=70), tick=False):
            thief = Client()
            thief.cookies["prewatt_session"] = client.cookies["prewatt_session"].value
            thief.cookies[SEEN_COOKIE] = mark
            assert thief.get("/rooms").status_code == 302


def test_the_strictest_role_counts_and_zero_is_never(place):
    client = signed_in(place, "wall", role="engineer")
    Role.objects.filter(code="engineer").update(idle_minutes=0)
    with time_machine.travel(machine_now() + timedelta(hours=11), tick=False):
        assert client.get("/rooms").status_code == 200
    Role.objects.filter(code="engineer").update(idle_minutes=60)


def test_ones_own_sessions_are_listed_and_ended(place):
    here, there = signed_in(place, "rita"), signed_in(place, "rita")
    page = here.get(reverse("console:me"))
    assert "Firefox · Windows" in page.content.decode()
    assert [row.is_this for row, _ in page.context["sessions"]].count(True) == 1
    code = next(row.code for row, _ in page.context["sessions"] if not row.is_this)
    here.post(reverse("console:end_session"), {"session": code})
    assert there.get("/rooms").status_code == 302
    assert here.get("/rooms").status_code == 200
    stranger = signed_in(place, "sam")
    stranger.post(reverse("console:end_session"), {"session": page.context["sessions"][0][0].code})
    assert here.get("/rooms").status_code == 200
    signed_in(place, "rita")
    here.post(reverse("console:end_session"), {"others": "1"})
    assert LoginSession.objects.filter(user__username="rita").count() == 1


def test_ones_own_password_is_changed_and_everywhere_else_signed_out(place):
    here, there = signed_in(place, "tom"), signed_in(place, "tom")
    new = "a much longer sentence"
    page = reverse("console:me")
    assert here.post(page, {"old": "wrong", "password": new, "again": new}).status_code == 422
    assert here.post(page, {"old": PASSWORD, "password": "12345678", "again": "12345678"}).status_code == 422
    assert here.post(page, {"old": PASSWORD, "password": new, "again": new}).status_code == 302
    assert here.get("/rooms").status_code == 200
    assert there.get("/rooms").status_code == 302


def test_an_administrator_sees_and_ends_the_sessions_of_others_but_not_of_a_greater_one(place):
    theirs = signed_in(place, "uma")
    chief = Client()
    chief.force_login(place[1])
    page = chief.get(reverse("console:user", args=[User.objects.get(username="uma").public_id]))
    code = page.context["sessions"][0][0].code
    ending = reverse("console:user_sessions", args=[User.objects.get(username="uma").public_id])
    chief.post(ending, {"session": code})
    assert theirs.get("/rooms").status_code == 302
    theirs = signed_in(place, "uma")
    chief.post(ending)
    assert theirs.get("/rooms").status_code == 302
    small = Role.objects.create(code="own-small-2", name="Small", permissions=["admin.users", "estate.view"])
    user = make_user(place[0], "auditor", username="val")
    user.memberships.update(role=small)
    lesser = Client()
    lesser.force_login(user)
    assert lesser.get(reverse("console:user", args=[place[1].public_id])).context["sessions"] == []
    lesser.post(reverse("console:user_sessions", args=[place[1].public_id]))
    assert chief.get("/rooms").status_code == 200
    assert Action.objects.filter(verb="end_sessions", outcome="refused", actor=user).exists()


def test_the_rest_of_a_role_is_set_by_who_administers_everything(place):
    boss, chief = make_user(place[0], "administrator", username="boss"), Client()
    chief.force_login(boss)
    page = reverse("console:role_safety", args=["cashier"])
    assert chief.get(page).status_code == 200
    assert chief.post(page, {"idle_minutes": "15"}).status_code in {403, 422}
    boss.memberships.update(scope=place[0].organisation)
    assert chief.post(page, {"idle_minutes": "721"}).status_code == 422
    assert chief.post(page, {"idle_minutes": "15"}).status_code == 302
    assert Role.objects.get(code="cashier").idle_minutes == 15
    Role.objects.filter(code="cashier").update(idle_minutes=60)
