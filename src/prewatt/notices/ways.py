"""Which way a message goes first. Pure."""

from collections.abc import Sequence
from typing import Final

DEFAULT_WAYS: Final = ("sms", "mail", "desk")
"""What a site offers that names none."""


def ways_in_order(*, offered: Sequence[str], wished: Sequence[str]) -> tuple[str, ...]:
    """This function will return the ways to tell: those that the site offers, what the account prefers in front.

    No other way is lost, a warning must arrive; a wish that the site does not offer changes nothing.
    """
    offered = offered or DEFAULT_WAYS
    first = [one for one in wished if one in offered]
    return (*first, *(one for one in offered if one not in first))
