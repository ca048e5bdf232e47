"""How an account wants to be told: kept by its owner in the portal, or by the desk."""

from prewatt.access.audit import Actor
from prewatt.notices import services
from prewatt.notices.values import DeskWishes, Wishes
from prewatt.payments.limits import require_reason
from prewatt.usecases._money import scope_of_account
from prewatt.usecases.work import unit_of_work


def keep_preference(*, actor: Actor, account_id: int, wishes: Wishes) -> None:
    """This function will keep how an account wants to be told. Who may is asked before. Raises BadPreference."""
    scope, subject = scope_of_account(account_id=account_id)
    with unit_of_work(actor=actor, verb="keep_preference", scope=scope, subject=subject):
        services.keep_preference(account_id=account_id, wishes=wishes)


def keep_preference_at_desk(*, actor: Actor, account_id: int, wishes: Wishes, desk: DeskWishes, reason: str) -> None:
    """This function will keep the same for a tenant who asked the desk, with language and levels, for a reason.

    Who may is asked before. Raises BadPreference, ReasonMissing; then nothing of it is kept.
    """
    scope, subject = scope_of_account(account_id=account_id)
    with unit_of_work(actor=actor, verb="keep_preference", scope=scope, subject=subject, reason=reason):
        require_reason(reason)
        services.keep_preference(account_id=account_id, wishes=wishes)
        services.keep_desk_wishes(account_id=account_id, wishes=desk)


def see_preference(*, account_id: int) -> Wishes:
    """This function will return how an account wants to be told. Who may see is asked before."""
    return services.get_wishes(account_id=account_id)
