"""What the ledger can refuse.

::

    Refused
    ├── BelowFloor           a posting would take a party's balance below what it may be
    ├── Conflict
    │   ├── KeyConflict      the cause was posted before from other inputs: stop and alarm
    │   ├── DaySealed        the book-day takes no more entries
    │   ├── AlreadyReversed  an entry is reversed once
    │   └── AccountTaken     the code belongs to another account of the book
    └── NotFound
        ├── UnknownEntry
        ├── UnknownAccount
        └── UnknownDocument
    Unable
    └── UnbalancedEntry      our own postings do not sum to zero: a fault of the house, nothing is written
"""

from prewatt.kernel.errors import Conflict, NotFound, Refused, Unable


class BelowFloor(Refused):
    """A posting would take a party's balance below what it may be."""

    code = "below_floor"


class KeyConflict(Conflict):
    """The cause was posted before from other inputs."""

    code = "key_conflict"


class DaySealed(Conflict):
    """The book-day takes no more entries."""

    code = "day_sealed"


class AlreadyReversed(Conflict):
    """An entry is reversed once, and a reversal not at all."""

    code = "already_reversed"


class AccountTaken(Conflict):
    """The code belongs to another account of the book."""

    code = "account_taken"


class UnknownEntry(NotFound):
    """There is no such entry."""

    code = "unknown_entry"


class UnknownAccount(NotFound):
    """There is no such ledger account in this book, or it is of another currency."""

    code = "unknown_account"


class UnknownDocument(NotFound):
    """There is no such document, or it is void already."""

    code = "unknown_document"


class UnbalancedEntry(Unable):
    """Our own postings do not sum to zero, or there are none."""

    code = "unbalanced_entry"
