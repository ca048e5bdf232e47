"""A town with money: one account with a room, a cashier, and an estate clock that is put back."""

from typing import Any

import pytest
from tests.usecases_billing.town import ACTOR, Room, Town, set_clock

from prewatt.access import services as access
from prewatt.access.audit import Actor
from prewatt.access.models import Scope, User
from prewatt.usecases.work import unit_of_work


@pytest.fixture
def estate_clock() -> None:
    set_clock("2026-11-20T12:00")


@pytest.fixture
def town(db: None, estate_clock: None) -> Town:
    return Town.build()


@pytest.fixture
def room(town: Town) -> Room:
    return town.add_room()


def make_cashier(scope: Scope, *, username: str = "carol", role: str = "cashier") -> User:
    with unit_of_work(actor=ACTOR, verb="test"):
        access.ensure_roles()
        user = access.create_login(username=username, password="", name=username.title(), is_machine=True)
        access.grant(user=user, role_code=role, scope=scope)
    return user


@pytest.fixture
def cashier(town: Town) -> Actor:
    return Actor(process="web", user=make_cashier(town.site.scope), address="127.0.0.1")


@pytest.fixture
def machine(town: Town) -> Any:
    user = make_cashier(town.site.scope, username="erp", role="machine")
    return Actor(process="api", user=user)
