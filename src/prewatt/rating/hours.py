"""The energy between readings, laid out over the hours of a chart. Pure: instants in microseconds, whole watt-hours.

A chart's hours are cut as charges are: each boundary takes the rounded share of the energy up to it, so that the hours
of an interval add up to it, whatever the cuts.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from prewatt.rating.bands import Band
from prewatt.rating.segments import Segment
from prewatt.rating.usage import Interval


def spread_over_hours(
    *, interval: Interval, segments: Sequence[Segment], starts_us: Sequence[int], end_us: int
) -> dict[int, dict[Band, int]]:
    """This function will return Wh by place of the hour in ``starts_us`` and band; what lies outside is left out.

    ``segments`` cover the interval; a stretch without a band counts as flat. Hours that the interval touches are there,
    with nothing used too.
    """
    found: dict[int, dict[Band, int]] = defaultdict(dict)
    length_us, done_wh = interval.to_us - interval.from_us, 0
    for from_us, to_us, band in _cut(segments, (*starts_us, end_us)):
        reached_wh = (2 * interval.total_wh * (to_us - interval.from_us) + length_us) // (2 * length_us)
        wh, done_wh = reached_wh - done_wh, reached_wh
        if starts_us[0] <= from_us < end_us:
            hour = found[bisect_right(starts_us, from_us) - 1]
            hour[band] = hour.get(band, 0) + wh
    return dict(found)


def _cut(segments: Iterable[Segment], cuts_us: Sequence[int]) -> Iterable[tuple[int, int, Band]]:
    for segment in segments:
        from_us, band = segment.from_us, segment.band or Band.FLAT
        for cut_us in cuts_us[bisect_right(cuts_us, from_us) :]:
            if cut_us >= segment.to_us:
                break
            yield from_us, cut_us, band
            from_us = cut_us
        yield from_us, segment.to_us, band
