"""What printing can refuse, and what it may fail at.

::

    Refused
    └── NotFound
        └── NoSuchForm     the kind of paper is not printed in this form
    Unable
    └── UnableToPrint      the paper could not be made: a fault of the house
"""

from prewatt.kernel.errors import NotFound, Unable


class NoSuchForm(NotFound):
    """The kind of paper is not printed in this form."""

    code = "no_such_form"


class UnableToPrint(Unable):
    """The paper could not be made."""

    code = "unable_to_print"
