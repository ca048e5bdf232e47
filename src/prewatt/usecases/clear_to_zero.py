"""A balance is brought to zero by a posted entry, with a reason; use that is not charged yet is reckoned in."""

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.models import Scope
from prewatt.approvals.models import ApprovalKind
from prewatt.approvals.services import Wish
from prewatt.kernel.money import Money
from prewatt.ledger.queries import find_entry, get_document_of_entry
from prewatt.payments.errors import NothingToClear
from prewatt.payments.limits import require_reason, require_trade
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import lock_paying_account, post_clearing
from prewatt.payments.values import ClearingResult, PayingAccount
from prewatt.usecases._approvals import ask_unless_alone, require_alone, standing_of, was_cleared
from prewatt.usecases._money import balance_changed, balance_of, cashier_memo, issue_paper, scope_of_account
from prewatt.usecases.work import unit_of_work

DESK = "desk"


def clear_to_zero(*, actor: Actor, account_id: int, reason: str, token: str, till: str = "") -> ClearingResult:
    """This function will post what brings the balance to zero, however often its form is sent: once.

    No money changes hands: what is given back is a refund. Above the limit of the
    actor's roles it waits for a second person. Raises ReasonMissing, NothingToClear, AccountTakesNoMoney,
    ApprovalAsked, ApprovalEnded.
    """
    scope, subject = scope_of_account(account_id=account_id)
    point = till or DESK

    def look() -> Wish:
        require_trade(trade_no=token, till=till)
        paying = lock_paying_account(account_id=account_id)
        _require_balance(paying, token)
        return Wish(
            kind=ApprovalKind.CLEARING, about=paying.number, reason=require_reason(reason),
            amount=Money(abs(paying.balance.minor), paying.balance.currency),
            call={"account_id": account_id, "token": token, "point": point}, token=token,
            seen=clearing_seen(paying=paying),
        )  # fmt: skip

    ask_unless_alone(
        actor=actor, kind=ApprovalKind.CLEARING, scope=scope, subject=subject, token=token, reason=reason, look=look,
        amount=balance_of(account_id=account_id),
    )  # fmt: skip
    with unit_of_work(actor=actor, verb="clear_to_zero", scope=scope, subject=subject, reason=reason) as work:
        require_trade(trade_no=token, till=till)
        return clear(work, scope=scope, account_id=account_id, reason=require_reason(reason), token=token, point=point)


def clearing_seen(*, paying: PayingAccount) -> dict[str, object]:
    """This function will return what a clearing stands on: the account as it is, and whether it owes."""
    return standing_of(paying=paying) | {"owes": paying.balance.minor < 0}


def _require_balance(paying: PayingAccount, token: str) -> None:
    if not paying.balance and not was_cleared(paying=paying, token=token):
        raise NothingToClear("The balance of account %(account)s is zero already.", account=paying.number)


def clear(work: UnitOfWork, *, scope: Scope, account_id: int, reason: str, token: str, point: str) -> ClearingResult:
    """This function will clear within the caller's unit of work."""
    paying = lock_paying_account(account_id=account_id)
    cause_key = f"clearing:{paying.number}:{token}"
    known = find_entry(book_id=paying.book_id, cause_key=cause_key)
    if known is not None:
        paper = get_document_of_entry(entry_id=known, kind="clearing")
        return ClearingResult(
            document_number=paper.number_text, document_public_id=paper.public_id,
            amount=Money(*paper.content["amount"]), created=False,
        )  # fmt: skip
    _require_balance(paying, token)
    require_alone(work, kind=ApprovalKind.CLEARING, scope=scope, amount=paying.balance)
    amount = -paying.balance
    entry = post_clearing(
        paying=paying, cause_key=cause_key, now=work.now, memo=cashier_memo(work, reason=reason)
    )  # fmt: skip
    balance_changed(work, paying=paying)
    facts = PaperFacts(
        amount=amount, balance_before=paying.balance, balance_after=Money.zero(amount.currency), at=work.now,
        by=work.done_by, reason=reason,
    )  # fmt: skip
    paper = issue_paper(
        work, paying=paying, kind="clearing", point=point, entry_id=entry.entry_id,
        subject=("account", paying.number), facts=facts,
    )  # fmt: skip
    return ClearingResult(
        document_number=paper.number_text, document_public_id=paper.public_id, amount=amount, created=True
    )  # fmt: skip
