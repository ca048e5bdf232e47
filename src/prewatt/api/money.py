"""Money: top-ups, refunds, reversals, clearing; payments and online orders as they stand."""

from typing import Annotated, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router

from prewatt.access.permissions import Permission
from prewatt.api import cursors
from prewatt.api.common import TEXT, Cursor, Key, Text, answers, hash_of, once, page_of, trade_token, written
from prewatt.api.door import actor_of, machine_of, permitted
from prewatt.api.schemas import Day, TopUpIn, TopUpOut
from prewatt.api.schemas_money import (
    BookedOut,
    ClearedOut,
    ClosedOut,
    OrderOut,
    OrdersOut,
    PaymentOut,
    PaymentsOut,
    ReasonIn,
    RefundIn,
)
from prewatt.api.schemas_work import ApprovalAskedOut
from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.payments.queries import get_payment, list_payments
from prewatt.payments.queries.orders import get_order_line, list_orders
from prewatt.tenancy.queries import get_account
from prewatt.usecases.clear_to_zero import clear_to_zero
from prewatt.usecases.close_account import close_account
from prewatt.usecases.refund_balance import refund_balance
from prewatt.usecases.reverse_payment import reverse_payment
from prewatt.usecases.see_site import find_site
from prewatt.usecases.take_payment import KeyedRequest, take_payment_by_key

TAKE = Permission.API_TAKE
VIEW = Permission.ACCOUNT_VIEW
PAGE_MAX = 100
WAITS: Final = {202: ApprovalAskedOut}
"""Above the limit of the token's roles it waits for another login; the header Location names the request."""
router = Router(tags=["money"])
Page = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Rows to a page")]


@router.post(
    "/accounts/{account_id}/top-ups",
    response=written(201, TopUpOut),
    summary="Top up an account",
    operation_id="take_top_up",
)
@permitted(TAKE)
def top_up(request: HttpRequest, account_id: UUID, body: TopUpIn, idempotency_key: Key) -> HttpResponse:
    """Credit money once. Repeat with the same key until you have an answer."""
    facts = get_account(user=machine_of(request), public_id=account_id, permission=TAKE)
    kept, _ = take_payment_by_key(
        actor=actor_of(request),
        account_id=facts.id,
        amount=Money.parse(body.amount, body.currency),
        channel=body.channel,
        request=KeyedRequest(
            key=idempotency_key,
            body_hash=hash_of(request.path, body),
            answer=lambda result: TopUpOut.of(result).model_dump(mode="json"),
        ),
    )
    return JsonResponse(kept.answer, status=kept.status)


@router.post(
    "/accounts/{account_id}/refunds",
    response=written(201, BookedOut) | WAITS,
    summary="Give money back",
    operation_id="refund_balance",
)
@permitted(Permission.MONEY_REFUND)
def refund(request: HttpRequest, account_id: UUID, body: RefundIn, key: Key) -> HttpResponse:
    """Give a part of the balance back, with a reason and a paper."""
    facts = get_account(user=machine_of(request), public_id=account_id, permission=Permission.MONEY_REFUND)

    def act() -> BookedOut:
        result = refund_balance(
            actor=actor_of(request), account_id=facts.id, amount=Money.parse(body.amount, body.currency),
            reason=body.reason, channel=body.channel, token=trade_token(request, key),
        )  # fmt: skip
        return BookedOut.of(result)

    return once(request, key, act, asked=body, status=201)


@router.post(
    "/accounts/{account_id}/clearings",
    response=written(201, ClearedOut) | WAITS,
    summary="Clear a balance to zero",
    operation_id="clear_to_zero",
)
@permitted(Permission.MONEY_CLEAR)
def clear(request: HttpRequest, account_id: UUID, body: ReasonIn, key: Key) -> HttpResponse:
    """Bring a balance to zero by an entry, with a reason and a paper. No money changes hands."""
    facts = get_account(user=machine_of(request), public_id=account_id, permission=Permission.MONEY_CLEAR)

    def act() -> ClearedOut:
        result = clear_to_zero(
            actor=actor_of(request), account_id=facts.id, reason=body.reason, token=trade_token(request, key)
        )
        return ClearedOut.of(result)

    return once(request, key, act, asked=body, status=201)


