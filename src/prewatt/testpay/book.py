"""The provider's book: orders, refunds, and the call-backs that they owe. It waits for nothing and sends nothing."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

from prewatt.kernel.money import round_half_away
from prewatt.testpay.errors import (
    BadQuestion,
    OrderConflict,
    RefundTooLarge,
    StatementNotReady,
    UnknownOrder,
    UnknownRefund,
)
from prewatt.testpay.journal import Journal
from prewatt.testpay.values import Choice, Delivery, Order, OrderState, Refund

RETRY_S: Final = (1, 2, 5, 15, 60, 120, 300, 600, 1_800, 3_600, 3_600, 3_600, 7_200, 21_600, 43_200)
LATE_S: Final = 45
SOON_MS: Final = 1_000
SETTLES_S: Final = 2
FEE_PER_MILLE: Final = 6
ORDERS_MAX: Final = 200_000
ZONE: Final = timezone(timedelta(hours=8), "Beijing")
"""The days of statements begin at midnight there."""


@dataclass(slots=True)
class Settings:
    """What a test may switch. ``calls_back`` off: no call-back at all. ``outage``: the API answers 503."""

    calls_back: bool = True
    outage: bool = False
    statements_today: bool = False
    answer_delay_ms: int = 0


class Book:
    """What the provider knows. Repeating a wish with the same number and content changes nothing."""

    def __init__(self, *, journal: Journal, now: Callable[[], datetime]) -> None:
        self.settings = Settings()
        self.orders: dict[str, Order] = {}
        self.refunds: dict[str, Refund] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.edits: dict[date, list[dict[str, Any]]] = {}
        self._by_token: dict[str, str] = {}
        self._open: set[str] = set()
        self._journal = journal
        self._now = now
        for kind, fields in journal.load():
            if kind == "order":
                self._keep_order(Order(**fields | {"state": OrderState(fields["state"])}))
            elif kind == "refund":
                self.refunds[f"{fields['merchant_no']}/{fields['refund_no']}"] = Refund(**fields)
            else:
                self._keep_open(Delivery(**fields))

    @property
    def now_s(self) -> int:
        """This property will hold this second."""
        return int(self._now().timestamp())

    @property
    def now_ms(self) -> int:
        """This property will hold this millisecond."""
        return int(self._now().timestamp() * 1000)

    def make_order(self, wish: Mapping[str, Any], *, merchant_no: str) -> Order:
        """This method will make an order payable, or return the one that was made with the same content before."""
        now = self.now_s
        fresh = Order(
            **wish,
            merchant_no=merchant_no,
            trade_no=f"TP{self._now():%Y%m%d%H%M%S}{secrets.randbelow(10**10):010d}",
            token=secrets.token_urlsafe(24),
            made_at=now,
        )
        known = self.orders.get(fresh.key)
        if known is not None:
            same = replace(fresh, trade_no=known.trade_no, token=known.token, made_at=known.made_at)
            if same != replace(known, state=OrderState.WAITING, paid_at=None, payer="", refunded=0):
                raise OrderConflict(f"Order {fresh.order_no} was made before with other content.")
            return self.get_order(known.key)
        if len(self.orders) >= ORDERS_MAX:
            raise OrderConflict(f"The test provider keeps {ORDERS_MAX} orders at most.", hint="Remove its folder.")
        if fresh.expires_at <= now:
            raise BadQuestion("The order has expired before it was made.")
        return self._keep(fresh)

    def get_order(self, key: str) -> Order:
        """This method will return an order; one whose time is over is closed first, without a call-back."""
        order = self.orders.get(key)
        if order is None:
            raise UnknownOrder("There is no such order.")
        if order.state is OrderState.WAITING and order.expires_at <= self.now_s:
            order = self._keep(replace(order, state=OrderState.CLOSED))
        return order

    def get_order_by_token(self, token: str) -> Order:
        """This method will return the order of a pay page."""
        return self.get_order(self._by_token.get(token, ""))

    def choose(self, key: str, choice: Choice) -> tuple[Order, Delivery | None]:
        """This method will let happen what the visitor chose, and return the call-back that comes of it.

        An order that is not waiting stays as it is.
        """
        order = self.get_order(key)
        if order.state is not OrderState.WAITING:
            return order, None
        if choice is Choice.FAIL:
            order = self._keep(replace(order, state=OrderState.FAILED))
        else:
            order = self._keep(replace(order, state=OrderState.PAID, paid_at=self.now_s, payer="te***er"))
        if choice is Choice.PAY_SILENT:
            return order, None
        wait_ms = {Choice.PAY_LATE: LATE_S * 1000, Choice.PAY_FIRST: 0}.get(choice, SOON_MS)
        left = 2 if choice is Choice.PAY_TWICE else 1
        return order, self._owe("trade", order, {}, url=order.notify_url, wait_ms=wait_ms, left=left)

    def close(self, key: str) -> Order:
        """This method will close an order that waits, and return any other as it is."""
        order = self.get_order(key)
        if order.state is OrderState.WAITING:
            order = self._keep(replace(order, state=OrderState.CLOSED))
        return order

    def make_refund(self, wish: Mapping[str, Any], *, merchant_no: str) -> Refund:
        """This method will give money back, once for each number; the call-back comes when it has settled."""
        order = self.get_order(f"{merchant_no}/{wish['order_no']}")
        known = self.refunds.get(f"{merchant_no}/{wish['refund_no']}")
        if known is not None:
            if (known.order_no, known.amount, known.currency) != (wish["order_no"], wish["amount"], wish["currency"]):
                raise OrderConflict(f"Refund {known.refund_no} was asked for before with other content.")
            return known
        if order.paid_at is None or wish["currency"] != order.currency:
            raise OrderConflict("The order was not paid, or in another currency.")
        refunded = order.refunded + wish["amount"]
        if refunded > order.amount:
            raise RefundTooLarge("More would be given back than is left of the payment.")
        now = self.now_s
        refund = Refund(
            **wish,
            merchant_no=merchant_no,
            trade_no=order.trade_no,
            refund_ref=f"TR{secrets.randbelow(10**16):016d}",
            made_at=now,
            settles_at=now + SETTLES_S,
            fee=fee_of(refunded) - fee_of(order.refunded),
        )
        state = OrderState.REFUNDED if refunded == order.amount else order.state
        order = self._keep(replace(order, refunded=refunded, state=state))
        self.refunds[refund.key] = refund
        self._journal.write("refund", refund.key, asdict(refund))
        told = {"refund": refund.to_wire(now=refund.settles_at)}
        self._owe("refund", order, told, url=refund.notify_url, wait_ms=SETTLES_S * 1000)
        return refund

    def get_refund(self, key: str) -> Refund:
        """This method will return a refund."""
        if key not in self.refunds:
            raise UnknownRefund("There is no such refund.")
        return self.refunds[key]

    def statement(self, day: date, *, merchant_no: str) -> list[dict[str, Any]]:
        """This method will return the rows of a day that is over, with what a test changed in them."""
        if day >= self._now().astimezone(ZONE).date() and not self.settings.statements_today:
            raise StatementNotReady(f"{day} is not over.")
        rows = [_payment_row(order) for order in self.orders.values() if order.paid_at is not None]
        rows += [_refund_row(refund) for refund in self.refunds.values()]
        of_day = [row for row in rows if row.pop("merchant_no") == merchant_no and _day_of(row["at"]) == day]
        return _edited(sorted(of_day, key=lambda row: (row["at"], row["trade_no"])), self.edits.get(day, []))

    def list_due(self) -> list[Delivery]:
        """This method will return the call-backs whose time has come, the oldest first."""
        if not self.settings.calls_back:
            return []
        now_ms = self.now_ms
        due = [one for one in self._list_open() if one.due_at_ms <= now_ms]
        return sorted(due, key=lambda one: one.due_at_ms)

    def next_due_ms(self) -> int | None:
        """This method will return when the next call-back is due, in ms since 1970."""
        dues = [one.due_at_ms for one in self._list_open()]
        return min(dues) if dues and self.settings.calls_back else None

    def note_answer(self, event_id: str, *, is_success: bool) -> Delivery:
        """This method will keep how a call-back went, and plan the next one where one is owed."""
        known = self.deliveries[event_id]
        tries, left = known.tries + 1, known.left - is_success
        wait_s = 2 if is_success else RETRY_S[min(tries, len(RETRY_S)) - 1]
        return self._keep_delivery(
            replace(
                known,
                tries=tries,
                left=left,
                due_at_ms=self.now_ms + wait_s * 1000,
                is_given_up=not is_success and tries > len(RETRY_S),
            )
        )

    def send_again(self, event_id: str) -> Delivery:
        """This method will make a call-back due now, whatever was answered before."""
        if event_id not in self.deliveries:
            raise UnknownOrder("There is no such call-back.")
        known = self.deliveries[event_id]
        fresh = replace(known, left=max(known.left, 1), due_at_ms=self.now_ms, is_given_up=False)
        return self._keep_delivery(fresh)

    def _owe(
        self, kind: str, order: Order, more: dict[str, Any], *, url: str, wait_ms: int, left: int = 1
    ) -> Delivery | None:
        """This method will plan a call-back, where the merchant wants any."""
        if not url:
            return None
        event_id = f"ev-{secrets.token_hex(12)}"
        told = {"event_id": event_id, "kind": kind, "order": order.to_wire(), **more}
        body = json.dumps(told, ensure_ascii=False)
        return self._keep_delivery(Delivery(event_id, order.key, url, body, self.now_ms + wait_ms, left=left))

    def _keep(self, order: Order) -> Order:
        self._keep_order(order)
        self._journal.write("order", order.key, asdict(order))
        return order

    def _keep_order(self, order: Order) -> None:
        self.orders[order.key] = order
        self._by_token[order.token] = order.key

    def _list_open(self) -> list[Delivery]:
        return [self.deliveries[event_id] for event_id in self._open]

    def _keep_open(self, delivery: Delivery) -> None:
        self.deliveries[delivery.event_id] = delivery
        if delivery.is_open:
            self._open.add(delivery.event_id)
        else:
            self._open.discard(delivery.event_id)

    def _keep_delivery(self, delivery: Delivery) -> Delivery:
        self._keep_open(delivery)
        self._journal.write("delivery", delivery.event_id, asdict(delivery))
        return delivery


def fee_of(amount: int) -> int:
    """This function will return the provider's fee: 6 per mille, rounded to the minor unit."""
    return round_half_away(amount * FEE_PER_MILLE, 1000)


