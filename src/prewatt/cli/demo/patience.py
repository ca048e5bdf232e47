"""The past is filled in beside a running estate: who finds an account in use tries again, as every worker does."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from prewatt.kernel.errors import Unable

T = TypeVar("T")

TRIES_MAX: Final = 60
PAUSE_S: Final = 0.5


def patiently(do: Callable[[], T], *, pause_s: float = PAUSE_S) -> T:
    """This function will do it, again and again while somebody else is in the way; it must be repeatable."""
    for _ in range(TRIES_MAX - 1):
        try:
            return do()
        except Unable:
            time.sleep(pause_s)
    return do()
