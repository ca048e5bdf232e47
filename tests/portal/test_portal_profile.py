"""What a person changes about their own login."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.portal.world import PASSWORD, make_login

from prewatt.access.models import LoginSession, User
from prewatt.access.sessions import code_of
from prewatt.kernel.clock import machine_now
from prewatt.notices.models import Notice

CONTACT, CODE = "/my/profile/contact", "/my/profile/contact/code"


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.LETTERBOX = True


@pytest.fixture
def tenant(db) -> User:
    return make_login("tenant", phone="+8613800138000")


def signed_in(way: str = "password") -> Client:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (Linux; Android 13) Chrome/120 Mobile MicroMessenger/8"})
    if way == "password":
        client.post("/my/sign-in?way=password", {"contact": "tenant", "password": PASSWORD})
    else:
        client.post("/my/sign-in", {"contact": "13800138000"})
        client.post("/my/sign-in/code", {"digits": digits()})
    return client


def digits() -> str:
    found = re.search(r"\d{6}", Notice.objects.filter(kind="code").order_by("-pk")[0].body)
    assert found is not None
    return found.group()


def age(client: Client, minutes: int) -> None:
    session = client.session
    session["begun_at"] = (machine_now() - timedelta(minutes=minutes)).isoformat()
    session.save()


def test_name_and_language(tenant):
    client = signed_in()
    answer = client.post("/my/profile", {"name": "Huang Mei", "language": "zh-hans"}, follow=True)
    assert "已保存" in answer.content.decode()
    tenant.refresh_from_db()
    assert (tenant.name, tenant.language) == ("Huang Mei", "zh-hans")
    assert client.post("/my/profile", {"name": "", "language": "fr"}).status_code == 422


def test_a_new_contact_proves_itself_and_the_old_one_is_told(tenant):
    client = signed_in()
    assert client.post(CONTACT, {"contact": "13911112222"})["Location"] == CODE
    assert client.post(CODE, {"digits": "0"}).status_code == 422
    client.post(CODE, {"digits": digits()})
    tenant.refresh_from_db()
    assert tenant.phone == "+8613911112222"
    assert Notice.objects.get(kind="security").recipient == "+8613800138000"
    assert client.get(CODE)["Location"] == CONTACT


def test_a_contact_of_another_login_stays_theirs(tenant):
    other = make_login("other", email="other@example.org")
    client = signed_in()
    client.post(CONTACT, {"contact": "Other@example.org"})
    answer = client.post(CODE, {"digits": digits()})
    assert answer.status_code == 422
    assert "Another login has this contact" in answer.content.decode()
    other.refresh_from_db()
    assert other.email == "other@example.org"


def test_a_code_of_another_person_is_of_no_use(tenant):
    make_login("eve", phone="+8613855556666")
    eve = Client()
    eve.post("/my/sign-in?way=password", {"contact": "eve", "password": PASSWORD})
    eve.post(CONTACT, {"contact": "13911112222"})
    client = signed_in()
    client.cookies["prewatt_code"] = eve.cookies["prewatt_code"].value
    assert client.post(CODE, {"digits": digits()}).status_code == 422
    tenant.refresh_from_db()
    assert tenant.phone == "+8613800138000"


def test_who_signed_in_long_ago_signs_in_again_first(tenant):
    client = signed_in()
    age(client, 16)
    for where in (CONTACT, "/my/profile/password"):
        for answer in (client.get(where), client.post(where, {"contact": "13911112222", "old": PASSWORD})):
            assert answer["Location"].startswith("/my/sign-in?again=1&next=")
    assert not Notice.objects.exists()
    assert client.get("/my/sign-in?again=1").status_code == 200


def test_a_password_needs_the_old_one_and_signs_out_everywhere_else(tenant):
    here, there = signed_in(), signed_in()
    where = "/my/profile/password"
    assert here.post(where, {"old": "wrong", "new": "a long enough one"}).status_code == 422
    assert here.post(where, {"old": PASSWORD, "new": "12345678"}).status_code == 422
    assert here.post(where, {"old": PASSWORD, "new": "a long enough one"})["Location"] == "/my/profile"
    assert here.get("/my/profile").status_code == 200
    assert there.get("/my/profile").status_code == 302
    assert Notice.objects.get(kind="security").recipient == "+8613800138000"


def test_a_forgotten_password_is_set_anew_after_a_code(tenant):
    client = signed_in("code")
    page = client.get("/my/profile/password").content.decode()
    assert 'name="old"' not in page
    assert client.post("/my/profile/password", {"new": "a long enough one"}).status_code == 302
    tenant.refresh_from_db()
    assert tenant.check_password("a long enough one")


def test_sessions_are_listed_and_ended(tenant):
    here, there = signed_in(), signed_in()
    page = here.get("/my/profile").content.decode()
    assert page.count("WeChat · Android") == 2
    for session in LoginSession.objects.all():
        assert session.session_key not in page
    (code,) = re.findall(r'name="session" value="([0-9a-f]+)"', page)
    here.post(reverse("portal:end_session"), {"session": code})
    assert there.get("/my/profile").status_code == 302
    assert here.get("/my/profile").status_code == 200
    answer = here.post(reverse("portal:end_session"), {"session": code}, follow=True)
    assert "not signed in there any more" in answer.content.decode()


def test_signing_out_everywhere_else(tenant):
    here, *others = (signed_in() for _ in range(3))
    here.post(reverse("portal:end_session"), {"others": "1"})
    assert [one.get("/my/profile").status_code for one in (here, *others)] == [200, 302, 302]


def test_nobody_ends_the_session_of_another(tenant):
    make_login("eve")
    client = signed_in()
    page = client.get("/my/profile").content.decode()
    assert "here" in page
    eve = Client()
    eve.post("/my/sign-in?way=password", {"contact": "eve", "password": PASSWORD})
    eve.post(reverse("portal:end_session"), {"session": code_of(client.cookies["prewatt_session"].value)})
    assert client.get("/my/profile").status_code == 200
