"""What Stripe's objects say, read into facts. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from prewatt.payments.providers import statements
from prewatt.payments.providers.strict import (
    Unreadable,
    any_minor_of,
    minor_of,
    name_of,
    optional_name_of,
    optional_part_of,
    part_of,
    read_unix,
    text_of,
    whole_of,
)
from prewatt.payments.providers.values import RefundFact, RefundState, StatementRow, TradeState

MOVES: Final[Mapping[str, statements.Kind]] = {
    "charge": "payment",
    "payment": "payment",
    "refund": "refund",
    "payment_refund": "refund",
}
"""The kinds of balance transactions that are trades. Payouts, disputes and Stripe's own fees are not."""

_REFUND_STATES: Final = {
    "succeeded": RefundState.SUCCEEDED,
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
_LOST: Final = frozenset({"requires_payment_method", "canceled"})


def read_state(raw_state: str, intent: Mapping[str, Any], charge: Mapping[str, Any], *, has_failed: bool) -> TradeState:
    """This function will map a session's status and payment_status.

    *Complete but unpaid* is a payment that takes days: its event, or the state of its intent, tells when it is lost.
    """
    if raw_state == "complete/paid":
        return TradeState.REFUNDED if charge.get("refunded") is True else TradeState.PAID
    if raw_state == "complete/unpaid":
        return TradeState.CLOSED if has_failed or intent.get("status") in _LOST else TradeState.WAITING
    if raw_state == "open/unpaid":
        return TradeState.WAITING
    if raw_state == "expired/unpaid":
        return TradeState.CLOSED
    raise Unreadable("the session's state is not one that is known")


def read_refund(fields: Mapping[str, Any]) -> RefundFact:
    """This function will read a refund."""
    word, marks = text_of(fields, "status"), optional_part_of(fields, "metadata")
    if word not in _REFUND_STATES:
        raise Unreadable("the refund's status is not one that is known")
    return RefundFact(
        refund_no=optional_name_of(marks, "refund_no"),
        order_no=optional_name_of(marks, "order_no"),
        trade_no=optional_name_of(fields, "payment_intent"),
        refund_ref=name_of(fields, "id"),
        state=_REFUND_STATES[word],
        amount=minor_of(fields, "amount", text_of(fields, "currency").upper()),
        raw_state=word,
    )


def read_refunded_charge(charge: Mapping[str, Any]) -> RefundFact:
    """This function will read that some of a payment was given back.

    It says neither which refund it was nor its amount: ``amount_refunded`` counts all refunds so far.
    """
    return RefundFact(
        refund_no="",
        order_no=optional_name_of(optional_part_of(charge, "metadata"), "order_no"),
        trade_no=name_of(charge, "payment_intent"),
        refund_ref="",
        state=RefundState.SUCCEEDED,
        amount=None,
        raw_state="charge.refunded",
    )


def read_move(fields: Mapping[str, Any]) -> StatementRow:
    """This function will read a balance transaction whose source is expanded: the charge or the refund."""
    source = part_of(fields, "source")
    marks, currency = optional_part_of(source, "metadata"), text_of(fields, "currency").upper()
    return statements.statement_row(
        MOVES[text_of(fields, "type")],
        trade_no=name_of(source, "payment_intent"),
        order_no=optional_name_of(marks, "order_no"),
        refund_no=optional_name_of(marks, "refund_no"),
        amount=any_minor_of(fields, "amount", currency),
        fee=any_minor_of(fields, "fee", currency),
        at=read_unix(whole_of(fields, "created")),
    )


def masked(mail: str) -> str:
    """This function will leave enough of an address to recognise one's own."""
    name, at, place = mail.partition("@")
    return f"{name[:1]}***{at}{place}" if at else ""
