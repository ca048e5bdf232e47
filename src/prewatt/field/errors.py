"""What the field could not do.

::

    Unable
    ├── UnableToConnect   the gateway does not take a connection
    ├── LineLost          the connection ended under an exchange
    └── UnknownProfile    the plan names a meter profile that no driver knows
"""

from typing import ClassVar

from prewatt.kernel.errors import Unable


class UnableToConnect(Unable):
    """The gateway does not take a connection."""

    code: ClassVar[str] = "unable_to_connect"


class LineLost(Unable):
    """The connection to the gateway ended."""

    code: ClassVar[str] = "line_lost"


class UnknownProfile(Unable):
    """The plan names a meter profile that no driver knows."""

    code: ClassVar[str] = "unknown_profile"
