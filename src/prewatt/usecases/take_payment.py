"""Money comes in: the trade is written once, posted, the credit hold looked at again, and a receipt given."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.idempotency import KeptAnswer, find_kept_answer, keep_answer
from prewatt.kernel.money import Money
from prewatt.notices.services import load_party, tell_top_up
from prewatt.payments.limits import require_amount, require_trade
from prewatt.payments.models import PaymentKind
from prewatt.payments.receipts import PaperFacts
from prewatt.payments.services import finish_payment, lock_paying_account, post_trade, record_payment
from prewatt.payments.values import PaymentResult, Trade
from prewatt.tenancy.models import Account
from prewatt.usecases._money import (
    balance_changed,
    balance_under_lock,
    cashier_memo,
    issue_paper,
    known_result,
    scope_of_account,
)
from prewatt.usecases.work import unit_of_work


def take_payment(
    *, actor: Actor, account_id: int, amount: Money, channel: str, token: str, till: str = ""
) -> PaymentResult:
    """This function will credit a payment at the desk once, however often its form is sent.

    ``token`` is the form's own number; ``till`` is where it was taken, or else the channel numbers the receipt.
    Raises BadPayment, TradeConflict, AccountTakesNoMoney.
    """
    trade = Trade(PaymentKind.TOP_UP, amount, channel, token, till)
    scope, subject = scope_of_account(account_id=account_id)
    with unit_of_work(actor=actor, verb="take_payment", scope=scope, subject=subject) as work:
        return _take(work, account_id=account_id, trade=trade)


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A machine's request: its key, the hash of its body, and how the answer to it is written."""

    key: str
    body_hash: str
    answer: Callable[[PaymentResult], Mapping[str, Any]]


def take_payment_by_key(
    *, actor: Actor, account_id: int, amount: Money, channel: str, request: KeyedRequest
) -> tuple[KeptAnswer, bool]:
    """This function will credit a machine's payment once and keep the answer in the same transaction.

    It returns the answer and whether it is the kept one of an earlier request. Raises KeyReused beside what
    ``take_payment`` raises.
    """
    if actor.user is None:
        raise RuntimeError("a key belongs to a machine's login")
    user = actor.user
    digest = hashlib.sha256(f"{user.public_id}:{request.key}".encode()).hexdigest()
    trade = Trade(PaymentKind.TOP_UP, amount, channel, f"api:{digest}")
    scope, subject = scope_of_account(account_id=account_id)
    with unit_of_work(actor=actor, verb="take_payment", scope=scope, subject=subject) as work:
        kept = find_kept_answer(user=user, key=request.key, body_hash=request.body_hash)
        if kept is not None:
            return kept, True
        result = _take(work, account_id=account_id, trade=trade)
        kept = KeptAnswer(status=201, answer=dict(request.answer(result)))
        keep_answer(
            user=user, key=request.key, body_hash=request.body_hash, status=kept.status, answer=kept.answer
        )  # fmt: skip
        return kept, False


def _take(work: UnitOfWork, *, account_id: int, trade: Trade) -> PaymentResult:
    currency, site_id = Account.objects.values_list("currency", "site_id").get(pk=account_id)
    require_amount(trade.amount, currency=currency)
    require_trade(trade_no=trade.trade_no, till=trade.till)
    payment, created = record_payment(account_id=account_id, site_id=site_id, trade=trade, received_at=work.now)
    if not created:
        return known_result(payment=payment)
    paying = lock_paying_account(account_id=account_id)
    entry = post_trade(paying=paying, trade=trade, now=work.now, memo=cashier_memo(work))
    balance = balance_under_lock(paying=paying)
    balance_changed(work, paying=paying)
    facts = PaperFacts(
        amount=trade.amount, balance_before=paying.balance, balance_after=balance, at=work.now, by=work.actor.name,
        channel=trade.channel, till=trade.till, payment_public_id=str(payment.public_id),
    )  # fmt: skip
    party = load_party(account_id=account_id)
    paper = issue_paper(
        work, paying=paying, kind="receipt", point=trade.point, entry_id=entry.entry_id,
        subject=("payment", str(payment.public_id)), facts=facts,
    )  # fmt: skip
    finish_payment(payment=payment, entry_id=entry.entry_id, document=paper)
    tell_top_up(
        party=party, amount=trade.amount, available=balance + paying.allowed_credit,
        payment_key=str(payment.public_id), receipt=paper.number_text, now=work.now,
    )  # fmt: skip
    return PaymentResult(
        payment_public_id=payment.public_id, receipt_number=paper.number_text, document_public_id=paper.public_id,
        amount=trade.amount, balance_after=balance, created=True,
    )  # fmt: skip
