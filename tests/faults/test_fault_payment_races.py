"""D5, D6, D8: one payment told many times at once, by two voices at once, and before its own order is committed."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import ACTOR, Room
from tests.usecases_online.house import PayHouse, age_all, yuan

from prewatt.kernel.clock import monotonic_s
from prewatt.kernel.money import Money
from prewatt.payments.models import Order, Payment, Unmatched
from prewatt.payments.providers.values import CallbackAnswer
from prewatt.payments.services import credits as credit_services
from prewatt.payments.services import orders as order_services
from prewatt.testpay.values import Choice, Delivery
from prewatt.usecases import _credit, start_order
from prewatt.usecases._money import balance_of
from prewatt.usecases.query_orders import join_unmatched, query_due_orders
from prewatt.usecases.see_order import OrderView

CLIENTS = 16
ROOMS = 8


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run all in threads that begin together, each with a connection of its own."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def ordered(house: PayHouse, rooms: list[Room], count: int) -> list[OrderView]:
    return [house.start(rooms[number % len(rooms)]) for number in range(count)]


def paid(house: PayHouse, views: list[OrderView]) -> list[Delivery]:
    return [house.pay(view) for view in views]


@pytest.mark.timeout(900)
@pytest.mark.faults("D5")
def test_d5_the_same_call_back_sixteen_times_at_once_is_one_credit(busy_house: PayHouse, faults: Faults) -> None:
    rooms = [busy_house.town.add_room() for _ in range(ROOMS)]
    orders = faults.times(short=4, full=500)
    for _ in range(orders):
        delivery = busy_house.pay(busy_house.start(random.choice(rooms)))
        answers = at_once([partial(busy_house.hear, delivery)] * CLIENTS)
        assert {(one.status, one.body) for one in answers} == {(200, b"success")}
        faults.hit(CLIENTS)
    assert (Payment.objects.count(), Unmatched.objects.count()) == (orders, 0)
    assert sum(balance_of(account_id=one.account.pk).minor for one in rooms) == orders * 5_000
    assert set(Order.objects.values_list("state", flat=True)) == {"credited"}
    assert_sound(seals=True)


@pytest.mark.timeout(900)
@pytest.mark.faults("D8")
def test_d8_call_back_and_query_at_once_are_one_credit(busy_house: PayHouse, faults: Faults) -> None:
    rooms = [busy_house.town.add_room() for _ in range(ROOMS)]
    races = faults.times(short=8, full=1_000)
    for _ in range(races):
        delivery = busy_house.pay(busy_house.start(random.choice(rooms)))
        age_all(seconds=31)
        answer, asked = at_once([partial(busy_house.hear, delivery), lambda: query_due_orders(actor=ACTOR)])
        assert answer.body == b"success"
        faults.hit(int(asked > 0))
    assert (Payment.objects.count(), Unmatched.objects.count()) == (races, 0)
    assert faults.hits > races // 2, "they did not meet"
    assert_sound(seals=True)


def wait_for_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever credits first finish only when the other one stands behind the account's lock."""
    bare = credit_services.write_credit

    def write_credit(**what: Any) -> int:
        end_s = monotonic_s() + 30
        with connection.cursor() as cursor:
            while monotonic_s() < end_s:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND wait_event_type = 'Lock'"
                )
                if cursor.fetchone()[0]:
                    break
        return bare(**what)

    monkeypatch.setattr(_credit, "write_credit", write_credit)


@pytest.mark.faults("D5", control=True)
@pytest.mark.faults("D8", control=True)
def test_d8_without_the_trades_lock_one_payment_is_booked_twice(
    busy_house: PayHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = busy_house.pay(busy_house.start(busy_house.town.add_room()))
    monkeypatch.setattr(credit_services, "lock_key", lambda **_: random.getrandbits(60))
    wait_for_the_other(monkeypatch)
    at_once([lambda: busy_house.hear(delivery)] * 2)
    assert (Payment.objects.count(), Unmatched.objects.count()) == (1, 1), "once to the account, once into suspense"


class Slow:
    """Holds the commit of orders back until it is told to let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.numbers: dict[str, str] = {}
        self.made: dict[str, Event] = {}
        self.may_commit: dict[str, Event] = {}
        bare = order_services.create_order

        def create_order(*, wish: Any, **more: Any) -> Any:
            order, created = bare(wish=wish, **more)
            if wish.token in self.made:
                self.numbers[wish.token] = order.order_no
                self.made[wish.token].set()
                assert self.may_commit[wish.token].wait(30)
            return order, created

        monkeypatch.setattr(start_order, "create_order", create_order)

    def hold(self, token: str) -> None:
        self.made[token], self.may_commit[token] = Event(), Event()


@pytest.mark.timeout(900)
@pytest.mark.faults("D6")
def test_d6_a_call_back_before_our_own_commit_is_credited_once(
    busy_house: PayHouse, monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    rooms = [busy_house.town.add_room() for _ in range(4)]
    slow, orders = Slow(monkeypatch), faults.times(short=4, full=200)
    for number in range(orders):
        token, room = str(uuid4()), rooms[number % len(rooms)]
        slow.hold(token)

        def tell(token: str = token, twice: bool = number % 2 == 1) -> list[CallbackAnswer]:
            assert slow.made[token].wait(30)
            body = busy_house.event(slow.numbers[token])
            answers = [busy_house.hear(body)]
            if twice:  # the second one races with the commit
                slow.may_commit[token].set()
                answers.append(busy_house.hear(body))
            slow.may_commit[token].set()
            return answers

        _, answers = at_once([partial(busy_house.start, room, token=token), tell])
        assert {one.body for one in answers} == {b"success"}
        faults.hit()
        join_unmatched(actor=ACTOR)
    assert Payment.objects.count() == orders
    assert set(Order.objects.values_list("state", flat=True)) == {"credited"}
    assert set(Unmatched.objects.values_list("state", flat=True)) == {"credited"}
    assert sum(balance_of(account_id=one.account.pk).minor for one in rooms) == orders * 5_000
    assert_sound(seals=True)


@pytest.mark.faults("D6", control=True)
def test_d6_without_looking_again_it_stays_in_suspense(busy_house: PayHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    room, slow, token = busy_house.town.add_room(), Slow(monkeypatch), str(uuid4())
    slow.hold(token)

    def tell() -> None:
        assert slow.made[token].wait(30)
        busy_house.hear(busy_house.event(slow.numbers[token]))
        slow.may_commit[token].set()

    at_once([lambda: busy_house.start(room, token=token), tell])
    assert (Payment.objects.count(), Unmatched.objects.get().state) == (0, "open")
    assert balance_of(account_id=room.account.pk) == yuan("0")


def test_two_tabs_with_one_token_begin_one_order(busy_house: PayHouse) -> None:
    room = busy_house.town.add_room()
    views = at_once([lambda: busy_house.start(room, token="one form")] * 4)
    assert len({view.public_id for view in views}) == 1
    assert len(busy_house.book.orders) == 1
    assert {view.state for view in views} <= {"created", "pending"}
    busy_house.book.choose(f"TP100001/{views[0].order_no}", Choice.PAY_SILENT)
    assert Order.objects.get().amount == Money(5_000, "CNY").minor
