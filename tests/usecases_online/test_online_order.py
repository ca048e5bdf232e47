"""The life of an order: begun, paid, credited, and whatever else can happen to it."""

from datetime import timedelta

from tests.usecases_billing.town import ACTOR, Room
from tests.usecases_online.house import PayHouse, age, order_of, yuan

from prewatt.ledger import queries as ledger
from prewatt.payments.models import Callback, Payment, Unmatched
from prewatt.usecases._money import balance_of
from prewatt.usecases.query_orders import expire_orders, query_due_orders
from prewatt.usecases.see_order import see_order
from prewatt.usecases.verify_books import verify_books


def test_an_order_is_begun_paid_and_credited_with_a_receipt(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    assert (view.state, view.started["kind"], view.slow) == ("pending", "redirect", "")
    answer = house.hear(house.pay(view))
    assert (answer.status, answer.body) == (200, b"success")
    view = see_order(user=house.user, public_id=view.public_id)
    assert (view.state, view.balance_after) == ("credited", yuan("50"))
    assert view.receipt_document_public_id is not None
    paper = ledger.get_document(public_id=view.receipt_document_public_id)
    assert paper.number_text == "R-2026-testpay-000001"
    assert paper.content["trade_no"] == order_of(view).trade_no
    assert ledger.house_balance(book_id=house.town.book_id, code="takings:testpay") == yuan("-50")
    assert Callback.objects.get().verdict == "credited"
    assert verify_books(seals=True) == []


def test_a_call_back_that_comes_again_is_counted_and_changes_nothing(house: PayHouse, room: Room) -> None:
    delivery = house.pay(house.start(room))
    for _ in range(3):
        assert house.hear(delivery).body == b"success"
    assert Payment.objects.count() == 1
    callback = Callback.objects.get()
    assert (callback.verdict, callback.times) == ("credited", 3)
    assert balance_of(account_id=room.account.pk) == yuan("50")


def test_a_silent_provider_is_asked(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    house.pay_silently(view)
    assert query_due_orders(actor=ACTOR) == 0, "not before its time"
    age(view, timedelta(seconds=31))
    assert query_due_orders(actor=ACTOR) == 1
    assert order_of(view).state == "credited"
    assert query_due_orders(actor=ACTOR) == 0
    assert balance_of(account_id=room.account.pk) == yuan("50")


def test_an_order_that_nobody_paid_is_closed_there_before_it_expires_here(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    age(view, timedelta(minutes=31))
    house.away = True
    assert expire_orders(actor=ACTOR) == 1
    assert order_of(view).state == "pending"
    assert order_of(view).error == "provider_away"
    house.away = False
    age(view, timedelta(hours=1))
    assert expire_orders(actor=ACTOR) == 1
    assert order_of(view).state == "expired"
    assert house.book.orders[f"TP100001/{view.order_no}"].state == "closed"


def test_money_for_an_expired_order_is_credited_all_the_same(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    body = house.event(view, state="paid", paid_at=1_795_000_000)
    age(view, timedelta(minutes=31))
    expire_orders(actor=ACTOR)
    assert house.hear(body).body == b"success"
    assert order_of(view).state == "credited"
    assert Unmatched.objects.count() == 0
    assert balance_of(account_id=room.account.pk) == yuan("50")
