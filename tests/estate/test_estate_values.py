import pytest

from prewatt.estate.values import first_seen, floor_order, unit_order


@pytest.mark.parametrize(
    ("code", "order"), [("1F", 1), ("12F", 12), ("B2", -2), ("b1", -1), ("-1F", -1), ("3层", 3), ("Roof", 77)]
)
def test_floors_stand_in_the_order_of_the_house(code: str, order: int) -> None:
    assert floor_order(code, fallback=77) == order


@pytest.mark.parametrize(
    ("code", "order"), [("101", 101), ("A-12", 12), ("2-07", 7), ("Cinema", 5), ("202500000001", 1)]
)
def test_units_stand_in_the_order_of_their_figures(code: str, order: int) -> None:
    assert unit_order(code, fallback=5) == order


def test_values_are_numbered_by_their_first_appearance() -> None:
    assert first_seen(["b", "a", "b", "c"]) == {"b": 0, "a": 1, "c": 2}
