"""What asking for many papers, and saving reports, can refuse.

::

    Refused
    ├── NothingToPrint           no account of the place had anything in that month
    ├── NameTaken                the login has a saved report of this name
    ├── TooManySaved             the login keeps as many reports as it may
    ├── BadRecipients            nobody, too many, or no mail addresses
    └── NotFound
        ├── UnknownRun           there is no such run, or not for this login
        └── UnknownSavedReport   there is no such saved report, or not for this login
"""

from prewatt.kernel.errors import NotFound, Refused


class NothingToPrint(Refused):
    """No account of the place had anything in that month."""

    code = "nothing_to_print"


class NameTaken(Refused):
    """The login has a saved report of this name."""

    code = "name_taken"


class TooManySaved(Refused):
    """The login keeps as many reports as it may."""

    code = "too_many_saved"


class BadRecipients(Refused):
    """Nobody, too many, or no mail addresses."""

    code = "bad_recipients"


class UnknownRun(NotFound):
    """There is no such run, or not for this login."""

    code = "unknown_run"


class UnknownSavedReport(NotFound):
    """There is no such saved report, or not for this login."""

    code = "unknown_saved_report"
