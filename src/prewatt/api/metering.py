"""Meters and what they said: readings by meter and by site, commands to their relays."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from prewatt.access.permissions import Permission
from prewatt.api import cursors
from prewatt.api.common import Cursor, Limit, Text, answers, page_of
from prewatt.api.door import machine_of, permitted
from prewatt.api.schemas import (
    CommandOut,
    CommandsOut,
    Instant,
    MeterOut,
    MetersOut,
    ReadingOut,
    ReadingsOut,
    ReadingsWanted,
)
from prewatt.api.schemas_work import LoggedCommandOut, LoggedCommandsOut, SiteReadingOut, SiteReadingsOut
from prewatt.kernel.errors import NotFound
from prewatt.metering.queries.readings import list_installation_readings
from prewatt.supply.meter_list import get_meter, list_meters
from prewatt.supply.queries import find_command, list_commands
from prewatt.usecases import see_account, see_readings
from prewatt.usecases.see_site import find_site

READ = Permission.API_READ
router = Router(tags=["meters"])
Point = Annotated[str, Query(max_length=40, pattern=r"^[^\x00]*$", description="Only the meter on this metering point")]
When = Annotated[Instant | None, Query(description="RFC 3339, with its offset")]


@router.get("/meters", response=answers(200, MetersOut), summary="List meters", operation_id="list_meters")
@permitted(READ)
def meters(request: HttpRequest, cursor: Cursor = None, limit: Limit = 100, point: Point = "") -> MetersOut:
    """Meters that hang within the token's scope, in the order of their ids."""
    page = list_meters(
        user=machine_of(request), permission=READ, after=cursors.to_uuid(cursor), point=point, limit=limit
    )  # fmt: skip
    next_cursor = cursors.encode(page.next_cursor) if page.next_cursor is not None else None
    return MetersOut(items=[MeterOut.of(one) for one in page.meters], next_cursor=next_cursor)


@router.get("/meters/{meter_id}", response=answers(200, MeterOut), summary="Get a meter", operation_id="get_meter")
@permitted(READ)
def meter(request: HttpRequest, meter_id: UUID) -> MeterOut:
    """One meter: what its relay should be, what it last proved, and its last accepted registers."""
    return MeterOut.of(get_meter(user=machine_of(request), permission=READ, public_id=meter_id))


@router.get(
    "/meters/{meter_id}/readings",
    response=answers(200, ReadingsOut),
    summary="List a meter's readings",
    operation_id="list_readings",
)
@permitted(READ)
def readings(request: HttpRequest, meter_id: UUID, wanted: Query[ReadingsWanted]) -> ReadingsOut:
    """Readings since the meter was hung on its present point, from ``from_at`` (in) to ``to_at`` (out)."""
    found = get_meter(user=machine_of(request), permission=READ, public_id=meter_id)
    rows = list_installation_readings(
        installation_id=found.installation_id, from_at=wanted.from_at, to_at=wanted.to_at, limit=wanted.limit + 1,
        before=cursors.to_instant_and_number(wanted.cursor),
    )  # fmt: skip
    page, next_cursor = page_of(rows, limit=wanted.limit, place=lambda row: (row.read_at, row.kind_no))
    return ReadingsOut(items=[ReadingOut.of(row) for row in page], next_cursor=next_cursor)


@router.get(
    "/meters/{meter_id}/commands",
    response=answers(200, CommandsOut),
    summary="List the commands to a meter",
    operation_id="list_commands",
)
@permitted(READ)
def commands(request: HttpRequest, meter_id: UUID, limit: Limit = 50) -> CommandsOut:
    """The latest commands to the relay of the meter's metering point, the newest first."""
    found = get_meter(user=machine_of(request), permission=READ, public_id=meter_id)
    rows = list_commands(point_ids=[found.point_id], limit=limit)
    return CommandsOut(items=[CommandOut.of(row) for row in rows])


@router.get(
    "/commands/{command_id}", response=answers(200, CommandOut), summary="Get a command", operation_id="get_command"
)
@permitted(READ)
def command(request: HttpRequest, command_id: UUID) -> CommandOut:
    """One command and how far it came."""
    row = find_command(public_id=command_id, user=machine_of(request), permission=READ)
    if row is None:
        raise NotFound("There is no such command, or it is not within your scope.")
    return CommandOut.of(row)


@router.get(
    "/sites/{site_id}/commands",
    response=answers(200, LoggedCommandsOut),
    summary="List a site's commands",
    operation_id="list_site_commands",
)
@permitted(Permission.COMM_VIEW)
def site_commands(
    request: HttpRequest,
    *,
    site_id: UUID,
    live: Annotated[bool, Query(description="Only those that have not ended")] = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> LoggedCommandsOut:
    """A site's log of commands, the newest first."""
    user = machine_of(request)
    site = find_site(user=user, permission=Permission.COMM_VIEW, public_id=site_id)
    rows = see_account.list_commands(
        user=user, site_id=site.id, live=live, before=cursors.to_uuid(cursor), limit=limit + 1
    )
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return LoggedCommandsOut(items=[LoggedCommandOut.of(row) for row in page], next_cursor=next_cursor)


@router.get(
    "/sites/{site_id}/readings",
    response=answers(200, SiteReadingsOut),
    summary="List a site's readings",
    operation_id="list_site_readings",
)
@permitted(Permission.READINGS_VIEW)
def site_readings(
    request: HttpRequest,
    *,
    site_id: UUID,
    q: Text = "",
    from_at: When = None,
    to_at: When = None,
    held: Annotated[bool, Query(description="Only those that wait for a person")] = False,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> SiteReadingsOut:
    """Readings of a site, the newest first; ``q`` is in the room, the meter's serial or its address."""
    user = machine_of(request)
    site = find_site(user=user, permission=Permission.READINGS_VIEW, public_id=site_id)
    wanted = see_readings.ReadingsWanted(text=q, from_at=from_at, to_at=to_at, held=held)
    rows = see_readings.list_readings(
        user=user, site_id=site.id, wanted=wanted, before=cursors.to_instant_id_and_number(cursor), limit=limit + 1
    )  # fmt: skip
    page, next_cursor = page_of(
        rows, limit=limit, place=lambda row: (row.read_at, row.installation_public_id, row.kind)
    )  # fmt: skip
    return SiteReadingsOut(items=[SiteReadingOut.of(row) for row in page], next_cursor=next_cursor)
