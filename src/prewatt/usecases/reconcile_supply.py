"""Working on what differs: overdue commands end, and each relay that may be tried gets a command.

Level-triggered: whoever calls it, and however often, it looks at what is and does what is missing.
"""

from datetime import timedelta

from prewatt.access.audit import Actor
from prewatt.kernel.clock import estate_now, machine_now
from prewatt.supply import queries, services
from prewatt.supply.services.alarms import URGENT_AFTER
from prewatt.usecases._supply import after_balance_change
from prewatt.usecases.work import unit_of_work

UNRESTORED_AFTER = timedelta(seconds=60)


def reconcile_supply(*, actor: Actor) -> int:
    """This function will queue commands for relays that differ, within their budgets, and return how many.

    Before a disconnection is commanded its account is locked and judged again: by today's balance, calendar and line.
    Nothing is written when nothing is to be done.
    """
    if queries.has_overdue_commands(machine_now=machine_now()):
        with unit_of_work(actor=actor, verb="expire_commands"):
            services.expire_commands()
    waiting = services.list_differing(now=estate_now())
    if not waiting:
        return 0
    with unit_of_work(actor=actor, verb="reconcile_supply") as work:
        accounts = services.lock_accounts_of_points(point_ids=waiting, now=work.now)
        after_balance_change(work, account_ids=accounts)
        return len(services.queue_commands(now=work.now, point_ids=waiting))


def watch_reconnections(*, actor: Actor) -> int:
    """This function will open a case for each room that should have power again and has waited for a minute.

    After a quarter of an hour it is urgent. Returns how many wait; 0 when everybody who must know was told.
    """
    if not queries.has_unrestored(now=estate_now(), after=UNRESTORED_AFTER, urgent_after=URGENT_AFTER):
        return 0
    with unit_of_work(actor=actor, verb="watch_reconnections") as work:
        return services.call_for_unrestored(after=UNRESTORED_AFTER, now=work.now)


def end_due_holds(*, actor: Actor) -> int:
    """This function will lift holds whose end has come, and return how many rooms that concerns."""
    if not queries.has_ended_holds(now=estate_now()):
        return 0
    with unit_of_work(actor=actor, verb="end_due_holds") as work:
        return len(services.end_holds(now=work.now))
