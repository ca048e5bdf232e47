"""The room board's tiles: the state of each room, its place on the ruler, and its HTML."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from prewatt.console.states import ROOM, RoomFacts, RoomState, primary_state
from prewatt.console.templatetags.pw import icon_svg
from prewatt.console.topics import account_topic, room_topic
from prewatt.reports import formats
from prewatt.supply.room_board import RoomTile

COLUMNS: Final = 32
WITH_FIGURE: Final = frozenset({RoomState.NORMAL, RoomState.LEVEL_1, RoomState.LEVEL_2, RoomState.EMERGENCY})
"""In these states a tile holds a figure; in the others a sign."""


@dataclass(frozen=True, slots=True)
class Floor:
    """One row of the board."""

    code: str
    tiles: SafeString


@dataclass(frozen=True, slots=True)
class Block:
    """A building: its rows, how many rooms it has."""

    code: str
    name: str
    rooms: int
    floors: tuple[Floor, ...]


@dataclass(frozen=True, slots=True)
class LegendItem:
    """A state, how many rooms are in it; the legend is filter and count in one."""

    code: str
    label: str
    tile: SafeString
    count: int


def blocks(rows: Sequence[RoomTile]) -> list[Block]:
    """This function will draw the board: buildings in the site's order, floors in theirs, rooms on the ruler."""
    board = []
    for building, group in groupby(rows, key=lambda row: (row.building_code, row.building_name)):
        rooms = list(group)
        floors = [
            Floor(code, _join(tile_html(row, column) for row, column in on_ruler(list(on_floor))))
            for code, on_floor in groupby(rooms, key=lambda row: row.floor_code)
        ]
        board.append(Block(building[0], building[1], len(rooms), tuple(floors)))
    return board


def on_ruler(rows: Sequence[RoomTile]) -> Iterator[tuple[RoomTile, int]]:
    """This function will give each room of a floor its column: its own last two figures, else the next free one.

    A floor with more rooms than columns wraps: column 0 means that the browser places the tile.
    """
    taken: set[int] = set()
    wanted = {id(row): _own_column(row.unit_code) for row in rows}
    for row in rows:
        column = wanted[id(row)]
        if column in taken or column == 0:
            free = (number for number in range(1, COLUMNS + 1) if number not in taken and number not in wanted.values())
            column = next(free, 0)
        taken.add(column)
        yield row, column


def legend(rows: Sequence[RoomTile]) -> list[LegendItem]:
    """This function will count the rooms by state, in the order of the legend. The counts add up to all rooms."""
    counts = dict.fromkeys(RoomState, 0)
    for row in rows:
        counts[state_of(row)] += 1
    order = (
        RoomState.NORMAL, RoomState.LEVEL_1, RoomState.LEVEL_2, RoomState.EMERGENCY, RoomState.ARREARS, RoomState.OFF,
        RoomState.MOVING, RoomState.LOST, RoomState.VACANT,
    )  # fmt: skip
    items = [
        LegendItem(state.value, str(ROOM[state].label), _sample(state), counts[state])
        for state in order
        if counts[state] or state is not RoomState.EMERGENCY
    ]
    protected = sum(1 for row in rows if row.protected)
    return [*items, LegendItem("protected", _("Protected"), icon_svg("shield-filled", "pw-acc"), protected)]


def state_of(row: RoomTile) -> RoomState:
    """This function will choose the state that a room's tile shows."""
    return primary_state(
        RoomFacts(
            opened=row.opened, moving=row.moving, lost=row.lost, reported=row.reported,
            available_minor=None if row.available is None else row.available.minor, level=row.level,
        )
    )  # fmt: skip


def tile_html(row: RoomTile, column: int) -> SafeString:
    """This function will draw one tile. Its name is a sentence; all three figures travel with it."""
    state = state_of(row)
    look = ROOM[state]
    marks = (
        look.shape and f"pw-t-{look.shape}",
        "pw-t-shield" if row.protected else "",
        f"pw-c{column}" if column else "",
    )
    classes = " ".join(("pw-t", *filter(None, marks)))
    figures = (
        formats.UNKNOWN if row.days_left is None else str(max(0, row.days_left)),
        formats.short_money(row.available),
        formats.energy(row.today_wh, digits=0, unit=False),
    )
    return format_html(
        '<a class="{}" id="t-{}" href="{}" aria-label="{}" data-s="{}" data-topic="{}" data-col="{}" data-room="{}"'
        ' data-name="{}" data-q="{}" data-days="{}" data-balance="{}" data-today="{}">{}</a>',
        classes, row.public_id, _address(row), _name(row, state), state.value, _topics(row), column,
        row.unit_code.rpartition("-")[2], row.code, row.search, *figures, _face(state, figures[0]),
    )  # fmt: skip


def _name(row: RoomTile, state: RoomState) -> str:
    """This function will name a tile: what is written in it belongs to its name."""
    days = row.days_left
    if days is None or state not in WITH_FIGURE:
        return sentence(row, state)
    left = ngettext("%(n)s day left", "%(n)s days left", max(0, days)) % {"n": max(0, days)}
    return f"{sentence(row, state)}, {left}"


def sentence(row: RoomTile, state: RoomState) -> str:
    """This function will say a tile in words, for those who hear the board."""
    said = [row.code, row.customer, str(ROOM[state].label)]
    if row.available is not None:
        said.append(_("available %(amount)s") % {"amount": formats.money(row.available)})
    if row.protected:
        said.append(_("protected"))
    return ", ".join(part for part in said if part)


def _face(state: RoomState, figure: str) -> SafeString:
    match state:
        case RoomState.OFF | RoomState.MOVING:
            return icon_svg(ROOM[state].icon, "pw-turn" if ROOM[state].turns else "")
        case RoomState.ARREARS:
            return format_html('<span aria-hidden="true">{}</span>', pgettext("arrears, on a tile", "−"))
        case RoomState.LOST:
            return SafeString('<span aria-hidden="true">?</span>')
        case RoomState.VACANT:
            return SafeString()
        case _:
            return format_html('<span data-f aria-hidden="true">{}</span>', figure)


def _sample(state: RoomState) -> SafeString:
    shape = ROOM[state].shape
    figure = {RoomState.NORMAL: "33", RoomState.LEVEL_1: "6", RoomState.LEVEL_2: "2", RoomState.EMERGENCY: "1"}
    return format_html(
        '<span class="pw-t {}">{}</span>', f"pw-t-{shape}" if shape else "", _face(state, figure.get(state, ""))
    )


def _topics(row: RoomTile) -> str:
    """This function will name what the tile listens to: its room, and the account whose money it shows."""
    room = room_topic(row.point_id)
    return room if row.account_id is None else f"{room} {account_topic(row.account_id)}"


def _address(row: RoomTile) -> str:
    return reverse("console:room", args=[row.public_id])


def _own_column(unit: str) -> int:
    figures = "".join(sign for sign in unit if sign.isdigit())[-2:]
    number = int(figures) if figures else 0
    return number if number <= COLUMNS else 0


def _join(parts: Iterable[SafeString]) -> SafeString:
    return SafeString("".join(parts))
