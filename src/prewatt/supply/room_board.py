"""The room board: every metering point of a site with what its tile must say.

Four plain queries in one round trip, joined here by the point's id: one join of everything took three times as long,
a third of it for planning. They are not one snapshot; what moves between two of them is told to the page live.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models.functions import Collate

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.estate.models import Place, PlaceKind
from prewatt.kernel.money import Money

_SITE: Final = """
SELECT s.currency, policy.level_1, policy.level_2,
       ARRAY(SELECT h.metering_point_id FROM supply_hold h JOIN estate_meteringpoint p ON p.id = h.metering_point_id
              WHERE p.site_id = %(site)s AND h.lifted_at IS NULL AND h.effect = 'protect'
                    AND h.from_at <= %(now)s AND (h.to_at IS NULL OR h.to_at > %(now)s)),
       ARRAY(SELECT c.installation_id FROM supply_command c
               JOIN estate_meteringpoint p ON p.id = c.metering_point_id
              WHERE p.site_id = %(site)s AND c.target = 'relay' AND c.state IN ('queued', 'sent', 'acknowledged'))
  FROM estate_site s
  LEFT JOIN supply_supplypolicy policy ON policy.site_id = s.id
 WHERE s.id = %(site)s
"""
_POINTS: Final = """
SELECT p.id, p.building_id, p.public_id, p.code, p.use,
       CASE WHEN u.kind = 'unit' THEN f.code WHEN u.kind = 'floor' THEN u.code ELSE '' END,
       CASE WHEN u.kind = 'unit' THEN u.code ELSE p.code END,
       coalesce(r.desired, 'on'), coalesce(r.reported, 'unknown'), coalesce(r.frozen, false)
  FROM estate_meteringpoint p
  JOIN estate_place u ON u.id = p.place_id
  LEFT JOIN estate_place f ON f.id = u.parent_id
  LEFT JOIN supply_relay r ON r.metering_point_id = p.id
 WHERE p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s)
       AND (%(points)s::bigint[] IS NULL OR p.id = ANY(%(points)s))
       AND (%(public_ids)s::uuid[] IS NULL OR p.public_id = ANY(%(public_ids)s))
 ORDER BY array_position(%(buildings)s::bigint[], p.building_id),
          f."order" DESC NULLS LAST, f.code COLLATE "C", u."order", p.code COLLATE "C"
"""
_PAYERS: Final = """
SELECT t.metering_point_id, a.id, c.name, a.payment_mode, a.search_text,
       coalesce(l.balance, 0) - a.accrued + a.allowed_credit, a.level_1, a.level_2,
       floor(extract(epoch FROM a.empties_at - %(now)s) / 86400)::int
  FROM tenancy_tenancy t
  JOIN estate_meteringpoint p ON p.id = t.metering_point_id
  JOIN tenancy_account a ON a.id = t.account_id
  JOIN tenancy_customer c ON c.id = a.customer_id
  LEFT JOIN tenancy_bucket k ON k.account_id = a.id AND k.kind = 'cash' AND k.medium = 'electricity'
  LEFT JOIN ledger_ledgeraccount l ON l.id = k.ledger_account_id
 WHERE t.period @> %(now)s AND p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s)
       AND (%(points)s::bigint[] IS NULL OR p.id = ANY(%(points)s))
       AND (%(public_ids)s::uuid[] IS NULL OR p.public_id = ANY(%(public_ids)s))
"""
_METERS: Final = """
SELECT i.metering_point_id, i.id, m.serial, m.relay_kind <> 'none', coalesce(st.comm, 'lost'),
       coalesce((SELECT sum(d.quantity_wh) FROM metering_dayusage d
                  WHERE d.tenancy_id = t.id AND d.installation_id = i.id AND d.date = today.date), 0)::bigint
  FROM (SELECT (%(now)s::timestamptz AT TIME ZONE time_zone)::date FROM estate_site WHERE id = %(site)s) today (date),
       estate_meterinstallation i
  JOIN estate_meteringpoint p ON p.id = i.metering_point_id
  JOIN estate_meter m ON m.id = i.meter_id
  LEFT JOIN metering_meterstate st ON st.installation_id = i.id
  LEFT JOIN tenancy_tenancy t ON t.metering_point_id = i.metering_point_id AND t.period @> %(now)s
 WHERE i.period @> %(now)s AND p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s)
       AND (%(points)s::bigint[] IS NULL OR p.id = ANY(%(points)s))
       AND (%(public_ids)s::uuid[] IS NULL OR p.public_id = ANY(%(public_ids)s))
