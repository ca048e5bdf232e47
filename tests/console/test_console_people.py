"""People and roles at the desk: invited, given rights, relieved of them, closed; pages that say so."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import build_town, make_user
from tests.usecases_billing.town import set_clock

from prewatt.access.models import Action, LoginSession, Membership, Role, User
from prewatt.access.permissions import ROLES
from prewatt.notices.models import Notice

PASSWORD = "a long enough sentence"


@pytest.fixture(scope="module")
def place(module_database):
    set_clock("2026-11-20T12:00")
    town = build_town(rooms=1)
    return town, make_user(town, "administrator", username="chief")


@pytest.fixture
def desk(place):
    client = Client()
    client.force_login(place[1])
    return client


def invited(desk, place, who: str, role: str = "cashier", **more: str):
    site = place[0].site
    told = {
        "name": who.title(), "username": who, "contact": f"{who}@example.org", "role": role,
        "scope_id": str(site.scope_id), "language": "en",
    }  # fmt: skip
    return desk.post(reverse("console:user_invite"), told | more)


def link_in(text: str) -> str:
    found = re.search(r"/welcome/[\w-]+", text)
    assert found
    return found[0]


def test_a_person_is_invited_chooses_a_password_and_works(desk, place, settings):
    settings.LETTERBOX = True
    answer = invited(desk, place, "mei")
    assert answer.status_code == 200
    assert "/welcome/" not in answer.content.decode()
    where = link_in(Notice.objects.get(kind="welcome", recipient="mei@example.org").body)
    guest = Client()
    assert "mei" in guest.get(where).content.decode()
    assert guest.post(where, {"password": PASSWORD, "again": "another"}).status_code == 422
    assert guest.post(where, {"password": "password", "again": "password"}).status_code == 422
    assert guest.post(where, {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert guest.get(where).status_code == 404
    assert guest.post(where, {"password": PASSWORD, "again": PASSWORD}).status_code == 404
    assert guest.post("/sign-in", {"username": "mei", "password": PASSWORD}).status_code == 302
    assert guest.get(reverse("console:till")).status_code == 200
    assert guest.get(reverse("console:users")).status_code == 403


def test_without_a_channel_the_link_is_shown_once(desk, place, settings):
    settings.LETTERBOX, settings.EMAIL_HOST = False, ""
    answer = invited(desk, place, "bo")
    assert Client().get(link_in(answer.content.decode())).status_code == 200
    page = reverse("console:user", args=[User.objects.get(username="bo").public_id])
    assert "/welcome/" not in desk.get(page).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"contact": "nowhere"}, {"username": "CHIEF"}, {"role": "nothing"}, {"scope_id": "999999"}, {"username": " "}],
)
def test_what_does_not_fit_is_said_and_nothing_is_made(desk, place, wrong):
    before = User.objects.count()
    assert invited(desk, place, "lee", **wrong).status_code == 422
    assert User.objects.count() == before


def test_a_role_is_given_and_taken_with_the_next_click(desk, place):
    user = make_user(place[0], "auditor", username="ada")
    browser = Client()
    browser.force_login(user)
    page = reverse("console:user", args=[user.public_id])
    site = place[0].site.scope_id
    assert browser.get(reverse("console:till")).status_code == 403
    assert desk.post(page, {"role": "cashier", "scope_id": site}).status_code == 302
    assert browser.get(reverse("console:till")).status_code == 200
    assert (
        desk.post(reverse("console:user_take", args=[user.public_id]), {"held": f"cashier:{site}"}).status_code == 302
    )
    assert browser.get(reverse("console:till")).status_code == 403
    told = Action.objects.filter(subject_id=str(user.public_id)).order_by("pk")
    assert [(one.verb, one.reason) for one in told] == [("give_role", "cashier"), ("take_role", "cashier")]


def test_a_login_is_closed_with_its_sessions_and_opened_again(desk, place):
    user = make_user(place[0], "engineer", username="eve")
    browser = Client()
    browser.force_login(user)
    turn = reverse("console:user_turn", args=[user.public_id])
    assert desk.get(turn).status_code == 200
    assert (
        desk.post(turn, {"reason": "has left us", "token": "0192f0c1-0000-7000-8000-000000000001"}).status_code == 302
    )
    assert browser.get(reverse("console:rooms")).status_code == 302
    assert not LoginSession.objects.filter(user=user).exists()
    listed = desk.get(reverse("console:users"), {"state": "closed", "q": "eve"})
    assert [row.username for row in listed.context["rows"]] == ["eve"]
    desk.post(turn, {"reason": "is back", "token": "0192f0c1-0000-7000-8000-000000000002"})
    assert User.objects.get(pk=user.pk).is_active


def test_a_link_for_a_new_password_leaves_the_old_one_until_it_is_used(desk, place, settings):
    settings.LETTERBOX, settings.EMAIL_HOST = False, ""
    user = make_user(place[0], "cashier", username="fay")
    User.objects.filter(pk=user.pk).update(email="fay@example.org")
    browser = Client()
    assert browser.post("/sign-in", {"username": "fay", "password": "correct horse"}).status_code == 302
    where = link_in(desk.post(reverse("console:user_link", args=[user.public_id])).content.decode())
    assert browser.get(reverse("console:till")).status_code == 200
    assert Client().post(where, {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert browser.get(reverse("console:till")).status_code == 302
    assert Client().post("/sign-in", {"username": "fay", "password": "correct horse"}).status_code == 422


def test_without_a_contact_no_link_is_made(desk, place):
    user = make_user(place[0], "cashier", username="gus")
    answer = desk.post(reverse("console:user_link", args=[user.public_id]), follow=True)
    assert "No mail address or phone" in answer.content.decode()


def test_the_matrix_shows_every_role_and_makes_one_of_ones_own(desk, place):
    page = desk.get(reverse("console:roles")).content.decode()
    for spec in ROLES.values():
        assert str(spec.label) in page
    copied = desk.get(reverse("console:role_new"), {"from": "cashier"}).content.decode()
    assert copied.count(" checked") == len(ROLES["cashier"].permissions)
    told = {"name": "Night", "scope_id": place[0].site.scope_id, "rights": ["estate.view", "account.view"]}
    assert desk.post(reverse("console:role_new"), told | {"rights": []}).status_code == 422
    assert desk.post(reverse("console:role_new"), told).status_code == 302
    role = Role.objects.get(name="Night")
    page = reverse("console:role", args=[role.code])
    assert desk.get(page).status_code == 200
    seen = ",".join(sorted(role.permissions))
    changed = {"name": "Night", "rights": ["estate.view"], "seen": seen}
    assert desk.post(page, changed).status_code == 302
    again = desk.post(page, changed | {"rights": ["account.view"]})
    assert again.status_code == 422
    assert "Somebody else has changed this role" in again.content.decode()
    role.refresh_from_db()
    assert role.permissions == ["estate.view"]
    assert desk.post(reverse("console:role_end", args=[role.code])).status_code == 302
    assert desk.get(page).status_code == 404
    assert desk.get(reverse("console:role", args=["cashier"])).status_code == 404


def test_who_lacks_a_right_cannot_tick_it_and_a_forged_form_is_refused(desk, place):
    role = Role.objects.create(code="own-small", name="Small", permissions=["admin.users", "estate.view"])
    user = make_user(place[0], "auditor", username="hal")
    Membership.objects.filter(user=user).update(role=role)
    browser = Client()
    browser.force_login(user)
    page = browser.get(reverse("console:role_new")).content.decode()
    assert re.search(r'value="money.take"[^>]*disabled', page)
    told = {"name": "More", "scope_id": place[0].site.scope_id, "rights": ["money.take"]}
    assert browser.post(reverse("console:role_new"), told).status_code == 422
    User.objects.filter(pk=place[1].pk).update(email="chief@example.org")
    chief = reverse("console:user", args=[place[1].public_id])
    assert browser.post(chief, {"role": "administrator", "scope_id": place[0].site.scope_id}).status_code == 422
    browser.post(reverse("console:user_link", args=[place[1].public_id]))
    browser.post(
        reverse("console:user_turn", args=[place[1].public_id]),
        {"reason": "mine now", "token": "0192f0c1-0000-7000-8000-000000000003"},
    )
    assert User.objects.get(pk=place[1].pk).is_active
    assert Action.objects.filter(actor=user, outcome="refused").count() == 3
