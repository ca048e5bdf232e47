"""D17: a top-up is sent twice: pressed twice, sent again after going back, sent from two tabs. It is one credit."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import Room, Town, set_clock
from tests.usecases_money.conftest import make_cashier

from prewatt.console.views import till
from prewatt.kernel.money import Money
from prewatt.payments.models import Payment
from prewatt.usecases._money import balance_of

AMOUNT = "100"
PAID = Money(10_000, "CNY")
TABS = 8


@pytest.fixture
def estate_clock() -> None:
    set_clock("2026-11-20T12:00")


@pytest.fixture
def room(committed_database: str, estate_clock: None) -> Room:
    return Town.build().add_room()


def browser(room: Room, name: str = "carol") -> Client:
    client = Client()
    client.force_login(make_cashier(room.account.site.scope, username=name))
    return client


def opened(client: Client, room: Room) -> dict[str, str]:
    """Open the till's page on the account and return the form that is on it, with an amount typed."""
    page = client.get(reverse("console:till"), {"account": str(room.account.public_id)}).content.decode()
    token = re.search(r'name="token" value="([0-9a-f-]{36})"', page)
    assert token is not None
    return {"account": str(room.account.public_id), "amount": AMOUNT, "channel": "cash", "token": token[1]}


def sent(client: Client, form: dict[str, str]) -> str:
    answer = client.post(reverse("console:till"), form)
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def pressed_twice(client: Client, room: Room) -> set[str]:
    form = opened(client, room)
    return {sent(client, form), sent(client, form)}


def gone_back(client: Client, room: Room) -> set[str]:
    """The page that the browser kept has the old token; so has the form that it fills in again."""
    form = opened(client, room)
    first = sent(client, form)
    assert client.get(first).status_code == 200
    return {first, sent(client, form)}


def two_tabs(client: Client, room: Room) -> set[str]:
    one, two = opened(client, room), opened(client, room)
    return {sent(client, one), sent(client, two)}


def all_at_once(client: Client, room: Room) -> set[str]:
    """As many tabs as there are, all opened before the first is sent, all sent in the same moment."""
    forms, barrier = [opened(client, room) for _ in range(TABS)], Barrier(TABS)

    def send(form: dict[str, str]) -> str:
        tab = Client()
        tab.cookies = client.cookies
        try:
            barrier.wait(timeout=30)
            return sent(tab, form)
        finally:
            connection.close()

    with ThreadPoolExecutor(TABS) as pool:
        return set(pool.map(send, forms))


WAYS: dict[str, Callable[[Client, Room], set[str]]] = {
    "pressed twice": pressed_twice, "gone back": gone_back, "two tabs": two_tabs, "all at once": all_at_once,
}  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.faults("D17")
def test_d17_however_it_is_sent_again_it_is_one_credit(room: Room, faults: Faults) -> None:
    client, taken = browser(room), 0
    for _ in range(faults.times(short=1, full=8)):
        for way, send in WAYS.items():
            assert len(send(client, room)) == 1, way
            taken += 1
            faults.hit()
            assert Payment.objects.count() == taken, way
            assert balance_of(account_id=room.account.pk) == Money(taken * PAID.minor, "CNY")
    assert_sound(seals=True)


@pytest.mark.faults("D17")
def test_d17_the_next_top_up_and_the_next_cashier_are_not_mistaken_for_it(room: Room, faults: Faults) -> None:
    carol, dave = browser(room), browser(room, "dave")
    forms = [opened(carol, room), opened(dave, room)]
    assert len({form["token"] for form in forms}) == 2, "another person counts other money"
    assert len({sent(carol, forms[0]), sent(dave, forms[1]), sent(carol, opened(carol, room))}) == 3
    faults.hit(3)
    assert balance_of(account_id=room.account.pk) == Money(3 * PAID.minor, "CNY")


@pytest.mark.faults("D17", control=True)
def test_d17_with_a_token_for_each_page_two_tabs_are_two_credits(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(till, "uuid5", lambda *_: uuid4())
    assert len(two_tabs(browser(room), room)) == 2
    assert Payment.objects.count() == 2
