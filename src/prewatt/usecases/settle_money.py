"""A person settles what no rule can: money in suspense, and lines of a statement that differ from our books."""

from typing import Final
from uuid import UUID

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.models import Scope
from prewatt.kernel.money import Money
from prewatt.payments.errors import AlreadyDecided, NotThisWay, SamePerson, UnknownUnmatched
from prewatt.payments.limits import require_reason
from prewatt.payments.models import (
    LineKind,
    Payment,
    PaymentKind,
    StatementDifference,
    StatementLine,
    Unmatched,
    UnmatchedState,
)
from prewatt.payments.online import RefundLine
from prewatt.payments.queries.orders import get_unmatched
from prewatt.payments.queries.refunds import get_refund_line
from prewatt.payments.queries.statements import get_line
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import finish_payment, lock_paying_account, post_trade, record_payment
from prewatt.payments.services.refunds import RefundWish, create_refund, reserve
from prewatt.payments.services.statements import resolve_line, write_off
from prewatt.payments.services.suspense import mark_refunding
from prewatt.payments.values import PaymentResult, Trade
from prewatt.tenancy.models import Account
from prewatt.usecases._credit import credit_parked
from prewatt.usecases._money import balance_changed, balance_under_lock, cashier_memo, issue_paper, known_result
from prewatt.usecases.reconcile_day import tell_differences
from prewatt.usecases.work import unit_of_work

WRITE_OFF: Final = "write_off"
CHARGE: Final = "charge_account"
NOTED: Final = "noted"
HOWS: Final = (WRITE_OFF, CHARGE, NOTED)


def credit_unmatched(*, actor: Actor, unmatched_public_id: UUID, account_public_id: UUID, note: str) -> PaymentResult:
    """This function will credit money in suspense to the account that it was meant for, with a word that says why.

    Needs ``pay.reconcile`` at the money's site; the account must be of that site. Raises UnknownUnmatched,
    AlreadyDecided, ReasonMissing, AccountTakesNoMoney.
    """
    with unit_of_work(
        actor=actor, verb="credit_unmatched", scope=_scope(unmatched_public_id),
        subject=("unmatched", str(unmatched_public_id)), reason=note,
    ) as work:  # fmt: skip
        row = get_unmatched(user=actor.user, public_id=unmatched_public_id)
        if row.state != UnmatchedState.OPEN:
            raise AlreadyDecided("This amount was dealt with before.", hint="Reload the list.")
        account = Account.objects.filter(public_id=account_public_id, site=row.site, currency=row.currency).first()
        if account is None:
            raise UnknownUnmatched(
                "There is no such account at the site that the money came for.", hint="Search for the account again."
            )
        payment = credit_parked(work, row=row, account_id=account.pk, note=require_reason(note))
        return known_result(payment=Payment.objects.get(pk=payment.pk))


def refund_unmatched(*, actor: Actor, unmatched_public_id: UUID, reason: str, token: str) -> RefundLine:
    """This function will ask for money in suspense to go back whole, the way it came; another person approves it.

    Raises UnknownUnmatched, AlreadyDecided, ReasonMissing.
    """
    with unit_of_work(
        actor=actor, verb="refund_unmatched", scope=_scope(unmatched_public_id),
        subject=("unmatched", str(unmatched_public_id)), reason=reason,
    ) as work:  # fmt: skip
        if actor.user is None:
            raise SamePerson("A refund is asked for by a named person.", hint="Sign in.")
        row = get_unmatched(user=actor.user, public_id=unmatched_public_id)
        wish = RefundWish(Money(row.amount, row.currency), require_reason(reason), token)
        refund, created = create_refund(
            merchant=row.merchant, wish=wish, asked_by=actor.user, now=work.now, unmatched=row
        )  # fmt: skip
        if created:
            mark_refunding(row=row)
    return get_refund_line(refund_id=refund.pk)