def _payment_row(order: Order) -> dict[str, Any]:
    return {
        "kind": "payment",
        "merchant_no": order.merchant_no,
        "trade_no": order.trade_no,
        "order_no": order.order_no,
        "refund_no": "",
        "amount": order.amount,
        "fee": fee_of(order.amount),
        "currency": order.currency,
        "at": order.paid_at,
    }


def _refund_row(refund: Refund) -> dict[str, Any]:
    return {
        "kind": "refund",
        "merchant_no": refund.merchant_no,
        "trade_no": refund.trade_no,
        "order_no": refund.order_no,
        "refund_no": refund.refund_no,
        "amount": refund.amount,
        "fee": -refund.fee,
        "currency": refund.currency,
        "at": refund.made_at,
    }


def _day_of(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).date()


def _edited(rows: list[dict[str, Any]], edits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """This function will plant differences: ``add`` a row, ``drop`` a trade, or change the ``amount`` of one."""
    for edit in edits:
        if "add" in edit:
            rows = [*rows, edit["add"]]
            continue
        hit = [row for row in rows if row["trade_no"] == edit["trade_no"]]
        rows = [row for row in rows if row not in hit]
        rows += [] if edit.get("drop") else [row | {"amount": edit["amount"]} for row in hit]
    return rows
