"""Charts of the portal as plain SVG: drawn here, styled by the sheet, readable without a script. Pure.

Bars are stacked from valley at the foot to sharp on top, each band with its own pattern (``pw-b1`` … ``pw-b5``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 320
HEIGHT: Final = 132
LEFT: Final = 32
TOP: Final = 8
FOOT: Final = 18
GAP: Final = 0.22
"""Part of a bar's place that stays empty."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a bar, in units of the picture. ``kind``: a band's number, or ``ahead``."""

    x: int
    y: int
    width: int
    height: int
    kind: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label at an axis."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in tenths of a unit, so that every figure is whole."""

    width: int
    height: int
    left: int
    foot: int
    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    now: int | None


def draw(
    *,
    labels: Sequence[str],
    bands: Mapping[int, Sequence[int]],
    ahead: Sequence[int] = (),
    now: int | None = None,
    every: int = 7,
) -> Chart:
    """This function will draw stacked bars of Wh by place and band; ``ahead`` are places to come, ``labels`` name all.

    ``now`` is the place after which nothing is known; ``every`` so many places a label is written.
    """
    places = max(1, len(labels))
    known = max((len(values) for values in bands.values()), default=0)
    heights = [sum(max(0, bands[band][place] or 0) for band in bands) for place in range(known)] + list(ahead)
    step, steps = scale(max(heights, default=0))
    top, foot = TOP * 10, (HEIGHT - FOOT) * 10
    pitch = (WIDTH - LEFT) * 10 // places
    width = max(10, round(pitch * (1 - GAP)))
    bars: list[Bar] = []

    def y_of(wh: int) -> int:
        return foot - (foot - top) * wh // (step * steps)

    for place in range(known):
        below = 0
        x = LEFT * 10 + place * pitch
        for band in sorted(bands, reverse=True):
            wh = max(0, bands[band][place] or 0)
            if wh:
                upper, lower = y_of(below + wh), y_of(below)
                bars.append(Bar(x, upper, width, max(3, lower - upper), str(band)))
                below += wh
    for place, wh in enumerate(ahead, start=known):
        if wh:
            bars.append(Bar(LEFT * 10 + place * pitch, y_of(wh), width, foot - y_of(wh), "ahead"))
    lines = tuple(Mark(LEFT * 10 - 40, y_of(step * one), _kwh(step * one)) for one in range(steps + 1))
    marks = tuple(
        Mark(LEFT * 10 + place * pitch + width // 2, HEIGHT * 10 - 30, label)
        for place, label in enumerate(labels)
        if place % every == 0
    )
    return Chart(
        WIDTH * 10, HEIGHT * 10, LEFT * 10, foot, tuple(bars), lines, marks,
        None if now is None else LEFT * 10 + now * pitch,
    )  # fmt: skip


def scale(highest_wh: int) -> tuple[int, int]:
    """This function will return the step of the scale (1, 2 or 5 times a power of ten, in Wh), and how many."""
    wanted = (factor * 10**power for power in range(1, 15) for factor in (1, 2, 5))
    step = next(one for one in wanted if one * 3 >= highest_wh)
    return step, max(1, -(-highest_wh // step))


def _kwh(wh: int) -> str:
    if wh % 1_000 == 0:
        return f"{wh // 1_000:,}"
    return f"{wh / 1_000:.2f}".rstrip("0")
