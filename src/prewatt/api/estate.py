"""The estate: sites, buildings, metering points, gateways and lines; tariffs; and the estate workbook."""

import hashlib
from typing import Annotated, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router
from ninja.files import UploadedFile

from prewatt.access.permissions import Permission
from prewatt.api import cursors
from prewatt.api.common import TEXT, Cursor, Key, Limit, answers, once, page_of, written
from prewatt.api.door import actor_of, machine_of, permitted
from prewatt.api.schemas_estate import (
    BuildingOut,
    BuildingsOut,
    BusesOut,
    BusOut,
    GatewayOut,
    GatewaysOut,
    ImportOut,
    PointSupplyOut,
    PublishedOut,
    SiteOut,
    SitesOut,
    TariffIn,
    TariffOut,
    TariffsOut,
    UnitOut,
    UnitsOut,
)
from prewatt.billing.queries.tariffs import list_tariff_versions
from prewatt.estate.queries import gateway_tree, list_buildings
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import Refused
from prewatt.rating.tariff import Tariff
from prewatt.reports.estate_reading import read_estate_data
from prewatt.usecases.bring_estate import WORKBOOK_BYTES_MAX, bring_estate
from prewatt.usecases.publish_tariff import publish_tariff
from prewatt.usecases.see_account import see_room
from prewatt.usecases.see_comms import see_comms
from prewatt.usecases.see_estate import list_point_page
from prewatt.usecases.see_site import find_site, list_sites

VIEW: Final = Permission.ESTATE_VIEW
router = Router(tags=["estate"])
Code = Annotated[str, Query(max_length=40, pattern=TEXT)]


class TooLarge(Refused):
    """The file is larger than any estate needs."""

    code = "too_large"


@router.get("/sites", response=answers(200, SitesOut), summary="List sites", operation_id="list_sites")
@permitted(VIEW)
def sites(request: HttpRequest, cursor: Cursor = None, limit: Limit = 100) -> SitesOut:
    """Sites that the token sees wholly or in part, in the order of their ids."""
    rows = list_sites(user=machine_of(request), permission=VIEW, after=cursors.to_uuid(cursor), limit=limit + 1)
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return SitesOut(items=[SiteOut.of(row) for row in page], next_cursor=next_cursor)


@router.get("/sites/{site_id}", response=answers(200, SiteOut), summary="Get a site", operation_id="get_site")
@permitted(VIEW)
def site(request: HttpRequest, site_id: UUID) -> SiteOut:
    """One site, with its supply mode."""
    return SiteOut.of(find_site(user=machine_of(request), permission=VIEW, public_id=site_id))


@router.get(
    "/sites/{site_id}/buildings",
    response=answers(200, BuildingsOut),
    summary="List a site's buildings",
    operation_id="list_buildings",
)
@permitted(VIEW)
def buildings(request: HttpRequest, site_id: UUID) -> BuildingsOut:
    """Buildings with their floors."""
    user = machine_of(request)
    place = find_site(user=user, permission=VIEW, public_id=site_id)
    return BuildingsOut(items=[BuildingOut.of(one) for one in list_buildings(user=user, site_id=place.id)])


@router.get(
    "/points", response=answers(200, UnitsOut), summary="List metering points", operation_id="list_points"
)  # fmt: skip
@permitted(VIEW)
def points(
    request: HttpRequest,
    *,
    site: UUID | None = None,
    building: Code = "",
    code: Code = "",
    cursor: Cursor = None,
    limit: Limit = 100,
) -> UnitsOut:
    """Metering points with their units and meters, in the order of their ids."""
    rows = list_point_page(
        user=machine_of(request), site_public_id=site, building=building, code=code, after=cursors.to_uuid(cursor),
        limit=limit + 1,
    )  # fmt: skip
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return UnitsOut(items=[UnitOut.of(row) for row in page], next_cursor=next_cursor)


@router.get(
    "/points/{point_id}",
    response=answers(200, PointSupplyOut),
    summary="Get a metering point and its power",
    operation_id="get_point",
)
@permitted(VIEW)
def point(request: HttpRequest, point_id: UUID) -> PointSupplyOut:
    """One metering point: what its relay should be and why, and what it last proved."""
    room, facts = see_room(user=machine_of(request), public_id=point_id)
    return PointSupplyOut.of(room, account=None if facts is None else facts.public_id)


