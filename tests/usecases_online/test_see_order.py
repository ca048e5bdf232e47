"""The tenant's page walks paid, credited, command sent, power on; and says why when a step takes long."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from tests.usecases_billing.town import ACTOR, Room, Town
from tests.usecases_money.conftest import make_cashier
from tests.usecases_online.house import PayHouse, age, order_of, yuan

from prewatt.access.audit import Actor
from prewatt.access.models import Action, Outcome, User
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.payments.errors import BadPayment, OrderConflict, TooManyOrders, UnknownOrder
from prewatt.payments.models import Order
from prewatt.payments.providers.errors import WayNotOffered
from prewatt.payments.queries.orders import list_account_orders, list_callbacks, list_orders
from prewatt.supply.models import Command, Hold, Relay
from prewatt.tenancy.errors import RoleTooSmall, UnknownAccount
from prewatt.tenancy.models import AccountShare, Tenancy
from prewatt.usecases.see_order import note_return, see_order
from prewatt.usecases.start_order import start_order


def tenant(room: Room, role: str, *, name: str) -> User:
    """A login with a share of the room's account, and no other right."""
    user = User.objects.create(username=name, name=name, created_at=machine_now())
    AccountShare.objects.create(account=room.account, user=user, role=role, from_at=machine_now(), invited_by=None)
    return user


def test_who_may_pay_and_who_may_look(house: PayHouse, room: Room) -> None:
    payer, viewer = tenant(room, "payer", name="pat"), tenant(room, "viewer", name="vic")
    stranger = tenant(house.town.add_room(), "owner", name="eve")
    view = house.start(room, user=payer)
    assert see_order(user=viewer, public_id=view.public_id).public_id == view.public_id
    assert see_order(user=house.user, public_id=view.public_id).state == "pending"
    with pytest.raises(RoleTooSmall):
        house.start(room, user=viewer)
    with pytest.raises(UnknownAccount):
        house.start(room, user=stranger)
    for act in (see_order, lambda **who: note_return(actor=ACTOR, **who)):
        with pytest.raises(UnknownOrder):
            act(user=stranger, public_id=view.public_id)
        with pytest.raises(UnknownOrder):
            act(user=stranger, public_id=uuid4())
    refused = Action.objects.filter(verb="start_order", outcome=Outcome.REFUSED)
    assert refused.count() == 2, "guesses are on record"


def test_a_form_that_is_sent_twice_is_one_order(house: PayHouse, room: Room) -> None:
    first = house.start(room, token="one")
    assert house.start(room, token="one").public_id == first.public_id
    for change in ({"amount": "51"}, {"way": "qr"}):
        with pytest.raises(OrderConflict):
            house.start(room, token="one", **change)
    assert Order.objects.count() == 1
    with pytest.raises(WayNotOffered):
        house.start(room, way="jsapi")
    with pytest.raises(BadPayment):
        house.start(room, Money(0, "CNY"))
    with pytest.raises(BadPayment):
        house.start(room, Money(100, "EUR"))


def test_unpaid_orders_do_not_pile_up(house: PayHouse, room: Room) -> None:
    for _ in range(20):
        house.start(room)
    with pytest.raises(TooManyOrders):
        house.start(room)


def test_a_provider_that_is_away_is_tried_again_with_the_same_form(house: PayHouse, room: Room) -> None:
    house.away = True
    view = house.start(room, token="one")
    assert (view.state, view.started) == ("created", {})
    age(view, timedelta(seconds=20))
    assert see_order(user=house.user, public_id=view.public_id).slow == "provider_away"
    house.away = False
    view = house.start(room, token="one")
    assert (view.state, view.started["kind"], view.slow) == ("pending", "redirect", "")


