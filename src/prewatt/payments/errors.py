"""What taking and giving back money can refuse.

::

    Refused
    ├── BadPayment           zero, negative, enormous, of another currency, or from a till with no proper name
    ├── AccountTakesNoMoney  closed, or the operator's own use
    ├── RefundTooLarge       more than the balance
    ├── NothingToClear       the balance is zero
    ├── ReasonMissing        giving money back or undoing it needs a word that says why
    ├── Conflict
    │   ├── TradeConflict    the trade was taken before with other content
    │   └── PaymentReversed  it was reversed before
    └── NotFound
        └── UnknownPayment
"""

from prewatt.kernel.errors import Conflict, NotFound, Refused


class BadPayment(Refused):
    """The amount, its currency, the channel or the till is not one that can be taken."""

    code = "bad_payment"


class AccountTakesNoMoney(Refused):
    """The account is closed, or it is the operator's own use."""

    code = "account_takes_no_money"


class RefundTooLarge(Refused):
    """More than the balance would be given back."""

    code = "refund_too_large"


class NothingToClear(Refused):
    """The balance is zero already."""

    code = "nothing_to_clear"


class ReasonMissing(Refused):
    """Giving money back, or undoing it, needs a word that says why."""

    code = "reason_missing"


class TradeConflict(Conflict):
    """The trade was taken before with other content."""

    code = "trade_conflict"


class PaymentReversed(Conflict):
    """The payment was reversed before."""

    code = "payment_reversed"


class UnknownPayment(NotFound):
    """There is no such payment, or not for this login."""

    code = "unknown_payment"
