"""Refund, clear to zero, reversal."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.usecases_billing.town import ACTOR, Room, Town

from prewatt.access.audit import Actor
from prewatt.access.models import Action
from prewatt.cli.postgres.cluster import APP
from prewatt.cli.postgres.rights import give_rights
from prewatt.kernel.money import Money
from prewatt.ledger import queries as ledger
from prewatt.ledger.values import Difference
from prewatt.payments import queries
from prewatt.payments.errors import NothingToClear, ReasonMissing, RefundTooLarge, TradeConflict, UnknownPayment
from prewatt.payments.models import Payment
from prewatt.payments.values import PaymentResult
from prewatt.usecases._money import balance_of
from prewatt.usecases.clear_to_zero import clear_to_zero
from prewatt.usecases.refund_balance import refund_balance
from prewatt.usecases.reverse_payment import reverse_payment
from prewatt.usecases.take_payment import take_payment
from prewatt.usecases.verify_books import verify_books


def yuan(text: str) -> Money:
    return Money.parse(text, "CNY")


def _pay(actor: Actor, room: Room, amount: str = "50", token: str = "t1") -> PaymentResult:
    return take_payment(
        actor=actor, account_id=room.account.pk, amount=yuan(amount), channel="cash", token=token, till="T1"
    )


def _refund(actor: Actor, room: Room, amount: str, token: str = "r1", reason: str = "moves out") -> PaymentResult:
    return refund_balance(
        actor=actor,
        account_id=room.account.pk,
        amount=yuan(amount),
        reason=reason,
        channel="cash",
        token=token,
        till="T1",
    )


def _sound() -> list[Difference]:
    return [*ledger.verify(seals=True), *queries.verify_payments()]


def test_a_refund_takes_from_the_balance_after_todays_use(town: Town, room: Room, cashier: Actor) -> None:
    _pay(cashier, room)
    town.read(room, "2026-11-20T11:00", 10_000)
    with pytest.raises(RefundTooLarge, match=r"42\.00 CNY"):
        _refund(cashier, room, "42.01")
    result = _refund(cashier, room, "42")
    assert (result.receipt_number, result.balance_after) == ("F-2026-T1-000001", yuan("0"))
    assert ledger.house_balance(book_id=town.book_id, code="takings:cash") == yuan("-8")
    assert _sound() == []


def test_refund_balance_same_key_twice_is_one_refund(room: Room, cashier: Actor) -> None:
    _pay(cashier, room)
    first = _refund(cashier, room, "30")
    again = _refund(cashier, room, "30")
    assert (again.created, again.receipt_number, again.balance_after) == (False, first.receipt_number, yuan("20"))
    with pytest.raises(TradeConflict):
        _refund(cashier, room, "10")
    with pytest.raises(ReasonMissing):
        _refund(cashier, room, "10", token="r2", reason=" ")
    assert balance_of(account_id=room.account.pk) == yuan("20")
    done = Action.objects.filter(verb="refund_balance", outcome="done")
    assert set(done.values_list("reason", flat=True)) == {"moves out"}


def test_clear_to_zero_reckons_in_what_is_not_charged_yet(town: Town, room: Room, cashier: Actor) -> None:
    _pay(cashier, room)
    town.read(room, "2026-11-20T11:00", 10_000)
    asked: dict[str, Any] = {
        "actor": cashier, "account_id": room.account.pk, "reason": "left town", "token": "c1", "till": "T1"
    }  # fmt: skip
    result = clear_to_zero(**asked)
    assert (result.amount, result.document_number, result.created) == (yuan("-42"), "C-2026-T1-000001", True)
    assert balance_of(account_id=room.account.pk) == yuan("0")
    assert ledger.house_balance(book_id=town.book_id, code="cleared_balances") == yuan("42")
    with pytest.raises(NothingToClear):
        clear_to_zero(**(asked | {"token": "c2"}))
    with pytest.raises(ReasonMissing):
        clear_to_zero(**(asked | {"token": "c3", "reason": ""}))
    assert _sound() == []


def test_clear_to_zero_same_key_twice_is_one_entry(room: Room, cashier: Actor) -> None:
    _pay(cashier, room)
    asked: dict[str, Any] = {
        "actor": cashier, "account_id": room.account.pk, "reason": "left town", "token": "c1"
    }  # fmt: skip
    first = clear_to_zero(**asked)
    _pay(cashier, room, token="t2")
    again = clear_to_zero(**asked)
    assert (again.created, again.document_number, again.amount) == (False, first.document_number, yuan("-50"))
    assert balance_of(account_id=room.account.pk) == yuan("50")


def test_a_debt_can_be_cleared_too(town: Town, room: Room, cashier: Actor) -> None:
    town.read(room, "2026-11-20T11:00", 10_000)
    result = clear_to_zero(actor=cashier, account_id=room.account.pk, reason="written off", token="c1")
    assert result.amount == yuan("8")
    assert balance_of(account_id=room.account.pk) == yuan("0")


def test_a_wrong_top_up_is_reversed_and_its_receipt_void(town: Town, room: Room, cashier: Actor) -> None:
    paid = _pay(cashier, room)
    town.read(room, "2026-11-20T11:00", 10_000)
    result = reverse_payment(actor=cashier, payment_public_id=paid.payment_public_id, reason="wrong room")
    assert (result.receipt_number, result.balance_after) == ("X-2026-T1-000001", yuan("-8"))
    assert ledger.get_document(public_id=paid.document_public_id).voided_at is not None
    paper = ledger.get_document(public_id=result.document_public_id)
    assert (paper.content["about"], paper.content["amount"]) == (paid.receipt_number, [-5_000, "CNY"])
    assert ledger.house_balance(book_id=town.book_id, code="takings:cash") == yuan("0")
    assert _sound() == []


def test_reverse_payment_same_key_twice_is_one_reversal(room: Room, cashier: Actor) -> None:
    paid = _pay(cashier, room)
    first = reverse_payment(actor=cashier, payment_public_id=paid.payment_public_id, reason="wrong room")
    again = reverse_payment(actor=cashier, payment_public_id=paid.payment_public_id, reason="wrong room")
    assert (again.created, again.receipt_number) == (False, first.receipt_number)
    assert balance_of(account_id=room.account.pk) == yuan("0")
    with pytest.raises(UnknownPayment):
        reverse_payment(actor=cashier, payment_public_id=uuid4(), reason="wrong room")
    with pytest.raises(ReasonMissing):
        reverse_payment(actor=cashier, payment_public_id=paid.payment_public_id, reason="")


def test_a_wrong_refund_is_reversed_too(room: Room, cashier: Actor) -> None:
    _pay(cashier, room)
    refund = _refund(cashier, room, "20")
    result = reverse_payment(actor=cashier, payment_public_id=refund.payment_public_id, reason="not handed out")
    assert result.balance_after == yuan("50")
    assert _sound() == []


def test_takings_of_a_day_by_channel_and_cashier(town: Town, room: Room, cashier: Actor) -> None:
    _pay(cashier, room, "50")
    wrong = _pay(cashier, room, "7", token="t2")
    _refund(cashier, room, "20")
    reverse_payment(actor=cashier, payment_public_id=wrong.payment_public_id, reason="wrong room")
    (line,) = queries.takings_of_day(site_id=town.site.pk, day=date(2026, 11, 20), currency="CNY")
    assert (line.channel, line.till, line.cashier, line.count) == ("cash", "T1", "Carol", 3)
    assert (line.taken, line.refunded, line.reversed) == (yuan("50"), yuan("20"), yuan("7"))
    assert queries.takings_of_day(site_id=town.site.pk, day=date(2026, 11, 21), currency="CNY") == []


def test_a_trade_that_the_books_do_not_know_is_found(room: Room, cashier: Actor) -> None:
    paid = _pay(cashier, room)
    Payment.objects.filter(public_id=paid.payment_public_id).update(amount=5_100)
    assert [one.kind for one in queries.verify_payments()] == ["payment_amount"]
    Payment.objects.filter(public_id=paid.payment_public_id).update(amount=5_000, reversed_at="2026-11-20T00:00Z")
    assert [one.kind for one in queries.verify_payments()] == ["payment_reversal"]
    Payment.objects.filter(public_id=paid.payment_public_id).update(entry=None, reversed_at=None)
    assert [one.kind for one in queries.verify_payments()] == ["payment_amount"]


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from("prcvn"), st.integers(1, 5), st.integers(0, 4)), max_size=12))
def test_the_life_of_payments_always_adds_up(estate_clock: None, steps: list[tuple[str, int, int]]) -> None:
    """D13, I5: pay, pay again with the same token, refund, clear, reverse, in any order: the model's balance."""
    with transaction.atomic():
        room = Town.build().add_room()
        paid: dict[str, tuple[PaymentResult, int]] = {}
        undone: set[str] = set()
        balance = 0
        for place, (step, tens, pick) in enumerate(steps):
            amount = Money(tens * 1_000, "CNY")
            known = sorted(paid)
            match step:
                case "p" | "n":
                    token = known[pick % len(known)] if step == "n" and known else f"t{place}"
                    minor = paid[token][1] if token in paid else amount.minor
                    result = take_payment(
                        actor=ACTOR, account_id=room.account.pk, amount=Money(minor, "CNY"), channel="cash", token=token
                    )
                    assert result.created == (token not in paid)
                    if result.created:
                        balance += minor
                        paid[token] = (result, minor)
                case "r":
                    try:
                        refund_balance(
                            actor=ACTOR, account_id=room.account.pk, amount=amount, reason="why", channel="cash",
                            token=f"r{place}",
                        )  # fmt: skip
                        balance -= amount.minor
                    except RefundTooLarge:
                        assert balance < amount.minor
                case "c":
                    try:
                        clear_to_zero(actor=ACTOR, account_id=room.account.pk, reason="why", token=f"c{place}")
                    except NothingToClear:
                        assert balance == 0
                    balance = 0
                case _:
                    for token in known[pick : pick + 1]:
                        result, minor = paid[token]
                        reverse_payment(actor=ACTOR, payment_public_id=result.payment_public_id, reason="why")
                        balance -= 0 if token in undone else minor
                        undone.add(token)
            assert balance_of(account_id=room.account.pk).minor == balance
        assert _sound() == []
        transaction.set_rollback(True)


def test_every_story_is_allowed_to_the_role_that_runs(town: Town, room: Room, cashier: Actor) -> None:
    give_rights(connection.connection, app=APP)
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {APP}")
    paid = _pay(cashier, room)
    _refund(cashier, room, "20")
    reverse_payment(actor=cashier, payment_public_id=paid.payment_public_id, reason="wrong room")
    clear_to_zero(actor=cashier, account_id=room.account.pk, reason="left town", token="c1")
    assert verify_books(seals=True) == []
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Payment.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
