"""What metering refuses.

::

    Refused
    ├── BatchTooLarge      more readings than one transaction takes
    ├── NotFound
    │   ├── UnknownReading       there is no such reading that waits for a decision
    │   └── UnknownInstallation  no such meter on this site
    └── (Unable)
        └── PayersMoved    who pays changed while the batch waited for its locks: try the batch again
"""

from prewatt.kernel.errors import NotFound, Refused, Unable


class BatchTooLarge(Refused):
    """More readings than one transaction takes."""

    code = "batch_too_large"


class UnknownReading(NotFound):
    """There is no such reading that waits for a decision."""

    code = "unknown_reading"


class UnknownInstallation(NotFound):
    """No such meter hangs on this site."""

    code = "unknown_installation"


class PayersMoved(Unable):
    """Who pays changed while the batch waited for its locks; nothing was changed."""

    code = "payers_moved"
