"""The one button that stops all disconnections of a site, and the one that lets them go on."""

from prewatt.access.audit import Actor
from prewatt.supply import services
from prewatt.supply.errors import NamedPersonNeeded, ReasonMissing
from prewatt.supply.queries import get_site, list_accounts_to_judge
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.work import unit_of_work


def stop_cuts(*, actor: Actor, site_id: int, reason: str) -> bool:
    """This function will stop all disconnections of a site; those not yet handed to the field are recalled.

    Returns whether they were going. Raises UnknownSite, ReasonMissing.
    """
    site = get_site(site_id=site_id)
    with unit_of_work(
        actor=actor, verb="stop_cuts", scope=site.scope, subject=("site", str(site.public_id)), reason=reason
    ) as work:
        if not reason.strip():
            raise ReasonMissing("Stopping all disconnections needs a reason.", hint="Write what you saw.")
        was_going = services.stop(site=site, why=f"{actor.name}: {reason.strip()}", now=work.now)
        accounts = services.lock_accounts(account_ids=list_accounts_to_judge(site_id=site.pk))
        after_balance_change(work, account_ids=accounts)
        return was_going


def resume_cuts(*, actor: Actor, site_id: int, reason: str) -> bool:
    """This function will let a site's disconnections go on; what is due is judged by the worker within seconds.

    Returns whether they were stopped. Raises UnknownSite, ReasonMissing, NamedPersonNeeded.
    """
    site = get_site(site_id=site_id)
    with unit_of_work(
        actor=actor, verb="resume_cuts", scope=site.scope, subject=("site", str(site.public_id)), reason=reason
    ) as work:
        if actor.user is None:
            raise NamedPersonNeeded("Only a named person lets disconnections go on.", hint="Sign in, then do it.")
        if not reason.strip():
            raise ReasonMissing("Resuming disconnections needs a reason.", hint="Write what you found.")
        return services.resume(site=site, now=work.now)