@router.post(
    "/accounts/{account_id}/close",
    response=written(200, ClosedOut),
    summary="Close a settled account",
    operation_id="close_account",
)
@permitted(Permission.ACCOUNT_CLOSE)
def close(request: HttpRequest, account_id: UUID, body: ReasonIn, key: Key) -> HttpResponse:
    """Close an account on which no money, use, room or order stands any more. There is no way to delete one."""
    facts = get_account(user=machine_of(request), public_id=account_id, permission=Permission.ACCOUNT_CLOSE)

    def act() -> ClosedOut:
        close_account(actor=actor_of(request), account_id=facts.id, reason=body.reason)
        return ClosedOut(account=account_id, state="closed")

    return once(request, key, act, asked=body)


@router.get("/payments", response=answers(200, PaymentsOut), summary="List payments", operation_id="list_payments")
@permitted(VIEW)
def payments(
    request: HttpRequest,
    *,
    site: UUID | None = None,
    account: UUID | None = None,
    day: Annotated[Day | None, Query(description="A local day; needs site")] = None,
    cursor: Cursor = None,
    limit: Page = 50,
) -> PaymentsOut:
    """Money that came in or went back, the newest first."""
    user, before = machine_of(request), cursors.to_uuid(cursor)
    if day is not None and site is None:
        raise Refused("A local day belongs to one site.", hint="Name the site too.")
    rows = list_payments(
        user=user, day=day, limit=limit + 1,
        site_id=None if site is None else find_site(user=user, permission=VIEW, public_id=site).id,
        account_id=None if account is None else get_account(user=user, public_id=account).id,
        before_id=None if before is None else get_payment(user=user, public_id=before).id,
    )  # fmt: skip
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return PaymentsOut(items=[PaymentOut.of(row) for row in page], next_cursor=next_cursor)


@router.get(
    "/payments/{payment_id}", response=answers(200, PaymentOut), summary="Get a payment", operation_id="get_payment"
)
@permitted(VIEW)
def payment(request: HttpRequest, payment_id: UUID) -> PaymentOut:
    """One payment."""
    return PaymentOut.of(get_payment(user=machine_of(request), public_id=payment_id))


@router.post(
    "/payments/{payment_id}/reversal",
    response=written(201, BookedOut) | WAITS,
    summary="Reverse a payment",
    operation_id="reverse_payment",
)
@permitted(Permission.MONEY_REVERSE)
def reversal(request: HttpRequest, payment_id: UUID, body: ReasonIn, key: Key) -> HttpResponse:
    """Undo a wrong top-up or refund by the opposite entry; both stay in the ledger."""
    found = get_payment(user=machine_of(request), public_id=payment_id, permission=Permission.MONEY_REVERSE)

    def act() -> BookedOut:
        result = reverse_payment(actor=actor_of(request), payment_public_id=found.public_id, reason=body.reason)
        return BookedOut.of(result)

    return once(request, key, act, asked=body, status=201)


@router.get("/orders", response=answers(200, OrdersOut), summary="List online orders", operation_id="list_orders")
@permitted(VIEW)
def orders(
    request: HttpRequest,
    *,
    site: UUID | None = None,
    state: Annotated[str, Query(max_length=20, pattern=TEXT, description="created, paid, credited, …")] = "",
    q: Text = "",
    cursor: Cursor = None,
    limit: Page = 50,
) -> OrdersOut:
    """Online orders, the newest first; ``q`` is an order's, a trade's or an account's whole number."""
    user, before = machine_of(request), cursors.to_uuid(cursor)
    rows = list_orders(
        user=user, states=(state,) if state else (), text=q, limit=limit + 1,
        site_id=None if site is None else find_site(user=user, permission=VIEW, public_id=site).id,
        before_id=None if before is None else get_order_line(user=user, public_id=before).id,
    )  # fmt: skip
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return OrdersOut(items=[OrderOut.of(row) for row in page], next_cursor=next_cursor)


@router.get("/orders/{order_id}", response=answers(200, OrderOut), summary="Get an order", operation_id="get_order")
@permitted(VIEW)
def order(request: HttpRequest, order_id: UUID) -> OrderOut:
    """One online order and how far it came."""
    return OrderOut.of(get_order_line(user=machine_of(request), public_id=order_id))
