"""Money back through its channel: asked by one, approved by another, sent until the provider's word is known."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connection
from tests.usecases_billing.town import ACTOR, Room
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse, yuan

from prewatt.access.audit import Actor
from prewatt.cases.models import Case
from prewatt.kernel.money import Money
from prewatt.ledger import queries as ledger
from prewatt.notices.models import Notice
from prewatt.payments.errors import (
    AlreadyDecided,
    NotThisWay,
    OrderConflict,
    RefundTooLarge,
    SamePerson,
    UnknownPayment,
    UnknownRefund,
)
from prewatt.payments.models import Payment, Refund, Unmatched
from prewatt.payments.online import RefundLine
from prewatt.payments.queries.refunds import (
    count_refunds_to_approve,
    get_refund,
    list_account_refunds,
    list_refundable,
    list_refunds,
)
from prewatt.tenancy.models import Customer
from prewatt.testpay.book import Book
from prewatt.testpay.values import Refund as TheirRefund
from prewatt.usecases import _money
from prewatt.usecases._money import balance_of
from prewatt.usecases.ask_refund import approve_refund, ask_refund, refuse_refund
from prewatt.usecases.send_refunds import send_due_refunds
from prewatt.usecases.settle_money import refund_unmatched
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.verify_books import verify_books


@pytest.fixture
def cashier(house: PayHouse) -> Actor:
    return Actor(process="web", user=house.user)


@pytest.fixture
def chief(house: PayHouse) -> Actor:
    return Actor(process="web", user=make_cashier(house.town.site.scope, username="chief", role="administrator"))


@pytest.fixture
def paid(house: PayHouse, room: Room) -> Payment:
    view = house.start(room, "100")
    house.hear(house.pay(view))
    return Payment.objects.get()


@pytest.fixture(autouse=True)
def _sound(db: None) -> Iterator[None]:
    yield
    assert verify_books(seals=True) == []


def ask(actor: Actor, payment: Payment, amount: str, *, token: str = "") -> RefundLine:
    return ask_refund(
        actor=actor, payment_public_id=payment.public_id, amount=yuan(amount), reason="moves out",
        token=token or str(uuid4()),
    )  # fmt: skip


def in_flight(house: PayHouse) -> Money:
    return ledger.house_balance(book_id=house.town.book_id, code="refunds_in_flight:testpay")


def later(seconds: int) -> None:
    """Let refunds be due again, and the provider's own clock be behind us."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE payments_refund SET next_query_at = next_query_at - %s::interval", [f"{seconds} s"])


def settle(book: Book) -> None:
    for key, one in list(book.refunds.items()):
        book.refunds[key] = TheirRefund(**{name: getattr(one, name) for name in one.__slots__} | {"settles_at": 0})


def test_a_refund_walks_from_the_wish_to_the_payer(
    house: PayHouse, room: Room, paid: Payment, cashier: Actor, chief: Actor
) -> None:
    line = ask(cashier, paid, "30")
    assert (line.state, balance_of(account_id=room.account.pk)) == ("requested", yuan("100"))
    assert send_due_refunds(actor=ACTOR) == 0
    line = approve_refund(actor=chief, refund_public_id=line.public_id)
    assert (line.state, balance_of(account_id=room.account.pk)) == ("approved", yuan("70"))
    assert in_flight(house) == yuan("30")
    assert verify_books(seals=False) == []
    assert send_due_refunds(actor=ACTOR) == 1
    assert Refund.objects.get().state == "sent", "the provider takes its time"
    settle(house.book)
    later(60)
    assert send_due_refunds(actor=ACTOR) == 1
    refund = Refund.objects.get()
    assert (refund.state, refund.refund_ref[:2]) == ("succeeded", "TR")
    assert (in_flight(house), house.book.orders[f"TP100001/{order_of_payment(paid)}"].refunded) == (yuan("0"), 3_000)
    assert ledger.house_balance(book_id=house.town.book_id, code="takings:testpay") == yuan("-70")
    assert Payment.objects.get(kind="top_up").refunded == 3_000
    assert [one.trade_no for one in list_account_refunds(account_id=room.account.pk)] == [paid.trade_no]
    paper = list_account_refunds(account_id=room.account.pk)[0].document_public_id
    assert paper is not None
    assert ledger.get_document(public_id=paper).content["balance_after"] == [7_000, "CNY"]


