"""When a provider is asked about an order or a refund, and how long an order can be paid. Machine time. Pure."""

from datetime import datetime, timedelta
from typing import Final

ORDER_LIVES: Final = timedelta(minutes=30)
ORDER_STEPS: Final = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))
"""After the asking; a call-back is usually faster than the first of them."""
REFUND_STEPS: Final = (timedelta(0), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=10))
STATEMENT_STEPS: Final = (timedelta(0), timedelta(minutes=10), timedelta(minutes=30))
THEN_EVERY: Final = timedelta(hours=1)


def first_order_query(asked_at: datetime) -> datetime:
    """This function will return when a new order is asked for first."""
    return asked_at + ORDER_STEPS[0]


def next_order_query(*, asked_at: datetime, expires_at: datetime, queries: int, now: datetime) -> datetime:
    """This function will return when an order is asked for again, after so many times; at its end in any case."""
    wanted = _next(asked_at, ORDER_STEPS, queries, now)
    return min(wanted, expires_at) if now < expires_at else wanted


def next_refund_query(*, decided_at: datetime, queries: int, now: datetime) -> datetime:
    """This function will return when a refund is asked for again, after so many times."""
    return _next(decided_at, REFUND_STEPS, queries, now)


def next_statement_try(*, due_at: datetime, tries: int, now: datetime) -> datetime:
    """This function will return when a statement is fetched again, after so many times."""
    return _next(due_at, STATEMENT_STEPS, tries, now)


def _next(begin: datetime, steps: tuple[timedelta, ...], done: int, now: datetime) -> datetime:
    """This function will return the next step that lies ahead, or else an hour from now."""
    return next((begin + step for step in steps[done:] if begin + step > now), now + THEN_EVERY)