@router.get(
    "/sites/{site_id}/gateways",
    response=answers(200, GatewaysOut),
    summary="List a site's gateways",
    operation_id="list_gateways",
)
@permitted(Permission.COMM_VIEW)
def gateways(request: HttpRequest, site_id: UUID) -> GatewaysOut:
    """Gateways with their lines."""
    user = machine_of(request)
    place = find_site(user=user, permission=Permission.COMM_VIEW, public_id=site_id)
    return GatewaysOut(items=[GatewayOut.of(one) for one in gateway_tree(user=user, site_id=place.id)])


@router.get(
    "/sites/{site_id}/buses",
    response=answers(200, BusesOut),
    summary="List a site's lines",
    operation_id="list_buses",
)
@permitted(Permission.COMM_VIEW)
def buses(request: HttpRequest, site_id: UUID) -> BusesOut:
    """Lines with their meters, how each answers, and the last round of reads."""
    user = machine_of(request)
    place = find_site(user=user, permission=Permission.COMM_VIEW, public_id=site_id)
    return BusesOut(items=[BusOut.of(one) for one in see_comms(user=user, site_id=place.id)])


@router.get(
    "/sites/{site_id}/tariffs",
    response=answers(200, TariffsOut),
    summary="List a site's tariffs",
    operation_id="list_tariffs",
)
@permitted(Permission.TARIFF_VIEW)
def tariffs(
    request: HttpRequest, site_id: UUID, code: Code = "", cursor: Cursor = None, limit: Limit = 100
) -> TariffsOut:  # fmt: skip
    """Published versions, by code and version."""
    place = find_site(user=machine_of(request), permission=Permission.TARIFF_VIEW, public_id=site_id)
    rows = list_tariff_versions(
        site_public_id=place.public_id, code=code, after=cursors.to_text_and_number(cursor), limit=limit + 1
    )
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.code, row.version))
    return TariffsOut(items=[TariffOut.of(row) for row in page], next_cursor=next_cursor)


@router.post(
    "/sites/{site_id}/tariff-versions",
    response=written(201, PublishedOut),
    summary="Publish a version of a tariff",
    operation_id="publish_tariff",
)
@permitted(Permission.TARIFF_PUBLISH)
def publish(request: HttpRequest, site_id: UUID, body: TariffIn, key: Key) -> HttpResponse:
    """Publish a version that never changes, from a local day on. The same one again is answered with what is there."""
    place = find_site(user=machine_of(request), permission=Permission.TARIFF_PUBLISH, public_id=site_id)
    tariff = Tariff.from_json(body.definition)
    if tariff.currency != place.currency:
        raise Refused(f"The site's currency is {place.currency}.", hint="Write the prices in it.")

    def act() -> PublishedOut:
        version = publish_tariff(
            actor=actor_of(request), scope=place.scope, code=body.code, name=body.name,
            effective_from=body.effective_from, tariff=tariff, reference=body.reference,
        )  # fmt: skip
        return PublishedOut(code=version.code, version=version.version, effective_from=version.effective_from)

    return once(request, key, act, asked=body, status=201)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@router.post(
    "/estate-imports",
    response=written(200, ImportOut),
    summary="Import an estate workbook",
    operation_id="import_estate",
)
@permitted(Permission.ESTATE_IMPORT)
def estate_import(
    request: HttpRequest,
    *,
    workbook: File[UploadedFile],
    key: Key,
    dry_run: Annotated[bool, Form(description="Only look for problems; store nothing")] = True,
    reason: Annotated[str, Form(max_length=300, pattern=TEXT)] = "",
) -> HttpResponse:
    """Check the whole workbook, then take all of it over or nothing. Repeat it to bring changes in line."""
    if (workbook.size or 0) > WORKBOOK_BYTES_MAX:
        raise TooLarge("The file is larger than 20 MB.", hint="An estate of 10,000 meters needs 1 MB.")
    data = workbook.read()
    asked = {"sha256": _digest(data), "dry_run": dry_run, "reason": reason}

    def act() -> ImportOut:
        read = read_estate_data(data=data, now=estate_now())
        brought = bring_estate(
            actor=actor_of(request), permission=Permission.ESTATE_IMPORT, sheet=read.sheet, found=read.problems,
            reason=reason, dry_run=dry_run, key_file=settings.METER_KEY_FILE,
        )  # fmt: skip
        return ImportOut.of(brought)

    return once(request, key, act, asked=asked)
