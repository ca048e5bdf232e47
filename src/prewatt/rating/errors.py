"""What a tariff may be refused for, and what usage cannot be rated for.

::

    Refused
    └── TariffRefused          the price plan is not one; ``path`` names the place, as ``days.workday[2]``
        ├── TariffMalformed    a part is missing, or is of the wrong kind
        ├── TariffHole         part of a day has no band
        ├── TariffOverlap      part of a day has two bands
        ├── UnknownBand        a band that does not exist, or that has no price
        └── BadPrice           a price below zero, beyond reason, or not a whole number
    Unable
    └── UnableToRate           part of the interval cannot be priced
        ├── NoPayer            nobody's tenancy covers a part that used energy
        └── NoTariff           no published version covers a part that used energy
"""

from prewatt.kernel.errors import Refused, Unable


class TariffRefused(Refused):
    """The price plan is not one. ``path`` names the place within it."""

    code = "tariff_refused"

    def __init__(self, message: str, *, path: str, hint: str = "") -> None:
        super().__init__(f"{path}: {message}", hint=hint, path=path)
        self.path = path


class TariffMalformed(TariffRefused):
    """A part of the price plan is missing, or is of the wrong kind."""

    code = "tariff_malformed"


class TariffHole(TariffRefused):
    """Part of a day has no band."""

    code = "tariff_hole"


class TariffOverlap(TariffRefused):
    """Part of a day has two bands."""

    code = "tariff_overlap"


class UnknownBand(TariffRefused):
    """The band does not exist, or has no price."""

    code = "unknown_band"


class BadPrice(TariffRefused):
    """A price is below zero, beyond reason, or not a whole number."""

    code = "bad_price"


class UnableToRate(Unable):
    """Part of the interval cannot be priced; its reading is held, not skipped."""

    code = "unable_to_rate"


class NoPayer(UnableToRate):
    """Nobody's tenancy covers a part of the interval that used energy."""

    code = "no_payer"


class NoTariff(UnableToRate):
    """No published tariff version covers a part of the interval that used energy."""

    code = "no_tariff"
