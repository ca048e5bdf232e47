"""The door of the portal: who passes, who is told that there is nothing."""

import pytest
from django.test import Client
from tests.usecases_billing.town import ACTOR, Town

from prewatt.access import services as access
from prewatt.access.models import Action, User
from prewatt.kernel.clock import machine_now
from prewatt.tenancy.errors import RoleTooSmall, UnknownAccount
from prewatt.tenancy.models import AccountShare
from prewatt.tenancy.queries import get_shared_account, list_shared_accounts
from prewatt.usecases.work import unit_of_work


def make_login(name: str) -> User:
    with unit_of_work(actor=ACTOR, verb="test"):
        return access.create_login(username=name, password="correct horse", name=name.title())


def share(user: User, account, role: str) -> AccountShare:
    return AccountShare.objects.create(user=user, account=account, role=role, from_at=machine_now())


@pytest.fixture
def town(db):
    town = Town.build()
    for _ in range(2):
        town.add_room()
    return town


def test_an_account_is_seen_by_whom_it_is_shared_with_and_in_that_role(town):
    ours, theirs = (room.account for room in town.rooms)
    user = make_login("tenant")
    share(user, ours, "payer")
    shared = get_shared_account(user=user, public_id=ours.public_id, role="payer")
    assert (shared.account_id, shared.role, shared.rooms) == (ours.pk, "payer", (town.rooms[0].point.code,))
    assert list_shared_accounts(user=user) == [shared]
    with pytest.raises(RoleTooSmall):
        get_shared_account(user=user, public_id=ours.public_id, role="owner")
    with pytest.raises(UnknownAccount):
        get_shared_account(user=user, public_id=theirs.public_id)


def test_a_share_that_has_ended_is_over_with_the_next_request(town):
    user = make_login("tenant")
    held = share(user, town.rooms[0].account, "viewer")
    client = Client()
    client.force_login(user)
    address = f"/my/{town.rooms[0].account.public_id}/"
    assert client.get(address).status_code == 200
    AccountShare.objects.filter(pk=held.pk).update(to_at=machine_now())
    assert client.get(address).status_code == 404


def test_a_stranger_finds_nothing_and_the_attempt_is_written_down(town):
    client = Client()
    client.force_login(make_login("stranger"))
    assert client.get(f"/my/{town.rooms[0].account.public_id}/").status_code == 404
    action = Action.objects.get(verb="open_page")
    assert (action.outcome, action.subject_id) == ("refused", str(town.rooms[0].account.public_id))
    assert "nothing here yet" in client.get("/my/").content.decode()
