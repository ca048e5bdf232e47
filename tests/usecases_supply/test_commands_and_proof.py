"""A command is what we wish, the status word what is: retries within a budget, proof, fences, and no war."""

from datetime import timedelta

import pytest
from tests.usecases_supply.mall import ACTOR, Mall

from prewatt.access.models import Action
from prewatt.cases.models import Case
from prewatt.estate.models import GatewayLease
from prewatt.kernel import clock
from prewatt.kernel.clock import machine_now
from prewatt.metering.comm import MeterCommReport
from prewatt.supply.models import Command, Relay
from prewatt.supply.values import CommandReport, RelayReport
from prewatt.usecases.reconcile_supply import reconcile_supply, watch_reconnections
from prewatt.usecases.record_comm_reports import record_comm_reports
from prewatt.usecases.record_command_reports import record_command_reports
from prewatt.usecases.record_relay_reports import record_relay_reports
from prewatt.usecases.review_due import review_due

pytestmark = pytest.mark.django_db


def off_queued(mall: Mall):
    """A room out of credit, its command waiting."""
    room = mall.rooms[0]
    mall.warn(room)
    mall.set_available(room, -1)
    assert mall.commands(room) == [("off", "queued")]
    return room


def time_is_up() -> None:
    Command.objects.update(deadline=machine_now() - timedelta(seconds=40))


def let_retry() -> None:
    Relay.objects.exclude(next_try_at=None).update(next_try_at=machine_now() - timedelta(seconds=1))


def test_a_claim_hands_out_once_and_names_the_lease():
    mall = Mall()
    room = off_queued(mall)
    [order] = mall.claim()
    assert (order.wanted, order.installation_id, order.epoch) == ("off", room.installation.pk, 1)
    assert not order.is_repeat
    assert order.bus_id == mall.town.bus.pk
    assert mall.commands(room) == [("off", "sent")]
    assert mall.claim() == []


def test_facts_of_the_field_have_an_action_when_something_follows_that_names_it():
    mall = Mall()
    room = mall.rooms[0]
    record_comm_reports(
        actor=ACTOR, meters=[MeterCommReport(room.installation.pk, "degraded", mall.now, 1, mall.epoch)]
    )
    mall.report(room, "on")
    assert not Action.objects.filter(verb__startswith="record_").exists()
    mall.report(room, "off")  # by hand: what is wished is commanded
    [action] = Action.objects.filter(pk__in=[mall.last_command(room).action_id])
    assert action.verb == "record_relay_reports"
    assert Action.objects.filter(verb__startswith="record_").count() == 1


def test_a_line_that_is_down_keeps_its_commands_where_a_newer_wish_can_void_them():
    mall = Mall()
    room = off_queued(mall)
    assert mall.claim(bus_ids=[]) == []
    assert mall.commands(room) == [("off", "queued")]
    assert not Action.objects.filter(verb="claim_commands").exists()
    mall.set_available(room, 1)
    assert mall.commands(room) == [("off", "voided")]
    assert not mall.is_held(room)
    assert reconcile_supply(actor=ACTOR) == 0


def test_another_epoch_gets_nothing_and_its_words_are_refused():
    mall = Mall()
    room = off_queued(mall)
    mall.epoch = 2
    assert mall.claim() == []
    mall.epoch = 1
    mall.claim()
    GatewayLease.objects.update(epoch=2)
    assert mall.tell_step(mall.last_command(room), "acknowledged", epoch=1).refused == 1
    assert mall.report(room, "off", epoch=1).refused == 1
    assert mall.relay(room).reported == "on"
    assert mall.commands(room) == [("off", "sent")]


def test_after_a_take_over_open_commands_are_handed_out_as_repeats():
    mall = Mall()
    room = off_queued(mall)
    mall.claim()
    GatewayLease.objects.update(epoch=2)
    mall.epoch = 2
    [order] = mall.claim()
    assert order.is_repeat
    assert mall.report(room, "off").applied == 1
    assert mall.commands(room) == [("off", "verified")]


def test_acknowledged_is_not_off():
    mall = Mall()
    room = off_queued(mall)
    mall.claim()
    mall.tell_step(mall.last_command(room), "acknowledged")
    assert mall.commands(room) == [("off", "acknowledged")]
    assert mall.relay(room).reported == "on"
    mall.tell_step(mall.last_command(room), "verified")
    assert mall.commands(room) == [("off", "acknowledged")], "the relay itself has not said so"
    mall.report(room, "off")
    assert mall.commands(room) == [("off", "verified")]
    assert mall.tell_step(mall.last_command(room), "verified").repeated == 1


def test_a_lost_confirmation_is_made_good_by_the_status_word():
    mall = Mall()
    room = off_queued(mall)
    mall.claim()
    mall.report(room, "off")
    assert mall.commands(room) == [("off", "verified")]


