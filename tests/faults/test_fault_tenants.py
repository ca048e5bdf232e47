"""F1: a tenant asks for what is another's. F3: a request that changes without meaning to, or without its token.

Both go through the portal's own list of addresses: a page that is added is tried too, by everybody, on everything.
"""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.console import test_console_addresses as console
from tests.console.conftest import make_user
from tests.fault_rows import Faults, asked
from tests.faults.invariants import assert_sound
from tests.portal.world import ROLES, World, address, addresses, owned, role_of

from prewatt.access.models import Action
from prewatt.console import urls as console_urls
from prewatt.portal import door
from prewatt.portal.views import sign_in
from prewatt.tenancy.queries import list_shared_accounts
from prewatt.tenancy.values import is_role_enough
from prewatt.usecases.see_site import get_site

OUTSIDERS = ("viewer", "payer", "owner", "stranger", "operator")
WRITES = re.compile(r"\b(INSERT INTO|UPDATE\s+\"?\w|DELETE FROM|TRUNCATE)", re.IGNORECASE)


@pytest.fixture
def world(db) -> World:
    return World.build()


def leaks(world: World, faults: Faults | None = None) -> Iterator[str]:
    """Ask for everything of the neighbours, as everybody else, by GET and by POST; say what was given away (I10)."""
    asked(10)
    for name in OUTSIDERS:
        client = world.client(name)
        for pattern in owned():
            for method in ("get", "post"):
                answer = getattr(client, method)(address(pattern, world.theirs))
                if faults is not None:
                    faults.hit()
                told = [word for word in world.theirs.secrets if word in answer.content.decode(errors="replace")]
                if answer.status_code not in {404, 405} or told:
                    yield f"{name} {method} {pattern.name}: {answer.status_code} {told}"


def wrong_roles(world: World) -> Iterator[str]:
    """Open every page of the own account in each role; say where the door is too wide or too narrow."""
    for name in ROLES:
        client = world.client(name)
        for pattern in addresses("tenant"):
            answer = client.get(address(pattern, world.ours))
            allowed = is_role_enough(held=name, needed=role_of(pattern))
            if (answer.status_code == 403) is allowed or answer.status_code in {404, 500}:
                yield f"{name} {pattern.name}: {answer.status_code}"


@pytest.mark.faults("F1")
def test_nobody_is_given_anything_of_another_account(world, faults):
    for _ in range(faults.times(short=1, full=3)):
        before = Action.objects.filter(verb="open_page", outcome="refused").count()
        hits = faults.hits
        assert not list(leaks(world, faults))
        written_down = Action.objects.filter(verb="open_page", outcome="refused").count() - before
        assert written_down >= (faults.hits - hits) * 9 // 10  # a wrong method is refused before anything is asked
    assert_sound()


@pytest.mark.faults("F1")
def test_own_account_and_somebody_elses_objects_do_not_mix(world, faults):
    client = world.client("owner")
    for pattern in addresses("tenant"):
        if address(pattern, world.ours, world.theirs) != address(pattern, world.ours):
            for method in ("get", "post"):
                answer = getattr(client, method)(address(pattern, world.ours, world.theirs))
                faults.hit()
                assert answer.status_code in {302, 404, 405}, pattern.name
                assert not [word for word in world.theirs.secrets if word in answer.content.decode(errors="replace")]
    world.theirs.share.refresh_from_db()
    world.theirs.invitation.refresh_from_db()
    assert world.theirs.share.to_at is None
    assert world.theirs.invitation.ended_at is None


@pytest.mark.faults("F1")
def test_each_role_opens_what_it_may_and_nothing_else(world, faults):
    assert not list(wrong_roles(world))
    faults.hit(len(list(addresses("tenant"))) * len(ROLES))


@pytest.mark.faults("F1")
def test_without_a_login_every_page_asks_for_one(world, faults):
    for kind in ("tenant", "signed_in"):
        for pattern in addresses(kind):
            answer = Client().get(address(pattern, world.theirs))
            faults.hit()
            if answer.status_code == 405:
                answer = Client().post(address(pattern, world.theirs))
            assert answer.status_code == 302, pattern.name
            assert answer["Location"].startswith(reverse("portal:sign_in"))


