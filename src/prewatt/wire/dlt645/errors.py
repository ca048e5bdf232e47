"""What can go wrong between bytes and values.

::

    Refused
    └── BadRequest             we were asked to say what must not be said
        └── UnknownIdentifier  the identifier is not in the table
    Unable
    └── WireError              what came over the wire is not what the protocol says
        ├── BadFrame           not a frame
        └── BadData            a good frame whose content makes no sense
"""

from prewatt.kernel.errors import Refused, Unable


class BadRequest(Refused):
    """The codec was asked to build a frame that must not be sent."""

    code = "bad_request"


class UnknownIdentifier(BadRequest):
    """The data identifier is not in the table."""

    code = "unknown_identifier"


class WireError(Unable):
    """The bytes are not what the protocol says."""

    code = "wire_error"


class BadFrame(WireError):
    """The bytes are not one whole frame."""

    code = "bad_frame"


class BadData(WireError):
    """A frame with a good checksum whose content makes no sense."""

    code = "bad_data"
