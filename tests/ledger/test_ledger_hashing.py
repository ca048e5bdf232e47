from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.money import Money
from prewatt.ledger.documents import number_text
from prewatt.ledger.hashing import GENESIS, canonical, hash_content, hash_inputs, seal

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=5))
def test_the_order_of_keys_does_not_matter(inputs: dict[str, object]) -> None:
    assert hash_inputs("k", inputs) == hash_inputs("k", dict(reversed(inputs.items())))


def test_values_of_the_house_have_one_text() -> None:
    noon = datetime(2027, 3, 1, 4, tzinfo=UTC)
    there = noon.astimezone(timezone(timedelta(hours=8)))
    value = {
        "b": Money(5, "CNY"), "a": noon, "d": date(2027, 3, 1), "u": UUID(int=7), "n": None, "t": (True, 1, "电")
    }  # fmt: skip
    assert canonical(value) == (
        '{"a":"2027-03-01T04:00:00.000000+00:00","b":[5,"CNY"],"d":"2027-03-01","n":null,"t":[true,1,"电"],'
        '"u":"00000000-0000-0000-0000-000000000007"}'
    )
    assert canonical(noon) == canonical(there)


@pytest.mark.parametrize("value", [1.5, object(), datetime(2027, 3, 1), {"a": [0.1]}, {1, 2}])  # noqa: DTZ001 - the naive instant is the bad input
def test_what_has_no_exact_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_a_seal_stands_on_the_one_before_on_the_day_and_on_the_order() -> None:
    day = date(2027, 3, 1)
    first = seal(before=GENESIS, day=day, lines=["a", "b"])
    assert len(first) == 64
    assert len({
        first, seal(before=first, day=day, lines=["a", "b"]), seal(before=GENESIS, day=day, lines=["b", "a"]),
        seal(before=GENESIS, day=day + timedelta(days=1), lines=["a", "b"]), seal(before=GENESIS, day=day, lines=[]),
    }) == 5  # fmt: skip


def test_a_paper_hash_covers_number_and_words() -> None:
    assert hash_content("R-1", {"a": 1}) != hash_content("R-2", {"a": 1})
    assert hash_content("R-1", {"a": 1}) != hash_content("R-1", {"a": 2})
    assert number_text(kind="receipt", year=2027, point="T1", number=123) == "R-2027-T1-000123"