@pytest.mark.faults("F1")
def test_an_operator_without_a_share_finds_nothing_and_a_tenant_has_no_desk(world, faults):
    answer = world.client("operator").get(reverse("portal:start"))
    assert "There is nothing here yet" in answer.content.decode()
    client = world.client("owner")
    for pattern in console.GUARDED:
        if pattern.name == "live":
            continue
        answer = client.get(console._address(pattern))
        faults.hit()
        assert answer.status_code in {403, 404, 405}, pattern.name


@pytest.mark.faults("F1", control=True)
def test_without_the_filter_the_neighbours_account_is_given_away(world, monkeypatch):
    neighbour = world.people["neighbour"]

    def everybodys(*, user, limit):
        return [*list_shared_accounts(user=user, limit=limit), *list_shared_accounts(user=neighbour)]

    monkeypatch.setattr(door, "list_shared_accounts", everybodys)
    assert any("get home: 200" in leak for leak in leaks(world))


@pytest.mark.faults("F1", control=True)
def test_without_the_roles_a_viewer_opens_an_owners_pages(world, monkeypatch):
    monkeypatch.setattr(door, "require_role", lambda **_: None)
    assert any(one.startswith("viewer") for one in wrong_roles(world))


def desk_pages(world: World) -> list[tuple[Client, str]]:
    desk = Client()
    desk.force_login(make_user(world.town, "administrator", username="chief"))
    return [(desk, console._address(pattern)) for pattern in console.GUARDED if pattern.name != "live"]


def portal_pages(world: World) -> list[tuple[Client, str]]:
    owner = world.client("owner")
    return [(client, address(pattern, world.ours)) for pattern in addresses() for client in (owner, Client())]


def writing_reads(asked: list[tuple[Client, str]], faults: Faults | None = None) -> Iterator[str]:
    """GET every address; say which of them changed a row. Refusals are written down, and that is meant."""
    for client, where in asked:
        if "/papers/" in where:
            client.get(where)  # the first print is kept: a paper's own record
        with CaptureQueriesContext(connection) as asked_for:
            answer = client.get(where)
            list(answer) if answer.streaming else None
        if faults is not None:
            faults.hit()
        if answer.status_code != 404 and any(WRITES.search(one["sql"]) for one in asked_for.captured_queries):
            yield where


def _tokenless_posts(world: World, faults: Faults | None = None) -> Iterator[str]:
    """POST to every address without the form's token; say where that was taken."""
    desk = Client(enforce_csrf_checks=True)
    desk.force_login(make_user(world.town, "administrator", username="boss"))
    asked = [(desk, console._address(pattern)) for pattern in console_urls.urlpatterns if pattern.name != "live"]
    owner = world.client("owner", enforce_csrf_checks=True)
    guest = Client(enforce_csrf_checks=True)
    asked += [(client, address(pattern, world.ours)) for pattern in addresses() for client in (owner, guest)]
    for client, where in asked:
        with CaptureQueriesContext(connection) as asked_for:
            answer = client.post(where, {"end": "1"})
        if faults is not None:
            faults.hit()
        changed = any(WRITES.search(one["sql"]) for one in asked_for.captured_queries)
        if changed or answer.status_code not in {403, 405}:
            yield f"{where}: {answer.status_code}"


@pytest.mark.faults("F3")
def test_reading_never_writes(world, faults):
    assert not list(writing_reads([*desk_pages(world), *portal_pages(world)], faults))
    assert_sound()


@pytest.mark.faults("F3")
def test_nothing_is_taken_without_its_token(world, faults):
    assert not list(_tokenless_posts(world, faults))


@pytest.mark.faults("F3", control=True)
def test_a_page_that_writes_when_read_is_found(world, monkeypatch):

    def counting(*, site_id):
        world.town.site.__class__.objects.filter(pk=site_id).update(name="Site")
        return get_site(site_id=site_id)

    monkeypatch.setattr(door, "get_site", counting)
    assert address(next(addresses("tenant")), world.ours) in writing_reads(portal_pages(world))


@pytest.mark.faults("F3", control=True)
def test_a_form_without_the_check_is_found(world, monkeypatch):
    monkeypatch.setattr(sign_in.sign_out, "csrf_exempt", True, raising=False)
    assert any(taken.startswith(reverse("portal:sign_out")) for taken in _tokenless_posts(world))
