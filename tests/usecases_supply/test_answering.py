"""Who answers and who does not: one case for a gateway that is down, none for its meters; and back again."""

from datetime import timedelta

import pytest
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.metering.comm import GatewayCommReport, MeterCommReport, SweepReport
from prewatt.metering.models import BusState, GatewayState, MeterState
from prewatt.supply.models import Relay
from prewatt.usecases.ensure_months import ensure_months
from prewatt.usecases.record_comm_reports import FieldFaultReport, record_comm_reports, record_field_faults

pytestmark = pytest.mark.django_db


def meter(mall: Mall, room, comm: str, *, epoch: int = 1, **more):
    mall.wait(seconds=1)
    return MeterCommReport(room.installation.pk, comm, mall.now, 3 if comm == "lost" else 0, epoch, **more)


def gateway(mall: Mall, comm: str, *, epoch: int = 1):
    mall.wait(seconds=1)
    return GatewayCommReport(mall.gateway.pk, comm, mall.now, epoch, "connection refused")


def say(meters=(), gateways=(), sweeps=()) -> int:
    return record_comm_reports(actor=ACTOR, meters=meters, gateways=gateways, sweeps=sweeps)


def test_a_lost_meter_is_a_case_until_it_answers():
    mall = Mall()
    room = mall.rooms[0]
    assert say([meter(mall, room, "lost")]) == 1
    assert mall.cases() == ["meter_lost"]
    since = MeterState.objects.get().comm_since
    say([meter(mall, room, "lost")])
    assert MeterState.objects.get().comm_since == since
    say([meter(mall, room, "degraded", last_ok_at=mall.now)])
    assert mall.cases() == []
    assert MeterState.objects.get().comm == "degraded"


def test_a_gateway_that_is_down_is_one_case():
    mall = Mall(rooms=3)
    say([meter(mall, room, "lost") for room in mall.rooms[:2]])
    assert say(gateways=[gateway(mall, "lost")]) == 1
    say([meter(mall, mall.rooms[2], "lost")])
    assert mall.cases() == ["gateway_lost"]
    assert say(gateways=[gateway(mall, "lost")]) == 0, "nothing new"
    say(gateways=[gateway(mall, "online")])
    assert mall.cases() == []
    assert GatewayState.objects.get().comm == "online"


def test_meters_that_stay_silent_after_their_gateway_came_back_are_cases():
    mall = Mall(rooms=2)
    say(gateways=[gateway(mall, "lost")])
    say([meter(mall, room, "lost") for room in mall.rooms])
    say(gateways=[gateway(mall, "online")])
    say([meter(mall, mall.rooms[0], "online")])
    sweep = SweepReport(mall.town.bus.pk, mall.now, 900, 1, 1, 1, {"bad_checksum": 2}, 300)
    say(sweeps=[sweep])
    assert mall.cases() == ["meter_lost"]
    say(sweeps=[sweep])
    assert mall.cases() == ["meter_lost"]
    assert BusState.objects.get().rejected == {"bad_checksum": 2}


def test_an_older_lease_says_nothing():
    mall = Mall()
    say(
        [meter(mall, mall.rooms[0], "lost", epoch=0)],
        [gateway(mall, "lost", epoch=0)],
        [SweepReport(mall.town.bus.pk, mall.now, 1, 1, 1, 0)],
    )
    assert MeterState.objects.get().comm == "online"
    assert not GatewayState.objects.exists()
    assert not BusState.objects.exists()
    assert say() == 0


def test_relays_that_nobody_could_reach_get_a_fresh_budget():
    mall = Mall()
    room = mall.rooms[0]
    mall.cut(room)
    mall.set_available(room, 500)
    Relay.objects.update(stopped="no_answer", tries=3)
    say([meter(mall, room, "lost")])
    say([meter(mall, room, "online")])
    assert mall.relay(room).stopped == ""
    Relay.objects.update(stopped="password_refused")
    say([meter(mall, room, "lost")])
    say([meter(mall, room, "online")])
    assert mall.relay(room).stopped == "password_refused"


def test_a_wrong_clock_is_a_case_until_it_is_right():
    mall = Mall()
    say([meter(mall, mall.rooms[0], "online", clock_drift_s=-3_600)])
    assert mall.cases() == ["clock_drift"]
    say([meter(mall, mall.rooms[0], "online")])
    assert mall.cases() == ["clock_drift"], "its clock was not read"
    say([meter(mall, mall.rooms[0], "online", clock_drift_s=4)])
    assert mall.cases() == []


def test_what_the_field_met_is_put_before_a_person():
    mall = Mall()
    room = mall.rooms[0]
    faults = [
        FieldFaultReport(mall.gateway.pk, "address_clash", 3, room.installation.pk),
        FieldFaultReport(mall.gateway.pk, "bad_data", 9),
        FieldFaultReport(0, "bad_data", 1),
    ]
    assert record_field_faults(actor=ACTOR, faults=faults) == 2
    assert mall.cases() == ["address_clash", "field_rejected"]
    assert record_field_faults(actor=ACTOR, faults=[]) == 0


def test_partitions_are_made_ahead_and_once():
    mall = Mall()
    later = mall.now + timedelta(days=3_650)
    assert ensure_months(actor=ACTOR, from_at=later, to_at=later) == 8
    assert ensure_months(actor=ACTOR, from_at=later, to_at=later) == 0


def test_a_month_whose_rows_lie_elsewhere_stays_there():
    mall = Mall()
    mall.wait(days=2_000)  # to a month that no other test has made
    mall.set_available(mall.rooms[0], 0)
    made = ensure_months(actor=ACTOR, from_at=mall.now, to_at=mall.now)
    assert made == 7, "the present month's decisions lie in the default partition"
