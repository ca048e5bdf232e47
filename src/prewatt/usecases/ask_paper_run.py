"""Asking for the papers of a whole site or block at once; a worker makes them."""

from datetime import date
from typing import Final
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.notify import touch
from prewatt.access.permissions import Permission
from prewatt.access.queries import is_permitted
from prewatt.estate.errors import UnknownPlace
from prewatt.estate.models import Place, PlaceKind, Site
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotPermitted
from prewatt.ledger.queries import find_book
from prewatt.reports.errors import NothingToPrint
from prewatt.reports.runs import open_run
from prewatt.tenancy.models import Tenancy
from prewatt.usecases._papers import PaperMonth, require_month_over
from prewatt.usecases.issue_statement import month_of
from prewatt.usecases.work import unit_of_work

ROOMS_NAMED: Final = 2


def ask_paper_run(
    *, actor: Actor, site_id: int, kind: str, month: date, building_public_id: UUID | None = None
) -> UUID:
    """This function will ask for a month's papers of every account of a site, or of those in one of its buildings.

    While the same run is under way it is returned. Raises NotPermitted, MonthNotOver, NothingToPrint, UnknownPlace.
    """
    site = Site.objects.select_related("scope").get(pk=site_id)
    building = _building(site, building_public_id)
    scope = site.scope if building is None or building.scope is None else building.scope
    if actor.user is not None and not is_permitted(user=actor.user, permission=Permission.PAPERS_ISSUE, scope=scope):
        raise NotPermitted("Your role does not allow papers for all of this place.", hint="Choose a building of yours.")
    paper_month = month_of(site=site, day=month)
    require_month_over(book_id=find_book(code=site.code), month=paper_month)
    items = _accounts(site, building, paper_month)
    if not items:
        raise NothingToPrint("No account there had a room in %(month)s.", month=paper_month.text)
    with unit_of_work(actor=actor, verb="ask_paper_run", scope=scope, subject=("month", paper_month.text)):
        public_id, _ = open_run(
            site_id=site.pk, building_id=None if building is None else building.pk, kind=kind,
            month=paper_month.first, items=items, now=machine_now(),
        )  # fmt: skip
        touch(site_id=site.pk)
    return public_id


def _building(site: Site, public_id: UUID | None) -> Place | None:
    if public_id is None:
        return None
    found = Place.objects.select_related("scope").filter(
        site=site, kind=PlaceKind.BUILDING, public_id=public_id
    )  # fmt: skip
    building = found.first()
    if building is None:
        raise UnknownPlace("There is no such building.")
    return building


def _accounts(site: Site, building: Place | None, month: PaperMonth) -> list[tuple[int, str]]:
    """Return the accounts with a room in the month, in the order of their rooms, and what to call their papers."""
    rows = Tenancy.objects.filter(
        metering_point__site=site, period__overlap=(month.from_at, month.to_at)
    ).order_by("metering_point__building__order", "metering_point__building__code", "metering_point__code")  # fmt: skip
    if building is not None:
        rows = rows.filter(metering_point__building=building)
    rooms: dict[int, list[str]] = {}
    names: dict[int, str] = {}
    for account_id, room, name in rows.values_list("account_id", "metering_point__code", "account__customer__name"):
        rooms.setdefault(account_id, []).append(room)
        names[account_id] = name
    return [(account_id, _label(found, names[account_id])) for account_id, found in rooms.items()]


def _label(rooms: list[str], name: str) -> str:
    more = f" +{len(rooms) - ROOMS_NAMED}" if len(rooms) > ROOMS_NAMED else ""
    return f"{' '.join(rooms[:ROOMS_NAMED])}{more} {name}"
