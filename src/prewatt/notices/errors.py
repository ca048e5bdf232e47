"""What notices refuse.

::

    Refused
    ├── NotTellable        only a warning on the desk's list is told by a person
    ├── NotSendable        only a message that failed is sent again
    ├── BadPreference      an account cannot be told in that way
    └── NotFound
        └── UnknownNotice
"""

from prewatt.kernel.errors import NotFound, Refused


class NotTellable(Refused):
    """Only a waiting notice on the desk's list is told by a person."""

    code = "not_tellable"


class NotSendable(Refused):
    """Only a message that failed is sent again."""

    code = "not_sendable"


class BadPreference(Refused):
    """An account cannot be told in that way."""

    code = "bad_preference"


class UnknownNotice(NotFound):
    """There is no such notice."""

    code = "unknown_notice"
