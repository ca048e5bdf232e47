"""frozen > locked off > protect > off; with none of them power is on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.supply import models
from prewatt.supply.effects import Effect, OpenHold, Wish, rule

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hold(effect: Effect, *, reason: str = "manual", from_at: datetime = NOW - HOUR, to_at: datetime | None = None):
    return OpenHold(reason, effect, from_at, to_at)


effects = st.sampled_from(list(Effect))


def test_without_holds_power_is_on():
    ruling = rule(holds=[], at=NOW)
    assert (ruling.wish, ruling.effect, ruling.frozen, ruling.protected) == (Wish.ON, None, False, False)


@pytest.mark.parametrize(
    ("effect", "wish"),
    [(Effect.FROZEN, Wish.LEAVE), (Effect.LOCKED_OFF, Wish.OFF), (Effect.PROTECT, Wish.ON), (Effect.OFF, Wish.OFF)],
)
def test_each_effect_alone(effect: Effect, wish: Wish):
    assert rule(holds=[hold(effect)], at=NOW).wish is wish


def test_protection_beats_credit_and_a_lock_beats_protection():
    credit, protect, lock = hold(Effect.OFF, reason="credit"), hold(Effect.PROTECT), hold(Effect.LOCKED_OFF)
    assert rule(holds=[credit, protect], at=NOW).protected
    assert rule(holds=[credit, protect, lock], at=NOW).wish is Wish.OFF
    assert rule(holds=[credit, protect, lock, hold(Effect.FROZEN)], at=NOW).frozen


def test_reasons_are_those_of_the_deciding_effect():
    ruling = rule(holds=[hold(Effect.OFF, reason="credit"), hold(Effect.OFF), hold(Effect.OFF)], at=NOW)
    assert ruling.reasons == ("credit", "manual")


def test_a_hold_acts_from_its_beginning_to_its_end():
    ended, coming = hold(Effect.OFF, to_at=NOW), hold(Effect.OFF, from_at=NOW + HOUR)
    assert rule(holds=[ended, coming], at=NOW).wish is Wish.ON
    assert rule(holds=[hold(Effect.OFF, to_at=NOW + HOUR)], at=NOW).wish is Wish.OFF


@given(st.lists(effects, max_size=6), effects)
def test_a_weaker_hold_never_changes_the_ruling(strong: list[Effect], added: Effect):
    before = rule(holds=[hold(one) for one in strong], at=NOW)
    after = rule(holds=[hold(one) for one in [*strong, added]], at=NOW)
    order = list(Effect)
    if before.effect is not None and order.index(added) >= order.index(before.effect):
        assert after.wish is before.wish
    else:
        assert after.effect is added


def test_the_table_knows_the_same_effects():
    assert {str(effect) for effect in Effect} == set(models.Effect.values)
