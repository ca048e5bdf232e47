"""The life of a refund: asked, approved by another person, sent until the provider's word is known."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, Sum

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import User
from prewatt.access.notify import touch
from prewatt.kernel.clock import machine_now
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.payments.errors import AlreadyDecided, NotThisWay, OrderConflict, RefundTooLarge, SamePerson
from prewatt.payments.models import (
    ONLINE_CHANNELS,
    Merchant,
    Order,
    OrderState,
    Payment,
    PaymentKind,
    Refund,
    RefundLife,
    Unmatched,
)
from prewatt.payments.schedule import next_refund_query

ON_THE_WAY: Final = (RefundLife.APPROVED, RefundLife.SENT)
CLAIM_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class RefundWish:
    """What somebody wants to be given back, and why."""

    amount: Money
    reason: str
    token: str


def require_online(payment: Payment) -> None:
    """This function will let pass a top-up that came through a provider and stands. Raises NotThisWay."""
    if payment.kind != PaymentKind.TOP_UP or payment.channel not in ONLINE_CHANNELS or payment.reversed_at is not None:
        raise NotThisWay(
            "This payment did not come through a provider.", hint="Give money of the desk back at the desk."
        )


def left_of(payment: Payment) -> Money:
    """This function will return what of a payment may still be asked back: not given back, and not asked for yet."""
    asked = Refund.objects.filter(payment=payment, state=RefundLife.REQUESTED).aggregate(sum=Sum("amount"))["sum"] or 0
    return Money(payment.amount - payment.refunded - asked, payment.currency)


def create_refund(
    *,
    merchant: Merchant,
    wish: RefundWish,
    asked_by: User,
    now: datetime,
    payment: Payment | None = None,
    unmatched: Unmatched | None = None,
) -> tuple[Refund, bool]:
    """This function will write a refund down, of a payment or of money in suspense; a token makes one.

    Raises OrderConflict when the token made another one, RefundTooLarge.
    """
    require_unit_of_work()
    of = payment or unmatched
    if of is None:
        raise ValueError("a refund is of something")
    known = Refund.objects.filter(token=wish.token).first()
    if known is None and payment is not None and left_of(payment) < wish.amount:
        raise RefundTooLarge(
            "%(amount)s is more than the %(left)s that is left of the payment.",
            hint="Look at the refunds that were asked for before.",
            amount=wish.amount,
            left=left_of(payment),
        )
    refund = Refund(
        refund_no=uuid7().hex, site_id=of.site_id, merchant=merchant, payment=payment, unmatched=unmatched,
        account_id=payment.account_id if payment is not None else None,
        order=Order.objects.filter(payment=payment).first() if payment is not None else None,
        amount=wish.amount.minor, currency=wish.amount.currency, reason=wish.reason[:300], token=wish.token,
        asked_by=asked_by, asked_at=now,
    )  # fmt: skip
    if known is None:
        Refund.objects.bulk_create([refund], ignore_conflicts=True)
        known = Refund.objects.get(token=wish.token)
    if (known.payment_id, known.unmatched_id, known.amount, known.currency) != (
        refund.payment_id, refund.unmatched_id, refund.amount, refund.currency,
    ):  # fmt: skip
        raise OrderConflict("This form was sent before with something else in it.", hint="Open the form again.")
    _touch(known)
    return known, known.refund_no == refund.refund_no


def approve(*, refund: Refund, by: User, now: datetime) -> None:
    """This function will let a refund go; the caller takes its money out. Raises SamePerson, AlreadyDecided."""
    if refund.asked_by_id == by.pk:
        raise SamePerson("You asked for this refund yourself.", hint="Another person has to approve it.")
    _move(
        refund, (RefundLife.REQUESTED,), RefundLife.APPROVED, decided_by=by, decided_at=now,
        next_query_at=machine_now(),
    )  # fmt: skip


def refuse(*, refund: Refund, by: User, note: str, now: datetime) -> None:
    """This function will end a refund that nobody approved. Raises AlreadyDecided."""
    _move(
        refund, (RefundLife.REQUESTED,), RefundLife.REFUSED, decided_by=by, decided_at=now, ended_at=now,
        note=note[:300],
    )  # fmt: skip


def reserve(*, payment: Payment, amount: Money) -> None:
    """This function will count an amount as given back. Raises RefundTooLarge beyond what was paid."""
    require_unit_of_work()
    rows = Payment.objects.filter(pk=payment.pk, reversed_at=None, refunded__lte=payment.amount - amount.minor)
    if rows.update(refunded=F("refunded") + amount.minor) != 1:
        raise RefundTooLarge(
            "%(amount)s is more than what is left of the payment.",
            hint="Look at the refunds before this one.",
            amount=amount,
        )


def unreserve(*, payment: Payment, amount: Money) -> None:
    """This function will count an amount as not given back after all."""
    require_unit_of_work()
    Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") - amount.minor)


def tie_trade(*, refund: Refund, trade: Payment) -> None:
    """This function will tie a refund to the trade that took its money out of the account."""
    require_unit_of_work()
    Refund.objects.filter(pk=refund.pk).update(trade=trade)


def mark_arrived(*, refund: Refund, refund_ref: str, entry_id: int, now: datetime) -> None:
    """This function will end a refund whose money arrived, and the order when all of it went back."""
    _move(
        refund, ON_THE_WAY, RefundLife.SUCCEEDED, ended_at=now, provider_at=machine_now(), next_query_at=None,
        refund_ref=refund_ref[:80], entry_id=entry_id, error="",
    )  # fmt: skip
    if refund.order_id is not None:
        arrived = Refund.objects.filter(order=refund.order_id, state=RefundLife.SUCCEEDED).aggregate(s=Sum("amount"))
        Order.objects.filter(pk=refund.order_id, state=OrderState.CREDITED, amount=arrived["s"]).update(
            state=OrderState.REFUNDED
        )


def mark_returned(*, refund: Refund, error: str, now: datetime) -> None:
    """This function will end a refund that will not happen; the caller puts its money back."""
    _move(refund, ON_THE_WAY, RefundLife.FAILED, ended_at=now, next_query_at=None, error=error[:300])


def note_refund_trouble(*, refund: Refund, error: str) -> None:
    """This function will keep why the provider's word is not known yet; it is asked again."""
    require_unit_of_work()
    Refund.objects.filter(pk=refund.pk, state__in=ON_THE_WAY).update(error=error[:300])


