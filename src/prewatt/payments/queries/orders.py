"""Orders, call-backs and money in suspense as lists and pages show them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.kernel.money import Money
from prewatt.payments.errors import UnknownOrder, UnknownUnmatched
from prewatt.payments.models import Callback, Order, Unmatched, UnmatchedReason, UnmatchedState
from prewatt.payments.online import CallbackLine, OrderLine, UnmatchedLine

PAGE_MAX = 200


def list_orders(
    *,
    user: User,
    permission: str = Permission.ACCOUNT_VIEW,
    site_id: int | None = None,
    states: Collection[str] = (),
    text: str = "",
    before_id: int | None = None,
    limit: int = 50,
) -> list[OrderLine]:
    """This function will list orders of the login's sites, the newest first; ``before_id`` pages on.

    ``text`` is an order's, a trade's or an account's whole number.
    """
    rows = for_scope(Order.objects.all(), path_field="site__scope__path", user=user, permission=permission)
    if site_id is not None:
        rows = rows.filter(site=site_id)
    if states:
        rows = rows.filter(state__in=list(states))
    if text.strip():
        wanted = text.strip()
        rows = rows.filter(order_no=wanted) | rows.filter(trade_no=wanted) | rows.filter(account__number=wanted)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return _order_lines(rows.order_by("-pk")[: _bounded(limit)])


def get_order_line(*, user: User, public_id: UUID, permission: str = Permission.ACCOUNT_VIEW) -> OrderLine:
    """This function will return one order of the login's sites. Raises UnknownOrder."""
    rows = Order.objects.filter(public_id=public_id)
    found = _order_lines(for_scope(rows, path_field="site__scope__path", user=user, permission=permission))
    if not found:
        raise UnknownOrder("There is no such order, or it is not within your scope.")
    return found[0]


def list_account_orders(*, account_id: int, limit: int = 20) -> list[OrderLine]:
    """This function will list an account's orders, the newest first. Who may see is asked before."""
    return _order_lines(Order.objects.filter(account=account_id).order_by("-pk")[: _bounded(limit)])


def list_callbacks(
    *,
    user: User,
    permission: str = Permission.PAY_RECONCILE,
    verdicts: Collection[str] = (),
    order_public_id: UUID | None = None,
    limit: int = 50,
) -> list[CallbackLine]:
    """This function will list call-backs to merchants of the login's scopes, the newest first."""
    rows = for_scope(Callback.objects.all(), path_field="merchant__scope__path", user=user, permission=permission)
    if verdicts:
        rows = rows.filter(verdict__in=list(verdicts))
    if order_public_id is not None:
        rows = rows.filter(order__public_id=order_public_id)
    found = rows.select_related("merchant", "order").order_by("-pk")[: _bounded(limit)]
    return [
        CallbackLine(
            one.channel, one.merchant.name if one.merchant is not None else "", one.verdict, one.trade_no,
            one.order.order_no if one.order is not None else "", one.times, one.first_at, one.last_at, one.detail,
            one.address,
        )
        for one in found
    ]  # fmt: skip


def list_unmatched(
    *,
    user: User,
    permission: str = Permission.PAY_RECONCILE,
    open_only: bool = True,
    before_id: int | None = None,
    limit: int = 50,
) -> list[UnmatchedLine]:
    """This function will list money in suspense at the login's sites, the newest first; ``before_id`` pages on."""
    rows = for_scope(Unmatched.objects.all(), path_field="site__scope__path", user=user, permission=permission)
    if open_only:
        rows = rows.filter(state__in=[UnmatchedState.OPEN, UnmatchedState.REFUNDING])
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [_unmatched_line(one) for one in _with_names(rows).order_by("-pk")[: _bounded(limit)]]


def see_unmatched(*, user: User, public_id: UUID, permission: str = Permission.PAY_RECONCILE) -> UnmatchedLine:
    """This function will show one amount in suspense. Raises UnknownUnmatched."""
    return _unmatched_line(get_unmatched(user=user, public_id=public_id, permission=permission))


def get_unmatched(*, user: User | None, public_id: UUID, permission: str = Permission.PAY_RECONCILE) -> Unmatched:
    """This function will return one amount in suspense that the login may work on. Raises UnknownUnmatched."""
    rows = Unmatched.objects.filter(public_id=public_id)
    if user is not None:
        rows = for_scope(rows, path_field="site__scope__path", user=user, permission=permission)
    found = _with_names(rows).first()
    if found is None:
        raise UnknownUnmatched("There is no such amount in suspense, or it is not within your scope.")
    return found


def has_orders_to_ask(*, now: datetime, expired: bool) -> bool:
    """This function will say whether an order's time to be asked for, or to be closed, has come (machine time)."""
    rows = Order.objects.filter(next_query_at__lte=now)
    return (rows.filter(expires_at__lte=now) if expired else rows.filter(expires_at__gt=now)).exists()


def list_unmatched_with_order(*, limit: int = 100) -> list[Unmatched]:
    """This function will list money in suspense whose order has appeared since."""
    order = Order.objects.filter(order_no=OuterRef("order_no"))
    rows = Unmatched.objects.filter(state=UnmatchedState.OPEN, reason=UnmatchedReason.UNKNOWN_ORDER)
    return list(rows.filter(Exists(order)).select_related("merchant__site__scope").order_by("pk")[:limit])


def _order_lines(rows: QuerySet[Order]) -> list[OrderLine]:
    found = rows.select_related("account__customer", "merchant", "asked_by", "payment")
    return [
        OrderLine(
            id=one.pk, public_id=one.public_id, order_no=one.order_no, account_public_id=one.account.public_id,
            account_number=one.account.number, customer=one.account.customer.name, channel=one.merchant.channel,
            merchant=one.merchant.name, way=one.way, amount=Money(one.amount, one.currency), state=one.state,
            trade_no=one.trade_no, asked_by=str(one.asked_by) if one.asked_by is not None else "",
            created_at=one.created_at, expires_at=one.expires_at, paid_at=one.paid_at, credited_at=one.credited_at,
            ended_at=one.ended_at, error=one.error,
            payment_public_id=one.payment.public_id if one.payment is not None else None,
        )
        for one in found
    ]  # fmt: skip


def _with_names(rows: QuerySet[Unmatched]) -> QuerySet[Unmatched]:
    return rows.select_related("merchant__site__scope", "site__scope", "order__account", "settled_by", "payment")


def _unmatched_line(one: Unmatched) -> UnmatchedLine:
    account = one.order.account if one.order is not None else None
    return UnmatchedLine(
        id=one.pk, public_id=one.public_id, channel=one.channel, merchant=one.merchant.name, trade_no=one.trade_no,
        order_no=one.order_no, amount=Money(one.amount, one.currency), reason=one.reason, source=one.source,
        state=one.state, received_at=one.received_at, payer_hint=one.payer_hint,
        account_public_id=account.public_id if account is not None else None,
        account_number=account.number if account is not None else "", settled_at=one.settled_at,
        settled_by=str(one.settled_by) if one.settled_by is not None else "", note=one.note,
    )  # fmt: skip


def _bounded(limit: int) -> int:
    return max(1, min(limit, PAGE_MAX))
