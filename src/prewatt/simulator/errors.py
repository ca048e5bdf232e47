"""What the virtual estate cannot do.

::

    Refused
    ├── BadEstate        the description of the estate contradicts itself
    └── BadOrder         an order on the control port makes no sense
    Unable
    └── UnableToListen   a port is taken
"""

from prewatt.kernel.errors import Refused, Unable


class BadEstate(Refused):
    """The description of the virtual estate contradicts itself."""

    code = "bad_estate"


class BadOrder(Refused):
    """An order on the control port makes no sense."""

    code = "bad_order"


class UnableToListen(Unable):
    """A port of the virtual estate is taken."""

    code = "unable_to_listen"
