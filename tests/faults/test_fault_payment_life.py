"""D13: the life of a payment, in any order: paid, used up, asked back in parts, approved, refused, sent, lost, failed.

A model keeps what the account, its payments and its refunds must be; after each step the product must agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.fault_rows import Faults
from tests.faults.invariants import assert_sound
from tests.usecases_billing.town import ACTOR, Room
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse, order_of
from tests.usecases_online.test_online_refunds import settle
from typing_extensions import override

from prewatt.access.audit import Actor
from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.payments.models import Payment, Refund
from prewatt.payments.queries.verification import verify_online
from prewatt.payments.services import refunds as refund_services
from prewatt.testpay.values import Delivery
from prewatt.usecases import ask_refund as asking
from prewatt.usecases._money import balance_of
from prewatt.usecases.ask_refund import approve_refund, ask_refund, refuse_refund
from prewatt.usecases.send_refunds import send_due_refunds

HOUR_WH = 1_000
PRICE = 80  # fen an hour at 0.80 a kWh


@dataclass
class Paid:
    """A payment as it must be."""

    payment: Payment
    delivery: Delivery
    amount: int
    given: int = 0


@dataclass
class Asked:
    """A refund as it must be."""

    public_id: UUID
    of: Paid
    amount: int
    state: str = "requested"


@dataclass
class World:
    """One for all histories: a town, its provider, two persons. Each history has a room of its own."""

    house: PayHouse
    asker: Actor
    approver: Actor
    histories: int = 0
    steps: int = 0
    failed: list[str] = field(default_factory=list)


WORLD: list[World] = []


class PaymentLife(RuleBasedStateMachine):
    """Rules draw amounts around what is allowed, on both sides of it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = WORLD[0]
        self.world.histories += 1
        self.room: Room = self.world.house.town.add_room()
        self.paid: list[Paid] = []
        self.asked: list[Asked] = []
        self.used = 0
        self.hours = 0

    @property
    def balance(self) -> int:
        out = sum(one.amount for one in self.asked if one.state in {"approved", "sent", "succeeded"})
        return sum(one.amount for one in self.paid) - out - self.used

    def agree(self) -> None:
        self.world.steps += 1
        assert balance_of(account_id=self.room.account.pk) == Money(self.balance, "CNY")
        stored = dict(Refund.objects.filter(account=self.room.account).values_list("public_id", "state"))
        assert stored == {one.public_id: one.state for one in self.asked}
        for one in self.paid:
            given = sum(
                asked.amount for asked in self.asked
                if asked.of is one and asked.state in {"approved", "sent", "succeeded"}
            )  # fmt: skip
            assert Payment.objects.get(pk=one.payment.pk).refunded == given <= one.amount

    @initialize(minor=st.integers(1, 20_000))
    def begin(self, minor: int) -> None:
        self.pay(minor)

    def pay(self, minor: int) -> None:
        house = self.world.house
        view = house.start(self.room, Money(minor, "CNY"))
        delivery = house.pay(view)
        assert house.hear(delivery).body == b"success"
        payment = order_of(view).payment
        assert payment is not None
        self.paid.append(Paid(payment, delivery, minor))
        self.agree()

    @precondition(lambda self: len(self.paid) < 3)
    @rule(minor=st.integers(1, 20_000))
    def pay_more(self, minor: int) -> None:
        self.pay(minor)

    @rule(which=st.integers(0, 2))
    def tell_again(self, which: int) -> None:
        assert self.world.house.hear(self.paid[which % len(self.paid)].delivery).body == b"success"
        self.agree()

    @precondition(lambda self: self.hours < 20)
    @rule(hours=st.integers(1, 10))
    def use_power(self, hours: int) -> None:
        self.hours += hours
        self.world.house.town.read(
            self.room, f"2026-11-{1 + self.hours // 24:02}T{self.hours % 24:02}:00", self.hours * HOUR_WH
        )
        self.used = self.hours * PRICE
        self.agree()

    @rule(which=st.integers(0, 2), share=st.sampled_from([1, 10, 50, 90, 100, 101, 200]))
    def ask(self, which: int, share: int) -> None:
        paid = self.paid[which % len(self.paid)]
        minor = max(paid.amount * share // 100, 1)
        open_ = [one for one in self.asked if one.of is paid and one.state not in {"refused", "failed"}]
        is_allowed = minor <= paid.amount - sum(one.amount for one in open_) and minor <= self.balance
        try:
            line = ask_refund(
                actor=self.world.asker, payment_public_id=paid.payment.public_id, amount=Money(minor, "CNY"),
                reason="moves out", token=str(uuid4()),
            )  # fmt: skip
        except Refused:
            assert not is_allowed
        else:
            assert is_allowed
            self.asked.append(Asked(line.public_id, paid, minor))
        self.agree()

    @precondition(lambda self: any(one.state == "requested" for one in self.asked))
    @rule(which=st.integers(0, 9), yes=st.booleans())
    def decide(self, which: int, yes: bool) -> None:
        waiting = [one for one in self.asked if one.state == "requested"]
        one = waiting[which % len(waiting)]
        if not yes:
            refuse_refund(actor=self.world.approver, refund_public_id=one.public_id, note="not now")
            one.state = "refused"
        else:
            is_allowed = one.amount <= self.balance
            try:
                approve_refund(actor=self.world.approver, refund_public_id=one.public_id)
            except Refused:
                assert not is_allowed
            else:
                assert is_allowed
                one.state = "approved"
        self.agree()

    @precondition(lambda self: any(one.state in {"approved", "sent"} for one in self.asked))
    @rule(how=st.sampled_from(["sent", "away", "settled", "lost"]))
    def send(self, how: str) -> None:
        house = self.world.house
        house.away = how == "away"
        forgotten = {}
        if how == "lost":  # the provider does not know the order any more and refuses what it has not begun
            mine = {order_of_payment(one.of.payment) for one in self.asked}
            forgotten = {
                key: house.book.orders.pop(key) for key in list(house.book.orders) if key.split("/")[1] in mine
            }
        elif how == "settled":
            settle(house.book)
        _make_due(self.room.account.pk)
        send_due_refunds(actor=ACTOR)
        if how == "settled":  # what was sent only now has settled too
            settle(house.book)
            _make_due(self.room.account.pk)
            send_due_refunds(actor=ACTOR)
        house.away = False
        house.book.orders.update(forgotten)
        self._expect(how)
        self.agree()

    def _expect(self, how: str) -> None:
        known = {one.refund_no for one in self.world.house.book.refunds.values()}
        for one in self.asked:
            if one.state not in {"approved", "sent"}:
                continue
            number = Refund.objects.get(public_id=one.public_id).refund_no
            one.state = {"settled": "succeeded", "lost": "sent" if number in known else "failed"}.get(how, "sent")
            if how == "lost" and number in known:
                one.state = Refund.objects.get(public_id=one.public_id).state
                assert one.state in {"sent", "succeeded"}

    @override
    def teardown(self) -> None:
        self.agree()


def order_of_payment(payment: Payment) -> str:
    return str(payment.order.order_no)


def _make_due(account_id: int) -> None:
    """What other histories left on its way stays behind: one pass takes so many and no more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_refund SET next_query_at = next_query_at - interval '2 days' "
            "WHERE next_query_at IS NOT NULL AND account_id = %s",
            [account_id],
        )


@pytest.fixture
def world(pay_house: PayHouse) -> Iterator[World]:
    scope = pay_house.town.site.scope
    approver = Actor(process="web", user=make_cashier(scope, username="chief", role="administrator"))
    WORLD[:] = [World(pay_house, Actor(process="web", user=pay_house.user), approver)]
    yield WORLD[0]
    WORLD.clear()


def run(histories: int, *, steps: int = 8) -> None:
    run_state_machine_as_test(
        PaymentLife,
        settings=settings(
            max_examples=histories, stateful_step_count=steps, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.faults("D13")
def test_d13_whatever_becomes_of_a_payment_the_sums_are_right(world: World, faults: Faults) -> None:
    run(faults.times(short=8, full=400))
    faults.hit(world.histories)
    assert list(verify_online()) == []
    assert_sound()


@pytest.mark.faults("D13", control=True)
def test_d13_without_looking_at_the_balance_more_goes_back_than_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "require_refundable", lambda *_, **__: None)
    room = world.house.town.add_room()
    view = world.house.start(room, "10")
    world.house.hear(world.house.pay(view))
    world.house.town.read(room, "2026-11-20T11:00", 10_000)
    payment = order_of(view).payment
    assert payment is not None
    line = ask_refund(
        actor=world.asker,
        payment_public_id=payment.public_id,
        amount=Money(1_000, "CNY"),
        reason="moves out",
        token="t",
    )
    approve_refund(actor=world.approver, refund_public_id=line.public_id)
    assert balance_of(account_id=room.account.pk).minor < 0


@pytest.mark.faults("D13", control=True)
def test_d13_without_counting_what_went_back_more_goes_than_was_paid(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refund_services, "left_of", lambda payment: Money(payment.amount, payment.currency))
    monkeypatch.setattr(asking, "reserve", lambda **_: None)
    room = world.house.town.add_room()
    world.house.hear(world.house.pay(world.house.start(room, "10")))
    view = world.house.start(room, "10")
    world.house.hear(world.house.pay(view))
    payment = order_of(view).payment
    assert payment is not None
    for _ in range(2):
        line = ask_refund(
            actor=world.asker, payment_public_id=payment.public_id, amount=Money(1_000, "CNY"), reason="moves out",
            token=str(uuid4()),
        )  # fmt: skip
        approve_refund(actor=world.approver, refund_public_id=line.public_id)
    assert [one.kind for one in verify_online()] == ["payment_refunded"]
