"""Cases about relays and commands: opened when a person must look, closed when the world agrees again."""

from datetime import datetime, timedelta
from typing import Final

from prewatt.access.audit import require_unit_of_work
from prewatt.cases.kinds import Kind
from prewatt.cases.services import close_case, open_case
from prewatt.estate.models import Site
from prewatt.supply.commands import CHANGED_BY_HAND, REFUSED_PASSWORD, TRIES, TRIES_AFTER_HAND
from prewatt.supply.models import Command, Relay

SUBJECT: Final = "metering_point"
URGENT_AFTER: Final = timedelta(minutes=15)


def call_for_failure(*, command: Command, error: str, stopped: str, now: datetime) -> None:
    """This function will open the case of a command that failed; a refused password has a kind of its own."""
    require_unit_of_work()
    point = command.metering_point
    is_urgent = command.wanted == "on" or error == REFUSED_PASSWORD
    open_case(
        scope=point.site.scope, kind=Kind.PASSWORD_REFUSED if error == REFUSED_PASSWORD else Kind.COMMAND_FAILED,
        subject_kind=SUBJECT, subject_id=point.pk, subject_label=point.code,
        severity="urgent" if is_urgent else "warning", now=now,
        detail={"wanted": command.wanted, "error": error, "stopped": stopped, "command": str(command.public_id)},
    )  # fmt: skip


def tell_changed_by_hand(*, relay: Relay, label: str, site_id: int, now: datetime) -> None:
    """This function will open the case of a relay that changed without us.

    If it is not as it should be, one command says so; when it was changed again while the case is open, none does.
    """
    require_unit_of_work()
    case = open_case(
        scope=Site.objects.select_related("scope").get(pk=site_id).scope, kind=Kind.RELAY_DIFFERS,
        subject_kind=SUBJECT, subject_id=relay.pk, subject_label=label, severity="warning", now=now,
        detail={"reported": relay.reported, "desired": relay.desired},
    )  # fmt: skip
    if relay.desired == relay.reported:
        return
    relay.tries, relay.budget, relay.next_try_at = 0, TRIES_AFTER_HAND, None
    relay.stopped = relay.stopped or (CHANGED_BY_HAND if case.hits > 1 else "")
    relay.save(update_fields=["tries", "budget", "next_try_at", "stopped"])


def close_settled(*, relay: Relay, now: datetime) -> None:
    """This function will close what was open about a relay that is now proven to be as it should, with a fresh budget.

    The case of a change by hand stays: somebody must find out who did it.
    """
    require_unit_of_work()
    if relay.desired != relay.reported:
        return
    for kind in (Kind.COMMAND_FAILED, Kind.PASSWORD_REFUSED, Kind.PAID_NOT_ON):
        close_case(kind=kind, subject_kind=SUBJECT, subject_id=relay.pk, now=now, note="The relay is as it should be.")
    relay.tries, relay.budget, relay.next_try_at, relay.stopped = 0, TRIES, None, ""
    relay.save(update_fields=["tries", "budget", "next_try_at", "stopped"])


def call_for_unrestored(*, after: timedelta, now: datetime) -> int:
    """This function will open a case for each point that should have power, is proven off, and waits for ``after``.

    ``after`` is estate time. Returns how many there are.
    """
    require_unit_of_work()
    waiting = Relay.objects.filter(differs=True, desired="on", reported="off", desired_at__lte=now - after)
    rows = list(waiting.select_related("metering_point__site__scope").order_by("pk")[:500])
    for relay in rows:
        point = relay.metering_point
        open_case(
            scope=point.site.scope, kind=Kind.PAID_NOT_ON, subject_kind=SUBJECT, subject_id=point.pk,
            subject_label=point.code, severity="urgent" if relay.desired_at <= now - URGENT_AFTER else "warning",
            now=now, detail={"since": relay.desired_at.isoformat(), "stopped": relay.stopped},
        )  # fmt: skip
    return len(rows)
