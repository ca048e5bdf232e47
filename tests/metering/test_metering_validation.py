"""Verdicts on readings, and the row that accepted ones form."""

import itertools
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.metering.arrays import to_array, to_int_array, to_nested_array
from prewatt.metering.chain import Merged, NewReading, force_reading, merge_readings
from prewatt.metering.validation import (
    Accepted,
    Held,
    HeldCause,
    Limits,
    Marker,
    Point,
    energy_between,
    is_stuck,
    validate_reading,
)
from prewatt.rating.bands import Band
from prewatt.rating.errors import NoPayer, NoTariff
from prewatt.rating.usage import UsagePart

HOUR = 3_600_000_000
FULL = 10**9
LIMITS = Limits(0, None, FULL, 1, 10_000)
RATED = Limits(0, None, FULL, 1, 10_000, needs_rates=True)
DAY = date(2026, 11, 1)


def judge(
    previous: Point,
    new: Point,
    following: Point | None = None,
    marker: Marker | None = None,
    limits: Limits = LIMITS,
    now: int = 1_000 * HOUR,
) -> HeldCause | None:
    verdict = validate_reading(
        previous=previous, new=new, following=following, marker=marker, limits=limits, now_us=now
    )
    return verdict.cause if isinstance(verdict, Held) else None


def at(hours: int, wh: int, *rates: int) -> Point:
    return Point(hours * HOUR, wh, rates)


