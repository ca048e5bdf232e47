"""Many at once, on a database where everything commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from tests.fault_rows import Faults
from tests.usecases_billing.town import ACTOR, Room, Town
from tests.usecases_money.conftest import make_cashier

from prewatt.access.audit import Actor
from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.ledger import queries as ledger
from prewatt.ledger import services
from prewatt.payments import queries
from prewatt.payments.errors import BadPayment, RefundTooLarge
from prewatt.payments.models import Payment
from prewatt.usecases._money import balance_of
from prewatt.usecases.clear_to_zero import clear_to_zero
from prewatt.usecases.refund_balance import refund_balance
from prewatt.usecases.reverse_payment import reverse_payment
from prewatt.usecases.take_payment import KeyedRequest, take_payment, take_payment_by_key
from prewatt.usecases.work import unit_of_work


@pytest.fixture
def shop(module_database: str, estate_clock: None) -> Room:
    return Town.build().add_room()


def _at_once(workers: int, act: Callable[[int], Any]) -> list[Any]:
    """This function will run ``act(0..workers-1)`` in threads that start together; a refusal is a result too."""
    barrier = Barrier(workers)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return act(number)
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(workers)))


def _pay(room: Room, token: str, minor: int = 1_000) -> Any:
    token = f"{room.account.number}-{token}"
    return take_payment(
        actor=ACTOR, account_id=room.account.pk, amount=Money(minor, "CNY"), channel="cash", token=token, till="T1"
    )


def _sound() -> None:
    assert ledger.verify(seals=True) == []
    assert list(queries.verify_payments()) == []


@pytest.mark.faults("D17")
def test_the_same_token_from_sixteen_threads_is_one_credit(shop: Room, faults: Faults) -> None:
    results = _at_once(16, lambda _: _pay(shop, "token"))
    faults.hit(sum(not one.created for one in results))
    assert sum(one.created for one in results) == 1
    assert len({one.receipt_number for one in results}) == 1
    assert balance_of(account_id=shop.account.pk) == Money(1_000, "CNY")
    _sound()


def test_the_same_key_of_a_machine_from_eight_threads_is_one_answer(shop: Room) -> None:
    machine = Actor(
        process="api", user=make_cashier(shop.account.site.scope, username=shop.account.number, role="machine")
    )

    def ask(_: int) -> Any:
        request = KeyedRequest(key="k", body_hash="b", answer=lambda result: {"receipt": result.receipt_number})
        return take_payment_by_key(
            actor=machine, account_id=shop.account.pk, amount=Money(1_000, "CNY"), channel="transfer", request=request
        )

    results = _at_once(8, ask)
    assert sum(not repeated for _, repeated in results) == 1
    assert len({answer.answer["receipt"] for answer, _ in results}) == 1
    assert balance_of(account_id=shop.account.pk) == Money(1_000, "CNY")


def test_eight_threads_paying_one_account_lose_nothing(shop: Room) -> None:
    results = _at_once(8, lambda worker: [_pay(shop, f"{worker}-{number}", 100 + worker) for number in range(5)])
    numbers = sorted(result.receipt_number for several in results for result in several)
    assert numbers == [f"R-2026-T1-{number:06}" for number in range(1, 41)]
    assert balance_of(account_id=shop.account.pk).minor == 5 * sum(100 + worker for worker in range(8))
    _sound()


def test_numbers_have_no_gaps_though_some_are_refused(shop: Room) -> None:
    def act(number: int) -> Any:
        if number % 2:
            with unit_of_work(actor=ACTOR, verb="fail") as work:
                services.issue_document(
                    book_id=services.ensure_book(code=shop.account.site.code, issuer="Operator"), kind="receipt",
                    year=2026, point="T1", subject=("x", "x"), entry_id=None,
                    issued_at=work.now, content={},
                )  # fmt: skip
                raise BadPayment("after the number was drawn")
        return _pay(shop, f"t{number}")

    results = _at_once(8, act)
    refused = [one for one in results if isinstance(one, Refused)]
    numbers = sorted(one.receipt_number for one in results if not isinstance(one, Refused))
    assert len(refused) == 4
    assert numbers == [f"R-2026-T1-{number:06}" for number in range(1, 5)]
    _sound()


def test_refunds_at_once_never_give_back_more_than_there_is(shop: Room) -> None:
    _pay(shop, "t", 1_000)

    def refund(number: int) -> Any:
        return refund_balance(
            actor=ACTOR, account_id=shop.account.pk, amount=Money(300, "CNY"), reason="moves out", channel="cash",
            token=f"{shop.account.number}-r{number}",
        )  # fmt: skip

    results = _at_once(8, refund)
    assert sum(isinstance(one, RefundTooLarge) for one in results) == 5
    assert balance_of(account_id=shop.account.pk) == Money(100, "CNY")
    _sound()


def test_one_payment_is_reversed_once_by_eight_threads(shop: Room) -> None:
    paid = _pay(shop, "t")

    def undo(_: int) -> Any:
        return reverse_payment(actor=ACTOR, payment_public_id=paid.payment_public_id, reason="wrong room")

    results = _at_once(8, undo)
    assert sum(one.created for one in results) == 1
    assert balance_of(account_id=shop.account.pk) == Money(0, "CNY")
    _sound()


def test_one_clearing_by_eight_threads(shop: Room) -> None:
    _pay(shop, "t")

    def clear(_: int) -> Any:
        return clear_to_zero(actor=ACTOR, account_id=shop.account.pk, reason="left town", token="c")

    assert sum(one.created for one in _at_once(8, clear)) == 1
    assert balance_of(account_id=shop.account.pk) == Money(0, "CNY")
    _sound()


def test_sealing_while_eight_pay_takes_every_entry_into_one_day_or_the_next(shop: Room) -> None:
    def act(number: int) -> Any:
        if number == 0:
            with unit_of_work(actor=ACTOR, verb="seal") as work:
                book = services.ensure_book(code=shop.account.site.code, issuer="Operator")
                return services.seal_day(book_id=book, day=work.now.date())
        return [_pay(shop, f"{number}-{turn}") for turn in range(4)]

    results = _at_once(8, act)
    assert Payment.objects.filter(account=shop.account).count() == 28
    assert results[0].entries <= 28
    _sound()


def test_post_entry_same_key_from_eight_threads_is_one_entry(shop: Room) -> None:
    bucket = shop.account.buckets.get()
    with unit_of_work(actor=ACTOR, verb="test"):
        book = services.ensure_book(code=shop.account.site.code, issuer="Operator")
        house = services.house_account(book_id=book, code="takings:cash", currency="CNY")

    def post(_: int) -> Any:
        with unit_of_work(actor=ACTOR, verb="test") as work:
            lines = [
                services.PostingLine(bucket.ledger_account_id, Money(70, "CNY")),
                services.PostingLine(house, Money(-70, "CNY")),
            ]
            return services.post_entry(
                book_id=book, kind="x", cause_key="x", inputs={}, occurred_at=work.now, booking_date=work.now.date(),
                postings=lines,
            )  # fmt: skip

    results = _at_once(8, post)
    assert sum(one.created for one in results) == 1
    assert len({one.entry_id for one in results}) == 1
    assert balance_of(account_id=shop.account.pk) == Money(70, "CNY")
    assert ledger.verify(seals=True) == []