@pytest.mark.parametrize("order", ["query", "callback"])
def test_the_tenant_is_told_once_that_the_money_is_back(
    house: PayHouse, room: Room, paid: Payment, cashier: Actor, chief: Actor, order: str
) -> None:
    Customer.objects.filter(pk=room.account.customer_id).update(phone="+8613912345678", language="en")
    told = Notice.objects.filter(account=room.account, kind="refund")
    approve_refund(actor=chief, refund_public_id=ask(cashier, paid, "30").public_id)
    send_due_refunds(actor=ACTOR)
    assert not told.exists(), "approved and sent is not arrived"
    settle(house.book)
    later(60)
    call_back = next(one for one in house.book.deliveries.values() if json.loads(one.body)["kind"] == "refund")
    by_query, by_call_back = lambda: send_due_refunds(actor=ACTOR), lambda: house.hear(call_back)
    for ask_or_hear in (by_query, by_call_back) if order == "query" else (by_call_back, by_query):
        ask_or_hear()
    house.hear(call_back)
    later(60)
    send_due_refunds(actor=ACTOR)
    notice = told.get()
    paper = list_account_refunds(account_id=room.account.pk)[0].document_public_id
    assert paper is not None
    assert notice.recipient == "+8613912345678"
    for words in ("¥30.00 was given back", "Balance ¥70.00", ledger.get_document(public_id=paper).number_text):
        assert words in notice.body


def test_the_tenant_is_not_told_of_money_that_did_not_go(
    house: PayHouse, room: Room, paid: Payment, cashier: Actor, chief: Actor
) -> None:
    Customer.objects.filter(pk=room.account.customer_id).update(phone="+8613912345678")
    approve_refund(actor=chief, refund_public_id=ask(cashier, paid, "30").public_id)
    del house.book.orders[f"TP100001/{order_of_payment(paid)}"]
    send_due_refunds(actor=ACTOR)
    assert Refund.objects.get().state == "failed"
    assert not Notice.objects.filter(account=room.account, kind="refund").exists()


def test_the_whole_of_it_in_parts_makes_the_order_refunded(
    house: PayHouse, paid: Payment, cashier: Actor, chief: Actor
) -> None:
    for amount in ("60", "40"):
        approve_refund(actor=chief, refund_public_id=ask(cashier, paid, amount).public_id)
    send_due_refunds(actor=ACTOR)
    settle(house.book)
    later(60)
    send_due_refunds(actor=ACTOR)
    assert set(Refund.objects.values_list("state", flat=True)) == {"succeeded"}
    assert paid.order.state == "refunded"
    with pytest.raises(RefundTooLarge):
        ask(cashier, paid, "0.01")


def test_two_persons_and_each_once(house: PayHouse, paid: Payment, cashier: Actor, chief: Actor) -> None:
    token = str(uuid4())
    line = ask(chief, paid, "30", token=token)
    assert ask(chief, paid, "30", token=token).public_id == line.public_id
    with pytest.raises(OrderConflict):
        ask(chief, paid, "31", token=token)
    with pytest.raises(SamePerson):
        approve_refund(actor=chief, refund_public_id=line.public_id)
    with pytest.raises(UnknownRefund):
        approve_refund(actor=cashier, refund_public_id=line.public_id)
    assert chief.user is not None
    assert (count_refunds_to_approve(user=chief.user), len(list_refunds(user=chief.user, states=["requested"]))) == (
        0,
        1,
    )
    other = Actor(process="web", user=make_cashier(house.town.site.scope, username="boss", role="administrator"))
    approve_refund(actor=other, refund_public_id=line.public_id)
    with pytest.raises(AlreadyDecided):
        approve_refund(actor=other, refund_public_id=line.public_id)
    with pytest.raises(AlreadyDecided):
        refuse_refund(actor=other, refund_public_id=line.public_id, note="too late")


def test_never_more_than_paid_nor_than_the_balance(
    house: PayHouse, room: Room, paid: Payment, cashier: Actor, chief: Actor
) -> None:
    with pytest.raises(RefundTooLarge):
        ask(cashier, paid, "100.01")
    first, second = ask(cashier, paid, "60"), ask(cashier, paid, "40")
    assert list_refundable(account_id=room.account.pk) == []
    with pytest.raises(RefundTooLarge):
        ask(cashier, paid, "1")
    house.town.read(room, "2026-11-20T11:00", 100_000)  # 80.00 of it is used up
    with pytest.raises(RefundTooLarge):
        approve_refund(actor=chief, refund_public_id=first.public_id)
    refuse_refund(actor=chief, refund_public_id=first.public_id, note="used up")
    with pytest.raises(RefundTooLarge):
        approve_refund(actor=chief, refund_public_id=second.public_id)
    assert balance_of(account_id=room.account.pk) == yuan("20")
    assert list_refundable(account_id=room.account.pk)[0].left == yuan("60")


