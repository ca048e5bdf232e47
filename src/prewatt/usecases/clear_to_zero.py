"""A balance is brought to zero by a posted entry, with a reason; use that is not charged yet is reckoned in."""

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.kernel.money import Money
from prewatt.ledger.queries import find_entry, get_document_of_entry
from prewatt.payments.errors import NothingToClear
from prewatt.payments.limits import require_reason, require_trade
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import lock_paying_account, post_clearing
from prewatt.payments.values import ClearingResult
from prewatt.usecases._money import balance_changed, cashier_memo, issue_paper, scope_of_account
from prewatt.usecases.work import unit_of_work

DESK = "desk"


def clear_to_zero(*, actor: Actor, account_id: int, reason: str, token: str, till: str = "") -> ClearingResult:
    """This function will post what brings the balance to zero, however often its form is sent: once.

    No money changes hands: what is given back is a refund. Raises ReasonMissing, NothingToClear, AccountTakesNoMoney.
    """
    scope, subject = scope_of_account(account_id=account_id)
    with unit_of_work(actor=actor, verb="clear_to_zero", scope=scope, subject=subject, reason=reason) as work:
        require_trade(trade_no=token, till=till)
        return _clear(work, account_id=account_id, reason=require_reason(reason), token=token, point=till or DESK)


def _clear(work: UnitOfWork, *, account_id: int, reason: str, token: str, point: str) -> ClearingResult:
    paying = lock_paying_account(account_id=account_id)
    cause_key = f"clearing:{paying.number}:{token}"
    known = find_entry(book_id=paying.book_id, cause_key=cause_key)
    if known is not None:
        paper = get_document_of_entry(entry_id=known, kind="clearing")
        return ClearingResult(
            document_number=paper.number_text, document_public_id=paper.public_id,
            amount=Money(*paper.content["amount"]), created=False,
        )  # fmt: skip
    if not paying.balance:
        raise NothingToClear("The balance of account %(account)s is zero already.", account=paying.number)
    amount = -paying.balance
    entry = post_clearing(
        paying=paying, cause_key=cause_key, now=work.now, memo=cashier_memo(work, reason=reason)
    )  # fmt: skip
    balance_changed(work, paying=paying)
    facts = PaperFacts(
        amount=amount, balance_before=paying.balance, balance_after=Money.zero(amount.currency), at=work.now,
        by=work.actor.name, reason=reason,
    )  # fmt: skip
    paper = issue_paper(
        work, paying=paying, kind="clearing", point=point, entry_id=entry.entry_id,
        subject=("account", paying.number), facts=facts,
    )  # fmt: skip
    return ClearingResult(
        document_number=paper.number_text, document_public_id=paper.public_id, amount=amount, created=True
    )  # fmt: skip