def claim_refunds(*, now: datetime, limit: int = CLAIM_MAX) -> list[tuple[Refund, bool]]:
    """This function will claim refunds whose time has come and say of each whether it may have been sent before.

    It is *sent* from here on, before anybody sends it: whoever finds it later asks first.
    """
    require_unit_of_work()
    rows = Refund.objects.filter(next_query_at__lte=now, state__in=ON_THE_WAY)
    claimed = list(
        rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("merchant__site__scope", "site__scope", "payment", "unmatched", "order")
        .order_by("next_query_at")[:limit]
    )
    found = []
    for refund in claimed:
        found.append((refund, refund.state == RefundLife.SENT))
        refund.state = RefundLife.SENT
        refund.queries += 1
        refund.next_query_at = next_refund_query(decided_at=now, queries=refund.queries, now=now)
    Refund.objects.bulk_update(claimed, ["state", "queries", "next_query_at"])
    return found


def _move(refund: Refund, before: tuple[RefundLife, ...], after: RefundLife, **fields: object) -> None:
    require_unit_of_work()
    if Refund.objects.filter(pk=refund.pk, state__in=before).update(state=after, **fields) != 1:
        raise AlreadyDecided("This refund was decided before.", hint="Reload the list.")
    _touch(refund)


def _touch(refund: Refund) -> None:
    touch(site_id=refund.site_id, accounts=[refund.account_id] if refund.account_id is not None else [], cases=True)
