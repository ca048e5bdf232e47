"""A provider's statement is laid beside our books line by line: what differs is credited, parked or listed."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import structlog

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.permissions import Permission
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Severity
from prewatt.cases.services import close_case, open_case
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import PrewattError
from prewatt.kernel.money import Money
from prewatt.payments.errors import BadMerchantData
from prewatt.payments.models import (
    LineKind,
    Merchant,
    MerchantState,
    Order,
    ProviderStatement,
    Refund,
    StatementLine,
    Unmatched,
    Verdict,
)
from prewatt.payments.online import StatementSummary
from prewatt.payments.providers.errors import StatementNotReady
from prewatt.payments.providers.values import StatementRow, TradeFact, TradeState
from prewatt.payments.queries.merchants import get_merchant
from prewatt.payments.queries.statements import days_known, has_due_statements, statement_summary
from prewatt.payments.reconciliation import LATE_AFTER, day_of, days_to_fetch, due_at, statement_zone
from prewatt.payments.services.refunds import ON_THE_WAY
from prewatt.payments.services.statements import (
    Reading,
    claim_statements,
    ensure_statement,
    keep_lines,
    match_lines,
    note_statement_trouble,
    post_lines,
    refresh_state,
    resolve_line,
    siblings_of,
)
from prewatt.usecases._credit import credit_trade
from prewatt.usecases._providers import provider_of
from prewatt.usecases._refunds import arrive
from prewatt.usecases.work import unit_of_work

SUBJECT: Final = "statement"
NOTHING_AFTER_TRIES: Final = 3
_log = structlog.get_logger(__name__)


def reconcile_day(*, actor: Actor, merchant_public_id: UUID, day: date, data: bytes | None = None) -> StatementSummary:
    """This function will read a merchant's day, from an uploaded file or else from the provider, and settle it.

    Again and again if need be: what was read before is only compared. Needs ``pay.reconcile``. Raises UnknownMerchant,
    BadStatement, BadMerchantData, ProviderAway, ProviderRefused, StatementNotReady.
    """
    merchant = get_merchant(user=actor.user, public_id=merchant_public_id, permission=Permission.PAY_RECONCILE)
    merchant = _owner(merchant)
    if day_of(merchant.channel, day)[0] > machine_now():
        raise BadMerchantData("That day has not begun yet.", hint="Choose the day that the statement is of.")
    provider = provider_of(merchant)
    rows = provider.parse_statement(data) if data is not None else provider.fetch_statement(day)
    if data is not None:
        _require_of_day(rows, merchant.channel, day)
    source = "uploaded" if data is not None else "fetched"
    reading = Reading(source, hashlib.sha256(data or repr(rows).encode()).hexdigest(), actor.user)
    return _reconcile(actor, merchant, day, rows, reading)


def _require_of_day(rows: Sequence[StatementRow], channel: str, day: date) -> None:
    """This function will refuse a file of another day: its day would pass for one without any difference."""
    from_at, to_at = day_of(channel, day)
    if rows and not any(from_at <= row.at < to_at for row in rows):
        first = min(row.at for row in rows).astimezone(statement_zone(channel)).date()
        raise BadMerchantData(
            "None of the file's lines is of %(day)s; the first is of %(first)s.",
            hint="Choose the day that the statement is of.", day=day.isoformat(), first=first.isoformat(),
        )  # fmt: skip


def fetch_due_statements(*, actor: Actor) -> int:
    """This function will fetch the statements of the days that are over, and settle them. Returns how many it tried.

    A day of which the provider has nothing, and we have nothing either, is settled after some tries; one that stays
    away for a day opens a case.
    """
    now = machine_now()
    _await_days(actor)
    if not has_due_statements(now=now):
        return 0
    with unit_of_work(actor=actor, verb="claim_statements", of_facts=True):
        claimed = claim_statements(now=now)
    for statement in claimed:
        try:
            _fetch(actor, statement)
        except PrewattError as error:
            _log.warning("statement not read", statement=str(statement), why=error.message)
            _keep_trouble(actor, statement, error)
    return len(claimed)


def _fetch(actor: Actor, statement: ProviderStatement) -> None:
    rows: Sequence[StatementRow]
    try:
        rows = provider_of(statement.merchant).fetch_statement(statement.day)
    except StatementNotReady:
        if statement.tries < NOTHING_AFTER_TRIES or _has_own(statement):
            raise
        rows = []
    reading = Reading("fetched", hashlib.sha256(repr(rows).encode()).hexdigest(), None)
    _reconcile(actor, statement.merchant, statement.day, rows, reading)


def _await_days(actor: Actor) -> None:
    """This function will write down the days that are over and not awaited yet, of every merchant."""
    now = machine_now()
    for merchant in Merchant.objects.filter(state=MerchantState.ACTIVE).select_related("site__scope"):
        if siblings_of(merchant)[0] != merchant.pk:
            continue
        days = list(days_to_fetch(merchant.channel, since=merchant.created_at, now=now))
        missing = set(days) - days_known(merchant_id=merchant.pk, since=days[0]) if days else set()
        if missing:
            with unit_of_work(actor=actor, verb="await_statements", of_facts=True):
                for day in sorted(missing):
                    ensure_statement(merchant=merchant, day=day)


def _reconcile(
    actor: Actor, merchant: Merchant, day: date, rows: Sequence[StatementRow], reading: Reading
) -> StatementSummary:
    from_at, to_at = day_of(merchant.channel, day)
    scope, subject = merchant.site.scope, ("statement", f"{merchant.merchant_no} {day}")
    with unit_of_work(actor=actor, verb="read_statement", scope=scope, subject=subject):
        statement = ensure_statement(merchant=merchant, day=day)
        keep_lines(statement=statement, rows=rows, reading=reading)
        match_lines(statement=statement, from_at=from_at, to_at=to_at)
    for line in _lines_to_settle(statement):
        with unit_of_work(actor=actor, verb="settle_line", scope=scope, subject=("trade", line.trade_no)) as work:
            _settle(work, line)
    with unit_of_work(actor=actor, verb="post_statement", scope=scope, subject=subject) as work:
        match_lines(statement=statement, from_at=from_at, to_at=to_at)
        post_lines(statement=statement, now=work.now)
        tell_differences(work, statement=statement)
    return statement_summary(statement_id=statement.pk)


def tell_differences(work: UnitOfWork, *, statement: ProviderStatement) -> None:
    """This function will open, keep or close the case of a statement by what still differs."""
    left = refresh_state(statement=statement)
    about = {"subject_kind": SUBJECT, "subject_id": str(statement.public_id)}
    close_case(kind=Kind.STATEMENT_MISSING, now=work.now, note="", **about)
    if left:
        open_case(
            scope=statement.merchant.site.scope, kind=Kind.STATEMENT_DIFFERS, severity=Severity.WARNING, now=work.now,
            subject_label=str(statement)[:120],
            detail={"channel": statement.merchant.channel, "day": statement.day.isoformat(), "count": left}, **about,
        )  # fmt: skip
    else:
        close_case(kind=Kind.STATEMENT_DIFFERS, now=work.now, note="", **about)


def _lines_to_settle(statement: ProviderStatement) -> list[StatementLine]:
    """This function will return the lines that can be settled by themselves: money that came, refunds that arrived."""
    rows = StatementLine.objects.filter(statement=statement, in_file=True, resolved_at=None)
    came = rows.filter(kind=LineKind.PAYMENT, payment=None, unmatched=None)
    arrived = rows.filter(kind=LineKind.REFUND, refund__state__in=ON_THE_WAY)
    return list(came.select_related("merchant__site__scope")) + list(arrived.select_related("refund"))


def _settle(work: UnitOfWork, line: StatementLine) -> None:
    if line.refund is not None:
        if line.refund.amount == line.amount:
            arrive(work, refund_id=line.refund.pk, refund_ref="")
        return
    merchant = line.merchant
    fact = TradeFact(
        order_no=line.order_no, trade_no=line.trade_no, state=TradeState.PAID, merchant_no=merchant.merchant_no,
        amount=Money(line.amount, line.currency), app_id=merchant.app_id, paid_at=line.provider_at,
        raw_state="statement",
    )  # fmt: skip
    credit = credit_trade(work, merchant=_merchant_of(line), fact=fact, source="statement")
    if credit.verdict in {Verdict.CREDITED, Verdict.PARKED}:
        resolve_line(line=line, how=credit.verdict.value, note="", now=work.now)


def _merchant_of(line: StatementLine) -> Merchant:
    """This function will return the merchant whose order a line is about: apps of one number share a statement."""
    ordered = Merchant.objects.select_related("site__scope").filter(orders__order_no=line.order_no)
    return ordered.filter(pk__in=siblings_of(line.merchant)).first() or line.merchant


def _owner(merchant: Merchant) -> Merchant:
    return Merchant.objects.select_related("site__scope").get(pk=siblings_of(merchant)[0])


def _has_own(statement: ProviderStatement) -> bool:
    from_at, to_at = day_of(statement.merchant.channel, statement.day)
    ours = {"merchant__in": siblings_of(statement.merchant), "provider_at__gte": from_at, "provider_at__lt": to_at}
    return (
        Order.objects.filter(**ours).exists()
        or Unmatched.objects.filter(**ours).exists()
        or Refund.objects.filter(**ours).exists()
    )


def _keep_trouble(actor: Actor, statement: ProviderStatement, error: PrewattError) -> None:
    merchant = statement.merchant
    is_late = machine_now() > due_at(merchant.channel, statement.day) + LATE_AFTER
    with unit_of_work(
        actor=actor, verb="fetch_statement", subject=(SUBJECT, str(statement)[:60]), of_facts=True
    ) as work:
        note_statement_trouble(statement=statement, error=error.message)
        if is_late:
            open_case(
                scope=merchant.site.scope, kind=Kind.STATEMENT_MISSING, subject_kind=SUBJECT,
                subject_id=str(statement.public_id), subject_label=str(statement)[:120], severity=Severity.WARNING,
                now=work.now,
                detail={"channel": merchant.channel, "day": statement.day.isoformat(), "error": error.message},
            )  # fmt: skip