def test_a_status_word_from_before_the_command_proves_nothing():
    mall = Mall()
    room = off_queued(mall)
    before = mall.now - timedelta(seconds=5)
    mall.claim()
    record_relay_reports(actor=ACTOR, reports=[RelayReport(room.installation.pk, "on", before, 1)])
    assert mall.commands(room) == [("off", "sent")]
    mall.report(room, "off")
    record_relay_reports(actor=ACTOR, reports=[RelayReport(room.installation.pk, "on", before, 1)])
    assert mall.relay(room).reported == "off", "an older word that came late"


def test_an_expired_command_is_never_sent_and_the_decision_is_taken_again():
    mall = Mall()
    room = off_queued(mall)
    time_is_up()
    assert mall.claim() == []
    assert reconcile_supply(actor=ACTOR) == 1
    assert mall.commands(room) == [("off", "expired"), ("off", "queued")]
    time_is_up()
    mall.set_available(room, 5_000)
    assert reconcile_supply(actor=ACTOR) == 0
    assert mall.claim() == []
    assert not mall.relay(room).differs


def test_friendly_hours_that_begin_while_a_cut_waits_end_it():
    mall = Mall(friendly_from="20:00", friendly_to="08:00")
    room = mall.rooms[0]
    mall.wait(hours=7, minutes=48)  # 19:48
    mall.warn(room)  # 19:58
    mall.set_available(room, -1)
    time_is_up()
    mall.wait(minutes=5)
    assert reconcile_supply(actor=ACTOR) == 0
    assert mall.commands(room) == [("off", "expired")]
    assert mall.decisions(room)[-1] == ("spare", "friendly_hours")
    assert mall.relay(room).desired == "on"


def test_what_the_field_gives_back_unsent_costs_no_try():
    mall = Mall()
    room = off_queued(mall)
    for _ in range(5):
        mall.claim()
        mall.tell_step(mall.last_command(room), "expired", "gateway_down")
        let_retry()
        assert reconcile_supply(actor=ACTOR) == 1
    assert mall.relay(room).tries == 0
    assert mall.cases() == []


def test_a_sent_command_without_an_end_fails_and_is_tried_again():
    mall = Mall()
    room = off_queued(mall)
    mall.claim()
    time_is_up()
    assert reconcile_supply(actor=ACTOR) == 1
    assert mall.commands(room) == [("off", "failed"), ("off", "queued")]


def test_three_failures_then_a_person():
    mall = Mall()
    room = off_queued(mall)
    for _ in range(5):
        mall.claim()
        command = mall.last_command(room)
        if command.state == "sent":
            mall.tell_step(command, "failed", "refused")
        let_retry()
        reconcile_supply(actor=ACTOR)
    assert mall.commands(room) == [("off", "failed")] * 3
    assert mall.relay(room).stopped == "tries_spent"
    assert mall.cases() == ["command_failed"]


def test_back_off_is_kept():
    mall = Mall()
    room = off_queued(mall)
    mall.claim()
    mall.tell_step(mall.last_command(room), "failed", "no_answer")
    assert reconcile_supply(actor=ACTOR) == 0
    let_retry()
    assert reconcile_supply(actor=ACTOR) == 1


def test_a_refused_password_is_tried_once_and_calls_a_person():
    mall = Mall()
    room = off_queued(mall)
    mall.claim()
    mall.tell_step(mall.last_command(room), "failed", "password_refused")
    let_retry()
    assert reconcile_supply(actor=ACTOR) == 0
    assert mall.cases() == ["password_refused"]
    mall.set_available(room, 5_000)
    mall.set_available(room, -1)
    assert len(mall.commands(room)) == 1, "a new wish does not make the password right"


def test_a_stuck_relay_is_tried_once_more_calls_at_once_and_never_says_off():
    mall = Mall()
    room = off_queued(mall)
    mall.claim()
    mall.tell_step(mall.last_command(room), "failed", "relay_stuck")
    assert mall.cases() == ["command_failed"]
    let_retry()
    reconcile_supply(actor=ACTOR)
    mall.claim()
    mall.tell_step(mall.last_command(room), "failed", "relay_stuck")
    let_retry()
    assert reconcile_supply(actor=ACTOR) == 0
    assert len(mall.commands(room)) == 2
    assert mall.relay(room).reported == "on"


def test_a_new_wish_brings_a_fresh_budget_and_agreement_closes_the_case():
    mall = Mall()
    room = mall.rooms[0]
    mall.cut(room)
    mall.set_available(room, 500)
    for _ in range(3):
        mall.claim()
        mall.tell_step(mall.last_command(room), "failed", "refused")
        let_retry()
        reconcile_supply(actor=ACTOR)
    assert mall.relay(room).stopped == "tries_spent"
    assert mall.cases() == ["command_failed"]
    mall.report(room, "on")  # somebody helped
    assert "command_failed" not in mall.cases()
    assert mall.relay(room).stopped == ""


def test_opened_by_hand_one_command_and_a_case():
    mall = Mall()
    room = mall.rooms[0]
    mall.report(room, "off")
    assert mall.cases() == ["relay_differs"]
    assert mall.commands(room) == [("on", "queued")]
    mall.carry_out(room)
    assert mall.relay(room).reported == "on"
    mall.wait(minutes=10)
    mall.report(room, "off")
    reconcile_supply(actor=ACTOR)
    assert len(mall.commands(room)) == 1, "no war of commands"
    assert mall.relay(room).stopped == "changed_by_hand"
    assert "disconnected" not in mall.notices(room)


