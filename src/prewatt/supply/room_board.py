"""The room board: every metering point of a site with what its tile must say, in one query."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.estate.models import Place, PlaceKind
from prewatt.kernel.money import Money

_TILES: Final = """
SELECT p.id, p.public_id, p.code, p.use, b.code, b.name,
       CASE WHEN u.kind = 'unit' THEN f.code WHEN u.kind = 'floor' THEN u.code ELSE '' END,
       CASE WHEN u.kind = 'unit' THEN u.code ELSE p.code END,
       u.name,
       a.id, a.public_id, coalesce(a.number, ''), coalesce(c.name, ''), coalesce(a.payment_mode, ''),
       coalesce(r.desired, 'on'), coalesce(r.reported, 'unknown'), r.proven_at, r.changed_at,
       coalesce(r.frozen, false), coalesce(r.withheld, ''), m.relay_kind IS DISTINCT FROM 'none',
       cmd.state, coalesce(cmd.wanted, ''),
       EXISTS (SELECT 1 FROM supply_hold h
                WHERE h.metering_point_id = p.id AND h.lifted_at IS NULL AND h.effect = 'protect'
                      AND h.from_at <= %(now)s AND (h.to_at IS NULL OR h.to_at > %(now)s)),
       coalesce(st.comm, 'lost'), st.comm_since, st.last_ok_at, st.last_read_at, st.power_w,
       coalesce((SELECT sum(d.quantity_wh) FROM metering_dayusage d
                  WHERE d.tenancy_id = t.id AND d.installation_id = i.id
                        AND d.date = (%(now)s::timestamptz AT TIME ZONE s.time_zone)::date), 0)::bigint,
       a.empties_at,
       coalesce(a.search_text, concat_ws(' ', lower(p.code), m.serial)),
       s.currency, coalesce(l.balance, 0) - a.accrued, a.allowed_credit,
       coalesce(a.level_1, policy.level_1), coalesce(a.level_2, policy.level_2)
  FROM estate_meteringpoint p
  JOIN estate_site s ON s.id = p.site_id
  JOIN estate_place b ON b.id = p.building_id
  JOIN estate_place u ON u.id = p.place_id
  LEFT JOIN estate_place f ON f.id = u.parent_id
  LEFT JOIN supply_supplypolicy policy ON policy.site_id = s.id
  LEFT JOIN tenancy_tenancy t ON t.metering_point_id = p.id AND t.period @> %(now)s
  LEFT JOIN tenancy_account a ON a.id = t.account_id
  LEFT JOIN tenancy_customer c ON c.id = a.customer_id
  LEFT JOIN tenancy_bucket k ON k.account_id = a.id AND k.kind = 'cash' AND k.medium = 'electricity'
  LEFT JOIN ledger_ledgeraccount l ON l.id = k.ledger_account_id
  LEFT JOIN supply_relay r ON r.metering_point_id = p.id
  LEFT JOIN estate_meterinstallation i ON i.metering_point_id = p.id AND i.period @> %(now)s
  LEFT JOIN estate_meter m ON m.id = i.meter_id
  LEFT JOIN metering_meterstate st ON st.installation_id = i.id
  LEFT JOIN supply_command cmd ON cmd.installation_id = i.id AND cmd.target = 'relay'
                              AND cmd.state IN ('queued', 'sent', 'acknowledged')
 WHERE p.site_id = %(site)s AND p.building_id = ANY(%(buildings)s)
       AND (%(points)s::bigint[] IS NULL OR p.id = ANY(%(points)s))
       AND (%(public_ids)s::uuid[] IS NULL OR p.public_id = ANY(%(public_ids)s))
 ORDER BY b."order", b.code COLLATE "C", f."order" DESC NULLS LAST, f.code COLLATE "C", u."order", p.code COLLATE "C"
"""
_FACTS: Final = 33
"""How many columns go into the tile as they are; money follows."""


class RoomTile(NamedTuple):
    """A room as its tile shows it. ``available`` is None for a room that no prepaid account pays for.

    ``level`` is 0, 1 or 2, by the amounts of the account or the site. ``desired`` is a wish, ``command`` the state of
    the command under way (None: there is none), ``reported`` what the relay last proved.
    """

    point_id: int
    public_id: UUID
    code: str
    use: str
    building_code: str
    building_name: str
    floor_code: str
    unit_code: str
    unit_name: str
    account_id: int | None
    account_public_id: UUID | None
    account_number: str
    customer: str
    payment_mode: str
    desired: str
    reported: str
    proven_at: datetime | None
    changed_at: datetime | None
    frozen: bool
    withheld: str
    has_relay: bool
    command: str | None
    command_wanted: str
    protected: bool
    comm: str
    comm_since: datetime | None
    last_ok_at: datetime | None
    last_read_at: datetime | None
    power_w: int | None
    today_wh: int
    empties_at: datetime | None
    search: str
    currency: str
    available: Money | None
    level: int

    @property
    def opened(self) -> bool:
        """This property will tell whether the room is in use: a tenant pays for it, or it is the estate's own."""
        return self.payment_mode == "prepaid" or (self.use != "tenant" and self.account_id is not None)

    @property
    def moving(self) -> bool:
        """This property will tell whether a command to the relay is under way."""
        return self.command is not None

    @property
    def lost(self) -> bool:
        """This property will tell whether the meter does not answer."""
        return self.comm == "lost"


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
    buildings = for_scope(
        Place.objects.filter(site=site_id, kind=PlaceKind.BUILDING),
        path_field="scope__path",
        user=user,
        permission=permission,
    )
    if building_id is not None:
        buildings = buildings.filter(pk=building_id)
    inputs: dict[str, Any] = {
        "now": now,
        "site": site_id,
        "buildings": list(buildings.values_list("pk", flat=True)),
        "points": None if point_ids is None else list(point_ids),
        "public_ids": None if public_ids is None else list(public_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TILES, inputs)
        return [_tile(row) for row in cursor.fetchall()]


def _tile(row: tuple[Any, ...]) -> RoomTile:
    facts: tuple[Any, ...] = (*row[:_FACTS], *_money(*row[_FACTS - 1 :], prepaid=row[13] == "prepaid"))
    return RoomTile._make(facts)


def _money(
    currency: str, balance: int, credit: int, level_1: int | None, level_2: int | None, *, prepaid: bool
) -> tuple[Money | None, int]:
    """This function will return what is available and the low-balance level that it has reached."""
    if not prepaid:
        return None, 0
    available = balance + credit
    level = 0
    if level_2 is not None and available <= level_2:
        level = 2
    elif level_1 is not None and available <= level_1:
        level = 1
    return Money(available, currency), level
