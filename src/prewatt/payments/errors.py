"""What taking and giving back money can refuse.

::

    Refused
    ├── BadPayment           zero, negative, enormous, of another currency, or from a till with no proper name
    ├── AccountTakesNoMoney  closed, or the operator's own use
    ├── RefundTooLarge       more than the balance, or than what is left of the payment
    ├── NothingToClear       the balance is zero
    ├── ReasonMissing        giving money back or undoing it needs a word that says why
    ├── NotThisWay           online money is refunded, desk money is not sent to a provider
    ├── BadMerchantData      a channel, a number or a key of a merchant cannot be kept
    ├── TooManyOrders        the account has many unpaid orders already
    ├── NotPermitted
    │   └── SamePerson       who asked for a refund does not approve it
    ├── Conflict
    │   ├── TradeConflict    the trade was taken before with other content
    │   ├── PaymentReversed  it was reversed before
    │   ├── OrderConflict    the token belongs to another order
    │   ├── MerchantTaken    the merchant is known already
    │   └── AlreadyDecided   a refund, an amount in suspense or a difference was dealt with before
    └── NotFound
        ├── UnknownPayment
        ├── UnknownMerchant
        ├── UnknownOrder
        ├── UnknownRefund
        ├── UnknownUnmatched
        └── UnknownDifference
"""

from prewatt.kernel.errors import Conflict, NotFound, NotPermitted, Refused


class BadPayment(Refused):
    """The amount, its currency, the channel or the till is not one that can be taken."""

    code = "bad_payment"


class AccountTakesNoMoney(Refused):
    """The account is closed, or it is the operator's own use."""

    code = "account_takes_no_money"


class RefundTooLarge(Refused):
    """More than the balance, or than what is left of the payment, would be given back."""

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


class NotThisWay(Refused):
    """Online money goes back by a refund through its channel; the desk's does not."""

    code = "not_this_way"


class BadMerchantData(Refused):
    """A channel, a number or a key of a merchant cannot be kept."""

    code = "bad_merchant_data"


class TooManyOrders(Refused):
    """The account has many unpaid orders already."""

    code = "too_many_orders"


class SamePerson(NotPermitted):
    """Who asked for a refund does not approve it."""

    code = "same_person"


class OrderConflict(Conflict):
    """The token belongs to an order with another amount, merchant or way."""

    code = "order_conflict"


class MerchantTaken(Conflict):
    """The merchant is known already."""

    code = "merchant_taken"


class AlreadyDecided(Conflict):
    """A refund, an amount in suspense or a difference was dealt with before."""

    code = "already_decided"


class UnknownMerchant(NotFound):
    """There is no such merchant, or not for this login or account."""

    code = "unknown_merchant"


class UnknownOrder(NotFound):
    """There is no such order, or not for this login."""

    code = "unknown_order"


class UnknownRefund(NotFound):
    """There is no such refund, or not for this login."""

    code = "unknown_refund"


class UnknownUnmatched(NotFound):
    """There is no such amount in suspense, or not for this login."""

    code = "unknown_unmatched"


class UnknownDifference(NotFound):
    """There is no such statement or line, or not for this login."""

    code = "unknown_difference"