def test_a_provider_that_refuses_ends_the_order(house: PayHouse, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(house.front.keys.merchants, "TP100001", None)
    view = house.start(room)
    assert view.state in {"failed", "created"}
    assert view.error
    assert view.is_over == (view.state == "failed")


def test_what_takes_long_is_said(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    assert see_order(user=house.user, public_id=view.public_id).slow == ""
    with time_machine.travel(machine_now() + timedelta(seconds=70), tick=False):
        assert see_order(user=house.user, public_id=view.public_id).slow == "waiting_for_provider"


def test_lists_are_within_the_scopes_of_a_login(house: PayHouse, room: Room) -> None:
    view = house.start(room)
    house.hear(house.pay(view))
    line = list_orders(user=house.user)[0]
    assert (line.public_id, line.state, line.amount) == (view.public_id, "credited", yuan("50"))
    assert [one.public_id for one in list_orders(user=house.user, text=line.order_no, states=["credited"])] == [
        view.public_id
    ]
    assert list_orders(user=house.user, site_id=house.town.site.pk, before_id=line.id) == []
    assert [one.public_id for one in list_account_orders(account_id=room.account.pk)] == [view.public_id]
    elsewhere = make_cashier(Town.build().site.scope, username="mallory", role="administrator")
    assert list_orders(user=elsewhere) == []
    assert list_callbacks(user=elsewhere) == []
    chief = make_cashier(house.town.site.scope, username="chief", role="administrator")
    assert [one.verdict for one in list_callbacks(user=chief, verdicts=["credited"])] == ["credited"]


def test_the_four_steps_are_walked(house: PayHouse, room: Room) -> None:
    view = house.start(room, "100")
    point = Tenancy.objects.get(account=room.account).metering_point
    Relay.objects.update_or_create(
        metering_point=point,
        defaults={"desired": "off", "reported": "off", "proven_at": machine_now(), "desired_at": machine_now()},
    )
    house.hear(house.pay(view))
    seen = see_order(user=house.user, public_id=view.public_id)
    assert (seen.needs_power, seen.command_at, seen.slow, seen.is_over) == (True, None, "power_held", False)
    Hold.objects.create(
        metering_point=point, reason="credit", effect="off", source_key="x", from_at=seen.created_at
    )  # fmt: skip
    assert see_order(user=house.user, public_id=view.public_id).slow == "not_enough"
    Hold.objects.all().delete()
    credited_at = order_of(view).credited_at
    assert credited_at is not None
    Relay.objects.filter(metering_point=point).update(desired="on")
    gateway = room.installation.bus.gateway
    command = Command.objects.create(
        installation=room.installation, metering_point=point, gateway=gateway, target="relay", wanted="on",
        cause="credit", deadline=machine_now(), state="queued", queued_at=machine_now(), estate_at=credited_at,
    )  # fmt: skip
    seen = see_order(user=house.user, public_id=view.public_id)
    assert (seen.command_at, seen.proven_at, seen.slow) == (credited_at, None, "")
    with time_machine.travel(machine_now() + timedelta(seconds=30), tick=False):
        assert see_order(user=house.user, public_id=view.public_id).slow == "meter_silent"
    Command.objects.filter(pk=command.pk).update(state="failed", ended_at=machine_now())
    assert see_order(user=house.user, public_id=view.public_id).slow == "command_failed"
    Command.objects.filter(pk=command.pk).update(state="verified")
    Relay.objects.filter(metering_point=point).update(reported="on", proven_at=credited_at)
    seen = see_order(user=house.user, public_id=view.public_id)
    assert (seen.proven_at, seen.needs_power, seen.slow, seen.is_over) == (credited_at, True, "", True)


def test_a_login_of_a_process_pays_for_nobody(house: PayHouse, room: Room) -> None:
    outsider = User.objects.create(username="out", created_at=machine_now())
    with pytest.raises(UnknownAccount):
        start_order(
            actor=Actor(process="web", user=outsider), user=outsider, account_public_id=uuid4(), amount=yuan("5"),
            merchant_public_id=house.merchant.public_id, way="page", token="t", return_url="/",
        )  # fmt: skip
