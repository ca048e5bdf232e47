"""What asking for reports and many papers can refuse.

::

    Refused
    ├── NothingToPrint           no account of the place had anything in that month
    ├── NameTaken                the login has a saved report of this name
    ├── TooManySaved             the login keeps as many reports as it may
    ├── BadRecipients            nobody, too many, or no mail addresses
    ├── TooManyRows              the table is longer than a file may be
    └── NotFound
        ├── UnknownRun           there is no such run, or not for this login
        └── UnknownSavedReport   there is no such saved report, or not for this login
    Unable
    └── TooManyFiles             as many files are being written as this process writes at once
"""

from typing import Self

from prewatt.kernel.errors import NotFound, Refused, Unable


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


class TooManyRows(Refused):
    """The table is longer than a file may be."""

    code = "too_many_rows"

    @classmethod
    def over(cls, most: int) -> Self:
        """This method will refuse a table of more than ``most`` rows."""
        return cls("The report has more than %(count)s rows.", count=f"{most:,}", hint="Choose a shorter period.")


class UnknownRun(NotFound):
    """There is no such run, or not for this login."""

    code = "unknown_run"


class UnknownSavedReport(NotFound):
    """There is no such saved report, or not for this login."""

    code = "unknown_saved_report"


class TooManyFiles(Unable):
    """As many files are being written as this process writes at once."""

    code = "too_many_files"
