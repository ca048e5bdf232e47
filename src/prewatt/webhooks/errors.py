"""What webhooks refuse.

::

    Refused
    ├── BadEndpoint        an address that nothing may be sent to, or an event that there is not
    └── NotFound
        ├── UnknownEndpoint
        └── UnknownDelivery
"""

from prewatt.kernel.errors import NotFound, Refused


class BadEndpoint(Refused):
    """Nothing may be sent to this address, or it asks for an event that there is not."""

    code = "bad_endpoint"


class UnknownEndpoint(NotFound):
    """There is no such endpoint, or it is not within the login's scope."""

    code = "unknown_endpoint"


class UnknownDelivery(NotFound):
    """There is no such delivery, or it is not within the login's scope."""

    code = "unknown_delivery"
