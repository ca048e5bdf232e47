"""What the test provider refuses. ``code`` travels in its answers.

::

    Refused
    ├── BadQuestion         the question cannot be read, or a field is not what it should be
    ├── NotSigned           no known merchant signed it within the last five minutes
    ├── UnknownOrder
    ├── UnknownRefund
    ├── OrderConflict       the same number came with other content, or the order's state forbids it
    ├── RefundTooLarge      more than what is left of the payment
    ├── StatementNotReady   that day is not over
    └── NotControlled       an order of the control port without its token
    Unable
    └── KeysBroken          the file of keys cannot be read
"""

from prewatt.kernel.errors import Refused, Unable


class BadQuestion(Refused):
    """The question cannot be read, or a field is not what it should be."""

    code = "bad_question"


class NotSigned(Refused):
    """No known merchant signed it within the last five minutes."""

    code = "not_signed"


class UnknownOrder(Refused):
    """There is no such order of this merchant."""

    code = "order_unknown"


class UnknownRefund(Refused):
    """There is no such refund of this merchant."""

    code = "refund_unknown"


class OrderConflict(Refused):
    """The same number came with other content, or the order's state forbids it."""

    code = "order_conflict"


class RefundTooLarge(Refused):
    """More would be given back than is left of the payment."""

    code = "refund_too_large"


class StatementNotReady(Refused):
    """The day is not over."""

    code = "statement_not_ready"


class NotControlled(Refused):
    """The control port takes orders from whoever knows its token."""

    code = "not_controlled"


class KeysBroken(Unable):
    """The file of keys cannot be read."""

    code = "keys_broken"
