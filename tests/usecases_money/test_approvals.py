"""Two persons: who asks and who approves. Limits, races, what moved meanwhile, and how a request ends."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.usecases_billing.town import Room, Town, set_clock
from tests.usecases_money.conftest import make_cashier

from prewatt.access.audit import Actor
from prewatt.access.models import Action, Role
from prewatt.access.permissions import Permission
from prewatt.access.queries import get_alone_limit
from prewatt.approvals.errors import ApprovalAsked, ApprovalEnded, ApprovalStale, SameHands, UnknownApproval
from prewatt.approvals.models import Approval
from prewatt.kernel.errors import PrewattError
from prewatt.kernel.money import Money
from prewatt.ledger.queries import get_document
from prewatt.payments.errors import NothingToClear, RefundTooLarge
from prewatt.payments.models import Payment
from prewatt.usecases._money import balance_of
from prewatt.usecases.clear_to_zero import clear_to_zero
from prewatt.usecases.decide_approval import (
    approve_request,
    count_waiting,
    refuse_request,
    see_approval,
    see_decided,
    see_waiting,
    withdraw_request,
)
from prewatt.usecases.refund_balance import refund_balance
from prewatt.usecases.reverse_payment import reverse_payment
from prewatt.usecases.take_payment import take_payment


def yuan(text: str) -> Money:
    return Money.parse(text, "CNY")


@pytest.fixture
def chief(town: Town) -> Actor:
    return Actor("web", make_cashier(town.site.scope, username="mona", role="manager"))


@pytest.fixture
def money_desk(town: Town) -> Actor:
    return Actor("web", make_cashier(town.site.scope, username="fred", role="finance"))


def pay(room: Room, actor: Actor, amount: str = "2000", token: str = "t1") -> UUID:
    return take_payment(
        actor=actor, account_id=room.account.pk, amount=yuan(amount), channel="cash", token=token, till="T1"
    ).payment_public_id


def refund(room: Room, actor: Actor, amount: str = "500", token: str = "r1") -> None:
    refund_balance(
        actor=actor, account_id=room.account.pk, amount=yuan(amount), reason="moves out", channel="cash", token=token,
        till="T1",
    )  # fmt: skip


def clear(room: Room, actor: Actor, token: str = "c1") -> None:
    clear_to_zero(actor=actor, account_id=room.account.pk, reason="left town", token=token)


def asked_of(room: Room, actor: Actor, amount: str = "500", token: str = "r1") -> UUID:
    with pytest.raises(ApprovalAsked) as caught:
        refund(room, actor, amount, token)
    return caught.value.public_id


def balance(room: Room) -> Money:
    return balance_of(account_id=room.account.pk)


def test_up_to_the_limit_alone_above_it_by_two(room: Room, cashier: Actor, chief: Actor) -> None:
    pay(room, cashier)
    refund(room, cashier, "200", token="small")
    assert balance(room) == yuan("1800")
    number = asked_of(room, cashier, "200.01")
    assert asked_of(room, cashier, "200.01") == number, "sent twice, it is one request"
    assert balance(room) == yuan("1800"), "nothing moves before it is approved"
    assert chief.user is not None
    assert cashier.user is not None
    assert (count_waiting(user=chief.user), count_waiting(user=cashier.user)) == (1, 0)
    paper = approve_request(actor=chief, public_id=number)
    assert balance(room) == yuan("1599.99")
    assert get_document(public_id=paper).content["cashier"] == "Carol", "the till of who asked paid it out"
    row = see_approval(user=chief.user, public_id=number)
    assert (row.state, row.asked_by, row.decided_by, row.paper_id) == ("done", "Carol", "Mona", paper)
    refund(room, cashier, "200.01")
    assert balance(room) == yuan("1599.99"), "the same form again answers with what was done"
    assert see_waiting(user=chief.user) == []
    assert [one.public_id for one in see_decided(user=chief.user)] == [number]
    trail = Action.objects.filter(verb__in=["ask_approval", "approve_request"], outcome="done").order_by("pk")
    assert [(one.verb, str(one.actor)) for one in trail] == [
        ("ask_approval", "Carol"), ("ask_approval", "Carol"), ("approve_request", "Mona")
    ]  # fmt: skip


def test_clearing_and_reversal_wait_too(town: Town, room: Room, money_desk: Actor, chief: Actor) -> None:
    paid = pay(room, money_desk)
    with pytest.raises(ApprovalAsked) as clearing:
        clear(room, money_desk)
    with pytest.raises(ApprovalAsked) as reversal:
        reverse_payment(actor=money_desk, payment_public_id=paid, reason="wrong room")
    town.read(room, "2026-11-20T11:00", 10_000)
    approve_request(actor=chief, public_id=clearing.value.public_id)
    assert balance(room) == yuan("0"), "use that came meanwhile is reckoned in"
    approve_request(actor=chief, public_id=reversal.value.public_id)
    assert balance(room) == yuan("-2000")
    assert Payment.objects.get(public_id=paid).reversed_at is not None


def test_who_asked_does_not_approve_and_a_stranger_sees_nothing(room: Room, money_desk: Actor, cashier: Actor) -> None:
    pay(room, cashier, "5000")
    number = asked_of(room, money_desk, "1000.01")
    with pytest.raises(SameHands):
        approve_request(actor=money_desk, public_id=number)
    with pytest.raises(SameHands):
        approve_request(actor=Actor("worker"), public_id=number)
    for actor in (
        cashier,
        Actor("web", make_cashier(Town.build().site.scope, username="eve", role="manager")),
    ):
        with pytest.raises(UnknownApproval):
            approve_request(actor=actor, public_id=number)
    with pytest.raises(UnknownApproval):
        withdraw_request(actor=cashier, public_id=number)
    with pytest.raises(UnknownApproval):
        withdraw_request(actor=cashier, public_id=uuid4())
    assert balance(room) == yuan("5000")


def test_what_changed_meanwhile_is_not_approved(town: Town, room: Room, cashier: Actor, chief: Actor) -> None:
    pay(room, cashier)
    number = asked_of(room, cashier)
    pay(room, cashier, "7", token="t2")
    with pytest.raises(ApprovalStale):
        approve_request(actor=chief, public_id=number)
    assert balance(room) == yuan("2007")
    assert Approval.objects.get().state == "waiting", "the refusal undoes the claim"
    with pytest.raises(ApprovalEnded, match="Something else"):
        refund(room, cashier, "600")


def test_use_may_leave_too_little_to_give_back(town: Town, room: Room, cashier: Actor, chief: Actor) -> None:
    pay(room, cashier, "500")
    number = asked_of(room, cashier, "500")
    town.read(room, "2026-11-20T11:00", 10_000)
    with pytest.raises(RefundTooLarge):
        approve_request(actor=chief, public_id=number)
    with pytest.raises(RefundTooLarge):
        refund(room, cashier, "500", token="r9")


def test_refused_taken_back_and_run_out_are_ends(room: Room, cashier: Actor, chief: Actor) -> None:
    pay(room, cashier)
    first, second, third = (asked_of(room, cashier, token=token) for token in ("a", "b", "c"))
    refuse_request(actor=chief, public_id=first, note="not today")
    withdraw_request(actor=cashier, public_id=second)
    set_clock("2026-11-24T12:00")
    assert chief.user is not None
    assert [one.state for one in see_decided(user=chief.user)] == ["expired", "withdrawn", "refused"]
    for number in (first, second, third):
        with pytest.raises(ApprovalEnded):
            approve_request(actor=chief, public_id=number)
    with pytest.raises(ApprovalEnded, match="not approved"):
        refund(room, cashier, token="a")
    assert asked_of(room, cashier, token="c") != third, "one that ran out can be asked for again"
    assert balance(room) == yuan("2000")


def test_nothing_to_clear_is_not_asked_for(room: Room, money_desk: Actor) -> None:
    Role.objects.update(alone_up_to=0)
    with pytest.raises(NothingToClear):
        clear(room, money_desk)
    assert not Approval.objects.exists()


def test_the_limit_is_the_greatest_of_the_roles_that_give_the_right(town: Town, cashier: Actor) -> None:
    assert cashier.user is not None
    asked: dict[str, Any] = {"user": cashier.user, "scope": town.site.scope}
    assert get_alone_limit(permission=Permission.MONEY_REFUND, **asked) == 20_000
    assert get_alone_limit(permission=Permission.MONEY_CLEAR, **asked) == 20_000
    Role.objects.filter(code="cashier").update(alone_up_to=None)
    assert get_alone_limit(permission=Permission.MONEY_REFUND, **asked) is None
    assert get_alone_limit(permission=Permission.MONEY_CLEAR, **asked) == 0, "a right that it lacks has no limit"


def test_approved_by_many_at_once_it_is_done_once(committed_database: str, estate_clock: None) -> None:
    town = Town.build()
    room = town.add_room()
    carol = Actor("web", make_cashier(town.site.scope))
    chiefs = [Actor("web", make_cashier(town.site.scope, username=f"m{n}", role="manager")) for n in range(4)]
    pay(room, carol)
    number, barrier = asked_of(room, carol), Barrier(8)

    def approve(chief: Actor) -> object:
        try:
            barrier.wait(timeout=30)
            return approve_request(actor=chief, public_id=number)
        except PrewattError as error:
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(approve, chiefs * 2))
    assert sum(isinstance(end, UUID) for end in ends) == 1, ends
    assert {end for end in ends if not isinstance(end, UUID)} == {ApprovalEnded}
    assert balance(room) == yuan("1500")
    assert Payment.objects.filter(kind="refund").count() == 1
