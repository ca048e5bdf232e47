"""What asking for many papers can refuse.

::

    Refused
    ├── NothingToPrint     no account of the place had anything in that month
    └── NotFound
        └── UnknownRun     there is no such run, or not for this login
"""

from prewatt.kernel.errors import NotFound, Refused


class NothingToPrint(Refused):
    """No account of the place had anything in that month."""

    code = "nothing_to_print"


class UnknownRun(NotFound):
    """There is no such run, or not for this login."""

    code = "unknown_run"