@pytest.mark.parametrize(
    ("previous", "new", "cause"),
    [
        (at(0, 0), at(1, 10_000), None),
        (at(0, 0), at(1, 16_010), None),
        (at(0, 0), at(1, 16_011), HeldCause.JUMP),
        (at(0, 100), at(1, 99), HeldCause.ROLLBACK),
        (at(0, 100), at(1, 100), None),
        (at(0, FULL - 10), at(1, 90), None),
        (at(0, FULL // 2), at(1, 90), HeldCause.ROLLBACK),
        (at(0, FULL - 10), at(1, FULL // 5), HeldCause.ROLLBACK),
        (at(5, 100), at(5, 100), None),
        (at(5, 100), at(5, 101), HeldCause.CONTRADICTION),
        (at(5, 100), at(5, 99), HeldCause.CONTRADICTION),
        (at(0, 0), at(1_001, 0), HeldCause.FUTURE),
        (at(0, 0), at(-1, 0), HeldCause.OUTSIDE),
        (at(0, 0), at(1, -1), HeldCause.BAD_VALUE),
        (at(0, 0), at(1, FULL), HeldCause.BAD_VALUE),
    ],
)
def test_a_step(previous: Point, new: Point, cause: HeldCause | None) -> None:
    assert judge(previous, new) is cause


def test_after_the_meter_left() -> None:
    limits = Limits(0, 10 * HOUR, FULL, 1, 10_000)
    assert judge(at(0, 0), at(10, 0), limits=limits) is None
    assert judge(at(0, 0), at(11, 0), limits=limits) is HeldCause.OUTSIDE


def test_the_multiplier_counts() -> None:
    limits = Limits(0, None, FULL, 10, 10_000)
    assert judge(at(0, 0), at(1, 1_610), limits=limits) is None
    assert judge(at(0, 0), at(1, 1_611), limits=limits) is HeldCause.JUMP


@pytest.mark.parametrize(
    ("previous", "new", "cause"),
    [
        (at(0, 0, 0, 0), at(1, 1_000, 400, 600), None),
        (at(0, 0, 0, 0), at(1, 1_000, 410, 610), None),
        (at(0, 0, 0, 0), at(1, 1_000, 420, 610), HeldCause.BAD_RATES),
        (at(0, 0, 9, 0), at(1, 1_000, 8, 0), HeldCause.BAD_RATES),
        (at(0, 0, 0, 0), at(1, 1_000, 0), HeldCause.BAD_RATES),
        (at(0, 0, 0, 0), at(1, 1_000, -1, 0), HeldCause.BAD_RATES),
        (at(0, 0, 0, 0), at(1, 1_000), None),
        (at(0, 0), at(1, 1_000, 1, 1), None),
        (at(0, FULL - 10, FULL - 10, 0), at(1, 90, 90, 0), None),
    ],
)
def test_rate_registers_matter_where_the_tariff_asks(previous: Point, new: Point, cause: HeldCause | None) -> None:
    assert judge(previous, new, limits=RATED) is cause
    assert judge(previous, new) is None


def test_a_late_reading_leads_on() -> None:
    assert judge(at(0, 0), at(1, 5_000), at(2, 6_000)) is None
    assert judge(at(0, 0), at(1, 7_000), at(2, 6_000)) is HeldCause.CONTRADICTION
    assert judge(at(0, 0), at(98, 0), at(99, 900_000)) is HeldCause.CONTRADICTION
    assert judge(at(0, 500), at(1, 600), at(2, 100)) is None, "a person accepted the fall"
    assert judge(at(0, 500), at(1, 50), at(2, 100)) is HeldCause.ROLLBACK


def test_an_accepted_leap_may_lie_on_either_side() -> None:
    assert judge(at(0, 0), at(1, 1_000), at(2, 900_000)) is None
    assert judge(at(0, 0), at(1, 899_000), at(2, 900_000)) is None
    assert judge(at(0, 0), at(1, 901_000), at(2, 900_000)) is HeldCause.CONTRADICTION


def test_a_held_line_goes_on_until_the_true_one_returns() -> None:
    marker = Marker(at(2, 900_000), HeldCause.JUMP)
    assert judge(at(0, 0), at(900, 905_000), marker=marker) is HeldCause.JUMP
    assert judge(at(0, 0), at(3, 2_000), marker=marker) is None
    assert judge(at(0, 0), at(1, 2_000), marker=marker) is None, "older than the marker"
    assert judge(at(0, 0), at(1, 2_000), at(2, 3_000), marker=marker) is None, "within the accepted row"


def test_what_was_counted() -> None:
    assert energy_between(first=at(0, 5), second=at(1, 8), limits=LIMITS) == (3, (), False)
    assert energy_between(first=at(0, FULL - 5), second=at(1, 8), limits=LIMITS) == (13, (), True)
    assert energy_between(first=at(0, 500), second=at(1, 8), limits=LIMITS) == (0, (), False)
    assert energy_between(first=at(0, 0, 1, 2), second=at(1, 9, 5, 7), limits=RATED) == (9, (4, 5), False)
    assert energy_between(first=at(0, 0, 1, 2), second=at(1, 9, 5, 1), limits=RATED) == (9, (), False)
    assert energy_between(first=at(0, 0, 1, 2), second=at(1, 9, 5), limits=RATED) == (9, (), False)
    assert energy_between(first=at(0, 0, 1, 2), second=at(1, 9, 5, 7), limits=LIMITS) == (9, (), False)


def test_stuck() -> None:
    assert not is_stuck(moved_us=None, read_us=10**18)
    assert not is_stuck(moved_us=0, read_us=167 * HOUR)
    assert is_stuck(moved_us=0, read_us=168 * HOUR)


def rate(first: Point, second: Point) -> Sequence[UsagePart]:
    wh = energy_between(first=first, second=second, limits=LIMITS).total_wh
    return [UsagePart(1, DAY, 1, DAY, Band.FLAT, wh)] if wh else []


def merge(existing: Sequence[Point], *points: Point, marker: Marker | None = None) -> Merged:
    return merge_readings(
        existing=existing, new=[NewReading(point, 1) for point in points], limits=LIMITS, marker=marker,
        now_us=10_000 * HOUR, rate=rate,
    )  # fmt: skip


def total(merged: Merged) -> int:
    return sum(part.wh for part in merged.gained) - sum(part.wh for part in merged.lost)


def test_a_late_reading_parts_a_pair() -> None:
    merged = merge([at(0, 0), at(4, 4_000)], at(2, 1_000))
    assert [part.wh for part in merged.lost] == [4_000]
    assert [part.wh for part in merged.gained] == [1_000, 3_000]
    assert merged.points == (at(0, 0), at(2, 1_000), at(4, 4_000))


def test_of_two_at_one_instant_the_fuller_speaks() -> None:
    merged = merge([at(0, 0), at(4, 4_000)], at(4, 4_000, 1, 2))
    assert merged.points[-1].rates_wh == (1, 2)
    assert total(merged) == 0
    nothing = merge([at(0, 0), at(4, 4_000, 1, 2)], at(4, 4_000))
    assert not nothing.gained
    assert not nothing.lost


@pytest.mark.parametrize(("error", "cause"), [(NoPayer, HeldCause.NO_PAYER), (NoTariff, HeldCause.NO_TARIFF)])
def test_what_cannot_be_rated_is_held(error: type[Exception], cause: HeldCause) -> None:
    def fails(first: Point, second: Point) -> Sequence[UsagePart]:
        raise error("no")

    merged = merge_readings(
        existing=[at(0, 0)], new=[NewReading(at(1, 5), 1)], limits=LIMITS, marker=None, now_us=9 * HOUR, rate=fails
    )
    assert [one[1] for one in merged.held] == [cause]
    assert merged.marker is None


def test_a_held_jump_leaves_a_marker_and_the_true_line_takes_it_away() -> None:
    merged = merge([at(0, 0)], at(1, 900_000))
    assert merged.marker == Marker(at(1, 900_000), HeldCause.JUMP)
    assert merge([at(0, 0)], at(2, 1_000), marker=merged.marker).marker is None
    assert merge([at(0, 0)], at(20_000, 0), marker=merged.marker).marker == merged.marker, "the future says nothing"


def test_a_person_overrules() -> None:
    merged = force_reading(existing=[at(0, 0), at(3, 10)], reading=NewReading(at(1, 900_000), 1), rate=rate)
    assert merged.points == (at(0, 0), at(1, 900_000), at(3, 10))
    assert total(merged) == 900_000 - 10


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_row(steps: list[int], rng: "object") -> None:
    totals = itertools.accumulate(steps)
    points = [at(hour + 1, wh) for hour, wh in enumerate(totals)]
    shuffled = list(points)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands a random.Random
    row: tuple[Point, ...] = (at(0, 0),)
    wh = 0
    for point in shuffled:
        merged = merge(row, point)
        row, wh = merged.points, wh + total(merged)
        assert not merged.held
    assert row == (at(0, 0), *points)
    assert wh == points[-1].total_wh


def test_verdicts_are_values() -> None:
    assert Accepted() == Accepted()


def test_array_literals() -> None:
    assert to_array([1, None, 3]) == "{1, NULL, 3}"
    assert to_array([None, DAY]) == "{NULL,2026-11-01}"
    assert to_array([]) == "{}"
    assert to_array([DAY, DAY]) == "{2026-11-01,2026-11-01}"
    assert to_array(["jump", ""]) == '{"jump",""}'
    assert to_array([True, False]) == "{True, False}"
    assert to_int_array([1, 2]) == "{1, 2}"
    assert to_int_array([]) == "{}"
    assert to_int_array([Band.FLAT]) == "{3}"
    assert to_nested_array([(1, 2), (), [3]]) == '{"{1, 2}", "{}", "{3}"}'
    with pytest.raises(ValueError, match="array literal"):
        to_array(['a"b'])
