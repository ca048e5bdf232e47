"""Sites and their calendars."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import Scope, ScopeKind
from prewatt.access.services import create_scope
from prewatt.estate.errors import FixedFact
from prewatt.estate.models import CalendarDay, Site
from prewatt.estate.upkeep import Tally, by_key, keep_in_line
from prewatt.estate.values import SiteSpec

_FOR_EVER = ("time_zone", "currency", "first_day")


def ensure_site(*, organisation: Scope, spec: SiteSpec) -> tuple[Site, Tally]:
    """This function will create the site with a scope of its own, or bring it in line; a new site begins in mode off.

    Raises FixedFact when time zone, currency or first day would change. Needs a unit of work.
    """
    require_unit_of_work()
    present = Site.objects.filter(code=spec.code).select_related("scope").first()
    if present is not None and present.scope.parent_id != organisation.pk:
        raise FixedFact(
            "Site %(site)s belongs to another organisation.", hint="Give this site another code.", site=spec.code
        )
    for name in _FOR_EVER if present is not None else ():
        if getattr(present, name) != getattr(spec, name):
            raise FixedFact(
                "Site %(site)s keeps its %(fact)s: %(value)s.",
                hint="Books and readings stand on it; open another site.", site=spec.code, fact=name.replace("_", " "),
                value=str(getattr(present, name)),
            )  # fmt: skip
    new = {}
    if present is None:
        new[spec.code] = {"scope": create_scope(parent=organisation, kind=ScopeKind.SITE, name=spec.name)}
    kept = keep_in_line(
        model=Site,
        present={spec.code: present} if present is not None else {},
        wanted={spec.code: asdict(spec)},
        on_create=new,
    )
    return kept.rows[spec.code], kept.tally


def set_read_interval(*, site: Site, read_interval_s: int) -> None:
    """This function will set how many estate seconds lie between two reads of a meter. Needs a unit of work."""
    require_unit_of_work()
    if site.read_interval_s != read_interval_s:
        site.read_interval_s = read_interval_s
        site.save(update_fields=["read_interval_s"])


def keep_calendar(*, site: Site, days: Mapping[date, tuple[str, str]]) -> Tally:
    """This function will bring the named dates of a site's calendar in line; ``days`` holds kind and name by date."""
    present = by_key(CalendarDay.objects.filter(site=site), "date")
    wanted = {(day,): {"site": site, "date": day, "kind": kind, "name": name} for day, (kind, name) in days.items()}
    return keep_in_line(model=CalendarDay, present=present, wanted=wanted).tally
