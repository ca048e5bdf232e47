"""The room board's geometry and words, without a database."""

from uuid import UUID

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from prewatt.console.board import COLUMNS, blocks, legend, on_ruler, sentence, state_of, tile_html
from prewatt.console.states import RoomState
from prewatt.kernel.money import Money
from prewatt.supply.room_board import RoomTile


def tile(unit="307", **changes):
    facts = {
        "point_id": 7, "public_id": UUID(int=7), "code": f"1#-{unit}", "use": "tenant", "building_code": "1#",
        "building_name": "", "floor_code": "3F", "unit_code": unit, "account_id": 3, "customer": "Shiguang <Coffee>",
        "payment_mode": "prepaid", "desired": "on", "reported": "on", "frozen": False, "has_relay": True,
        "moving": False,
        "protected": False, "comm": "online", "today_wh": 17_600, "days_left": 9, "search": "1#-307 shiguang",
        "available": Money(26_764, "CNY"), "level": 0,
    }  # fmt: skip
    return RoomTile(**(facts | changes))


def test_a_tile_carries_its_three_figures_and_a_sentence_and_escapes_names():
    html = tile_html(tile(protected=True), 7)
    assert 'data-days="9"' in html
    assert 'data-balance="267"' in html
    assert 'data-today="18"' in html
    assert "pw-c7" in html
    assert "pw-t-shield" in html
    assert "Shiguang &lt;Coffee&gt;" in html
    assert "1#-307, Shiguang &lt;Coffee&gt;, On, available ¥267.64, protected" in html
    with override("zh-hans"):
        assert sentence(tile(), RoomState.NORMAL) == "1#-307, Shiguang <Coffee>, 通电, 可用 ¥267.64"


@pytest.mark.parametrize(
    ("changes", "face"),
    [
        ({"reported": "off"}, "#bolt-off"),
        ({"moving": True}, "#loader-2"),
        ({"comm": "lost"}, '<span aria-hidden="true">?</span>'),
        ({"available": Money(-5, "CNY")}, '<span aria-hidden="true">−</span>'),
        ({"payment_mode": "own_use", "available": None}, "pw-t-vacant"),
        ({"level": 2}, "pw-t-l2"),
        ({"days_left": None}, ">—<"),
    ],
)
def test_a_tile_speaks_by_shape(changes, face):
    assert face in tile_html(tile(**changes), 0)


def test_the_legend_adds_up_to_all_rooms():
    rows = [tile(), tile(level=1), tile(level=2, protected=True), tile(reported="off"), tile(comm="lost")]
    items = legend(rows)
    assert sum(item.count for item in items if item.code != "protected") == len(rows)
    assert {item.code: item.count for item in items}["protected"] == 1
    assert state_of(rows[0]) is RoomState.NORMAL


@given(numbers=st.lists(st.integers(0, 140), max_size=60))
def test_no_two_rooms_of_a_floor_share_a_place_on_the_ruler(numbers):
    placed = list(on_ruler([tile(f"{number:03d}") for number in numbers]))
    columns = [column for _, column in placed if column]
    assert len(columns) == len(set(columns))
    assert all(1 <= column <= COLUMNS for column in columns)
    assert len(placed) == len(numbers)
    assert len(columns) == min(len(numbers), COLUMNS)


def test_a_room_stands_under_its_own_number_when_it_is_free():
    placed = on_ruler([tile("302"), tile("3-02"), tile("305"), tile("shop")])
    assert [column for _, column in placed] == [2, 1, 5, 3]


def test_the_board_keeps_buildings_and_floors_in_their_order():
    rows = [tile("401", floor_code="4F"), tile("301"), tile("101", building_code="2#", floor_code="1F")]
    board = blocks(rows)
    assert [(block.code, block.rooms, [floor.code for floor in block.floors]) for block in board] == [
        ("1#", 2, ["4F", "3F"]),
        ("2#", 1, ["1F"]),
    ]
