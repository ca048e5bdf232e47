"""Approved refunds go to their provider, and are asked for until their end is known."""

import structlog
from django.conf import settings

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import Refused
from prewatt.kernel.money import Money
from prewatt.payments.models import Refund
from prewatt.payments.providers.errors import ProviderAway, ProviderRefused
from prewatt.payments.providers.values import Provider, RefundFact, RefundRequest, RefundState
from prewatt.payments.queries.merchants import notify_path
from prewatt.payments.queries.refunds import has_due_refunds
from prewatt.payments.services.refunds import claim_refunds, note_refund_trouble
from prewatt.usecases._providers import provider_of
from prewatt.usecases._refunds import apply_refund_fact, give_back
from prewatt.usecases.work import Busy, unit_of_work

_log = structlog.get_logger(__name__)


def send_due_refunds(*, actor: Actor) -> int:
    """This function will send the refunds that were approved and ask for those whose end is not known yet.

    A refund is marked as sent before it is sent. One that may have been sent before is asked for first, and sent again,
    with the same number, only when the provider does not know it. Returns how many were worked on.
    """
    now = machine_now()
    if not has_due_refunds(now=now):
        return 0
    with unit_of_work(actor=actor, verb="claim_refunds", of_facts=True):
        claimed = claim_refunds(now=now)
    for refund, may_be_sent in claimed:
        try:
            _work_on(actor, refund, may_be_sent=may_be_sent)
        except (ProviderAway, Refused, Busy) as error:
            _log.warning("refund not settled", refund=refund.refund_no, why=error.message)
            with unit_of_work(actor=actor, verb="send_refund", subject=("refund", refund.refund_no), of_facts=True):
                note_refund_trouble(refund=refund, error=error.code)
    return len(claimed)


def _work_on(actor: Actor, refund: Refund, *, may_be_sent: bool) -> None:
    provider, request = provider_of(refund.merchant), request_of(refund)
    try:
        fact = _asked(provider, request) if may_be_sent else None
        fact = fact or provider.refund(request)
    except ProviderRefused as refusal:
        _refused(actor, refund, provider, refusal)
        return
    with unit_of_work(
        actor=actor, verb="send_refund", scope=refund.site.scope, subject=("refund", refund.refund_no), of_facts=True
    ) as work:
        apply_refund_fact(work, merchant=refund.merchant, fact=fact)


def _asked(provider: Provider, request: RefundRequest) -> RefundFact | None:
    """This function will return what the provider says of a refund, None when it does not know it."""
    fact = provider.query_refund(request)
    return None if fact.state is RefundState.UNKNOWN else fact


def _refused(actor: Actor, refund: Refund, provider: Provider, refusal: ProviderRefused) -> None:
    """This function will give the money back when the provider said no and, asked again, does not know the refund."""
    try:
        fact = _asked(provider, request_of(refund))
    except ProviderRefused as again:
        raise ProviderAway("The provider refuses to tell: %(why)s", why=again.message) from again
    with unit_of_work(
        actor=actor, verb="send_refund", scope=refund.site.scope, subject=("refund", refund.refund_no)
    ) as work:
        if fact is None:
            give_back(work, refund_id=refund.pk, error=refusal.message)
        else:
            apply_refund_fact(work, merchant=refund.merchant, fact=fact)


def request_of(refund: Refund) -> RefundRequest:
    """This function will say to the provider which refund is meant; the same for the same refund, for ever."""
    of = refund.payment or refund.unmatched
    if of is None:
        raise RuntimeError(f"refund {refund.refund_no} is of nothing")
    order_no = refund.order.order_no if refund.order is not None else ""
    if not order_no and refund.unmatched is not None:
        order_no = refund.unmatched.order_no
    return RefundRequest(
        refund_no=refund.refund_no, order_no=order_no, trade_no=of.trade_no,
        amount=Money(refund.amount, refund.currency), total=Money(of.amount, of.currency), reason=refund.reason,
        notify_url=f"{settings.PUBLIC_ORIGIN}{notify_path(refund.merchant)}",
    )  # fmt: skip