def settle_difference(*, actor: Actor, line_public_id: UUID, how: str, note: str) -> None:
    """This function will settle a line of a statement, with a word that says why. Needs ``pay.reconcile``.

    ``write_off`` moves what the line leaves on the takings to the differences. ``charge_account`` is for a refund that
    was made at the provider's own site: the account that had the money is charged with it, below zero if need be.
    ``noted`` moves nothing. Raises UnknownDifference, AlreadyDecided, NotThisWay, ReasonMissing.
    """
    with unit_of_work(
        actor=actor, verb="settle_difference", scope=_scope_of_line(line_public_id),
        subject=("statement_line", str(line_public_id)), reason=note,
    ) as work:  # fmt: skip
        line = get_line(user=actor.user, public_id=line_public_id)
        if how not in HOWS:
            raise NotThisWay("A difference is not settled like this.", hint="Choose one of the ways that are offered.")
        note = require_reason(note)
        if how == CHARGE:
            _charge(work, line, note)
        elif how == WRITE_OFF:
            write_off(line=StatementLine.objects.select_related("site", "merchant").get(pk=line.pk), now=work.now)
        if not resolve_line(line=line, how=how, note=note, now=work.now):
            raise AlreadyDecided("This difference was settled before.", hint="Reload the list.")
        tell_differences(work, statement=line.statement)


def ways_to_settle(*, line_public_id: UUID) -> tuple[str, ...]:
    """This function will say how a line that differs may be settled. Who may see is asked before."""
    line = get_line(user=None, public_id=line_public_id)
    return HOWS if _is_chargeable(line) else (WRITE_OFF, NOTED)


def _is_chargeable(line: StatementLine) -> bool:
    return (
        line.kind == LineKind.REFUND
        and line.difference == StatementDifference.MISSING_HERE
        and line.payment is not None
        and line.payment.account_id is not None
    )


def _charge(work: UnitOfWork, line: StatementLine, note: str) -> None:
    """This function will book a refund that the provider made without us: the payer has the money already."""
    payment = line.payment
    if payment is None or payment.account_id is None or not _is_chargeable(line):
        raise NotThisWay(
            "Only a refund of a payment that we credited can be charged to its account.", hint="Write it off."
        )
    paying = lock_paying_account(account_id=payment.account_id, must_be_open=False)
    amount = Money(line.amount, line.currency)
    reserve(payment=payment, amount=amount)
    trade = Trade(
        PaymentKind.REFUND, amount, payment.channel, f"refund:{line.refund_no}"[:80], merchant=payment.merchant
    )  # fmt: skip
    given, created = record_payment(
        account_id=paying.account_id, site_id=paying.site_id, trade=trade, received_at=work.now
    )  # fmt: skip
    if not created:
        raise AlreadyDecided("This refund is in the books already.", hint="Reload the list.")
    entry = post_trade(paying=paying, trade=trade, now=work.now, memo=cashier_memo(work, reason=note))
    balance = balance_under_lock(paying=paying)
    balance_changed(work, paying=paying)
    facts = PaperFacts(
        amount=amount, balance_before=paying.balance, balance_after=balance, at=work.now, by=work.actor.name,
        channel=payment.channel, reason=note, payment_public_id=str(given.public_id), trade_no=payment.trade_no,
    )  # fmt: skip
    paper = issue_paper(
        work, paying=paying, kind="refund", point=payment.channel, entry_id=entry.entry_id,
        subject=("payment", str(given.public_id)), facts=facts,
    )  # fmt: skip
    finish_payment(payment=given, entry_id=entry.entry_id, document=paper)
    StatementLine.objects.filter(pk=line.pk).update(our_amount=line.amount)


def _scope(public_id: UUID) -> Scope | None:
    row = Unmatched.objects.select_related("site__scope").filter(public_id=public_id).first()
    return row.site.scope if row is not None else None


def _scope_of_line(public_id: UUID) -> Scope | None:
    line = StatementLine.objects.select_related("site__scope").filter(public_id=public_id).first()
    return line.site.scope if line is not None else None