def test_what_is_not_online_or_not_mine_is_not_refunded_here(
    house: PayHouse, room: Room, paid: Payment, cashier: Actor
) -> None:
    desk = take_payment(
        actor=cashier, account_id=room.account.pk, amount=yuan("9"), channel="cash", token="t", till="T1"
    )
    with pytest.raises(NotThisWay):
        ask(cashier, Payment.objects.get(public_id=desk.payment_public_id), "9")
    stranger = Actor(process="web", user=make_cashier(house.town.organisation, username="eve", role="engineer"))
    with pytest.raises(UnknownPayment):
        ask(stranger, paid, "9")
    with pytest.raises(SamePerson):
        ask(ACTOR, paid, "9")


def test_an_unknown_outcome_is_asked_for_and_sent_once(
    house: PayHouse, paid: Payment, cashier: Actor, chief: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve_refund(actor=chief, refund_public_id=ask(cashier, paid, "30").public_id)
    house.away = True
    send_due_refunds(actor=ACTOR)
    assert Refund.objects.get().error == "provider_away"
    house.away = False
    later(60)
    house.asked.clear()
    send_due_refunds(actor=ACTOR)
    number = Refund.objects.get().refund_no
    assert house.asked == [f"GET /v1/refunds/{number}", "POST /v1/refunds"], "asked first, then sent"
    later(60)
    settle(house.book)
    house.asked.clear()
    send_due_refunds(actor=ACTOR)
    assert house.asked == [f"GET /v1/refunds/{number}"]
    assert len(house.book.refunds) == 1


def test_a_refund_that_the_provider_refuses_goes_back_to_the_balance(
    house: PayHouse, room: Room, paid: Payment, cashier: Actor, chief: Actor
) -> None:
    line = approve_refund(actor=chief, refund_public_id=ask(cashier, paid, "30").public_id)
    del house.book.orders[f"TP100001/{order_of_payment(paid)}"]
    send_due_refunds(actor=ACTOR)
    assert chief.user is not None
    line = get_refund(user=chief.user, public_id=line.public_id)
    assert (line.state, balance_of(account_id=room.account.pk)) == ("failed", yuan("100"))
    assert (in_flight(house), Payment.objects.get(kind="top_up").refunded) == (yuan("0"), 0)
    assert Case.objects.get(kind="refund_failed").closed_at is None
    assert list_refundable(account_id=room.account.pk)[0].left == yuan("100")


def order_of_payment(payment: Payment) -> str:
    return str(payment.order.order_no)


def test_a_refund_of_all_that_is_left_warns_the_tenant(
    house: PayHouse, room: Room, paid: Payment, chief: Actor, cashier: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []
    monkeypatch.setattr(
        _money, "after_balance_change", lambda _work, *, account_ids: judged.extend(account_ids)
    )  # fmt: skip
    approve_refund(actor=chief, refund_public_id=ask(cashier, paid, "100").public_id)
    assert judged == [room.account.pk], "supply is decided again"


def test_money_in_suspense_goes_back_the_same_way(house: PayHouse, room: Room, chief: Actor) -> None:
    view = house.start(room)
    house.hear(house.pay(view))
    house.hear(house.event(view, trade_no="TX2"))
    row = Unmatched.objects.get()
    other = Actor(process="web", user=make_cashier(house.town.site.scope, username="boss", role="administrator"))
    line = refund_unmatched(actor=chief, unmatched_public_id=row.public_id, reason="paid twice", token="u1")
    assert refund_unmatched(
        actor=chief, unmatched_public_id=row.public_id, reason="paid twice", token="u1"
    ).public_id == line.public_id  # fmt: skip
    with pytest.raises(AlreadyDecided):
        refund_unmatched(actor=chief, unmatched_public_id=row.public_id, reason="paid twice", token="u2")
    approve_refund(actor=other, refund_public_id=line.public_id)
    assert verify_books(seals=False) == []
    send_due_refunds(actor=ACTOR)
    settle(house.book)
    later(60)
    send_due_refunds(actor=ACTOR)
    row.refresh_from_db()
    assert (row.state, Case.objects.get(kind="money_unmatched").closed_at is not None) == ("refunded", True)
    assert ledger.house_balance(book_id=house.town.book_id, code="suspense") == yuan("0")


def test_refused_money_in_suspense_is_open_again(house: PayHouse, room: Room, chief: Actor) -> None:
    house.hear(house.event(uuid4().hex))
    row = Unmatched.objects.get()
    line = refund_unmatched(actor=chief, unmatched_public_id=row.public_id, reason="whose?", token="u1")
    refuse_refund(actor=chief, refund_public_id=line.public_id, note="wait for the tenant")
    row.refresh_from_db()
    assert row.state == "open"
