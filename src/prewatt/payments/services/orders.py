"""The life of an order: made before the provider hears of it, moved by conditional updates alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from prewatt.access.audit import require_unit_of_work
from prewatt.access.notify import touch
from prewatt.kernel.clock import machine_now
from prewatt.kernel.ids import uuid7
from prewatt.kernel.money import Money
from prewatt.payments.errors import OrderConflict, TooManyOrders
from prewatt.payments.models import Merchant, Order, OrderState
from prewatt.payments.schedule import ORDER_LIVES, first_order_query, next_order_query
from prewatt.tenancy.models import Account

UNPAID: Final = (OrderState.CREATED, OrderState.PENDING)
PAYABLE: Final = (*UNPAID, OrderState.FAILED, OrderState.EXPIRED)
"""Money for a failed or expired order is money all the same: it may come late."""
UNPAID_MAX: Final = 20
CLAIM_MAX: Final = 50
TOKEN_CHARS_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class OrderWish:
    """What somebody wants to pay, and how."""

    amount: Money
    way: str
    subject: str
    language: str
    token: str
    return_url: str


def create_order(*, account: Account, merchant: Merchant, wish: OrderWish, now: datetime) -> tuple[Order, bool]:
    """This function will make an order, or find the one that the token made, and say whether this call made it.

    Raises OrderConflict when the token made another one, TooManyOrders.
    """
    require_unit_of_work()
    known, created = Order.objects.filter(account=account, token=wish.token).first(), False
    if known is None:
        if Order.objects.filter(account=account, state__in=UNPAID).count() >= UNPAID_MAX:
            raise TooManyOrders(
                "The account has %(count)s unpaid orders.", hint="Pay one of them, or wait until they run out.",
                count=UNPAID_MAX,
            )  # fmt: skip
        order = _new_order(account, merchant, wish, now)
        Order.objects.bulk_create([order], ignore_conflicts=True)
        known = Order.objects.get(account=account, token=wish.token)
        created = known.order_no == order.order_no
    made = (known.amount, known.currency, known.merchant_id, known.way)
    if made != (wish.amount.minor, wish.amount.currency, merchant.pk, wish.way):
        raise OrderConflict("This form was sent before with something else in it.", hint="Begin a new payment.")
    return known, created


def _new_order(account: Account, merchant: Merchant, wish: OrderWish, now: datetime) -> Order:
    asked_at = machine_now()
    return Order(
        order_no=uuid7().hex, account=account, site_id=account.site_id, merchant=merchant, way=wish.way,
        amount=wish.amount.minor, currency=wish.amount.currency, subject=wish.subject[:120], language=wish.language,
        token=wish.token, return_url=wish.return_url, asked_by=require_unit_of_work().actor.user, created_at=now,
        asked_at=asked_at, expires_at=asked_at + ORDER_LIVES, next_query_at=first_order_query(asked_at),
    )  # fmt: skip


def mark_started(*, order: Order, started: Mapping[str, Any], provider_ref: str) -> None:
    """This function will keep how the payer goes on. An order that was paid meanwhile stays paid."""
    require_unit_of_work()
    rows = Order.objects.filter(pk=order.pk)
    rows.update(started=dict(started), provider_ref=provider_ref[:120], error="")
    rows.filter(state=OrderState.CREATED).update(state=OrderState.PENDING)
    touch(accounts=[order.account_id])


def mark_failed(*, order: Order, error: str, now: datetime) -> None:
    """This function will end an order that the provider did not take, or gave back itself."""
    require_unit_of_work()
    Order.objects.filter(pk=order.pk, state__in=UNPAID).update(
        state=OrderState.FAILED, error=error[:300], ended_at=now, next_query_at=None
    )
    touch(accounts=[order.account_id])


def mark_expired(*, order: Order, now: datetime) -> bool:
    """This function will end an order that the provider will take no money for any more."""
    require_unit_of_work()
    touch(accounts=[order.account_id])
    return (
        Order.objects.filter(pk=order.pk, state__in=UNPAID).update(
            state=OrderState.EXPIRED, ended_at=now, next_query_at=None
        )
        == 1
    )


def mark_paid(*, order: Order, trade_no: str, provider_at: datetime, paid_at: datetime) -> None:
    """This function will note that money came for an order that cannot be credited: it lies in suspense."""
    require_unit_of_work()
    Order.objects.filter(pk=order.pk, state__in=PAYABLE).update(
        state=OrderState.PAID, trade_no=trade_no, provider_at=provider_at, paid_at=paid_at, ended_at=None,
        next_query_at=None, error="",
    )  # fmt: skip
    touch(accounts=[order.account_id])


def note_trouble(*, order_id: int, error: str) -> None:
    """This function will keep why the provider could not be asked; the order is asked for again."""
    require_unit_of_work()
    Order.objects.filter(pk=order_id, state__in=UNPAID).update(error=error[:300])


def note_returned(*, order_id: int, at: datetime, ask_at: datetime | None) -> None:
    """This function will note that the payer came back, and bring the next question forward. It credits nothing."""
    require_unit_of_work()
    rows = Order.objects.filter(pk=order_id)
    rows.filter(returned_at=None).update(returned_at=at)
    if ask_at is not None:
        rows.filter(state__in=UNPAID, next_query_at__gt=ask_at).update(next_query_at=ask_at)


def claim_orders(*, now: datetime, expired: bool, limit: int = CLAIM_MAX) -> list[Order]:
    """This function will claim unpaid orders whose time has come: their next time is set before anybody is asked.

    ``expired`` chooses those that can no longer be paid. A claim that dies with its process is made again then.
    """
    require_unit_of_work()
    rows = Order.objects.filter(next_query_at__lte=now, state__in=UNPAID)
    rows = rows.filter(expires_at__lte=now) if expired else rows.filter(expires_at__gt=now)
    claimed = list(
        rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("merchant__site__scope", "site__scope")
        .order_by("next_query_at")[:limit]
    )
    for order in claimed:
        order.queries += 1
        order.next_query_at = next_order_query(
            asked_at=order.asked_at, expires_at=order.expires_at, queries=order.queries, now=now
        )
    Order.objects.bulk_update(claimed, ["queries", "next_query_at"])
    return claimed
