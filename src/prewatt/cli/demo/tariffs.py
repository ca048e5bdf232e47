"""The demo's price plans, and the meters' rate programme that goes with them."""

from typing import Final

from prewatt.rating.bands import Band, DayType
from prewatt.rating.tariff import BandSource, Slot, Tariff
from prewatt.simulator.loads import DEFAULT_RATES, RateSchedule

RATES: Final[RateSchedule] = DEFAULT_RATES
TIME_OF_USE: Final = "COM-TOU"
FLAT: Final = "COM-FLAT"
OWN_USE: Final = "OWN"
REFERENCE: Final = "转供电价格公示 2026-09（示例）"

_BAND_OF_RATE: Final = {1: Band.SHARP, 2: Band.PEAK, 3: Band.FLAT, 4: Band.VALLEY}
_DAY_MIN: Final = 24 * 60


def _slots() -> list[Slot]:
    steps = RATES.steps
    ends = [minute for minute, _ in steps[1:]] + [_DAY_MIN]
    return [Slot(start, end, _BAND_OF_RATE[rate]) for (start, rate), end in zip(steps, ends, strict=True)]


def demo_tariffs(currency: str) -> dict[str, tuple[str, Tariff]]:
    """This function will return name and plan by code; prices in 1e-6 currency per kWh."""
    time_of_use = Tariff.time_of_use(
        currency=currency,
        prices={Band.SHARP: 1_386_000, Band.PEAK: 1_140_500, Band.FLAT: 691_200, Band.VALLEY: 312_000},
        days={DayType.WORKDAY: _slots()},
        band_source=BandSource.METER,
    )
    return {
        TIME_OF_USE: ("商业分时 Commercial time-of-use", time_of_use),
        FLAT: ("办公单一制 Office flat", Tariff.flat(currency=currency, price=820_000)),
        OWN_USE: ("自用 Operator's own use", Tariff.flat(currency=currency, price=650_000)),
    }
