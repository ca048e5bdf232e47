"""A provider calls back: its word is proven first, credited in one transaction, and answered after the commit alone."""

from typing import Final
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from prewatt.access.audit import Actor
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Severity
from prewatt.cases.services import open_case
from prewatt.kernel.errors import Unable
from prewatt.payments.models import Merchant, Verdict
from prewatt.payments.providers.errors import (
    CallbackForeign,
    CallbackForged,
    CallbackIrrelevant,
    CallbackMalformed,
)
from prewatt.payments.providers.strict import CALLBACK_BYTES_MAX
from prewatt.payments.providers.values import CallbackAnswer, Provider, RawCallback, RefundFact, TradeFact
from prewatt.payments.services.callbacks import Heard, hash_body, note_callback
from prewatt.usecases._credit import Credit, credit_trade
from prewatt.usecases._providers import forget_merchant, known_merchant, provider_of
from prewatt.usecases._refunds import apply_refund_fact
from prewatt.usecases.work import Busy, unit_of_work

BODY_BYTES_MAX: Final = CALLBACK_BYTES_MAX
TRIES: Final = 3
NOT_NOW: Final = CallbackAnswer(503, "text/plain", b"try again")
NOBODY: Final = CallbackAnswer(404, "text/plain", b"unknown merchant")
_STATUS: Final = {Verdict.FORGED: 401, Verdict.FOREIGN: 403, Verdict.MALFORMED: 400}
_log = structlog.get_logger(__name__)


def hear_callback(*, channel: str, merchant_public_id: UUID, raw: RawCallback, address: str = "") -> CallbackAnswer:
    """This function will hear a call-back and say what the provider is to be told.

    "Success" is said only after the money's transaction has committed, or when the same was committed before. When the
    database is away or busy the answer is 503: every provider comes again.
    """
    try:
        return _hear(channel, merchant_public_id, raw, address)
    except (OperationalError, InterfaceError, PoolTimeout, Unable) as error:
        _log.warning("call-back not heard", channel=channel, why=type(error).__name__)
        return NOT_NOW


def _hear(channel: str, merchant_public_id: UUID, raw: RawCallback, address: str) -> CallbackAnswer:
    merchant = known_merchant(channel=channel, public_id=merchant_public_id)
    actor = Actor(process=f"callback:{channel}", address=address)
    heard = Heard(channel, merchant, hash_body(raw.body), raw.received_at, address)
    if merchant is None:
        _note(actor, heard, Verdict.UNKNOWN_MERCHANT, detail=str(merchant_public_id))
        return NOBODY
    provider = provider_of(merchant)
    try:
        fact = _read(merchant, provider, raw)
    except CallbackIrrelevant as told:  # the provider's own, about something that is not kept: it need not come again
        _note(actor, heard, Verdict.NOT_PAID, detail=told.message)
        return provider.answer(ok=True)
    except (CallbackForged, CallbackForeign, CallbackMalformed) as refusal:
        verdict = _verdict(refusal)
        _refuse(actor, heard, merchant, verdict, refusal.message)
        answer = provider.answer(ok=False, message=refusal.code)
        return CallbackAnswer(_STATUS[verdict], answer.content_type, answer.body)
    for attempt in range(TRIES):
        try:
            _take(actor, heard, merchant, fact)
        except Busy:
            if attempt == TRIES - 1:
                raise
        else:
            break
    return provider.answer(ok=True)


def _read(merchant: Merchant, provider: Provider, raw: RawCallback) -> TradeFact | RefundFact:
    """This function will read a call-back; one that no key proves is tried again with the keys of this very moment."""
    try:
        return provider.read_callback(raw)
    except CallbackForged:
        fresh = forget_merchant(merchant)
        if fresh is None or fresh.version == merchant.version:
            raise
        return provider_of(fresh).read_callback(raw)


def _take(actor: Actor, heard: Heard, merchant: Merchant, fact: TradeFact | RefundFact) -> None:
    if isinstance(fact, RefundFact):
        with unit_of_work(actor=actor, verb="hear_refund", subject=("refund", fact.refund_no)) as work:
            order_id = apply_refund_fact(work, merchant=merchant, fact=fact)
            note_callback(heard=heard, verdict=Verdict.REFUND, order_id=order_id, trade_no=fact.trade_no)
        return
    with unit_of_work(
        actor=actor, verb="hear_callback", scope=merchant.site.scope, subject=("order", fact.order_no), of_facts=True
    ) as work:

        def note(credit: Credit) -> None:
            note_callback(
                heard=heard, verdict=credit.verdict, order_id=credit.order_id, trade_no=fact.trade_no,
                detail=fact.raw_state,
            )  # fmt: skip

        credit_trade(work, merchant=merchant, fact=fact, source="callback", noted=note)


def _note(actor: Actor, heard: Heard, verdict: Verdict, *, detail: str) -> None:
    """This function will write down a call-back that changes nothing; it has no action row, a flood would fill them."""
    with unit_of_work(actor=actor, verb="hear_callback", of_facts=True):
        note_callback(heard=heard, verdict=verdict, detail=detail)


def _verdict(refusal: CallbackForged | CallbackForeign | CallbackMalformed) -> Verdict:
    match refusal:
        case CallbackForged():
            return Verdict.FORGED
        case CallbackForeign():
            return Verdict.FOREIGN
        case _:
            return Verdict.MALFORMED


def _refuse(actor: Actor, heard: Heard, merchant: Merchant, verdict: Verdict, why: str) -> None:
    """This function will write a refused call-back down; one that was signed and meant for others is an alarm."""
    _log.warning("call-back refused", channel=heard.channel, verdict=verdict.value, address=heard.address)
    with unit_of_work(actor=actor, verb="hear_callback", of_facts=True) as work:
        note_callback(heard=heard, verdict=verdict, detail=why)
        if verdict is Verdict.FOREIGN:
            open_case(
                scope=merchant.site.scope, kind=Kind.CALLBACK_FOREIGN, subject_kind="merchant",
                subject_id=str(merchant.public_id), subject_label=merchant.name, severity=Severity.URGENT,
                now=work.now, detail={"channel": heard.channel, "detail": why},
            )  # fmt: skip
