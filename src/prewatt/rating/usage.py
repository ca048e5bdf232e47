"""The energy between two readings, laid out over who pays, which month, which version, which day and which band.

Whole watt-hours throughout: each boundary takes the rounded share of the energy up to it, and a part is the difference
of two boundaries. So the parts add up to the whole, whatever the cuts.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from prewatt.kernel.period import month_start
from prewatt.rating.bands import Band
from prewatt.rating.errors import NoPayer, NoTariff
from prewatt.rating.segments import PriceTimeline
from prewatt.rating.tariff import BandSource

_NO_RATES: Final[tuple[int, ...]] = ()


class Interval(NamedTuple):
    """What went through a metering point between two readings: primary Wh, multiplier applied.

    ``rates_wh`` are the differences of the rate registers T1, T2, …; empty when one of the readings has none.
    """

    from_us: int
    to_us: int
    total_wh: int
    rates_wh: tuple[int, ...] = _NO_RATES


class Stretch(NamedTuple):
    """A time in which one payer is rated by one tariff. Stretches of a point do not overlap; in order of time."""

    from_us: int
    to_us: int
    payer: int
    timeline: PriceTimeline


class UsagePart(NamedTuple):
    """Energy of one payer in one accumulation period, version, local day and band. Never zero."""

    payer: int
    month: date
    version: int
    day: date
    band: Band
    wh: int


class _Piece(NamedTuple):
    payer: int
    length_us: int
    day: date
    band: Band
    version: int
    timeline: PriceTimeline


def split_usage(*, interval: Interval, stretches: Sequence[Stretch]) -> list[UsagePart]:
    """This function will lay the interval's energy out; the parts add up to ``total_wh`` exactly.

    Raises NoPayer or NoTariff when energy falls on a time that nobody pays for or no version prices.
    """
    if interval.total_wh == 0:
        return []
    if interval.total_wh < 0 or interval.from_us >= interval.to_us:
        raise ValueError(f"{interval} is no interval with energy")
    pieces = _pieces(interval, stretches)
    registers = _register_bands(pieces) if interval.rates_wh else ()
    if registers:
        return _split_by_registers(interval, registers, pieces)
    return _spread(interval.total_wh, pieces, None)


def _pieces(interval: Interval, stretches: Sequence[Stretch]) -> list[_Piece]:
    pieces: list[_Piece] = []
    reached_us = interval.from_us
    for begin_us, end_us, payer, timeline in stretches:
        from_us, to_us = max(interval.from_us, begin_us), min(interval.to_us, end_us)
        if from_us >= to_us:
            continue
        if from_us > reached_us:
            raise NoPayer("Nobody pays for part of the interval.", hint="Open a tenancy that covers it.")
        for segment_from_us, segment_to_us, day, band, version in timeline.segments(from_us=from_us, to_us=to_us):
            if version is None or band is None:
                raise NoTariff(
                    "No tariff version holds on %(day)s.", hint="Assign a tariff that begins earlier.", day=day
                )
            pieces.append(_Piece(payer, segment_to_us - segment_from_us, day, band, version, timeline))
        reached_us = to_us
    if reached_us < interval.to_us:
        raise NoPayer("Nobody pays for part of the interval.", hint="Open a tenancy that covers it.")
    return pieces


def _register_bands(pieces: Sequence[_Piece]) -> tuple[Band, ...]:
    """Return which bands the registers stand for; empty unless all versions in the interval say the same."""
    tariffs = [piece.timeline.tariff(piece.version) for piece in pieces]
    sayings = {tariff.meter_rates if tariff.band_source is BandSource.METER else () for tariff in tariffs}
    return sayings.pop() if len(sayings) == 1 else ()


def _split_by_registers(interval: Interval, registers: Sequence[Band], pieces: Sequence[_Piece]) -> list[UsagePart]:
    """Split each register's energy over its band's segments; what no register has is flat."""
    by_band: dict[Band, int] = {}
    left_wh = interval.total_wh
    for band, wh in zip(registers, interval.rates_wh, strict=False):
        taken_wh = min(max(wh, 0), left_wh)  # registers are cut to 10 Wh one by one: together they may pass the total
        by_band[band] = by_band.get(band, 0) + taken_wh
        left_wh -= taken_wh
    by_band[Band.FLAT] = by_band.get(Band.FLAT, 0) + left_wh
    parts: list[UsagePart] = []
    for band, wh in sorted(by_band.items()):
        if wh:
            own = [piece for piece in pieces if piece.band is band]
            parts.extend(_spread(wh, own or pieces, band))
    return parts


def _spread(total_wh: int, pieces: Sequence[_Piece], band: Band | None) -> list[UsagePart]:
    """Spread energy over pieces in proportion to their length; ``band`` overrules the pieces' own."""
    whole_us = sum([piece.length_us for piece in pieces])
    past_us = given_wh = 0
    parts: list[UsagePart] = []
    for payer, length_us, day, own_band, version, _ in pieces:
        past_us += length_us
        until_wh = (2 * total_wh * past_us + whole_us) // (2 * whole_us)
        wh, given_wh = until_wh - given_wh, until_wh
        if wh:
            parts.append(UsagePart(payer, month_start(day), version, day, band or own_band, wh))
    return parts
