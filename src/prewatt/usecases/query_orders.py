"""Asking providers what became of orders, until it is known; closing those that nobody may pay any more."""

from typing import Final

import structlog

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import PrewattError, Refused
from prewatt.payments.models import Order
from prewatt.payments.providers.errors import ProviderAway, ProviderRefused
from prewatt.payments.providers.values import TradeFact
from prewatt.payments.queries.orders import has_orders_to_ask, list_unmatched_with_order
from prewatt.payments.services.orders import claim_orders, note_trouble
from prewatt.usecases._credit import AmountMissing, credit_trade, match_parked
from prewatt.usecases._providers import provider_of
from prewatt.usecases.work import Busy, unit_of_work

SOURCE: Final = "query"
_log = structlog.get_logger(__name__)


def query_due_orders(*, actor: Actor) -> int:
    """This function will ask for the orders whose time has come: 30 s after their beginning, 2 min, 10 min, 30 min.

    It returns how many were asked for. Each is claimed by its next time first, so a question that dies is put again.
    """
    return _ask(actor, expired=False)


def expire_orders(*, actor: Actor) -> int:
    """This function will close orders that ran out at their provider, and call them expired only when that is sure.

    One that the provider cannot close yet is asked for every hour until it can; one that was paid first is credited.
    """
    return _ask(actor, expired=True)


def join_unmatched(*, actor: Actor) -> int:
    """This function will credit money in suspense whose order has appeared since: its call-back was faster."""
    rows = list_unmatched_with_order()
    for row in rows:
        with unit_of_work(
            actor=actor, verb="join_unmatched", scope=row.merchant.site.scope, subject=("unmatched", str(row.public_id))
        ) as work:
            match_parked(work, row=row)
    return len(rows)


def _ask(actor: Actor, *, expired: bool) -> int:
    now = machine_now()
    if not has_orders_to_ask(now=now, expired=expired):
        return 0
    with unit_of_work(actor=actor, verb="claim_orders", of_facts=True):
        orders = claim_orders(now=now, expired=expired)
    for order in orders:
        try:
            _settle(actor, order, _fact(order, expired=expired))
        except (ProviderAway, ProviderRefused, AmountMissing, Refused, Busy) as error:
            _keep_trouble(actor, order, error)
    return len(orders)


def _fact(order: Order, *, expired: bool) -> TradeFact:
    provider = provider_of(order.merchant)
    ask = provider.close if expired else provider.query
    return ask(order.order_no, order.provider_ref)


def _settle(actor: Actor, order: Order, fact: TradeFact) -> None:
    """This function will keep what the provider said of an order: the same road as its call-back's."""
    if fact.order_no != order.order_no:
        raise ProviderAway("The provider spoke of another order than %(order)s.", order=order.order_no)
    with unit_of_work(
        actor=actor, verb="query_order", scope=order.site.scope, subject=("order", order.order_no), of_facts=True
    ) as work:
        credit_trade(work, merchant=order.merchant, fact=fact, source=SOURCE)


def _keep_trouble(actor: Actor, order: Order, error: PrewattError) -> None:
    _log.warning("order not settled", channel=order.merchant.channel, order=order.order_no, why=error.message)
    with unit_of_work(actor=actor, verb="query_order", subject=("order", order.order_no), of_facts=True):
        note_trouble(order_id=order.pk, error=error.code)
