"""What a position costs: exact first, rounded once."""

from collections.abc import Sequence

from prewatt.kernel.money import nano_per_minor, round_half_away
from prewatt.rating.bands import BANDS
from prewatt.rating.tariff import Tariff


def cost_nano(band_totals_wh: Sequence[int], tariff: Tariff) -> int:
    """This function will return the exact cost of band totals (Wh, in the order of ``BANDS``) in 1e-9 currency.

    Wh times 1e-6 currency per kWh is a whole number of 1e-9 currency. Raises UnknownBand for energy without a price.
    """
    return sum([wh * tariff.price_of(band) for band, wh in zip(BANDS, band_totals_wh, strict=True) if wh])


def rounded_minor(nano: int, currency: str) -> int:
    """This function will round an exact cost to the currency's minor unit, half away from zero."""
    return round_half_away(nano, nano_per_minor(currency))
