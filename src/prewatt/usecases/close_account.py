"""An account is never deleted. It is closed when nothing stands on it any more: no money, no use, no room, no order."""

from django.db.models import Q

from prewatt.access.audit import Actor
from prewatt.kernel.clock import machine_now
from prewatt.payments.limits import require_reason
from prewatt.payments.models import Order, Refund
from prewatt.payments.services import lock_paying_account
from prewatt.payments.services.orders import UNPAID
from prewatt.payments.services.refunds import ON_THE_WAY
from prewatt.payments.values import PayingAccount
from prewatt.tenancy.errors import NotSettled
from prewatt.tenancy.models import Account, AccountShare, AccountState, PortalInvitation, Tenancy
from prewatt.usecases._money import scope_of_account
from prewatt.usecases.work import unit_of_work


def close_account(*, actor: Actor, account_id: int, reason: str) -> None:
    """This function will close an account that is settled; its portal shares and invitations end with it.

    Raises NotSettled, ReasonMissing, AccountTakesNoMoney when it is closed already.
    """
    scope, subject = scope_of_account(account_id=account_id)
    with unit_of_work(actor=actor, verb="close_account", scope=scope, subject=subject, reason=reason):
        require_reason(reason)
        require_settled(lock_paying_account(account_id=account_id))
        Account.objects.filter(pk=account_id).update(state=AccountState.CLOSED, empties_at=None)
        now = machine_now()
        AccountShare.objects.filter(account=account_id, to_at=None).update(to_at=now)
        PortalInvitation.objects.filter(account=account_id, accepted_at=None, ended_at=None).update(ended_at=now)


def require_settled(paying: PayingAccount) -> None:
    """This function will refuse while money, a room, an order or a refund stands on the locked account.

    Use that the day close has yet to post is reckoned in the balance.
    """
    if paying.balance:
        raise NotSettled(
            "The balance of account %(account)s is not zero.",
            hint="Give the rest back, or clear it to zero, then close the account.",
            account=paying.number,
        )
    if Tenancy.objects.filter(account=paying.account_id, period__upper_inf=True).exists():
        raise NotSettled(
            "Account %(account)s still pays for a room.", hint="Let the tenancy end first.", account=paying.number
        )
    orders = Order.objects.filter(Q(account=paying.account_id) & Q(state__in=UNPAID))
    refunds = Refund.objects.filter(account=paying.account_id, state__in=ON_THE_WAY)
    if orders.exists() or refunds.exists():
        raise NotSettled(
            "An online payment or refund of account %(account)s is on its way.",
            hint="Wait until it has ended.",
            account=paying.number,
        )
