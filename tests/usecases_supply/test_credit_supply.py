"""The balance places and lifts the hold; the hold decides the relay; the relay's own word closes the circle."""

from datetime import time, timedelta

import pytest
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.cases.services import start_progress
from prewatt.estate.models import GatewayLease, Place, SupplyMode
from prewatt.kernel.clock import machine_now
from prewatt.metering.models import GatewayState, MeterState, Reading
from prewatt.supply.models import Command, Decision, Hold, SupplyPolicy
from prewatt.usecases.reconcile_supply import end_due_holds, reconcile_supply
from prewatt.usecases.review_due import review_all, review_due
from prewatt.usecases.work import unit_of_work

pytestmark = pytest.mark.django_db


def test_out_of_credit_warned_cut_paid_and_on_again():
    mall = Mall()
    room = mall.rooms[0]
    mall.set_available(room, 0)
    assert mall.notices(room) == ["last_call"]
    assert mall.decisions(room) == [("spare", "no_notice")]
    assert mall.relay(room).withheld == "no_notice"

    mall.deliver_letters()
    assert review_due(actor=ACTOR) == 1
    assert mall.decisions(room)[-1] == ("spare", "notice_too_fresh")
    mall.wait(seconds=600)
    assert review_due(actor=ACTOR) == 1
    assert mall.is_held(room)
    assert mall.relay(room).desired == "off"
    assert mall.commands(room) == [("off", "queued")]
    assert mall.relay(room).reported == "on"

    done = mall.carry_out(room)
    assert done.state == "verified"
    assert mall.relay(room).reported == "off"
    assert not mall.relay(room).differs
    assert mall.notices(room) == ["last_call", "disconnected"]

    mall.set_available(room, 99)
    assert mall.is_held(room), "below the minimum reconnect balance"
    mall.set_available(room, 100)
    assert not mall.is_held(room)
    assert mall.carry_out(room).state == "verified"
    assert mall.relay(room).reported == "on"
    assert mall.decisions(room)[-2:] == [("cut", "no_credit"), ("restore", "in_credit")]
    assert mall.notices(room)[-1] == "reconnected"
    assert mall.cases() == []


def test_a_decision_is_written_when_the_answer_changes_and_not_again():
    mall = Mall()
    room = mall.rooms[0]
    for available in (0, -5, -10):
        mall.set_available(room, available)
    assert mall.decisions(room) == [("spare", "no_notice")]
    mall.set_available(room, 50_000)
    assert mall.decisions(room) == [("spare", "no_notice"), ("restore", "in_credit")]
    assert mall.relay(room).withheld == ""
    mall.set_available(room, 40_000)
    assert len(mall.decisions(room)) == 2


def test_a_decision_tells_everything_it_looked_at():
    mall = Mall()
    room = mall.rooms[0]
    mall.warn(room)
    mall.set_available(room, -1)
    decision = Decision.objects.get(metering_point_id=room.point.pk, answer="cut")
    assert decision.inputs["available"] == -1
    assert decision.inputs["account"]["proof"]["channel"] == "letterbox"
    command = mall.last_command(room)
    assert (command.decision_id, command.cause) == (decision.id, "no_credit")
    assert command.action_id == decision.action_id


def test_without_a_delivered_notice_nobody_is_cut():
    mall = Mall(rooms=3)
    for room in mall.rooms:
        mall.set_available(room, -100)
    mall.wait(days=30)
    review_due(actor=ACTOR)
    assert not Hold.objects.exists()
    assert not Command.objects.exists()


def test_friendly_hours_spare_and_their_end_cuts():
    mall = Mall(friendly_from=time(11), friendly_to=time(14))
    room = mall.rooms[0]
    mall.warn(room)
    mall.set_available(room, -1)
    assert mall.decisions(room)[-1] == ("spare", "friendly_hours")
    mall.wait(hours=2)
    assert review_due(actor=ACTOR) == 1
    assert mall.is_held(room)
    assert review_due(actor=ACTOR) == 0


def test_weekends_and_holidays_spare_by_the_calendar_of_the_site():
    mall = Mall(friendly_weekends=True)  # Friday 2026-11-20
    room = mall.rooms[0]
    mall.site.calendar_days.create(date="2026-11-20", kind="holiday")
    mall.warn(room)
    mall.set_available(room, -1)
    assert mall.relay(room).withheld == "friendly_day"
    mall.wait(days=1)
    assert review_due(actor=ACTOR) == 0, "a Saturday"
    mall.site.calendar_days.create(date="2026-11-21", kind="workday")
    assert review_due(actor=ACTOR) == 1
    assert mall.is_held(room)


