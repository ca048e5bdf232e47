"""What every story that may need a second person shares: who acts alone, and the request when he may not."""

from collections.abc import Callable
from typing import Final

from prewatt.access.audit import Actor, UnitOfWork
from prewatt.access.models import Scope
from prewatt.access.permissions import Permission
from prewatt.access.queries import get_alone_limit
from prewatt.approvals.errors import ApprovalAsked, ApprovalEnded, ApprovalStale
from prewatt.approvals.models import ApprovalKind, ApprovalState
from prewatt.approvals.services import Wish, ask, find_latest
from prewatt.kernel.money import Money
from prewatt.ledger.queries import find_entry
from prewatt.payments.models import Payment
from prewatt.payments.values import PayingAccount
from prewatt.tenancy.models import Account
from prewatt.usecases.work import unit_of_work

ACTS: Final = {
    ApprovalKind.REFUND: Permission.MONEY_REFUND,
    ApprovalKind.CLEARING: Permission.MONEY_CLEAR,
    ApprovalKind.REVERSAL: Permission.MONEY_REVERSE,
}
"""The permission whose limit counts for each kind."""


def may_alone(*, actor: Actor, kind: ApprovalKind, scope: Scope, amount: Money) -> bool:
    """This function will tell whether who acts may move so much without a second person. The house itself may."""
    if actor.user is None:
        return True
    limit = get_alone_limit(user=actor.user, permission=ACTS[kind], scope=scope)
    return limit is None or abs(amount.minor) <= limit


def require_alone(work: UnitOfWork, *, kind: ApprovalKind, scope: Scope, amount: Money) -> None:
    """This function will stop what grew beyond the limit between the first look and the lock. Raises ApprovalStale."""
    if not work.asked_by and not may_alone(actor=work.actor, kind=kind, scope=scope, amount=amount):
        raise ApprovalStale("The balance has just changed.", hint="Look at it again, then go on.")


def ask_unless_alone(
    *,
    actor: Actor,
    kind: ApprovalKind,
    scope: Scope,
    subject: tuple[str, str],
    amount: Money,
    token: str,
    reason: str,
    look: Callable[[], Wish],
) -> None:
    """This function will let the caller go on who may act alone; for anybody else it writes a request and stops.

    ``look`` checks under locks that what is asked for could be done now, and returns it. A request that was done lets
    the caller go on too: what it did answers. Raises ApprovalAsked, ApprovalEnded, and whatever ``look`` raises.
    """
    user = actor.user
    if user is None or may_alone(actor=actor, kind=kind, scope=scope, amount=amount):
        return
    known = find_latest(kind=kind, token=token)
    if known is not None and known.state == ApprovalState.DONE:
        return
    if known is not None and known.state != ApprovalState.WAITING and kind != ApprovalKind.REVERSAL:
        raise ApprovalEnded(
            "This was asked for before and not approved.", hint="Begin again if it is still to be done."
        )
    with unit_of_work(actor=actor, verb="ask_approval", scope=scope, subject=subject, reason=reason) as work:
        made = ask(scope=scope, wish=look(), by=user, now=work.now)
    raise ApprovalAsked(
        "Your role needs a second person for this. It is asked for; nothing was booked yet.",
        hint="It is done as soon as another person approves it.", public_id=made.public_id,
    )  # fmt: skip


def standing_of(*, paying: PayingAccount) -> dict[str, object]:
    """This function will return what must not change between asking and approving: the customer, and other money.

    Use goes on meanwhile; what it does to the balance is reckoned with when it is done.
    """
    account = Account.objects.get(pk=paying.account_id)
    last = Payment.objects.filter(account=account).order_by("-pk").values_list("pk", "reversed_at").first()
    undone = Payment.objects.filter(account=account, reversed_at__isnull=False).count()
    return {"customer": account.customer_id, "payment": last[0] if last is not None else None, "undone": undone}


def was_cleared(*, paying: PayingAccount, token: str) -> bool:
    """This function will tell whether a form's clearing is in the books already."""
    return find_entry(book_id=paying.book_id, cause_key=f"clearing:{paying.number}:{token}") is not None
