"""What amounts, tills and reasons may be. Pure."""

import re
from typing import Final

from prewatt.kernel.money import Money, minor_digits
from prewatt.payments.errors import BadPayment, ReasonMissing, RefundTooLarge

AMOUNT_MAX_MAJOR: Final = 1_000_000
REASON_CHARS_MIN: Final = 3
TRADE_NO_CHARS_MAX: Final = 80
_TILL: Final = re.compile(r"[A-Za-z0-9]{1,12}")


def amount_max(currency: str) -> Money:
    """This function will return the largest amount of one trade."""
    return Money(AMOUNT_MAX_MAJOR * 10 ** minor_digits(currency), currency)


def require_amount(amount: Money, *, currency: str) -> None:
    """This function will let pass what can be taken or given back in one trade. Raises BadPayment."""
    if amount.currency != currency:
        raise BadPayment(
            "The account is kept in %(currency)s, not %(other)s.", hint="Pay in %(currency)s.",
            currency=currency, other=amount.currency,
        )  # fmt: skip
    if amount.minor <= 0:
        raise BadPayment("%(amount)s is not above zero.", hint="Type an amount above zero.", amount=amount)
    if amount_max(currency) < amount:
        raise BadPayment(
            "%(amount)s is more than one trade may be.", hint="At most %(most)s.",
            amount=amount, most=amount_max(currency),
        )  # fmt: skip


def require_trade(*, trade_no: str, till: str) -> None:
    """This function will let pass a trade number and a till that papers can carry. Raises BadPayment."""
    if not 0 < len(trade_no) <= TRADE_NO_CHARS_MAX:
        raise BadPayment("The trade has no number, or a very long one.", hint="Open the form again.")
    if till and not is_till(till):
        raise BadPayment(
            "%(till)r is not the name of a till.", hint="Use up to 12 letters and figures, as T1.", till=till
        )


def is_till(name: str) -> bool:
    """This function will tell whether this can be the name of a till."""
    return _TILL.fullmatch(name) is not None


def require_reason(reason: str) -> str:
    """This function will return the reason without spaces around it. Raises ReasonMissing."""
    reason = reason.strip()
    if len(reason) < REASON_CHARS_MIN:
        raise ReasonMissing("This needs a reason.", hint="Write in a few words why.")
    return reason


def require_refundable(amount: Money, *, balance: Money) -> None:
    """This function will let pass a refund that the balance covers. Raises RefundTooLarge."""
    if balance < amount:
        raise RefundTooLarge(
            "%(amount)s is more than the balance of %(balance)s.",
            hint="Give back at most the balance, after today's use is taken off.",
            amount=amount,
            balance=balance,
        )
