"""What a provider's word about a refund does: the money arrived, or it goes back to where it was."""

from zoneinfo import ZoneInfo

from prewatt.access.audit import UnitOfWork
from prewatt.cases.kinds import Kind
from prewatt.cases.models import Severity
from prewatt.cases.services import open_case
from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date
from prewatt.ledger.queries import find_book, get_document_by_id
from prewatt.ledger.services import PostingLine, booking_date_for, house_account, post_entry, void_document
from prewatt.notices.services import tell_refund
from prewatt.payments.house import House, house_code
from prewatt.payments.models import Merchant, Payment, Refund
from prewatt.payments.providers.values import RefundFact, RefundState
from prewatt.payments.services import lock_paying_account, mark_reversed, reverse_trade
from prewatt.payments.services.refunds import ON_THE_WAY, mark_arrived, mark_returned, note_refund_trouble, unreserve
from prewatt.payments.services.suspense import mark_open_again, mark_refunded, move_suspense
from prewatt.tenancy.queries import account_facts
from prewatt.usecases._money import balance_changed

SUBJECT = "refund"


def apply_refund_fact(work: UnitOfWork, *, merchant: Merchant, fact: RefundFact) -> int | None:
    """This function will bring a refund to the end that the provider tells, once, and return its order if it has one.

    Nothing happens for a refund that is not ours, that has ended, or of which the provider does not know the end yet.
    """
    refund = Refund.objects.filter(refund_no=fact.refund_no, merchant=merchant).first()
    if refund is None:
        return None
    if fact.amount is not None and fact.amount != Money(refund.amount, refund.currency):
        _tell(refund, f"the provider says {fact.amount}", work)
        note_refund_trouble(refund=refund, error=f"{fact.raw_state}: {fact.amount}")
    elif fact.state is RefundState.SUCCEEDED:
        arrive(work, refund_id=refund.pk, refund_ref=fact.refund_ref)
    elif fact.state is RefundState.FAILED:
        give_back(work, refund_id=refund.pk, error=fact.raw_state)
    return refund.order_id


def arrive(work: UnitOfWork, *, refund_id: int, refund_ref: str) -> None:
    """This function will end a refund whose money reached the payer: the provider owes us so much less."""
    refund = _locked(refund_id)
    if refund.state not in ON_THE_WAY:
        return
    amount = Money(refund.amount, refund.currency)
    entry_id = _settle(refund, amount, work)
    mark_arrived(refund=refund, refund_ref=refund_ref, entry_id=entry_id, now=work.now)
    if refund.unmatched is not None:
        mark_refunded(row=refund.unmatched, note=refund.reason, now=work.now)
    if refund.account_id is not None and refund.trade is not None and refund.trade.document_id is not None:
        tell_refund(
            account_id=refund.account_id, amount=amount, now=work.now, key=refund.refund_no,
            available=account_facts(account_ids=[refund.account_id])[0].available,
            slip=get_document_by_id(document_id=refund.trade.document_id).number_text,
        )  # fmt: skip


def give_back(work: UnitOfWork, *, refund_id: int, error: str) -> None:
    """This function will end a refund that failed: its money is back on the account, or in suspense; a case tells."""
    account_id = Refund.objects.get(pk=refund_id).account_id
    paying = lock_paying_account(account_id=account_id, must_be_open=False) if account_id is not None else None
    refund = _locked(refund_id)
    if refund.state not in ON_THE_WAY:
        return
    amount = Money(refund.amount, refund.currency)
    mark_returned(refund=refund, error=error, now=work.now)
    if refund.unmatched is not None:
        move_suspense(
            site=refund.site, cause_key=f"refund_failed:{_key(refund)}", amount=amount, now=work.now,
            against=flight_code(refund), channel=refund.merchant.channel,
        )  # fmt: skip
        mark_open_again(row=refund.unmatched)
    elif paying is not None and refund.payment is not None and refund.trade is not None:
        reverse_trade(paying=paying, payment=refund.trade, now=work.now, memo={"reason": "refund_failed"})
        mark_reversed(payment=refund.trade, now=work.now)
        unreserve(payment=refund.payment, amount=amount)
        _void_paper(refund.trade, work)
        balance_changed(work, paying=paying)
    _tell(refund, error, work)


def _settle(refund: Refund, amount: Money, work: UnitOfWork) -> int:
    book_id = find_book(code=refund.site.code)
    if book_id is None:
        raise RuntimeError(f"site {refund.site.code} has no book")
    flight, takings = (
        house_account(book_id=book_id, code=_code(refund, house), currency=amount.currency)
        for house in (House.IN_FLIGHT, House.TAKINGS)
    )
    wanted = local_date(work.now, ZoneInfo(refund.site.time_zone))
    return post_entry(
        book_id=book_id, kind="refund_settled", cause_key=f"refund_settled:{_key(refund)}", occurred_at=work.now,
        inputs={"site": refund.site.code, "channel": refund.merchant.channel, "amount": amount},
        booking_date=booking_date_for(book_id=book_id, wanted=wanted),
        postings=[PostingLine(flight, -amount), PostingLine(takings, amount)],
        memo={"channel": refund.merchant.channel},
    ).entry_id  # fmt: skip


def _void_paper(trade: Payment, work: UnitOfWork) -> None:
    if trade.document_id is not None:
        void_document(public_id=get_document_by_id(document_id=trade.document_id).public_id, now=work.now)


def _tell(refund: Refund, error: str, work: UnitOfWork) -> None:
    open_case(
        scope=refund.site.scope, kind=Kind.REFUND_FAILED, subject_kind=SUBJECT, subject_id=str(refund.public_id),
        subject_label=refund.refund_no, severity=Severity.WARNING, now=work.now,
        detail={
            "channel": refund.merchant.channel, "amount": str(Money(refund.amount, refund.currency)), "error": error,
        },
    )  # fmt: skip


def _locked(refund_id: int) -> Refund:
    rows = Refund.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("site__scope", "merchant", "payment", "unmatched", "trade").get(pk=refund_id)


def _key(refund: Refund) -> str:
    return f"{refund.merchant.channel}:{refund.merchant.merchant_no}:{refund.refund_no}"


def flight_code(refund: Refund) -> str:
    """This function will name the house account in which a refund's money waits."""
    return _code(refund, House.IN_FLIGHT)


def _code(refund: Refund, house: House) -> str:
    return house_code(house, channel=refund.merchant.channel, currency=refund.currency, home=refund.site.currency)
