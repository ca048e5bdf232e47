"""One table says how every state looks; a room shows one state, by precedence."""

import json
from itertools import product
from pathlib import Path

import pytest

from prewatt.console import states
from prewatt.console.labels import LABELS
from prewatt.console.states import ROOM, Look, RoomFacts, RoomState, primary_state
from prewatt.estate.models import SupplyMode
from prewatt.metering.models import CommState, Quality, ReadingKind
from prewatt.notices.models import Channel, NoticeKind, NoticeState
from prewatt.payments.models import PaymentChannel
from prewatt.rating.bands import BANDS
from prewatt.supply.models import CommandState, Desired, Effect, HoldReason, Reported
from prewatt.tenancy.models import PaymentMode

ICONS = json.loads((Path(__file__).parents[2] / "frontend" / "icons.json").read_text())
WELL = RoomFacts(opened=True, moving=False, lost=False, reported="on", available_minor=10_000)


def test_every_state_of_the_database_has_its_look_and_its_words():
    assert set(states.COMMAND) == set(CommandState.values)
    assert set(states.RELAY) == set(Reported.values)
    assert set(Desired.values) <= set(states.WANTED)
    assert set(CommState.values) <= set(states.COMM)
    assert set(LABELS["channel"]) == set(PaymentChannel.values)
    assert set(LABELS["mode"]) == set(SupplyMode.values)
    assert set(LABELS["hold"]) == set(HoldReason.values)
    assert set(LABELS["effect"]) == set(Effect.values)
    assert set(LABELS["notice"]) == set(NoticeKind.values)
    assert set(LABELS["notice_channel"]) == set(Channel.values)
    assert set(LABELS["notice_state"]) == set(NoticeState.values)
    assert set(LABELS["payment_mode"]) == set(PaymentMode.values)
    assert set(LABELS["reading"]) == {str(kind) for kind in ReadingKind.values}
    assert set(LABELS["quality"]) == {str(quality) for quality in Quality.values}
    assert set(LABELS["band"]) == {str(int(band)) for band in BANDS}
    assert set(ROOM) == set(RoomState)


def _looks():
    tables = (ROOM, states.RELAY, states.WANTED, states.COMMAND, states.COMM, states.SEVERITY)
    return [look for table in tables for look in table.values()] + [states.PROTECTED, states.CUT_REFUSED]


@pytest.mark.parametrize("look", _looks(), ids=lambda look: f"{look.icon}-{look.label}")
def test_no_state_speaks_by_colour_alone(look: Look):
    names = {*ICONS["outline"], *(f"{name}-filled" for name in ICONS["filled"])}
    assert look.icon in names
    assert str(look.label)


def test_states_that_need_a_person_differ_by_shape():
    shapes = [ROOM[state].shape for state in RoomState if state is not RoomState.EMERGENCY]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, RoomState.NORMAL),
        ({"level": 1}, RoomState.LEVEL_1),
        ({"level": 2}, RoomState.LEVEL_2),
        ({"emergency": True, "level": 2}, RoomState.EMERGENCY),
        ({"available_minor": 0, "level": 2}, RoomState.ARREARS),
        ({"available_minor": -5, "reported": "off"}, RoomState.OFF),
        ({"opened": False, "reported": "off"}, RoomState.VACANT),
        ({"lost": True, "reported": "off"}, RoomState.LOST),
        ({"moving": True, "lost": True}, RoomState.MOVING),
        ({"available_minor": None}, RoomState.NORMAL),
    ],
)
def test_the_most_urgent_state_is_shown(changes, state):
    facts = {name: getattr(WELL, name) for name in WELL.__slots__} | changes
    assert primary_state(RoomFacts(**facts)) is state


def test_precedence_is_the_order_of_the_members():
    order = list(RoomState)
    for moving, lost, owes, level in product((False, True), (False, True), (False, True), (0, 1, 2)):
        facts = RoomFacts(
            opened=True, moving=moving, lost=lost, reported="on", available_minor=-1 if owes else 1, level=level
        )
        holding = [RoomState.NORMAL]
        holding += [RoomState.MOVING] * moving + [RoomState.LOST] * lost + [RoomState.ARREARS] * owes
        holding += [{1: RoomState.LEVEL_1, 2: RoomState.LEVEL_2}[level]] if level else []
        assert primary_state(facts) is min(holding, key=order.index)


def test_a_word_that_the_table_lacks_reads_as_unknown():
    assert states.look_of(states.COMMAND, "teleported") is states.UNKNOWN_LOOK
