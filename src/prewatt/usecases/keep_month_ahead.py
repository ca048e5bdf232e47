"""An account begins to pay each month ahead, changes how, or goes back to paying as it needs."""

from datetime import date

from prewatt.access.audit import Actor
from prewatt.access.notify import touch
from prewatt.billing.errors import NotMonthAhead
from prewatt.billing.models import Surplus
from prewatt.billing.month_ahead import next_month
from prewatt.billing.services.months import end_plan, keep_plan
from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date, month_start
from prewatt.payments.limits import require_amount, require_reason
from prewatt.payments.services import lock_paying_account
from prewatt.tenancy.models import Account
from prewatt.usecases._money import scope_of_account
from prewatt.usecases.work import unit_of_work


def keep_month_ahead(
    *, actor: Actor, account_id: int, surplus: str, reason: str, fixed_estimate: Money | None = None
) -> date:
    """This function will let an account pay ahead from the coming month on, and return the first day of that month.

    ``surplus``: carry or refund. ``fixed_estimate`` is asked each month instead of what its own use says. Raises
    ReasonMissing, BadPayment, AccountTakesNoMoney.
    """
    if surplus not in Surplus.values:
        raise NotMonthAhead(
            "%(way)r is not a way.", hint="Use one of %(known)s.", way=surplus, known=", ".join(Surplus.values)
        )
    scope, subject = scope_of_account(account_id=account_id)
    with unit_of_work(actor=actor, verb="keep_month_ahead", scope=scope, subject=subject, reason=reason) as work:
        require_reason(reason)
        paying = lock_paying_account(account_id=account_id)
        if fixed_estimate is not None:
            require_amount(fixed_estimate, currency=paying.ledger_balance.currency)
        plan = keep_plan(
            account=Account.objects.get(pk=account_id), surplus=surplus,
            fixed_estimate=None if fixed_estimate is None else fixed_estimate.minor,
            from_month=next_month(month_start(local_date(work.now, paying.zone))),
        )  # fmt: skip
        touch(site_id=paying.site_id, accounts=[account_id])
        return plan.from_month


def end_month_ahead(*, actor: Actor, account_id: int, reason: str) -> None:
    """This function will let an account pay as it needs from the coming month on. The months asked for are settled.

    Raises NotMonthAhead, ReasonMissing.
    """
    scope, subject = scope_of_account(account_id=account_id)
    with unit_of_work(actor=actor, verb="end_month_ahead", scope=scope, subject=subject, reason=reason) as work:
        require_reason(reason)
        paying = lock_paying_account(account_id=account_id)
        end_plan(
            account=Account.objects.get(pk=account_id),
            to_month=next_month(month_start(local_date(work.now, paying.zone))),
        )
        touch(site_id=paying.site_id, accounts=[account_id])
