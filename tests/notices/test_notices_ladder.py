"""Each step is told once in a descent; a balance that hovers brings one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.notices.ladder import LadderFacts, Rung, Step, cause_key, climb, depth, floor_of
from prewatt.notices.models import NoticeKind


def facts(available: int, *, daily_cost: int | None = None, rearm: int = 100) -> LadderFacts:
    return LadderFacts(available, level_1=10_000, level_2=3_000, last_call_s=3_600, rearm=rearm, daily_cost=daily_cost)


def walk(*balances: int, rung: Rung | None = None) -> tuple[Rung, list[Step]]:
    told = []
    rung = rung or Rung()
    for available in balances:
        move = climb(rung=rung, facts=facts(available))
        rung = move.rung
        if move.warn is not None:
            told.append(move.warn)
    return rung, told


def test_the_descent_tells_each_step():
    assert walk(20_000, 10_000, 5_000, 3_000, 1, 0, -500)[1] == [Step.LEVEL_1, Step.LEVEL_2, Step.LAST_CALL]


def test_a_fall_past_several_steps_warns_of_the_deepest_alone():
    assert walk(20_000, 0)[1] == [Step.LAST_CALL]


def test_hovering_at_a_threshold_brings_one_message():
    around = [10_001, 10_000, 9_999] * 300
    assert walk(20_000, *around)[1] == [Step.LEVEL_1]
    assert walk(20_000, *([1, -1] * 500))[1] == [Step.LEVEL_2, Step.LAST_CALL]


def test_recovered_and_sunk_again_is_told_again_under_another_name():
    first, _ = walk(3_000)
    recovered, told = walk(6_000, rung=first)
    assert recovered == Rung(Step.LEVEL_1, 2)
    assert told == []
    again, told = walk(2_000, rung=recovered)
    assert told == [Step.LEVEL_2]
    names = {cause_key(account="a", step=Step.LEVEL_2, turn=turn) for turn in (first.turn, again.turn)}
    assert len(names) == 2


def test_the_last_call_comes_when_what_is_left_lasts_no_longer_than_its_term():
    assert depth(facts(500, daily_cost=12_000)) is Step.LAST_CALL
    assert depth(facts(501, daily_cost=12_000)) is Step.LEVEL_2
    assert depth(facts(0)) is Step.LAST_CALL
    assert floor_of(Step.LEVEL_2, facts(0, daily_cost=240_000)) == 10_000
    assert floor_of(Step.LEVEL_1, facts(0, daily_cost=2_400_000)) == 100_000


def test_clear_has_no_floor():
    with pytest.raises(ValueError, match="no floor"):
        floor_of(Step.CLEAR, facts(0))


def test_steps_are_kinds_of_notices():
    assert {step.kind for step in Step if step is not Step.CLEAR} <= set(NoticeKind.values)


@given(st.lists(st.integers(-5_000, 30_000), max_size=40))
def test_no_warning_is_named_twice(balances: list[int]):
    names, rung = [], Rung()
    for available in balances:
        move = climb(rung=rung, facts=facts(available))
        assert move.rung.turn >= rung.turn
        rung = move.rung
        if move.warn is not None:
            names.append(cause_key(account="a", step=move.warn, turn=rung.turn))
        assert rung.step >= depth(facts(available))
    assert len(names) == len(set(names))


@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=40))
def test_a_descent_without_recovery_tells_each_step_once(balances: list[int]):
    told = walk(*sorted(balances, reverse=True))[1]
    assert told == sorted(set(told))
