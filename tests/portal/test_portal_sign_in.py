"""The way in as a browser walks it."""

import re
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import signing
from django.test import Client
from django.urls import reverse
from tests.portal.world import PASSWORD, World, make_login

from prewatt.access.models import LoginSession, TryCount, User
from prewatt.kernel.clock import machine_now
from prewatt.notices.models import Notice


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.LETTERBOX = True


@pytest.fixture
def tenant(db) -> User:
    return make_login("tenant", phone="+8613800138000")


def digits() -> str:
    found = re.search(r"\d{6}", Notice.objects.filter(kind="code").order_by("-pk")[0].body)
    assert found is not None
    return found.group()


def test_by_code_and_back_to_where_one_wanted_to_go(tenant):
    client = Client()
    answer = client.get("/my/more")
    assert answer["Location"] == "/my/sign-in?next=/my/more"
    answer = client.post("/my/sign-in", {"contact": "138 0013 8000", "next": "/my/more", "keep": "on"})
    assert answer["Location"] == reverse("portal:code")
    page = client.get(reverse("portal:code")).content.decode()
    assert "+86138****8000" in page
    assert "13800138000" not in page
    assert client.post(reverse("portal:code"), {"digits": "1"}).status_code == 422
    assert client.post(reverse("portal:code"), {"digits": digits()})["Location"] == "/my/more"
    session = LoginSession.objects.get(user=tenant)
    assert session.expire_date > machine_now() + timedelta(days=50)
    assert client.get("/my/sign-in")["Location"] == "/my/"
    assert client.post("/my/sign-out").status_code == 302
    assert client.get("/my/").status_code == 302


def test_another_code_takes_the_place_of_the_first(tenant):
    client = Client()
    client.post("/my/sign-in", {"contact": "13800138000"})
    first = digits()
    client.post(reverse("portal:resend"))
    if first != digits():
        assert client.post(reverse("portal:code"), {"digits": first}).status_code == 422
    assert client.post(reverse("portal:code"), {"digits": digits()}).status_code == 302
    assert Client().post(reverse("portal:resend"))["Location"] == reverse("portal:sign_in")


def test_too_many_codes_are_refused_in_words(tenant):
    client = Client()
    for _ in range(2):
        client.post("/my/sign-in", {"contact": "13800138000"})
    answer = client.post(reverse("portal:resend"), follow=True)
    assert "Too many attempts" in answer.content.decode()
    answer = client.post("/my/sign-in", {"contact": "13800138000"})
    assert (answer.status_code, answer["Retry-After"].isdigit()) == (429, True)


def test_without_the_browser_that_asked_there_is_no_code_to_type(tenant):
    assert Client().get(reverse("portal:code"))["Location"] == reverse("portal:sign_in")
    client = Client()
    client.cookies["prewatt_code"] = signing.dumps({"code_id": "x"}, salt="another")
    assert client.post(reverse("portal:code"), {"digits": "123456"}).status_code == 302


def test_by_password_for_a_day_or_for_long_and_never_long_for_the_desk(tenant):
    Client().post("/my/sign-in?way=password", {"contact": "tenant", "password": PASSWORD})
    assert LoginSession.objects.get().expire_date < machine_now() + timedelta(days=1)
    world = World.build()
    LoginSession.objects.all().delete()
    for name, is_long in (("owner", True), ("operator", False)):
        Client().post("/my/sign-in?way=password", {"contact": name, "password": PASSWORD, "keep": "on"})
        session = LoginSession.objects.get(user=world.people[name])
        assert (session.expire_date > machine_now() + timedelta(days=50)) is is_long


def test_what_is_wrong_stays_on_the_page_and_the_wait_is_said(tenant):
    client = Client()
    for _ in range(5):
        answer = client.post("/my/sign-in?way=password", {"contact": "tenant", "password": "wrong"})
        assert answer.status_code == 422
        assert "Name or password is wrong" in answer.content.decode()
    answer = client.post("/my/sign-in?way=password", {"contact": "tenant", "password": PASSWORD})
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 12
    TryCount.objects.all().delete()
    assert client.post("/my/sign-in?way=password", {"contact": "tenant", "password": PASSWORD}).status_code == 302


def test_it_leads_to_no_other_site(tenant):
    answer = Client().post(
        "/my/sign-in?way=password", {"contact": "tenant", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/my/"


def test_the_cookies_of_the_way_in_are_out_of_reach_of_scripts(tenant):
    client = Client()
    client.post("/my/sign-in", {"contact": "13800138000"})
    client.post(reverse("portal:code"), {"digits": digits()})
    for name in ("prewatt_session", "prewatt_device", "prewatt_code"):
        cookie = client.cookies[name]
        assert cookie["httponly"] or not cookie.value
        assert cookie["samesite"] == "Lax"
    assert django_settings.SESSION_COOKIE_HTTPONLY


def test_the_letter_box_is_the_demos_alone(tenant, settings):
    Client().post("/my/sign-in", {"contact": "13800138000"})
    assert digits() in Client().get(reverse("portal:letterbox")).content.decode()
    assert reverse("portal:letterbox") in Client().get("/my/sign-in").content.decode()
    settings.LETTERBOX = False
    assert Client().get(reverse("portal:letterbox")).status_code == 404
    assert reverse("portal:letterbox") not in Client().get("/my/sign-in").content.decode()


def test_a_tenant_at_the_desks_door_is_led_to_the_portal(tenant):
    client = Client()
    answer = client.post("/sign-in", {"username": "tenant", "password": PASSWORD})
    assert answer["Location"] == "/my/"
    assert "/my/" in client.get("/").content.decode()
    assert client.get("/").status_code == 403


def test_the_app_can_be_installed(db):
    client = Client()
    told = client.get(reverse("portal:manifest"))
    assert told["Content-Type"] == "application/manifest+json"
    assert (told.json()["start_url"], told.json()["display"]) == ("/my/", "standalone")
    assert {icon["sizes"] for icon in told.json()["icons"]} == {"192x192", "512x512"}
    worker = client.get(reverse("portal:worker"))
    assert worker["Content-Type"].startswith("text/javascript")
    assert "/my/offline" in worker.content.decode()
    assert client.get(reverse("portal:offline")).status_code == 200


def test_a_browser_remembers_language_and_theme(db):
    client = Client()
    client.post(reverse("portal:prefer"), {"language": "zh-hans", "theme": "dark", "next": "/my/sign-in"})
    page = client.get("/my/sign-in").content.decode()
    assert 'lang="zh-Hans"' in page
    assert 'data-bs-theme="dark"' in page
    client.post(reverse("portal:prefer"), {"theme": "auto"})
    assert "data-bs-theme=" not in client.get("/my/sign-in").content.decode()
