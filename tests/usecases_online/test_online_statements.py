"""A provider's day laid beside our books: what fits is posted once, what differs is found, and nothing is invented."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from tests.usecases_billing.town import ACTOR, Room
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse, order_of, yuan
from tests.usecases_online.test_online_refunds import settle

from prewatt.access.audit import Actor
from prewatt.cases.models import Case
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.ledger import queries as ledger
from prewatt.payments.errors import AlreadyDecided, BadMerchantData, NotThisWay, UnknownMerchant
from prewatt.payments.models import Merchant, Payment, ProviderStatement, Refund, StatementLine, Unmatched
from prewatt.payments.online import StatementSummary
from prewatt.payments.queries.statements import list_statements, see_statement
from prewatt.payments.reconciliation import statement_zone
from prewatt.testpay.book import fee_of
from prewatt.usecases._money import balance_of
from prewatt.usecases.ask_refund import approve_refund, ask_refund
from prewatt.usecases.reconcile_day import fetch_due_statements, reconcile_day
from prewatt.usecases.send_refunds import send_due_refunds
from prewatt.usecases.settle_money import settle_difference, ways_to_settle
from prewatt.usecases.verify_books import verify_books


@pytest.fixture(autouse=True)
def _sound(db: None) -> Iterator[None]:
    yield
    assert verify_books(seals=True) == []


@pytest.fixture
def chief(house: PayHouse) -> Actor:
    return Actor(process="web", user=make_cashier(house.town.site.scope, username="chief", role="administrator"))


def today() -> date:
    return machine_now().astimezone(statement_zone("testpay")).date()


def read(house: PayHouse, actor: Actor = ACTOR, *, data: bytes | None = None) -> StatementSummary:
    house.book.settings.statements_today = True
    return reconcile_day(actor=actor, merchant_public_id=house.merchant.public_id, day=today(), data=data)


def held(house: PayHouse, kind: str) -> Money:
    return ledger.house_balance(book_id=house.town.book_id, code=f"{kind}:testpay")


def pay(house: PayHouse, room: Room, amount: str = "50") -> Payment:
    view = house.start(room, amount)
    house.hear(house.pay(view))
    payment = order_of(view).payment
    assert payment is not None
    return payment


def test_a_day_that_agrees_is_posted_to_fees_and_settlement_once(house: PayHouse, room: Room, chief: Actor) -> None:
    pay(house, room, "50")
    pay(house, room, "100")
    summary = read(house)
    assert (summary.payments, summary.open, summary.state) == (2, 0, "settled")
    fees = fee_of(5_000) + fee_of(10_000)
    assert (summary.gross, summary.fees, summary.settled) == (
        yuan("150"),
        Money(fees, "CNY"),
        Money(15_000 - fees, "CNY"),
    )
    for _ in range(2):
        assert held(house, "takings") == yuan("0")
        assert held(house, "fees") == Money(-fees, "CNY")
        assert held(house, "settlement") == Money(fees - 15_000, "CNY")
        read(house)
    pay(house, room, "10")
    assert read(house).payments == 3
    assert held(house, "takings") == yuan("0")
    assert chief.user is not None
    assert [one.public_id for one in list_statements(user=chief.user)] == [summary.public_id]
    assert list_statements(user=chief.user, open_only=True) == []


def test_what_is_missing_here_is_credited_or_put_into_suspense(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    house.pay_silently(view)
    house.book.edits[today()] = [{"add": row_of(house, trade_no="TX9", order_no=uuid4().hex, amount=700)}]
    summary = read(house)
    assert (summary.payments, summary.missing_here, summary.open) == (2, 2, 0)
    assert order_of(view).state == "credited"
    assert Unmatched.objects.get().source == "statement"
    assert sorted(StatementLine.objects.values_list("how", flat=True)) == ["credited", "parked"]
    assert balance_of(account_id=room.account.pk) == yuan("50")
    assert (held(house, "takings"), ledger.house_balance(book_id=house.town.book_id, code="suspense")) == (
        yuan("0"), yuan("7"),
    )  # fmt: skip
    assert read(house).open == 0


def row_of(house: PayHouse, **changes: Any) -> dict[str, Any]:
    row = {
        "kind": "payment", "merchant_no": house.merchant.merchant_no, "trade_no": "T", "order_no": "o", "refund_no": "",
        "amount": 100, "fee": 1, "currency": "CNY", "at": int(machine_now().timestamp()),
    }  # fmt: skip
    return {key: value for key, value in (row | changes).items() if key != "merchant_no"}


def test_what_is_missing_there_and_what_differs_waits_for_a_person(house: PayHouse, room: Room, chief: Actor) -> None:
    gone, other = pay(house, room, "50"), pay(house, room, "20")
    house.book.edits[today()] = [
        {"trade_no": gone.trade_no, "drop": True}, {"trade_no": other.trade_no, "amount": 1_999},
    ]  # fmt: skip
    summary = read(house)
    assert (summary.missing_there, summary.other_amount, summary.open, summary.state) == (1, 1, 2, "read")
    assert Case.objects.get(kind="statement_differs").closed_at is None
    assert chief.user is not None
    _, lines = see_statement(user=chief.user, public_id=summary.public_id)
    assert {(one.difference, one.amount, one.our_amount) for one in lines} == {
        ("missing_there", yuan("50"), yuan("50")), ("other_amount", yuan("19.99"), yuan("20")),
    }  # fmt: skip
    assert verify_books(seals=False) == []
    for one in lines:
        assert ways_to_settle(line_public_id=one.public_id) == ("write_off", "noted")
        settle_difference(actor=chief, line_public_id=one.public_id, how="write_off", note="the bank confirms")
        with pytest.raises(AlreadyDecided):
            settle_difference(actor=chief, line_public_id=one.public_id, how="noted", note="again")
    assert (held(house, "takings"), held(house, "differences")) == (yuan("0"), yuan("-50.01"))
    assert Case.objects.get(kind="statement_differs").closed_at is not None
    assert read(house).open == 0, "what was settled stays settled"


def test_what_appears_later_is_no_difference_any_more(house: PayHouse, room: Room, chief: Actor) -> None:
    gone = pay(house, room, "50")
    house.book.edits[today()] = [{"trade_no": gone.trade_no, "drop": True}]
    assert read(house).open == 1
    house.book.edits.clear()
    assert read(house).open == 0
    assert held(house, "takings") == yuan("0")


def test_what_was_written_off_and_appears_is_written_back(house: PayHouse, room: Room, chief: Actor) -> None:
    gone = pay(house, room, "50")
    house.book.edits[today()] = [{"trade_no": gone.trade_no, "drop": True}]
    read(house)
    line = StatementLine.objects.get()
    settle_difference(actor=chief, line_public_id=line.public_id, how="write_off", note="lost")
    house.book.edits.clear()
    assert read(house).open == 1
    settle_difference(actor=chief, line_public_id=line.public_id, how="write_off", note="there it is")
    assert (held(house, "takings"), held(house, "differences")) == (yuan("0"), yuan("0"))


def test_a_line_that_changes_its_amount_is_told(house: PayHouse, room: Room, chief: Actor) -> None:
    payment = pay(house, room, "50")
    assert read(house).open == 0
    house.book.edits[today()] = [{"trade_no": payment.trade_no, "amount": 4_000}]
    assert read(house).other_amount == 1
    assert read(house).open == 1
    settle_difference(
        actor=chief, line_public_id=StatementLine.objects.get().public_id, how="noted", note="their mistake"
    )
    assert read(house).open == 0


def test_a_refund_of_the_day_is_matched_and_ends_one_that_is_on_its_way(
    house: PayHouse, room: Room, chief: Actor
) -> None:
    payment = pay(house, room, "100")
    cashier = Actor(process="web", user=house.user)
    line = ask_refund(
        actor=cashier, payment_public_id=payment.public_id, amount=yuan("30"), reason="moves out", token="r1"
    )
    approve_refund(actor=chief, refund_public_id=line.public_id)
    send_due_refunds(actor=ACTOR)
    settle(house.book)
    summary = read(house)
    assert (summary.refunds, summary.refunded, summary.open) == (1, yuan("30"), 0)
    assert Refund.objects.get().state == "succeeded"
    assert held(house, "takings") == yuan("0")
    assert held(house, "settlement") == -(summary.settled)


def test_a_refund_that_the_provider_made_without_us_is_charged(house: PayHouse, room: Room, chief: Actor) -> None:
    payment = pay(house, room, "100")
    book, key = house.book, f"TP100001/{payment.order.order_no}"
    book.make_refund(
        {
            "refund_no": "theirs", "order_no": payment.order.order_no, "amount": 4_000, "currency": "CNY",
            "reason": "x", "notify_url": "",
        },
        merchant_no="TP100001",
    )  # fmt: skip
    assert book.orders[key].refunded == 4_000
    assert read(house).missing_here == 1
    line = StatementLine.objects.get(kind="refund")
    assert ways_to_settle(line_public_id=line.public_id) == ("write_off", "charge_account", "noted")
    settle_difference(actor=chief, line_public_id=line.public_id, how="charge_account", note="refunded at their site")
    assert (balance_of(account_id=room.account.pk), held(house, "takings")) == (yuan("60"), yuan("0"))
    assert Payment.objects.get(kind="top_up").refunded == 4_000
    assert read(house).open == 0
    payment_line = StatementLine.objects.get(kind="payment")
    StatementLine.objects.filter(pk=payment_line.pk).update(difference="other_amount")
    with pytest.raises(NotThisWay):
        settle_difference(actor=chief, line_public_id=payment_line.public_id, how="charge_account", note="no, not this")
    with pytest.raises(NotThisWay):
        settle_difference(actor=chief, line_public_id=payment_line.public_id, how="forget", note="no, not this")
    StatementLine.objects.filter(pk=payment_line.pk).update(difference="")


def test_an_uploaded_file_does_the_same(house: PayHouse, room: Room, chief: Actor) -> None:
    pay(house, room, "50")
    house.book.settings.statements_today = True
    rows = house.book.statement(today(), merchant_no="TP100001")
    summary = read(house, chief, data=json.dumps({"rows": rows}).encode())
    assert (summary.source, summary.payments, summary.open) == ("uploaded", 1, 0)
    with pytest.raises(BadMerchantData, match="twice"):
        read(house, chief, data=json.dumps({"rows": rows * 2}).encode())
    with pytest.raises(UnknownMerchant):
        read(house, Actor(process="web", user=house.user))
    with pytest.raises(BadMerchantData):
        reconcile_day(
            actor=chief, merchant_public_id=house.merchant.public_id, day=today() + timedelta(days=2), data=b"{}"
        )


def test_a_file_of_another_day_is_refused_and_nothing_is_kept(house: PayHouse, room: Room, chief: Actor) -> None:
    """Taken, it would show the day as one without any difference."""
    yesterday = int((machine_now() - timedelta(days=1)).timestamp())
    data = json.dumps({"rows": [row_of(house, at=yesterday)]}).encode()
    with pytest.raises(BadMerchantData, match=f"lines is of {today()}; the first is of {today() - timedelta(days=1)}"):
        read(house, chief, data=data)
    assert not ProviderStatement.objects.exists()
    assert read(house, chief, data=json.dumps({"rows": []}).encode()).open == 0


def test_statements_are_fetched_when_their_days_are_over(house: PayHouse, room: Room) -> None:
    with time_machine.travel("2026-11-24T03:00:00Z", tick=False) as traveller:  # 11:00 there
        Merchant.objects.update(created_at="2026-11-22T00:00:00Z")
        view = house.start(room)
        house.hear(house.pay(view))
        assert fetch_due_statements(actor=ACTOR) == 2, "Sunday's and Monday's"
        assert set(ProviderStatement.objects.values_list("state", flat=True)) == {"settled"}
        assert fetch_due_statements(actor=ACTOR) == 0
        traveller.move_to("2026-11-25T02:29:00Z")
        assert fetch_due_statements(actor=ACTOR) == 0
        house.away = True
        traveller.move_to("2026-11-25T02:31:00Z")
        assert fetch_due_statements(actor=ACTOR) == 1
        tuesday = ProviderStatement.objects.get(day="2026-11-24")
        assert (tuesday.state, tuesday.error != "") == ("awaited", True)
        traveller.move_to("2026-11-26T02:59:00Z")
        assert fetch_due_statements(actor=ACTOR) == 2
        assert Case.objects.get(kind="statement_missing").subject_id == str(tuesday.public_id)
        house.away = False
        traveller.move_to("2026-11-26T05:00:00Z")
        assert fetch_due_statements(actor=ACTOR) == 2
        tuesday.refresh_from_db()
        assert (tuesday.state, tuesday.lines.count()) == ("settled", 1)
        assert Case.objects.get(kind="statement_missing").closed_at is not None
