"""Rows of the list of faults that the core answers for, each with a run in which its defence is switched off."""

from datetime import timedelta

import pytest
from tests.usecases_supply.mall import ACTOR, Mall
from tests.usecases_supply.street import street

from prewatt.kernel.clock import machine_now
from prewatt.notices.models import Notice
from prewatt.supply.commands import AfterFailure
from prewatt.supply.models import Command, Relay
from prewatt.supply.services import alarms, field
from prewatt.supply.values import ReviewResult
from prewatt.usecases import _supply
from prewatt.usecases.reconcile_supply import reconcile_supply
from prewatt.usecases.review_due import review_due

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]


def let_retry() -> None:
    Relay.objects.exclude(next_try_at=None).update(next_try_at=machine_now() - timedelta(seconds=1))


def work() -> None:
    let_retry()
    review_due(actor=ACTOR)
    reconcile_supply(actor=ACTOR)


# --- A29: a disconnection and a top-up cross each other --------------------------------------------------------------


def cross(seed: int, rooms: int) -> tuple[int, list[str]]:
    with street(seed=seed, rooms=rooms) as subject:
        subject.live_through(10)
        subject.settle()
        return subject.crossings, subject.disagreements()


@pytest.mark.faults("A29")
def test_whatever_crosses_the_end_is_the_ledgers(faults):
    wanted, seed = faults.times(short=10, full=2_000), 0
    while faults.hits < wanted:
        crossings, disagreements = cross(seed, rooms=12 if wanted < 100 else 100)
        assert not disagreements, f"seed {seed}: {disagreements[:5]}"
        faults.hit(crossings)
        seed += 1


@pytest.mark.faults("A29", control=True)
def test_without_working_on_differences_the_end_is_chance(monkeypatch):
    monkeypatch.setattr("prewatt.supply.services.queue_commands", lambda **_: [])
    monkeypatch.setattr(field, "queue_commands", lambda **_: [])
    assert cross(0, rooms=15)[1]


# --- A28: a command expires on its way -------------------------------------------------------------------------------


def trips_after_a_top_up(mall: Mall) -> int:
    """Out of credit, the line goes down for ten minutes, the tenant pays, the line is back: is anybody cut?"""
    room = mall.add_room()
    mall.warn(room)
    mall.set_available(room, -1)
    assert mall.claim(bus_ids=[]) == []
    mall.wait(minutes=10)
    Command.objects.filter(metering_point=room.point).update(deadline=machine_now() - timedelta(minutes=9))
    mall.set_available(room, 5_000)
    work()
    return sum(order.wanted == "off" and order.installation_id == room.installation.pk for order in mall.claim())


@pytest.mark.faults("A28")
def test_nobody_who_paid_meanwhile_is_cut(faults):
    mall = Mall(rooms=0, cuts_per_minute=1_000, cuts_per_day=10_000)
    for _ in range(faults.times(short=3, full=60)):
        assert trips_after_a_top_up(mall) == 0
        faults.hit()


@pytest.mark.faults("A28", control=True)
def test_if_holds_were_not_lifted_and_deadlines_not_kept_he_would_be_cut(monkeypatch):
    mall = Mall()
    room = mall.rooms[0]
    mall.warn(room)
    mall.set_available(room, -1)
    monkeypatch.setattr(_supply, "review_standings", lambda **_: ReviewResult())
    monkeypatch.setattr(field, "_CLAIM", field._CLAIM.replace("AND c.deadline > %(now)s", ""))
    monkeypatch.setattr(field, "has_commands_to_claim", lambda **_: True)
    monkeypatch.setattr("prewatt.supply.services.has_commands_to_claim", lambda **_: True)
    Command.objects.update(deadline=machine_now() - timedelta(minutes=9))
    mall.set_available(room, 5_000)
    assert [order.wanted for order in mall.claim()] == ["off"]


# --- A25, A26, A27: password refused, relay stuck, confirmation lost -------------------------------------------------


def fail_again_and_again(mall: Mall, error: str) -> int:
    """How often a room's command is handed out when each ends with this error."""
    room = mall.add_room()
    mall.warn(room)
    mall.set_available(room, -1)
    for _ in range(6):
        mall.claim()
        command = mall.last_command(room)
        if command.state == "sent":
            mall.tell_step(command, "failed", error)
        work()
    assert mall.relay(room).reported == "on"
    return Command.objects.filter(metering_point=room.point).exclude(sent_at=None).count()


