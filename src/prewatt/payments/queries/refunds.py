"""Refunds as lists and pages show them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet, Sum

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.kernel.money import Money
from prewatt.payments.errors import UnknownRefund
from prewatt.payments.models import ONLINE_CHANNELS, Payment, PaymentKind, Refund, RefundLife
from prewatt.payments.online import RefundLine

PAGE_MAX = 200


@dataclass(frozen=True, slots=True)
class Refundable:
    """An online payment of which something can still be asked back through its channel."""

    payment_public_id: UUID
    channel: str
    trade_no: str
    received_at: datetime
    paid: Money
    left: Money


def list_refunds(
    *,
    user: User,
    permission: str = Permission.MONEY_APPROVE,
    states: Collection[str] = (),
    site_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[RefundLine]:
    """This function will list refunds of the login's sites, the newest first; ``before_id`` pages on.

    ``states`` of ``requested`` alone is the list of those that wait for approval.
    """
    rows = for_scope(Refund.objects.all(), path_field="site__scope__path", user=user, permission=permission)
    if states:
        rows = rows.filter(state__in=list(states))
    if site_id is not None:
        rows = rows.filter(site=site_id)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return _lines(rows.order_by("-pk")[: max(1, min(limit, PAGE_MAX))])


def count_refunds_to_approve(*, user: User) -> int:
    """This function will count the refunds that wait for somebody like this login."""
    rows = Refund.objects.filter(state=RefundLife.REQUESTED).exclude(asked_by=user)
    return for_scope(
        rows, path_field="site__scope__path", user=user, permission=Permission.MONEY_APPROVE
    ).count()  # fmt: skip


def list_account_refunds(*, account_id: int, limit: int = 20) -> list[RefundLine]:
    """This function will list an account's refunds, the newest first. Who may see is asked before."""
    return _lines(Refund.objects.filter(account=account_id).order_by("-pk")[:limit])


def get_refund(*, user: User, public_id: UUID, permission: str = Permission.MONEY_APPROVE) -> RefundLine:
    """This function will return one refund of the login's sites. Raises UnknownRefund."""
    rows = Refund.objects.filter(public_id=public_id)
    found = _lines(for_scope(rows, path_field="site__scope__path", user=user, permission=permission))
    if not found:
        raise UnknownRefund("There is no such refund, or it is not within your scope.")
    return found[0]


def get_refund_line(*, refund_id: int) -> RefundLine:
    """This function will return a refund by its row number."""
    return _lines(Refund.objects.filter(pk=refund_id))[0]


def list_refundable(*, account_id: int, limit: int = 20) -> list[Refundable]:
    """This function will list the online payments of which something can be asked back. Who may see is asked before."""
    payments = list(
        Payment.objects.filter(
            account=account_id, kind=PaymentKind.TOP_UP, channel__in=ONLINE_CHANNELS, reversed_at=None,
            refunded__lt=F("amount"),
        ).order_by("-pk")[:limit]
    )  # fmt: skip
    asked = dict(
        Refund.objects.filter(payment__in=payments, state=RefundLife.REQUESTED)
        .values_list("payment")
        .annotate(sum=Sum("amount"))
        .order_by()
    )
    found = [
        Refundable(
            one.public_id, one.channel, one.trade_no, one.received_at, Money(one.amount, one.currency),
            Money(one.amount - one.refunded - asked.get(one.pk, 0), one.currency),
        )
        for one in payments
    ]  # fmt: skip
    return [one for one in found if one.left.minor > 0]


def has_due_refunds(*, now: datetime) -> bool:
    """This function will say whether a refund waits to be sent or asked for (machine time)."""
    return Refund.objects.filter(next_query_at__lte=now).exists()


def _lines(rows: QuerySet[Refund]) -> list[RefundLine]:
    found = rows.select_related(
        "merchant", "account", "payment", "unmatched", "asked_by", "decided_by", "trade__document"
    )
    return [_line(one) for one in found]


def _line(one: Refund) -> RefundLine:
    of = one.payment or one.unmatched
    if of is None:
        raise RuntimeError(f"refund {one.refund_no} is of nothing")
    paper = one.trade.document if one.trade is not None else None
    return RefundLine(
        id=one.pk, public_id=one.public_id, refund_no=one.refund_no, channel=one.merchant.channel,
        trade_no=of.trade_no, amount=Money(one.amount, one.currency), paid=Money(of.amount, of.currency),
        state=one.state, reason=one.reason, note=one.note, error=one.error, asked_by=str(one.asked_by),
        asked_by_id=one.asked_by_id, asked_at=one.asked_at,
        decided_by=str(one.decided_by) if one.decided_by is not None else "", decided_at=one.decided_at,
        ended_at=one.ended_at, account_public_id=one.account.public_id if one.account is not None else None,
        account_number=one.account.number if one.account is not None else "",
        payment_public_id=one.payment.public_id if one.payment is not None else None,
        document_public_id=paper.public_id if paper is not None else None,
    )  # fmt: skip
