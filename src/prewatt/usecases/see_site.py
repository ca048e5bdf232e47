"""Which site a login works on."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from prewatt.access.models import Scope, User
from prewatt.access.queries import scopes_of
from prewatt.estate.models import Site
from prewatt.kernel.errors import NotFound


class NoSite(NotFound):
    """The login has no site to work on."""

    code = "no_site"


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site as its pages need it."""

    id: int
    public_id: UUID
    code: str
    name: str
    zone: ZoneInfo
    currency: str
    mode: str
    live_since: datetime | None
    operator_name: str
    service_phone: str
    first_day: date
    scope: Scope


def see_site(*, user: User, permission: str) -> SiteView:
    """This function will return the first site, by code, in which (or in a building of which) the login may do this.

    Raises NoSite when there is none.
    """
    wanted = _visible(user=user, permission=permission)
    site = Site.objects.select_related("scope").filter(wanted).order_by("code").first()
    if site is None:
        raise NoSite("There is no site yet for this login.", hint="Import an estate, or ask for a role on a site.")
    return _view(site)


def list_sites(*, user: User, permission: str, after: UUID | None = None, limit: int = 100) -> list[SiteView]:
    """This function will list the sites in which (or in a building of which) the login may do this, by public id."""
    rows = Site.objects.select_related("scope").filter(_visible(user=user, permission=permission))
    if after is not None:
        rows = rows.filter(public_id__gt=after)
    return [_view(row) for row in rows.order_by("public_id")[:limit]]


def find_site(*, user: User, permission: str, public_id: UUID) -> SiteView:
    """This function will return a site in which (or in a building of which) the login may do this. Raises NoSite."""
    rows = Site.objects.select_related("scope").filter(_visible(user=user, permission=permission))
    site = rows.filter(public_id=public_id).first()
    if site is None:
        raise NoSite("There is no such site, or it is not within your scope.")
    return _view(site)


def get_site(*, site_id: int) -> SiteView:
    """This function will return a site by row number; who may see is asked before."""
    return _view(Site.objects.select_related("scope").get(pk=site_id))


def _visible(*, user: User, permission: str) -> Q:
    wanted = Q(pk=None)
    for scope in scopes_of(user=user, permission=permission):
        wanted |= Q(scope__path__startswith=scope.path) | Q(scope__path__in=_paths_above(scope.path))
    return wanted


def _view(site: Site) -> SiteView:
    return SiteView(
        id=site.pk, public_id=site.public_id, code=site.code, name=site.name, zone=ZoneInfo(site.time_zone),
        currency=site.currency, mode=site.supply_mode, live_since=site.live_since, operator_name=site.operator_name,
        service_phone=site.service_phone, first_day=site.first_day, scope=site.scope,
    )  # fmt: skip


def _paths_above(path: str) -> list[str]:
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:count]) + "/" for count in range(1, len(parts))]
