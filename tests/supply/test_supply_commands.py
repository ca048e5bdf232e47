"""The life of a command is the table, and a failure costs what it costs."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from prewatt.supply import models
from prewatt.supply.commands import LIVE, TRIES, WAIT_S_MAX, Event, State, after_failure, sources, step

ENDS = set(State) - set(LIVE)


def test_the_table_knows_the_same_states():
    assert {str(state) for state in State} == set(models.CommandState.values)
    assert {str(state) for state in LIVE} == {str(state) for state in models.LIVE_STATES}


def test_the_ordinary_life():
    assert step(State.QUEUED, Event.SEND) is State.SENT
    assert step(State.SENT, Event.ACKNOWLEDGE) is State.ACKNOWLEDGED
    assert step(State.ACKNOWLEDGED, Event.PROVE) is State.VERIFIED


def test_only_what_is_still_ours_is_voided():
    assert step(State.QUEUED, Event.VOID) is State.VOIDED
    assert step(State.SENT, Event.VOID) is None


def test_a_command_nobody_sent_is_not_proven():
    assert step(State.QUEUED, Event.PROVE) is None
    assert set(sources(Event.PROVE)) == {State.SENT, State.ACKNOWLEDGED}


@pytest.mark.parametrize("end", sorted(ENDS))
@pytest.mark.parametrize("event", list(Event))
def test_an_end_is_an_end(end: State, event: Event):
    assert step(end, event) is None


class Life(RuleBasedStateMachine):
    """Whatever happens in whatever order: forwards only, and never from an end."""

    ORDER = (State.QUEUED, State.SENT, State.ACKNOWLEDGED)

    def __init__(self) -> None:
        super().__init__()
        self.state = State.QUEUED
        self.seen: list[State] = [State.QUEUED]

    @rule(event=st.sampled_from(list(Event)))
    def happen(self, event: Event) -> None:
        new = step(self.state, event)
        if new is not None:
            assert self.state in LIVE
            self.state = new
            self.seen.append(new)

    @invariant()
    def forwards(self) -> None:
        live = [state for state in self.seen if state in LIVE]
        assert [self.ORDER.index(state) for state in live] == sorted({self.ORDER.index(state) for state in live})
        assert len([state for state in self.seen if state in ENDS]) <= 1


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=50, stateful_step_count=12)


def test_three_tries_then_a_person():
    first = after_failure(error="refused", tries=0, budget=TRIES)
    second = after_failure(error="refused", tries=first.tries, budget=TRIES)
    third = after_failure(error="refused", tries=second.tries, budget=TRIES)
    assert (first.stopped, first.call, first.wait_s) == ("", False, 5)
    assert (second.stopped, second.wait_s) == ("", 10)
    assert (third.stopped, third.call) == ("tries_spent", True)


def test_a_refused_password_is_never_repeated():
    after = after_failure(error="password_refused", tries=0, budget=TRIES)
    assert (after.stopped, after.call) == ("password_refused", True)


def test_a_stuck_relay_is_repeated_once_and_calls_at_once():
    first = after_failure(error="relay_stuck", tries=0, budget=TRIES)
    assert (first.stopped, first.call) == ("", True)
    assert after_failure(error="relay_stuck", tries=first.tries, budget=TRIES).stopped == "relay_stuck"


def test_after_a_change_by_hand_we_say_it_once():
    assert after_failure(error="no_answer", tries=0, budget=1).stopped == "no_answer"


@pytest.mark.parametrize("error", ["gateway_down", "deadline_passed"])
def test_what_was_never_sent_costs_nothing(error: str):
    after = after_failure(error=error, tries=1, budget=1)
    assert (after.tries, after.stopped, after.call) == (1, "", False)


def test_waiting_has_a_limit():
    assert after_failure(error="refused", tries=20, budget=99).wait_s == WAIT_S_MAX
