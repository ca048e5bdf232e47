"""Money that fits no order: kept, listed, settled; never credited by guess, never lost."""

from typing import Any
from uuid import uuid4

import pytest
from tests.usecases_billing.town import ACTOR, Room
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse, order_of, yuan

from prewatt.access.audit import Actor
from prewatt.cases.models import Case
from prewatt.ledger import queries as ledger
from prewatt.ledger.errors import UnknownAccount
from prewatt.payments.errors import AlreadyDecided, NotThisWay, ReasonMissing, UnknownUnmatched
from prewatt.payments.models import Order, Payment, Unmatched
from prewatt.payments.queries.orders import list_unmatched, see_unmatched
from prewatt.tenancy.models import Account
from prewatt.usecases._money import balance_of
from prewatt.usecases.query_orders import join_unmatched
from prewatt.usecases.reverse_payment import reverse_payment
from prewatt.usecases.see_order import see_order
from prewatt.usecases.settle_money import credit_unmatched
from prewatt.usecases.verify_books import verify_books


@pytest.fixture
def finance(house: PayHouse) -> Actor:
    return Actor(process="web", user=make_cashier(house.town.site.scope, username="fiona", role="administrator"))


def suspense(house: PayHouse) -> int:
    try:
        return ledger.house_balance(book_id=house.town.book_id, code="suspense").minor
    except UnknownAccount:
        return 0


def test_an_unknown_order_is_kept_and_listed(house: PayHouse, finance: Actor) -> None:
    body = house.event(uuid4().hex)
    for _ in range(2):
        assert house.hear(body).body == b"success"
    row = Unmatched.objects.get()
    assert (row.reason, row.state, row.amount) == ("unknown_order", "open", 5_000)
    assert suspense(house) == 5_000
    assert Case.objects.get(kind="money_unmatched").hits == 1
    assert finance.user is not None
    assert [one.public_id for one in list_unmatched(user=finance.user)] == [row.public_id]
    assert list_unmatched(user=house.user) == [], "a cashier does not reconcile"
    assert verify_books(seals=True) == []


def test_an_order_that_turns_up_is_credited_out_of_suspense(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    order_no = order_of(view).order_no
    Order.objects.update(order_no="not yet")
    assert house.hear(house.event(order_no)).body == b"success"
    assert join_unmatched(actor=ACTOR) == 0
    Order.objects.update(order_no=order_no)
    assert join_unmatched(actor=ACTOR) == 1
    assert join_unmatched(actor=ACTOR) == 0
    assert order_of(view).state == "credited"
    assert Unmatched.objects.get().state == "credited"
    assert Case.objects.get(kind="money_unmatched").closed_at is not None
    assert (suspense(house), balance_of(account_id=room.account.pk)) == (0, yuan("50"))
    assert verify_books(seals=True) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"amount": 4_999}, "other_amount"), ({"currency": "EUR"}, "other_currency"), ({"amount": 5_001}, "other_amount")],
)
def test_another_amount_or_currency_is_not_credited(
    house: PayHouse, room: Room, changes: dict[str, Any], reason: str
) -> None:
    view = house.start(room)
    house.pay(view)
    assert house.hear(house.event(view, **changes)).body == b"success"
    assert (Payment.objects.count(), Unmatched.objects.get().reason) == (0, reason)
    assert see_order(user=house.user, public_id=view.public_id).slow == "parked"
    assert verify_books(seals=False) == []


def test_an_order_that_was_paid_twice_is_credited_once(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    house.hear(house.pay(view))
    assert house.hear(house.event(view, trade_no="TX2")).body == b"success"
    assert (Payment.objects.count(), Unmatched.objects.get().reason) == (1, "paid_twice")
    assert order_of(view).state == "credited"
    assert verify_books(seals=False) == []


def test_a_closed_account_takes_nothing_and_nothing_is_lost(house: PayHouse, room: Room, finance: Actor) -> None:
    view = house.start(room)
    delivery = house.pay(view)
    Account.objects.filter(pk=room.account.pk).update(state="closed")
    assert house.hear(delivery).body == b"success"
    row = Unmatched.objects.get()
    assert (row.reason, order_of(view).state) == ("account_takes_no_money", "paid")
    other = house.town.add_room()
    with pytest.raises(ReasonMissing):
        credit_unmatched(
            actor=finance, unmatched_public_id=row.public_id, account_public_id=other.account.public_id, note=""
        )
    result = credit_unmatched(
        actor=finance, unmatched_public_id=row.public_id, account_public_id=other.account.public_id,
        note="moved to 102",
    )  # fmt: skip
    assert result.amount == yuan("50")
    assert (balance_of(account_id=other.account.pk), suspense(house)) == (yuan("50"), 0)
    with pytest.raises(AlreadyDecided):
        credit_unmatched(
            actor=finance, unmatched_public_id=row.public_id, account_public_id=other.account.public_id, note="again"
        )
    assert house.hear(delivery).body == b"success", "the provider may come again for ever"
    assert Payment.objects.count() == 1
    assert verify_books(seals=True) == []


def test_a_persons_word_credits_the_order_that_the_money_came_for(house: PayHouse, room: Room, finance: Actor) -> None:
    view = house.start(room)
    house.hear(house.event(view, amount=4_000))
    row = Unmatched.objects.get()
    credit_unmatched(
        actor=finance, unmatched_public_id=row.public_id, account_public_id=room.account.public_id, note="paid less"
    )
    assert order_of(view).state == "credited"
    assert balance_of(account_id=room.account.pk) == yuan("40")
    assert verify_books(seals=False) == []


def test_nobody_settles_what_is_not_his(house: PayHouse, room: Room) -> None:
    house.hear(house.event(uuid4().hex))
    row = Unmatched.objects.get()
    cashier = Actor(process="web", user=house.user)
    with pytest.raises(UnknownUnmatched):
        credit_unmatched(
            actor=cashier, unmatched_public_id=row.public_id, account_public_id=room.account.public_id, note="mine"
        )
    with pytest.raises(UnknownUnmatched):
        see_unmatched(user=house.user, public_id=row.public_id)


def test_an_online_payment_is_refunded_not_reversed(house: PayHouse, room: Room) -> None:
    house.hear(house.pay(house.start(room)))
    with pytest.raises(NotThisWay):
        reverse_payment(actor=ACTOR, payment_public_id=Payment.objects.get().public_id, reason="wrong room")
