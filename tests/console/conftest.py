"""A town with rooms, and browsers signed in as each role."""

import copy
from collections.abc import Callable

import pytest
from django.test import Client
from tests.conftest import Building
from tests.usecases_billing.town import ACTOR, Room, Town, set_clock

from prewatt.access import services as access
from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.payments.values import PaymentResult
from prewatt.supply.openings import begin_relays
from prewatt.supply.services import ensure_policy
from prewatt.tenancy.models import Account
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.work import unit_of_work

NOW = "2026-11-20T12:00"
SignIn = Callable[[str], Client]


@pytest.fixture
def estate_clock() -> None:
    set_clock(NOW)


@pytest.fixture(scope="module")
def standing_town(building: Building) -> Town:
    """Built once for all tests of a file."""
    with building():
        set_clock(NOW)
        return build_town()


@pytest.fixture
def town(db: None, estate_clock: None, standing_town: Town) -> Town:
    return copy.deepcopy(standing_town)


def build_town(*, rooms: int = 3) -> Town:
    """A site with rooms that have been read, a policy, and relays whose state is not known yet."""
    town = Town.build()
    for _ in range(rooms):
        room = town.add_room()
        Account.objects.filter(pk=room.account.pk).update(
            search_text=f"{room.account.number} {room.point.code} customer".lower()
        )
        town.read(room, "2026-11-19T12:00", 10_000)
        town.read(room, "2026-11-20T11:00", 24_000)
    with unit_of_work(actor=ACTOR, verb="test") as work:
        ensure_policy(site=town.site)
        begin_relays(installations=[room.installation for room in town.rooms], now=work.now)
    return town


def make_user(town: Town, role: str, *, username: str = "") -> User:
    with unit_of_work(actor=ACTOR, verb="test"):
        access.ensure_roles()
        user = access.create_login(username=username or role, password="correct horse", name=role.title())
        access.grant(user=user, role_code=role, scope=town.site.scope)
    return user


@pytest.fixture
def sign_in(town: Town) -> SignIn:
    def as_role(role: str) -> Client:
        client = Client()
        client.force_login(make_user(town, role))
        return client

    return as_role


@pytest.fixture
def admin(sign_in: SignIn) -> Client:
    return sign_in("administrator")


def pay(room: Room, amount: int = 10_000) -> PaymentResult:
    return take_payment(
        actor=Actor(process="test"), account_id=room.account.pk, amount=Money(amount, "CNY"), channel="cash", till="T1",
        token=str(uuid7()),
    )  # fmt: skip
