"""What the stories of money share: whose scope an account is in, and the paper that ends each of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prewatt.access.audit import UnitOfWork
from prewatt.access.models import Scope
from prewatt.access.notify import touch
from prewatt.kernel.money import Money
from prewatt.ledger.queries import get_document_by_id, party_balance
from prewatt.ledger.services import issue_document
from prewatt.ledger.values import DocumentValue
from prewatt.payments.errors import AccountTakesNoMoney
from prewatt.payments.models import Payment
from prewatt.payments.receipts import PaperFacts, paper_content
from prewatt.payments.values import PayingAccount, PaymentResult
from prewatt.tenancy.models import Account
from prewatt.tenancy.queries import account_facts
from prewatt.usecases._supply import after_balance_change


def scope_of_account(*, account_id: int) -> tuple[Scope, tuple[str, str]]:
    """This function will return the scope of the account's site, and the subject for the action log."""
    account = Account.objects.select_related("site__scope").filter(pk=account_id).first()
    if account is None:
        raise AccountTakesNoMoney("There is no such account.", hint="Look for the tenant's account again.")
    return account.site.scope, ("account", account.number)


def balance_of(*, account_id: int) -> Money:
    """This function will return an account's balance: what the ledger says less what is accrued."""
    return account_facts(account_ids=[account_id])[0].balance


def balance_under_lock(*, paying: PayingAccount) -> Money:
    """This function will return the balance after a posting, while the account is locked."""
    ledger_balance = party_balance(ledger_account_ids=[paying.ledger_account_id])[paying.ledger_account_id]
    return replace(paying, ledger_balance=ledger_balance).balance


def balance_changed(work: UnitOfWork, *, paying: PayingAccount) -> None:
    """This function will let supply look at the account again, and live pages too."""
    after_balance_change(work, account_ids=[paying.account_id])
    touch(site_id=paying.site_id, accounts=[paying.account_id])


def issue_paper(
    work: UnitOfWork,
    *,
    paying: PayingAccount,
    kind: str,
    point: str,
    entry_id: int,
    subject: tuple[str, str],
    facts: PaperFacts,
) -> DocumentValue:
    """This function will issue the paper of a story: the last thing that it does, its number is drawn here."""
    return issue_document(
        book_id=paying.book_id, kind=kind, year=paying.local_date(work.now).year, point=point, subject=subject,
        entry_id=entry_id, issued_at=work.now, content=paper_content(account_id=paying.account_id, facts=facts),
    )  # fmt: skip


def known_result(*, payment: Payment) -> PaymentResult:
    """This function will answer for a trade that was taken before, as it was then; only the balance is today's."""
    if payment.document_id is None or payment.account_id is None:
        raise RuntimeError(f"the trade {payment.trade_no} was written down and not finished")
    document = get_document_by_id(document_id=payment.document_id)
    return PaymentResult(
        payment_public_id=payment.public_id, receipt_number=document.number_text,
        document_public_id=document.public_id, amount=Money(payment.amount, payment.currency),
        balance_after=balance_of(account_id=payment.account_id), created=False,
    )  # fmt: skip


def cashier_memo(work: UnitOfWork, **more: Any) -> Mapping[str, Any]:
    """This function will return what an entry of the desk remembers: by whom, and what else is given."""
    more |= {"approved_by": work.actor.name if work.asked_by else ""}
    return {"by": work.done_by} | {key: value for key, value in more.items() if value}
