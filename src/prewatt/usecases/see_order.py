"""An order as its payer's page walks with it: paid, credited, command sent, power proven on; and why a step is slow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.kernel.errors import NotFound
from prewatt.kernel.money import Money
from prewatt.metering.models import MeterState
from prewatt.payments.errors import UnknownOrder
from prewatt.payments.models import Order, OrderState, Unmatched
from prewatt.payments.services.orders import UNPAID, note_returned
from prewatt.supply.models import Hold
from prewatt.tenancy.models import Tenancy
from prewatt.tenancy.queries import get_shared_account, visible_accounts
from prewatt.usecases._money import balance_of
from prewatt.usecases.see_truths import Truths, see_truths
from prewatt.usecases.work import unit_of_work

WAITS_LONG: Final = timedelta(seconds=60)
ASKS_LONG: Final = timedelta(seconds=10)
COMMAND_LONG: Final = timedelta(seconds=20)
_ASK_AGAIN: Final = timedelta(seconds=3)
_FAILED: Final = frozenset({"failed", "expired"})


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order and the four steps. ``asked_at`` and ``expires_at`` are machine time, all else is estate time.

    ``slow`` says why a step takes long: ``provider_away``, ``waiting_for_provider``, ``parked`` (paid, and a person
    looks at it), ``not_enough``, ``power_held``, ``meter_silent``, ``command_failed``, or nothing.
    """

    public_id: UUID
    order_no: str
    account_public_id: UUID
    account_number: str
    amount: Money
    state: str
    channel: str
    merchant_public_id: UUID
    way: str
    started: Mapping[str, Any]
    created_at: datetime
    asked_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    credited_at: datetime | None
    command_at: datetime | None
    proven_at: datetime | None
    needs_power: bool
    slow: str
    error: str
    payment_public_id: UUID | None
    receipt_document_public_id: UUID | None
    balance_after: Money | None

    @property
    def is_over(self) -> bool:
        """This property will tell whether nothing more will happen by itself: a page may stop to look."""
        if self.state in {OrderState.FAILED, OrderState.EXPIRED, OrderState.REFUNDED}:
            return True
        return self.state == OrderState.CREDITED and (self.proven_at is not None or not self.needs_power)


def see_order(*, user: User, public_id: UUID) -> OrderView:
    """This function will show an order of an account that the login may see, at the desk or by a share.

    Raises UnknownOrder.
    """
    return order_view(order_id=_visible(user, public_id).pk)


def note_return(*, actor: Actor, user: User, public_id: UUID) -> OrderView:
    """This function will note that the payer came back from the provider, and have the provider asked soon.

    What the address of the page says of the payment is not even read: only the provider's signed word credits. Raises
    UnknownOrder.
    """
    order, now = _visible(user, public_id), machine_now()
    if order.state in UNPAID:
        may_ask = order.returned_at is None or now - order.returned_at > _ASK_AGAIN
        with unit_of_work(actor=actor, verb="note_return", subject=("order", order.order_no), of_facts=True):
            note_returned(order_id=order.pk, at=now, ask_at=now if may_ask else None)
    return order_view(order_id=order.pk)


def order_view(*, order_id: int) -> OrderView:
    """This function will show an order by its row number. Who may see is asked before."""
    order = Order.objects.select_related("account", "merchant", "payment__document").get(pk=order_id)
    is_credited = order.state in {OrderState.CREDITED, OrderState.REFUNDED}
    points = list(
        Tenancy.objects.filter(account=order.account_id, period__upper_inf=True).values_list(
            "metering_point_id", flat=True
        )
    )
    truths = list(see_truths(point_ids=points).values()) if is_credited else []
    command_at, proven_at, waiting = _steps(order, truths)
    payment = order.payment
    paper = payment.document if payment is not None else None
    return OrderView(
        public_id=order.public_id, order_no=order.order_no, account_public_id=order.account.public_id,
        account_number=order.account.number, amount=Money(order.amount, order.currency), state=order.state,
        channel=order.merchant.channel, merchant_public_id=order.merchant.public_id, way=order.way,
        started=order.started, created_at=order.created_at, asked_at=order.asked_at, expires_at=order.expires_at,
        paid_at=order.paid_at, credited_at=order.credited_at, command_at=command_at, proven_at=proven_at,
        needs_power=bool(waiting) or command_at is not None, slow=_slow(order, waiting), error=order.error,
        payment_public_id=payment.public_id if payment is not None else None,
        receipt_document_public_id=paper.public_id if paper is not None else None,
        balance_after=balance_of(account_id=order.account_id) if is_credited else None,
    )  # fmt: skip


def _visible(user: User, public_id: UUID) -> Order:
    order = Order.objects.select_related("account").filter(public_id=public_id).first()
    if order is None or not _may_see(user, order):
        raise UnknownOrder("There is no such order, or it is not yours to see.")
    return order


def _may_see(user: User, order: Order) -> bool:
    try:
        get_shared_account(user=user, public_id=order.account.public_id)
    except NotFound:
        at_desk = visible_accounts(user=user, permission=Permission.ACCOUNT_VIEW)
        return at_desk.filter(pk=order.account_id).exists()
    return True


def _steps(order: Order, truths: Sequence[Truths]) -> tuple[datetime | None, datetime | None, list[Truths]]:
    """This function will return when power was ordered back, when the last room proved it, and the rooms that wait."""
    since = order.credited_at
    if since is None:
        return None, None, []
    ours = [
        one for one in truths
        if one.command is not None and one.command.wanted == "on" and one.command.estate_at >= since
    ]  # fmt: skip
    waiting = [one for one in truths if one.reported == "off" or (one in ours and not _is_proven(one))]
    command_at = min((one.command.estate_at for one in ours if one.command is not None), default=None)
    proofs = [one.proven_at for one in ours if _is_proven(one) and one.proven_at is not None]
    return command_at, max(proofs, default=None) if not waiting else None, waiting


def _is_proven(one: Truths) -> bool:
    return one.reported == "on" and one.command is not None and one.command.state == "verified"


def _slow(order: Order, waiting: Sequence[Truths]) -> str:
    """This function will say why the step that an order is at takes long, when it does."""
    if order.state in UNPAID:
        return _slow_payment(order)
    if order.state == OrderState.PAID:
        return "parked" if Unmatched.objects.filter(order=order, state="open").exists() else ""
    if not waiting:
        return ""
    return _slow_power(waiting)


def _slow_payment(order: Order) -> str:
    now = machine_now()
    if order.error == "provider_away" and now - order.asked_at > ASKS_LONG:
        return "provider_away"
    since = order.returned_at or order.asked_at
    return "waiting_for_provider" if now - since > (ASKS_LONG if order.returned_at else WAITS_LONG) else ""


def _slow_power(waiting: Sequence[Truths]) -> str:
    if any(one.command is not None and one.command.state in _FAILED and one.desired == "on" for one in waiting):
        return "command_failed"
    live = [one.command for one in waiting if one.command is not None and one.command.is_live]
    if live:
        oldest = min(command.queued_at for command in live)
        points = [one.point_id for one in waiting]
        lost = MeterState.objects.filter(
            installation__metering_point__in=points, installation__period__upper_inf=True, comm="lost"
        )
        return "meter_silent" if machine_now() - oldest > COMMAND_LONG or lost.exists() else ""
    if all(one.desired == "on" for one in waiting):
        return ""
    held = Hold.objects.filter(
        metering_point__in=[one.point_id for one in waiting if one.desired == "off"], lifted_at=None, reason="credit",
        from_at__lte=estate_now(),
    )  # fmt: skip
    return "not_enough" if held.exists() else "power_held"