"""
_BOARD: Final = ";".join((_SITE, _POINTS, _PAYERS, _METERS))


class RoomTile(NamedTuple):
    """A room as its tile shows it. ``available`` is None for a room that no prepaid account pays for.

    ``level`` is 0, 1 or 2, by the amounts of the account or the site. ``desired`` is a wish, ``reported`` what the
    relay last proved, ``moving`` tells whether a command to it is under way. ``days_left`` counts whole days.
    """

    point_id: int
    public_id: UUID
    code: str
    use: str
    building_code: str
    building_name: str
    floor_code: str
    unit_code: str
    account_id: int | None
    customer: str
    payment_mode: str
    desired: str
    reported: str
    frozen: bool
    has_relay: bool
    moving: bool
    protected: bool
    comm: str
    today_wh: int
    days_left: int | None
    search: str
    available: Money | None
    level: int

    @property
    def opened(self) -> bool:
        """This property will tell whether the room is in use: a tenant pays for it, or it is the estate's own."""
        return self.payment_mode == "prepaid" or (self.use != "tenant" and self.account_id is not None)

    @property
    def lost(self) -> bool:
        """This property will tell whether the meter does not answer."""
        return self.comm == "lost"


class _Site(NamedTuple):
    """What is the same for every tile: the money's name, the levels, and the few points that are special."""

    currency: str
    level_1: int | None
    level_2: int | None
    protected: list[int]
    moving: list[int]


_NOBODY: Final = (0, None, "", "", None, 0, None, None, None)
"""A row of payers for a point that nobody pays for."""
_NO_METER: Final = (0, None, "", True, "lost", 0)
"""A row of meters for a point without one."""


def list_room_tiles(
    *,
    user: User,
    site_id: int,
    now: datetime,
    building_id: int | None = None,
    point_ids: Collection[int] | None = None,
    public_ids: Collection[UUID] | None = None,
    permission: str = Permission.ESTATE_VIEW,
) -> list[RoomTile]:
    """This function will return the rooms of a site that the login may see, building by building, top floor first.

    ``building_id`` narrows to a building, ``point_ids`` or ``public_ids`` to some points; ``now`` is estate time.
    """
    places = for_scope(
        Place.objects.filter(site=site_id, kind=PlaceKind.BUILDING),
        path_field="scope__path",
        user=user,
        permission=permission,
    )
    if building_id is not None:
        places = places.filter(pk=building_id)
    buildings = {
        place: (code, name)
        for place, code, name in places.order_by("order", Collate("code", "C")).values_list("pk", "code", "name")
    }
    inputs: dict[str, Any] = {
        "now": now,
        "site": site_id,
        "buildings": list(buildings),
        "points": None if point_ids is None else list(point_ids),
        "public_ids": None if public_ids is None else list(public_ids),
    }
    if not buildings:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BOARD, inputs)
        sites, points, payers, meters = _results(cursor)
    return _tiles(
        points,
        buildings=buildings,
        payers={row[0]: row for row in payers},
        meters={row[0]: row for row in meters},
        site=_Site._make(sites[0]),
    )


def _results(cursor: CursorWrapper) -> Iterator[list[tuple[Any, ...]]]:
    """This function will return the rows of each statement that was sent."""
    yield cursor.fetchall()
    while cursor.nextset():
        yield cursor.fetchall()


def _tiles(
    points: list[tuple[Any, ...]],
    *,
    buildings: dict[int, tuple[str, str]],
    payers: dict[int, tuple[Any, ...]],
    meters: dict[int, tuple[Any, ...]],
    site: _Site,
) -> list[RoomTile]:
    protected, moving = frozenset(site.protected), frozenset(site.moving)
    tiles = []
    for point_id, building, public_id, code, use, floor, unit, desired, reported, frozen in points:
        _, account_id, customer, mode, search, minor, level_1, level_2, days = payers.get(point_id, _NOBODY)
        _, installation_id, serial, has_relay, comm, today_wh = meters.get(point_id, _NO_METER)
        available, level = None, 0
        if mode == "prepaid":
            available = Money(minor, site.currency)
            level = _level(minor, site.level_1 if level_1 is None else level_1,
                           site.level_2 if level_2 is None else level_2)  # fmt: skip
        tiles.append(
            RoomTile(
                point_id, public_id, code, use, *buildings[building], floor or "", unit, account_id, customer, mode,
                desired, reported, frozen, has_relay, installation_id in moving, point_id in protected, comm, today_wh,
                None if available is None else days,
                f"{code.lower()} {serial}".rstrip() if search is None else search, available, level,
            )
        )  # fmt: skip
    return tiles


def _level(available: int, level_1: int | None, level_2: int | None) -> int:
    """This function will return the low-balance level that an amount in minor units has reached: 0, 1 or 2."""
    if level_2 is not None and available <= level_2:
        return 2
    return 1 if level_1 is not None and available <= level_1 else 0
