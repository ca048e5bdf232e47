"""What the house's own accounts are called, where online money lies between a payer and our bank. Pure.

Signs are those of the ledger: what a party owns is positive, so what somebody owes *us* is negative.
"""

from enum import StrEnum

SUSPENSE = "suspense"


class House(StrEnum):
    """House accounts that each channel has one of."""

    TAKINGS = "takings"  # what the provider owes us: below zero
    FEES = "fees"  # what the provider kept: below zero
    SETTLEMENT = "settlement"  # what reached the bank: below zero
    IN_FLIGHT = "refunds_in_flight"  # approved refunds that have not arrived: above zero
    WRITTEN_OFF = "differences"  # what a person gave up looking for


def house_code(house: House, *, channel: str, currency: str, home: str) -> str:
    """This function will return the code of a channel's house account; another currency than the book's is named."""
    return _with_currency(f"{house.value}:{channel}", currency, home)


def suspense_code(*, currency: str, home: str) -> str:
    """This function will return the code of the account that holds money which fits no order: above zero."""
    return _with_currency(SUSPENSE, currency, home)


def _with_currency(code: str, currency: str, home: str) -> str:
    return code if currency == home else f"{code}:{currency}"
