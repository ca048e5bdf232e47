import json
from datetime import date
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.usecases_billing.town import Room, Town, set_clock
from tests.usecases_money.conftest import make_cashier

from prewatt.access.audit import Actor
from prewatt.access.errors import KeyReused
from prewatt.access.models import Action, IdempotentRequest, Outcome
from prewatt.kernel.money import Money, UnknownCurrency
from prewatt.ledger import queries as ledger
from prewatt.ledger.errors import KeyConflict
from prewatt.ledger.services import seal_day
from prewatt.payments import queries
from prewatt.payments.errors import AccountTakesNoMoney, BadPayment, TradeConflict, UnknownPayment
from prewatt.payments.models import Payment
from prewatt.payments.values import PaymentResult
from prewatt.tenancy.models import Account
from prewatt.usecases.take_payment import KeyedRequest, take_payment, take_payment_by_key
from prewatt.usecases.work import unit_of_work


def yuan(text: str) -> Money:
    return Money.parse(text, "CNY")


def _pay(actor: Actor, room: Room, amount: str = "50", *, token: str = "t1", **more: str) -> PaymentResult:
    return take_payment(
        actor=actor, account_id=room.account.pk, amount=yuan(amount), token=token,
        channel=more.get("channel", "cash"), till=more.get("till", "T1"),
    )  # fmt: skip


def test_a_payment_is_credited_with_a_numbered_receipt(town: Town, room: Room, cashier: Actor) -> None:
    result = _pay(cashier, room)
    assert (result.created, result.receipt_number) == (True, "R-2026-T1-000001")
    assert result.balance_after == yuan("50")
    assert _pay(cashier, room, token="t2").receipt_number == "R-2026-T1-000002"
    assert _pay(cashier, room, token="t3", till="", channel="card").receipt_number == "R-2026-card-000001"
    assert ledger.house_balance(book_id=town.book_id, code="takings:cash") == yuan("-100")
    assert ledger.verify(seals=True) == []
    assert list(queries.verify_payments()) == []


def test_the_receipt_says_everything(town: Town, room: Room, cashier: Actor) -> None:
    town.read(room, "2026-11-20T11:00", 30_000)
    Account.objects.filter(pk=room.account.pk).update(daily_cost=500)
    result = _pay(cashier, room, "1005.30")
    paper = ledger.get_document(public_id=result.document_public_id)
    content = paper.content
    assert {key: content[key] for key in ("operator", "account", "rooms", "amount", "amount_capitals", "cashier")} == {
        "operator": "Operator", "account": room.account.number, "rooms": ["1#-001"], "amount": [100_530, "CNY"],
        "amount_capitals": "人民币壹仟零伍元叁角整", "cashier": "Carol",
    }  # fmt: skip
    assert len(content["meters"]) == 1
    assert (content["balance_before"], content["balance_after"]) == ([-2_400, "CNY"], [98_130, "CNY"])
    assert (content["tariffs"], content["days_left"], content["till"], content["channel"]) == (
        ["shop"],
        196,
        "T1",
        "cash",
    )
    assert content["payment"] == str(result.payment_public_id)
    assert paper.subject == ("payment", str(result.payment_public_id))


@pytest.mark.faults("D17")
def test_take_payment_same_key_twice_is_one_credit(room: Room, cashier: Actor) -> None:
    """D17: pressed twice, back button, two tabs."""
    first = _pay(cashier, room)
    again = _pay(cashier, room)
    assert (again.created, again.receipt_number) == (False, first.receipt_number)
    assert (again.payment_public_id, again.balance_after) == (first.payment_public_id, yuan("50"))
    assert Payment.objects.count() == 1
    with pytest.raises(TradeConflict):
        _pay(cashier, room, "51")
    with pytest.raises(KeyConflict):
        _pay(cashier, room, channel="card")
    assert Payment.objects.count() == 1
    assert ledger.verify(seals=True) == []


@pytest.mark.faults("D17", control=True)
def test_the_control_without_the_token_is_two_credits(room: Room, cashier: Actor) -> None:
    """What the token defends: the same form with a token of its own each time counts twice."""
    assert _pay(cashier, room, token=str(uuid4())).balance_after == yuan("50")
    assert _pay(cashier, room, token=str(uuid4())).balance_after == yuan("100")


@pytest.mark.parametrize("amount", [Money(0, "CNY"), Money(-100, "CNY"), Money(100_000_001, "CNY"), Money(100, "EUR")])
def test_a_bad_amount_is_refused_and_recorded(room: Room, cashier: Actor, amount: Money) -> None:
    with pytest.raises(BadPayment) as refused:
        take_payment(actor=cashier, account_id=room.account.pk, amount=amount, channel="cash", token="t", till="T1")
    action = Action.objects.get(verb="take_payment")
    assert (action.outcome, action.subject_id, action.actor) == (Outcome.REFUSED, room.account.number, cashier.user)
    assert refused.value.message in action.detail
    assert Payment.objects.count() == 0


