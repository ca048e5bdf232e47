"""The energy between readings over the hours of a chart."""

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from prewatt.rating.bands import Band
from prewatt.rating.hours import spread_over_hours
from prewatt.rating.segments import Segment
from prewatt.rating.usage import Interval

HOUR = 3_600_000_000
DAY = date(2026, 11, 20)


def _segments(*cuts: tuple[int, Band | None]) -> list[Segment]:
    """(from, band) …; the last one only ends."""
    return [Segment(begin, end, DAY, band, 1) for (begin, band), (end, _) in pairwise(cuts)]


def test_an_interval_is_cut_at_hours_and_bands() -> None:
    interval = Interval(HOUR // 2, 3 * HOUR, 2_500)
    segments = _segments((HOUR // 2, Band.FLAT), (3 * HOUR // 2, Band.PEAK), (3 * HOUR, None))
    found = spread_over_hours(interval=interval, segments=segments, starts_us=[0, HOUR, 2 * HOUR], end_us=3 * HOUR)
    assert found == {0: {Band.FLAT: 500}, 1: {Band.FLAT: 500, Band.PEAK: 500}, 2: {Band.PEAK: 1_000}}


def test_what_lies_outside_is_left_out_and_unpriced_time_is_flat() -> None:
    interval = Interval(0, 4 * HOUR, 400)
    segments = _segments((0, None), (4 * HOUR, None))
    found = spread_over_hours(interval=interval, segments=segments, starts_us=[HOUR, 2 * HOUR], end_us=3 * HOUR)
    assert found == {0: {Band.FLAT: 100}, 1: {Band.FLAT: 100}}


def test_an_hour_without_use_is_known() -> None:
    found = spread_over_hours(
        interval=Interval(0, HOUR, 0), segments=_segments((0, Band.VALLEY), (HOUR, None)), starts_us=[0], end_us=HOUR
    )
    assert found == {0: {Band.VALLEY: 0}}


@given(
    begin=st.integers(0, 5 * HOUR), length=st.integers(1, 5 * HOUR), wh=st.integers(0, 10**9),
    cut=st.floats(0.01, 0.99),
)  # fmt: skip
def test_the_hours_of_an_interval_add_up_to_it(begin: int, length: int, wh: int, cut: float) -> None:
    middle = begin + max(1, int(length * cut)) if length > 1 else begin + length
    bands: list[tuple[int, Band | None]] = [(begin, Band.PEAK)]
    if middle < begin + length:
        bands.append((middle, Band.VALLEY))
    segments = _segments(*bands, (begin + length, None))
    found = spread_over_hours(
        interval=Interval(begin, begin + length, wh), segments=segments, starts_us=[HOUR * one for one in range(10)],
        end_us=10 * HOUR,
    )  # fmt: skip
    assert sum(sum(hour.values()) for hour in found.values()) == wh
    assert all(share >= 0 for hour in found.values() for share in hour.values())
