"""What billing refuses.

::

    Refused
    ├── DayNotOver         the local day to close has not ended yet
    ├── TariffStartsInPast a new version would change what was rated already
    └── HeldStill          the reading cannot be rated although a person accepts it
"""

from prewatt.kernel.errors import Refused


class DayNotOver(Refused):
    """The local day to close has not ended yet."""

    code = "day_not_over"


class TariffStartsInPast(Refused):
    """A new version would change what was rated already."""

    code = "tariff_starts_in_past"


class HeldStill(Refused):
    """The reading cannot be rated although a person accepts it: it has no payer or no price."""

    code = "held_still"