def test_opened_by_hand_and_the_one_command_fails():
    mall = Mall()
    room = mall.rooms[0]
    mall.report(room, "off")
    mall.claim()
    mall.tell_step(mall.last_command(room), "failed", "refused")
    let_retry()
    assert reconcile_supply(actor=ACTOR) == 0
    assert mall.commands(room) == [("on", "failed")]


def test_closed_by_hand_though_out_of_credit():
    mall = Mall()
    room = mall.rooms[0]
    mall.cut(room)
    mall.wait(minutes=30)
    mall.report(room, "on")
    assert mall.cases() == ["relay_differs"]
    reconcile_supply(actor=ACTOR)
    assert mall.carry_out(room).wanted == "off"
    assert len(mall.commands(room)) == 2


def test_a_relay_that_moves_late_was_ours():
    mall = Mall()
    room = off_queued(mall)
    mall.claim()
    mall.tell_step(mall.last_command(room), "failed", "no_answer")
    mall.report(room, "off")
    assert mall.cases() == []
    assert mall.relay(room).reported == "off"


def test_who_paid_and_stays_dark_becomes_a_case():
    mall = Mall()
    room = mall.rooms[0]
    mall.cut(room)
    mall.set_available(room, 500)
    assert watch_reconnections(actor=ACTOR) == 0
    mall.wait(seconds=61)
    assert watch_reconnections(actor=ACTOR) == 1
    assert mall.cases() == ["paid_not_on"]
    assert watch_reconnections(actor=ACTOR) == 0, "somebody was called"
    mall.wait(minutes=15)
    assert watch_reconnections(actor=ACTOR) == 1
    assert Case.objects.get().severity == "urgent"
    assert watch_reconnections(actor=ACTOR) == 0
    mall.carry_out(room)
    assert mall.cases() == []
    assert watch_reconnections(actor=ACTOR) == 0


def test_a_silent_meter_gets_no_command_until_it_is_heard():
    mall = Mall()
    room = mall.rooms[0]
    mall.cut(room)
    lost = MeterCommReport(room.installation.pk, "lost", mall.now, 3, 1)
    record_comm_reports(actor=ACTOR, meters=[lost])
    assert mall.cases() == ["meter_lost"]
    mall.set_available(room, 500)
    reconcile_supply(actor=ACTOR)
    assert mall.commands(room)[-1] == ("off", "verified")
    mall.report(room, "off", minutes=5)
    assert mall.cases() == []
    assert reconcile_supply(actor=ACTOR) == 1
    assert mall.carry_out(room).wanted == "on"


def test_a_lost_meter_whose_reading_comes_first_is_no_case_any_more():
    mall = Mall()
    room = mall.rooms[0]
    mall.cut(room)
    record_comm_reports(actor=ACTOR, meters=[MeterCommReport(room.installation.pk, "lost", mall.now, 3, 1)])
    assert mall.cases() == ["meter_lost"]
    mall.set_available(room, 500)
    Relay.objects.update(stopped="no_answer", tries=3)
    mall.wait(seconds=5)
    mall.town.read(room, mall.now, 0, epoch=1)
    assert mall.cases() == []
    assert mall.carry_out(room).wanted == "on", "with a fresh budget"


def test_reports_about_nothing_are_refused():
    mall = Mall()
    report = CommandReport(987_654_321, "acknowledged", machine_now(), 1)
    assert record_command_reports(actor=ACTOR, reports=[report]).refused == 1
    assert record_command_reports(actor=ACTOR, reports=[]).refused == 0
    assert record_relay_reports(actor=ACTOR, reports=[]).applied == 0
    assert mall.claim() == []


def test_an_exchanged_meter_proves_anew():
    mall = Mall()
    room = mall.rooms[0]
    Relay.objects.update(reported="unknown", installation=None)
    mall.report(room, "off")
    assert mall.cases() == [], "nothing was known, so nobody changed it"
    assert mall.relay(room).differs
    assert reconcile_supply(actor=ACTOR) == 1


def test_a_shadow_site_sends_nothing_even_if_a_relay_differs():
    mall = Mall(mode="shadow")
    room = mall.rooms[0]
    mall.report(room, "off")
    assert reconcile_supply(actor=ACTOR) == 0
    assert mall.commands(room) == []


def test_speed_of_the_estate_does_not_confuse_proof_and_command():
    mall = Mall()
    room = mall.rooms[0]
    mall.warn(room)
    clock.install(clock.EstateClock(machine_now(), mall.now, 60))
    mall.set_available(room, -1)
    mall.claim()
    report = RelayReport(room.installation.pk, "off", clock.estate_now(), 1)
    record_relay_reports(actor=ACTOR, reports=[report])
    assert mall.commands(room) == [("off", "verified")]
    assert review_due(actor=ACTOR) == 0
