"""What billing refuses.

::

    Refused
    ├── DayNotOver         the local day to close has not ended yet
    ├── TariffStartsInPast a new version would change what was rated already
    ├── HeldStill          the reading cannot be rated although a person accepts it
    ├── MonthNotOver       not every day of the month is sealed yet
    ├── MonthClosed        the month was closed: what it says stays
    ├── MonthNotSettled    a month is settled and looked at before it is closed
    └── NotMonthAhead      the account does not pay ahead
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


class MonthNotOver(Refused):
    """Not every day of the month is sealed yet."""

    code = "month_not_over"


class MonthClosed(Refused):
    """The month was closed: what it says stays."""

    code = "month_closed"


class MonthNotSettled(Refused):
    """A month is settled and looked at before it is closed."""

    code = "month_not_settled"


class NotMonthAhead(Refused):
    """The account does not pay ahead."""

    code = "not_month_ahead"
