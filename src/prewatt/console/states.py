"""The state language: one table for icon, tile shape, colour token and words; and the precedence of a room's states.

Colour never speaks alone: every state has an icon, a shape and a word. A room shows one primary state; protection is
a corner mark beside it.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Tone(StrEnum):
    """The colour tokens that a state may take; the hex values stand in the style sheet alone."""

    OK = "ok"
    LEVEL_1 = "l1"
    LEVEL_2 = "l2"
    OFF = "off"
    MOVING = "mv"
    LOST = "lost"
    ACCENT = "acc"
    QUIET = "ink2"
    FAINT = "ink3"


class RoomState(StrEnum):
    """What a room's tile says, most urgent to look at first: the order of the members is the precedence."""

    MOVING = "moving"
    LOST = "lost"
    OFF = "off"
    ARREARS = "arrears"
    EMERGENCY = "emergency"
    LEVEL_2 = "level_2"
    LEVEL_1 = "level_1"
    NORMAL = "normal"
    VACANT = "vacant"


@dataclass(frozen=True, slots=True)
class Look:
    """How one state looks and reads. ``shape`` is the tile's class without its prefix, empty for a plain tile."""

    icon: str
    tone: Tone
    label: Promise
    shape: str = ""
    turns: bool = False


ROOM: dict[RoomState, Look] = {
    RoomState.MOVING: Look("loader-2", Tone.MOVING, _("Under way"), "moving", turns=True),
    RoomState.LOST: Look("antenna-bars-off", Tone.LOST, _("Offline"), "lost"),
    RoomState.OFF: Look("bolt-off", Tone.OFF, _("Off"), "off"),
    RoomState.ARREARS: Look("minus", Tone.OFF, _("Arrears, still on"), "arrears"),
    RoomState.EMERGENCY: Look("chevrons-down", Tone.LEVEL_2, _("Emergency credit in use"), "l2"),
    RoomState.LEVEL_2: Look("hourglass-empty", Tone.LEVEL_2, _("Very low"), "l2"),
    RoomState.LEVEL_1: Look("hourglass-low", Tone.LEVEL_1, _("Low"), "l1"),
    RoomState.NORMAL: Look("bolt", Tone.OK, _("On")),
    RoomState.VACANT: Look("circle-dashed", Tone.FAINT, _("Not opened"), "vacant"),
}

PROTECTED = Look("shield-filled", Tone.ACCENT, _("Protected"))
CUT_REFUSED = Look("shield-check", Tone.QUIET, _("Disconnection refused"))

RELAY: dict[str, Look] = {
    "on": Look("bolt", Tone.OK, _("On")),
    "off": Look("bolt-off", Tone.OFF, _("Off")),
    "unknown": Look("help", Tone.LOST, _("Unknown")),
}

WANTED: dict[str, Look] = {
    "on": Look("bolt", Tone.OK, _("Restore")),
    "off": Look("bolt-off", Tone.OFF, _("Disconnect")),
    "leave": Look("lock", Tone.QUIET, _("Frozen")),
}

COMMAND: dict[str, Look] = {
    "queued": Look("clock-pause", Tone.LEVEL_1, _("Queued")),
    "sent": Look("send", Tone.MOVING, _("Sent")),
    "acknowledged": Look("send", Tone.MOVING, _("Acknowledged")),
    "verified": Look("circle-check", Tone.OK, _("Verified")),
    "failed": Look("alert-triangle", Tone.OFF, _("Failed")),
    "expired": Look("clock-x", Tone.LOST, _("Expired")),
    "voided": Look("ban", Tone.FAINT, _("Voided")),
}

COMM: dict[str, Look] = {
    "ok": Look("circle-check", Tone.OK, _("Online")),
    "online": Look("circle-check", Tone.OK, _("Online")),
    "degraded": Look("alert-triangle", Tone.LEVEL_2, _("Degraded")),
    "lost": Look("antenna-bars-off", Tone.LOST, _("Offline")),
}

SEVERITY: dict[str, Look] = {
    "urgent": Look("alert-triangle", Tone.LEVEL_2, _("Urgent")),
    "warning": Look("alert-circle", Tone.LEVEL_1, _("Warning")),
    "info": Look("info-circle", Tone.ACCENT, _("Information")),
}

UNKNOWN_LOOK = Look("help", Tone.LOST, _("Unknown"))


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What decides a tile. ``level`` is 0, 1 or 2, as the low-balance rule found it."""

    opened: bool
    moving: bool
    lost: bool
    reported: str
    available_minor: int | None
    level: int = 0
    emergency: bool = False


def primary_state(facts: RoomFacts) -> RoomState:
    """This function will choose the one state that a room shows, by the precedence of ``RoomState``."""
    owes = facts.available_minor is not None and facts.available_minor <= 0
    rules = (
        (facts.moving, RoomState.MOVING),
        (facts.lost, RoomState.LOST),
        (not facts.opened, RoomState.VACANT),
        (facts.reported == "off", RoomState.OFF),
        (owes, RoomState.ARREARS),
        (facts.emergency, RoomState.EMERGENCY),
        (facts.level == 2, RoomState.LEVEL_2),
        (facts.level == 1, RoomState.LEVEL_1),
    )
    return next((state for holds, state in rules if holds), RoomState.NORMAL)


def look_of(table: dict[str, Look], key: str) -> Look:
    """This function will return how a word from the database looks; a word that the table lacks reads as unknown."""
    return table.get(key, UNKNOWN_LOOK)
