"""D7, D9, D16: a silent provider, a database that is away when it speaks, and a page that claims too much."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connections
from django.test import Client
from tests.clusters import OwnCluster, connected_to
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import ACTOR, Town
from tests.usecases_online.house import PayHouse, make_house, order_of, speaking, yuan

from prewatt.kernel.clock import machine_now
from prewatt.payments.models import Order, Payment
from prewatt.payments.providers.values import CallbackAnswer, TradeFact, TradeState
from prewatt.testpay.values import Delivery
from prewatt.usecases import hear_callback as hearing
from prewatt.usecases._credit import credit_trade
from prewatt.usecases._money import balance_of
from prewatt.usecases.query_orders import expire_orders, query_due_orders
from prewatt.usecases.see_order import note_return, see_order
from prewatt.usecases.work import unit_of_work

WITHIN = timedelta(seconds=35)


@pytest.mark.timeout(900)
@pytest.mark.faults("D7")
def test_d7_what_the_provider_does_not_tell_is_asked_for_in_time(pay_house: PayHouse, faults: Faults) -> None:
    """Virtual seconds: everybody pays, nobody calls back, and the worker looks every second."""
    orders, began, credited = faults.times(short=12, full=500), machine_now(), dict[str, timedelta]()
    with time_machine.travel(began, tick=False) as traveller:
        room = pay_house.town.add_room()
        for number in range(orders):
            traveller.move_to(began + timedelta(milliseconds=10 * number))
            room = pay_house.town.add_room() if number % 10 == 9 else room
            pay_house.pay_silently(pay_house.start(room))
        for second in range(1, 45):
            traveller.move_to(began + timedelta(milliseconds=10 * orders, seconds=second))
            while query_due_orders(actor=ACTOR):
                pass
            for order in Order.objects.filter(state="credited").exclude(order_no__in=credited):
                credited[order.order_no] = machine_now() - order.asked_at
    assert len(credited) == orders
    assert max(credited.values()) <= WITHIN
    faults.hit(orders)
    assert_sound()


@pytest.mark.timeout(900)
@pytest.mark.faults("D7")
def test_d7_who_pays_late_is_asked_for_later(pay_house: PayHouse, faults: Faults) -> None:
    for paid_after_s, credited_after_s in ((60, 121), (300, 601), (1_500, 1_801)):
        began = machine_now()
        with time_machine.travel(began, tick=False) as traveller:
            view = pay_house.start(pay_house.town.add_room())
            for second in range(0, credited_after_s + 2, 5):
                traveller.move_to(began + timedelta(seconds=second))
                if second == paid_after_s:
                    pay_house.pay_silently(view)
                query_due_orders(actor=ACTOR)
                expire_orders(actor=ACTOR)
                if order_of(view).state == "credited":
                    break
            assert second <= credited_after_s + 5
        assert order_of(view).state == "credited"
        faults.hit()
    assert_sound()


@pytest.mark.faults("D7", control=True)
def test_d7_who_only_waits_for_call_backs_never_credits(pay_house: PayHouse) -> None:
    began = machine_now()
    with time_machine.travel(began, tick=False) as traveller:
        view = pay_house.start(pay_house.town.add_room())
        pay_house.pay_silently(view)
        traveller.move_to(began + timedelta(hours=1))
        assert order_of(view).state == "pending"


def told_again(house: PayHouse, waiting: list[Delivery]) -> tuple[list[Delivery], list[CallbackAnswer]]:
    """The provider repeats what was not answered with success; each call-back is a request with a connection anew."""
    answers = []
    for one in waiting:
        connections.close_all()
        answers.append(house.hear(one))
    connections.close_all()
    return [one for one, answer in zip(waiting, answers, strict=True) if answer.body != b"success"], answers


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.faults("D9")
def test_d9_while_the_database_is_away_nothing_is_answered_success(
    own_clusters: Callable[..., OwnCluster], django_db_blocker: Any, estate_clock: None, key_file: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: Faults,
) -> None:  # fmt: skip
    own, waiting = own_clusters(), list[Delivery]()
    with connected_to(own.url, django_db_blocker):
        with own.running():
            house = make_house(Town.build(), tmp_path / "testpay")
            room = house.town.add_room()
        with speaking(house, monkeypatch):
            for _ in range(faults.times(short=1, full=4)):
                with own.running():
                    waiting, _ = told_again(house, waiting)
                    assert waiting == [], "the provider came again, and was heard"
                    waiting = [house.pay(house.start(room)) for _ in range(faults.times(short=3, full=15))]
                    assert house.hear(waiting.pop()).body == b"success"
                for _ in range(faults.times(short=2, full=15)):
                    waiting, answers = told_again(house, waiting)
                    assert {one.status for one in answers} == {503}
                    faults.hit(len(answers))
            with own.running():
                waiting, _ = told_again(house, waiting)
                assert waiting == []
                assert set(Order.objects.values_list("state", flat=True)) == {"credited"}
                assert Payment.objects.count() == Order.objects.count()
                assert_sound(seals=True)
                connections.close_all()


@pytest.mark.faults("D9", control=True)
def test_d9_who_always_says_success_loses_it(pay_house: PayHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(hearing, "NOT_NOW", CallbackAnswer(200, "text/plain", b"success"))
    monkeypatch.setattr(hearing, "credit_trade", gone)
    view = pay_house.start(pay_house.town.add_room())
    assert pay_house.hear(pay_house.pay(view)).body == b"success", "the provider will not come again"
    assert order_of(view).state == "pending"


CLAIMS = (
    "trade_status=TRADE_SUCCESS&total_amount=50.00", "state=paid", "paid=1&credited=1", "out_trade_no={order}",
    "success=true&session_id=cs_1", "", "state=credited&amount=99999999", "%00%ff", "a=" + "x" * 2_000,
)  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.faults("D16")
def test_d16_a_page_that_claims_a_payment_credits_nothing(pay_house: PayHouse, faults: Faults) -> None:
    room = pay_house.town.add_room()
    view = pay_house.start(room)
    tenant = Client()
    tenant.force_login(pay_house.user)
    for _ in range(faults.times(short=1, full=30)):
        for claim in CLAIMS:
            tenant.get(f"/my/orders/{view.public_id}?{claim.replace('{order}', view.order_no)}")
            seen = note_return(actor=ACTOR, user=pay_house.user, public_id=view.public_id)
            assert (seen.state, seen.is_over) == ("pending", False)
            query_due_orders(actor=ACTOR)  # the return brings the question forward; the provider says: waiting
            assert (Payment.objects.count(), order_of(view).state) == (0, "pending")
            faults.hit()
    with time_machine.travel(machine_now() + timedelta(seconds=30), tick=False):
        assert see_order(user=pay_house.user, public_id=view.public_id).slow == "waiting_for_provider"
        pay_house.pay_silently(view)
        note_return(actor=ACTOR, user=pay_house.user, public_id=view.public_id)
        query_due_orders(actor=ACTOR)
    assert order_of(view).state == "credited", "what was truly paid is found when the payer comes back"
    assert_sound()


@pytest.mark.faults("D16", control=True)
def test_d16_who_believes_the_page_credits(pay_house: PayHouse) -> None:
    room = pay_house.town.add_room()
    order = order_of(pay_house.start(room))
    claimed = TradeFact(
        order_no=order.order_no, trade_no="claimed", state=TradeState.PAID, amount=yuan("50"), merchant_no="",
        app_id="", paid_at=None, raw_state="from the page's address",
    )  # fmt: skip
    with unit_of_work(actor=ACTOR, verb="test") as work:
        credit_trade(work, merchant=pay_house.merchant, fact=claimed, source="page")
    assert balance_of(account_id=room.account.pk) == yuan("50")