def test_what_else_is_refused(town: Town, room: Room, cashier: Actor) -> None:
    with pytest.raises(BadPayment, match="channel"):
        _pay(cashier, room, channel="shells")
    with pytest.raises(BadPayment, match="till"):
        _pay(cashier, room, till="a till")
    with pytest.raises(UnknownCurrency):
        Money(5, "XXX")
    own = town.add_room(own_use=True)
    with pytest.raises(AccountTakesNoMoney, match="own use"):
        _pay(cashier, own)
    Account.objects.filter(pk=room.account.pk).update(state="closed")
    with pytest.raises(AccountTakesNoMoney, match="closed"):
        _pay(cashier, room)
    with pytest.raises(AccountTakesNoMoney):
        take_payment(actor=cashier, account_id=10**9, amount=yuan("5"), channel="cash", token="t")
    assert Payment.objects.count() == 0


def test_live_pages_are_told_once(room: Room, cashier: Actor) -> None:
    with CaptureQueriesContext(connection) as found:
        _pay(cashier, room)
    told = [query["sql"] for query in found.captured_queries if "pg_notify" in query["sql"]]
    live = [sql for sql in told if "prewatt_live" in sql]
    assert len(live) == 1
    assert f'"accounts":[{room.account.pk}]' in live[0]


def test_a_payment_after_the_seal_is_booked_on_the_next_day(town: Town, room: Room, cashier: Actor) -> None:
    with unit_of_work(actor=cashier, verb="test"):
        seal_day(book_id=town.book_id, day=date(2026, 11, 20))
    _pay(cashier, room)
    (line,) = ledger.list_postings(ledger_account_ids=[room.account.buckets.get().ledger_account_id])
    assert line.booking_date == date(2026, 11, 21)


def test_the_year_of_a_receipt_is_the_sites_own(town: Town, room: Room, cashier: Actor) -> None:
    set_clock("2027-01-01T00:00:30")
    assert _pay(cashier, room).receipt_number == "R-2027-T1-000001"


def _keyed(
    actor: Actor, room: Room, key: str = "k1", body: str = "b1", amount: str = "50"
) -> tuple[dict[str, object], bool]:
    def answer(result: PaymentResult) -> dict[str, object]:
        return {"id": str(result.payment_public_id), "receipt": result.receipt_number}

    kept, repeated = take_payment_by_key(
        actor=actor, account_id=room.account.pk, amount=yuan(amount), channel="transfer",
        request=KeyedRequest(key=key, body_hash=body, answer=answer),
    )  # fmt: skip
    assert kept.status == 201
    return kept.answer, repeated


def test_take_payment_by_key_same_key_twice_is_one_answer(room: Room, machine: Actor) -> None:
    first, repeated = _keyed(machine, room)
    assert not repeated
    assert _keyed(machine, room) == (first, True)
    assert json.dumps(first)
    with pytest.raises(KeyReused):
        _keyed(machine, room, body="b2")
    _keyed(machine, room, key="k2")
    assert (Payment.objects.count(), IdempotentRequest.objects.count()) == (2, 2)
    with pytest.raises(RuntimeError):
        _keyed(Actor(process="api"), room)


def test_the_answers_key_does_not_outlive_a_refusal(room: Room, machine: Actor) -> None:
    with pytest.raises(BadPayment):
        _keyed(machine, room, amount="0")
    assert IdempotentRequest.objects.count() == 0


def test_payments_are_listed_within_the_scope(town: Town, room: Room, cashier: Actor) -> None:
    for number in range(3):
        _pay(cashier, room, token=f"t{number}")
    assert cashier.user is not None
    lines = queries.list_payments(user=cashier.user, account_id=room.account.pk, limit=2)
    assert [line.trade_no for line in lines] == ["t2", "t1"]
    rest = queries.list_payments(user=cashier.user, site_id=town.site.pk, before_id=lines[-1].id)
    assert [(line.trade_no, line.number_text, line.cashier) for line in rest] == [("t0", "R-2026-T1-000001", "Carol")]
    today = queries.list_payments(user=cashier.user, site_id=town.site.pk, day=date(2026, 11, 20))
    assert len(today) == 3
    assert queries.list_payments(user=cashier.user, site_id=town.site.pk, day=date(2026, 11, 19)) == []
    assert queries.get_payment(user=cashier.user, public_id=lines[0].public_id) == lines[0]
    stranger = make_cashier(Town.build().site.scope, username="sam")
    assert queries.list_payments(user=stranger) == []
    with pytest.raises(UnknownPayment):
        queries.get_payment(user=stranger, public_id=lines[0].public_id)
    with pytest.raises(ValueError, match="one site"):
        queries.list_payments(user=stranger, day=date(2026, 11, 20))