@pytest.mark.faults("A25")
def test_a_refused_password_is_tried_once(faults):
    mall = Mall(rooms=0, cuts_per_minute=1_000)
    for _ in range(faults.times(short=2, full=20)):
        assert fail_again_and_again(mall, "password_refused") == 1
        faults.hit()
    assert set(mall.cases()) == {"password_refused"}


@pytest.mark.faults("A26")
def test_a_stuck_relay_is_tried_twice_and_never_called_off(faults):
    mall = Mall(rooms=0, cuts_per_minute=1_000)
    for _ in range(faults.times(short=2, full=20)):
        assert fail_again_and_again(mall, "relay_stuck") == 2
        faults.hit()
    assert set(mall.cases()) == {"command_failed"}


def _try_for_ever(*, error: str, tries: int, budget: int) -> AfterFailure:
    return AfterFailure(tries + 1, "", 1, call=False)


@pytest.mark.faults("A25", control=True)
@pytest.mark.faults("A26", control=True)
def test_without_a_budget_it_would_be_tried_for_ever(monkeypatch):
    monkeypatch.setattr(field, "after_failure", _try_for_ever)
    assert fail_again_and_again(Mall(rooms=0), "password_refused") > 2


def lose_the_confirmation(mall: Mall) -> tuple[str, str, int]:
    room = mall.add_room()
    mall.warn(room)
    mall.set_available(room, -1)
    mall.claim()
    mall.report(room, "off")
    work()
    command = mall.last_command(room)
    return command.state, mall.relay(room).reported, len(mall.commands(room))


@pytest.mark.faults("A27")
def test_a_lost_confirmation_is_made_good_by_the_status_word_without_a_repeat(faults):
    mall = Mall(rooms=0, cuts_per_minute=1_000, cuts_per_day=10_000)
    for _ in range(faults.times(short=5, full=200)):
        assert lose_the_confirmation(mall) == ("verified", "off", 1)
        faults.hit()


@pytest.mark.faults("A27", control=True)
def test_if_status_words_proved_nothing_it_would_stay_open(monkeypatch):
    monkeypatch.setattr(field, "_prove_commands", lambda _known: [])
    assert lose_the_confirmation(Mall(rooms=0))[0] == "sent"


# --- H8: somebody works the relay by hand ----------------------------------------------------------------------------


def open_by_hand_again_and_again(mall: Mall, times: int = 4) -> int:
    room = mall.add_room()
    for _ in range(times):
        mall.report(room, "off", minutes=10)
        work()
        if mall.claim():
            mall.report(room, "on", minutes=1)
    return len(mall.commands(room))


@pytest.mark.faults("H8")
def test_a_change_by_hand_gets_one_command_and_a_case(faults):
    mall = Mall(rooms=0)
    for _ in range(faults.times(short=2, full=30)):
        assert open_by_hand_again_and_again(mall) == 1
        faults.hit(4)
    assert "relay_differs" in mall.cases()


@pytest.mark.faults("H8", control=True)
def test_without_the_rule_there_would_be_a_war_of_commands(monkeypatch):
    monkeypatch.setattr(alarms, "CHANGED_BY_HAND", "")
    assert open_by_hand_again_and_again(Mall(rooms=0)) > 1


# --- I8, E5: what must never happen, whatever the balance ------------------------------------------------------------


def test_no_notice_arrives_so_nobody_is_cut():
    mall = Mall(rooms=5)
    for room in mall.rooms:
        mall.set_available(room, -100_000)
    Notice.objects.update(state="failed")
    for _ in range(5):
        mall.wait(days=1)
        work()
    assert not Command.objects.exists()
    assert {mall.relay(room).withheld for room in mall.rooms} == {"no_notice"}


def test_relays_are_left_alone_while_a_command_is_under_way():
    mall = Mall()
    room = mall.rooms[0]
    mall.warn(room)
    mall.set_available(room, -1)
    mall.claim()
    for _ in range(3):
        work()
    assert mall.commands(room) == [("off", "sent")]
