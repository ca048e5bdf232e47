"""A price plan is published: a version that never changes, from a local day on."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from prewatt.access.audit import Actor
from prewatt.access.models import Scope
from prewatt.billing.errors import TariffStartsInPast
from prewatt.billing.models import TariffVersion
from prewatt.billing.tariffs import publish_version
from prewatt.estate.models import Site
from prewatt.kernel.period import local_date
from prewatt.rating.tariff import Tariff
from prewatt.usecases.work import unit_of_work


def publish_tariff(
    *, actor: Actor, scope: Scope, code: str, name: str, effective_from: date, tariff: Tariff, reference: str = ""
) -> TariffVersion:
    """This function will publish a version of a tariff; the same one again is answered with what is there.

    The first version of a code may begin at any day, a later one begins tomorrow at the earliest: what was rated stays
    as it was. Raises TariffStartsInPast, TariffPublished.
    """
    with unit_of_work(actor=actor, verb="publish_tariff", scope=scope, subject=("tariff", code)) as work:
        versions = TariffVersion.objects.filter(scope=scope, code=code)
        is_known = versions.filter(effective_from=effective_from).exists()
        today = _latest_today(scope, work.now)
        if not is_known and effective_from <= today and versions.exists():
            raise TariffStartsInPast(
                f"Tariff {code} has versions already, and {effective_from} has begun.",
                hint=f"Let the new version begin after {today}.",
            )
        version, _ = publish_version(
            scope=scope, code=code, name=name, effective_from=effective_from, tariff=tariff, reference=reference
        )
        return version


def _latest_today(scope: Scope, now: datetime) -> date:
    """Return the local day of the site below the scope (or of the scope) whose day began last."""
    zones = Site.objects.filter(scope__path__startswith=scope.path).values_list("time_zone", flat=True)
    above = Site.objects.filter(scope__path__in=_paths_up(scope.path)).values_list("time_zone", flat=True)
    return max((local_date(now, ZoneInfo(zone)) for zone in {*zones, *above}), default=now.date())


def _paths_up(path: str) -> list[str]:
    """Return the paths of a scope and of those above it: ``/1/5/`` and ``/1/`` of ``/1/5/``."""
    steps = path.strip("/").split("/")
    return [f"/{'/'.join(steps[:count])}/" for count in range(len(steps), 0, -1)]
