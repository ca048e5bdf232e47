"""D14: a provider's day file with planted differences. All of them are found, none is invented, each can be settled."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import uuid4

import pytest
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import ACTOR
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.ledger.queries import house_balance
from prewatt.payments.models import Payment, StatementLine, Unmatched
from prewatt.payments.online import StatementSummary
from prewatt.payments.queries.statements import see_statement
from prewatt.payments.reconciliation import statement_zone
from prewatt.payments.services import statements as services
from prewatt.testpay.book import fee_of
from prewatt.usecases.reconcile_day import reconcile_day
from prewatt.usecases.settle_money import settle_difference

ROOMS: Final = 10


def today() -> date:
    return machine_now().astimezone(statement_zone("testpay")).date()


def read(house: PayHouse) -> StatementSummary:
    house.book.settings.statements_today = True
    return reconcile_day(actor=ACTOR, merchant_public_id=house.merchant.public_id, day=today())


def take(house: PayHouse, count: int) -> list[Payment]:
    rooms = [house.town.add_room() for _ in range(ROOMS)]
    for number in range(count):
        house.hear(house.pay(house.start(rooms[number % ROOMS], Money(1_000 + number, "CNY"))))
    return list(Payment.objects.order_by("pk"))


def plant(house: PayHouse, payments: Sequence[Payment], share: float) -> dict[str, set[str]]:
    """Drop, change and add lines, each as many times; the file's order is shuffled too."""
    draw = random.Random(14)
    each = max(int(len(payments) * share / 3), 1)
    picked = draw.sample(list(payments), 2 * each)
    gone, changed = picked[:each], picked[each:]
    at = int(machine_now().timestamp())
    added = {f"TX{draw.getrandbits(48):x}": draw.randrange(100, 10_000) for _ in range(each)}
    house.book.edits[today()] = [
        *({"trade_no": one.trade_no, "drop": True} for one in gone),
        *({"trade_no": one.trade_no, "amount": one.amount + draw.choice([-1, 1, 100])} for one in changed),
        *(
            {
                "add": {
                    "kind": "payment", "trade_no": trade, "order_no": uuid4().hex, "refund_no": "", "amount": minor,
                    "fee": fee_of(minor), "currency": "CNY", "at": at,
                }
            }
            for trade, minor in added.items()
        ),
    ]  # fmt: skip
    return {
        "missing_there": {one.trade_no for one in gone}, "other_amount": {one.trade_no for one in changed},
        "missing_here": set(added),
    }  # fmt: skip


def found() -> dict[str, set[str]]:
    rows: dict[str, set[str]] = {"missing_there": set(), "other_amount": set(), "missing_here": set()}
    for difference, trade_no in StatementLine.objects.exclude(difference="").values_list("difference", "trade_no"):
        rows[difference].add(trade_no)
    return rows


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.faults("D14")
def test_d14_every_planted_difference_is_found_and_none_is_invented(pay_house: PayHouse, faults: Faults) -> None:
    payments = take(pay_house, faults.times(short=30, full=600))
    planted = plant(pay_house, payments, 0.1 if not faults.full else 0.01)
    summary = read(pay_house)
    assert found() == planted
    faults.hit(sum(len(one) for one in planted.values()))
    assert summary.open == len(planted["missing_there"]) + len(planted["other_amount"]), "what is missing here is kept"
    assert set(Unmatched.objects.values_list("trade_no", flat=True)) == planted["missing_here"]
    again = read(pay_house)
    assert again == replace(summary, read_at=again.read_at), "read again, it says the same"
    assert found() == planted
    chief = Actor(
        process="web", user=make_cashier(pay_house.town.site.scope, username="chief", role="administrator")
    )  # fmt: skip
    assert chief.user is not None
    for one in see_statement(user=chief.user, public_id=summary.public_id)[1]:
        if one.resolved_at is None:
            settle_difference(actor=chief, line_public_id=one.public_id, how="write_off", note="looked at")
    assert read(pay_house).state == "settled"
    assert house_balance(book_id=pay_house.town.book_id, code="takings:testpay") == Money(0, "CNY")
    assert_sound(seals=True)


@pytest.mark.faults("D14")
def test_d14_a_day_that_agrees_has_no_difference(pay_house: PayHouse, faults: Faults) -> None:
    take(pay_house, faults.times(short=12, full=200))
    summary = read(pay_house)
    assert (summary.open, summary.missing_here, summary.missing_there, summary.other_amount) == (0, 0, 0, 0)
    faults.hit(summary.payments)
    assert_sound()


@pytest.mark.faults("D14", control=True)
def test_d14_who_compares_the_days_total_alone_finds_nothing(
    pay_house: PayHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two amounts that err against each other: line by line they are two differences, in the sum none."""
    one, other = take(pay_house, 2)
    pay_house.book.edits[today()] = [
        {"trade_no": one.trade_no, "amount": one.amount + 1}, {"trade_no": other.trade_no, "amount": other.amount - 1},
    ]  # fmt: skip
    monkeypatch.setattr(services, "_MATCH", services._MATCH.rsplit("UPDATE", 1)[0])
    summary = read(pay_house)
    assert (summary.gross, summary.open) == (Money(one.amount + other.amount, "CNY"), 0)