@pytest.mark.parametrize("what", ["held_reading", "meter_lost", "gateway_lost", "no_collector"])
def test_what_is_not_sound_spares(what: str):
    mall = Mall()
    room = mall.rooms[0]
    mall.warn(room)
    match what:
        case "held_reading":
            Reading.objects.create(
                installation_id=room.installation.pk, kind=1, read_at=mall.now, received_at=mall.now, total_wh=5,
                quality=2,
            )  # fmt: skip
        case "meter_lost":
            MeterState.objects.update(comm="lost")
        case "gateway_lost":
            GatewayState.objects.create(gateway=mall.gateway, comm="lost", comm_since=mall.now)
        case _:
            GatewayLease.objects.update(until=machine_now() - timedelta(seconds=1))
    mall.set_available(room, -1)
    expected = {"held_reading": "reading_held", "no_collector": "gateway_lost"}.get(what, what)
    assert mall.decisions(room)[-1] == ("spare", expected)
    assert not mall.is_held(room)


def test_above_the_limit_all_stop_and_a_person_is_called():
    mall = Mall(rooms=7, cuts_per_minute=5)
    for room in mall.rooms:
        mall.warn(room)
    mall.wait(minutes=5)
    for room in mall.rooms:
        mall.set_available(room, -1)
    assert Hold.objects.filter(lifted_at=None).count() == 5
    assert mall.cases() == ["cut_limit"]
    assert SupplyPolicy.objects.get().stopped_at is not None
    assert sorted(mall.relay(room).withheld for room in mall.rooms)[-2:] == ["limit_minute", "stopped"]


def test_the_limit_holds_within_one_batch_too():
    mall = Mall(rooms=0, cuts_per_minute=2)
    first = mall.add_room()
    rooms = [first, *(mall.add_room(account=first.account) for _ in range(3))]
    mall.warn(first)
    mall.set_available(first, -1)
    assert [mall.is_held(room) for room in rooms] == [True, True, False, False]


def test_reconnections_are_never_limited():
    mall = Mall(rooms=0, cuts_per_minute=50)
    first = mall.add_room()
    rooms = [first, *(mall.add_room(account=first.account) for _ in range(11))]
    mall.warn(first)
    mall.set_available(first, -1)
    for room in rooms:
        mall.carry_out(room)
    SupplyPolicy.objects.update(cuts_per_minute=0, cuts_per_day=0, stopped_at=mall.now)
    mall.set_available(first, 500)
    assert Command.objects.filter(wanted="on", state="queued").count() == 12


def test_shadow_decides_and_records_and_sends_nothing():
    mall = Mall(mode=SupplyMode.SHADOW)
    room = mall.rooms[0]
    mall.set_available(room, -1)
    assert list(Decision.objects.values_list("mode", "answer")) == [("shadow", "cut")]
    assert mall.relay(room).shadow
    mall.set_available(room, -2)
    assert Decision.objects.count() == 1
    assert (mall.notices(room), Hold.objects.count(), Command.objects.count()) == ([], 0, 0)
    mall.set_available(room, 500)
    assert not mall.relay(room).shadow
    assert mall.decisions(room)[-1] == ("restore", "in_credit")


def test_off_reads_and_charges_only():
    mall = Mall(mode=SupplyMode.OFF)
    mall.set_available(mall.rooms[0], -1)
    assert (Decision.objects.count(), mall.notices(mall.rooms[0])) == (0, [])
    assert reconcile_supply(actor=ACTOR) == 0


def test_a_building_may_be_live_on_a_site_that_is_not():
    mall = Mall(mode=SupplyMode.OFF)
    Place.objects.filter(pk=mall.town.building.pk).update(supply_mode=SupplyMode.LIVE)
    room = mall.rooms[0]
    mall.warn(room)
    mall.set_available(room, -1)
    assert mall.is_held(room)


def test_own_use_is_never_held():
    mall = Mall(rooms=0)
    room = mall.add_room(own_use=True)
    mall.set_available(room, -100_000)
    assert (Decision.objects.count(), mall.notices(room)) == (0, [])


def test_while_history_is_loaded_nobody_is_cut_or_warned():
    mall = Mall()
    room = mall.rooms[0]
    mall.warn(room)
    with unit_of_work(actor=ACTOR, verb="load"):
        start_progress(scope=mall.site.scope, kind="history", total=10)
    mall.set_available(room, -1)
    assert mall.decisions(room)[-1] == ("spare", "loading")


def test_who_has_moved_out_no_longer_darkens_the_room():
    mall = Mall()
    room = mall.rooms[0]
    mall.cut(room)
    room.tenancy.period = type(room.tenancy.period)(room.tenancy.period.lower, mall.now)
    room.tenancy.save()
    review_all(actor=ACTOR)
    assert not mall.is_held(room)
    assert mall.decisions(room)[-1] == ("restore", "moved_out")
    assert mall.relay(room).desired == "on"


def test_a_hold_with_an_end_ends():
    mall = Mall()
    room = mall.rooms[0]
    Hold.objects.create(
        metering_point=room.point, reason="protection", effect="protect", from_at=mall.now,
        to_at=mall.now + timedelta(hours=1),
    )  # fmt: skip
    assert end_due_holds(actor=ACTOR) == 0
    mall.wait(hours=1)
    assert end_due_holds(actor=ACTOR) == 1
    assert Hold.objects.get().lifted_at is not None
