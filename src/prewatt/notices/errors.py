"""What notices refuse.

::

    Refused
    ├── NotTellable        only a warning on the desk's list is told by a person
    └── NotFound
        └── UnknownNotice
"""

from prewatt.kernel.errors import NotFound, Refused


class NotTellable(Refused):
    """Only a waiting notice on the desk's list is told by a person."""

    code = "not_tellable"


class UnknownNotice(NotFound):
    """There is no such notice."""

    code = "unknown_notice"
