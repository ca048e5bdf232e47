"""What the list of cases can refuse.

::

    NotFound
    └── UnknownCase       there is no such open case, or not for this login
    Refused
    ├── NoteMissing       a case is not closed by hand without a word
    └── TooLate           a closing is taken back by who closed it, soon after, or not at all
"""

from prewatt.kernel.errors import NotFound, Refused


class UnknownCase(NotFound):
    """There is no such open case, or not for this login."""

    code = "unknown_case"


class NoteMissing(Refused):
    """A case is not closed by hand without saying why."""

    code = "note_missing"


class TooLate(Refused):
    """A closing can be taken back by who closed it, for some minutes."""

    code = "too_late"
