"""The estate as the faces and the collector read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.estate.models import Bus, Gateway, MeteringPoint, MeterInstallation, Place, PlaceKind, Site


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site as screens and papers name it."""

    id: int
    public_id: UUID
    code: str
    name: str
    scope_id: int
    scope_path: str
    zone: ZoneInfo
    currency: str
    operator_name: str
    operator_tax_no: str
    service_phone: str
    supply_mode: str
    live_since: datetime | None
    read_interval_s: int


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A building or a floor, in the order that people walk them; ``floors`` are empty below a floor."""

    id: int
    public_id: UUID
    code: str
    name: str
    supply_mode: str | None
    floors: tuple["PlaceFacts", ...] = ()


@dataclass(frozen=True, slots=True)
class PointFacts:
    """A metering point and the meter that hangs on it now, if one does."""

    id: int
    public_id: UUID
    code: str
    use: str
    rated_power_w: int
    site_id: int
    building: str
    floor: str
    unit: str
    installation_id: int | None
    meter_maker: str
    meter_serial: str
    meter_address: str
    multiplier: int
    relay_kind: str
    phases: int
    gateway: str
    bus_id: int | None
    bus_name: str
    baud: int | None


@dataclass(frozen=True, slots=True)
class MeterLine:
    """A meter in the order of its line."""

    installation_id: int
    address: str
    serial: str
    point_id: int
    point_public_id: UUID
    point: str


@dataclass(frozen=True, slots=True)
class BusLine:
    """A line and what hangs on it."""

    id: int
    public_id: UUID
    port: int
    name: str
    baud: int
    parity: str
    under_work_until: datetime | None
    meters: tuple[MeterLine, ...]


@dataclass(frozen=True, slots=True)
class GatewayLine:
    """A gateway, where it is, and its lines."""

    id: int
    public_id: UUID
    code: str
    transport: str
    address: str
    building: str
    floor: str
    buses: tuple[BusLine, ...]


@dataclass(frozen=True, slots=True)
class PlanMeter:
    """What a collector must know of a meter. The password is as sealed."""

    gateway_id: int
    gateway_address: str
    bus_id: int
    port: int
    baud: int
    parity: str
    installation_id: int
    address: str
    maker: str
    serial: str
    profile: str
    relay_kind: str
    phases: int
    site_id: int
    time_zone: str
    read_interval_s: int
    since_at: datetime
    password_sealed: bytes | None = field(repr=False)


def find_site_by_code(*, code: str) -> SiteFacts | None:
    """This function will find a site by its code, for commands and jobs that see everything."""
    site = Site.objects.select_related("scope").filter(code=code).first()
    return None if site is None else _to_site(site)


def _to_site(site: Site) -> SiteFacts:
    return SiteFacts(
        id=site.pk,
        public_id=site.public_id,
        code=site.code,
        name=site.name,
        scope_id=site.scope_id,
        scope_path=site.scope.path,
        zone=ZoneInfo(site.time_zone),
        currency=site.currency,
        operator_name=site.operator_name,
        operator_tax_no=site.operator_tax_no,
        service_phone=site.service_phone,
        supply_mode=site.supply_mode,
        live_since=site.live_since,
        read_interval_s=site.read_interval_s,
    )


def list_buildings(
    *, user: User, site_id: int, permission: str = Permission.ESTATE_VIEW
) -> list[PlaceFacts]:  # fmt: skip
    """This function will list the buildings of a site within the login's scope, with their floors from the top down."""
    rows = for_scope(
        Place.objects.filter(site=site_id, kind=PlaceKind.BUILDING),
        path_field="scope__path",
        user=user,
        permission=permission,
    ).order_by("order", "code")
    buildings = list(rows)
    floors = Place.objects.filter(parent__in=buildings, kind=PlaceKind.FLOOR).order_by("-order", "code")
    by_building: dict[int | None, list[PlaceFacts]] = {}
    for floor in floors:
        by_building.setdefault(floor.parent_id, []).append(_to_place(floor))
    return [_to_place(one, tuple(by_building.get(one.pk, ()))) for one in buildings]


def _to_place(place: Place, floors: tuple[PlaceFacts, ...] = ()) -> PlaceFacts:
    return PlaceFacts(
        id=place.pk,
        public_id=place.public_id,
        code=place.code,
        name=place.name,
        supply_mode=place.supply_mode,
        floors=floors,
    )


def list_points(*, point_ids: Sequence[int]) -> list[PointFacts]:
    """This function will return metering points by row number, with the meters on them, in two queries."""
    hanging = {
        row.metering_point_id: row
        for row in MeterInstallation.objects.filter(
            metering_point__in=point_ids, period__upper_inf=True
        ).select_related("meter", "bus__gateway")
    }  # fmt: skip
    points = MeteringPoint.objects.filter(pk__in=point_ids).select_related("place__parent", "building")
    return [_to_point(point, hanging.get(point.pk)) for point in points.order_by("code")]


def _to_point(point: MeteringPoint, hanging: MeterInstallation | None) -> PointFacts:
    place = point.place
    return PointFacts(
        id=point.pk,
        public_id=point.public_id,
        code=point.code,
        use=point.use,
        rated_power_w=point.rated_power_w,
        site_id=point.site_id,
        building=point.building.code,
        floor=place.parent.code if place.kind == PlaceKind.UNIT and place.parent is not None else "",
        unit=place.code,
        installation_id=hanging.pk if hanging is not None else None,
        meter_maker=hanging.meter.maker if hanging is not None else "",
        meter_serial=hanging.meter.serial if hanging is not None else "",
        meter_address=hanging.address if hanging is not None else "",
        multiplier=hanging.multiplier if hanging is not None else 1,
        relay_kind=hanging.meter.relay_kind if hanging is not None else "none",
        phases=hanging.meter.phases if hanging is not None else 1,
        gateway=hanging.bus.gateway.code if hanging is not None else "",
        bus_id=hanging.bus_id if hanging is not None else None,
        bus_name=str(hanging.bus.name or hanging.bus.port) if hanging is not None else "",
        baud=hanging.bus.baud if hanging is not None else None,
    )


def gateway_tree(*, user: User, site_id: int, permission: str = Permission.COMM_VIEW) -> list[GatewayLine]:
    """This function will return a site's gateways, their buses and the meters on each, for a login that sees the site.

    A login that sees some buildings gets the gateways that stand in them.
    """
    seen = for_scope(
        Gateway.objects.filter(site=site_id), path_field="site__scope__path", user=user, permission=permission
    ).values("pk")
    places = for_scope(
        Place.objects.filter(site=site_id, kind=PlaceKind.BUILDING),
        path_field="scope__path",
        user=user,
        permission=permission,
    ).values("pk")
    gateways = (
        Gateway.objects.filter(site=site_id, pk__in=seen)
        | Gateway.objects.filter(site=site_id, place__in=places)
        | Gateway.objects.filter(site=site_id, place__parent__in=places)
    )
    rows = list(gateways.distinct().select_related("place__parent").order_by("code"))
    buses: dict[int, list[BusLine]] = {row.pk: [] for row in rows}
    meters = _meters_by_bus(gateway_ids=list(buses))
    for bus in Bus.objects.filter(gateway__in=rows).order_by("port"):
        buses[bus.gateway_id].append(_to_bus(bus, tuple(meters.get(bus.pk, ()))))
    return [_to_gateway(row, tuple(buses[row.pk])) for row in rows]


def _meters_by_bus(*, gateway_ids: Iterable[int]) -> dict[int, list[MeterLine]]:
    found: dict[int, list[MeterLine]] = {}
    rows = MeterInstallation.objects.filter(bus__gateway__in=gateway_ids, period__upper_inf=True)
    for row in rows.order_by("pk").values_list(
        "bus_id", "pk", "address", "meter__serial", "metering_point_id", "metering_point__public_id",
        "metering_point__code",
    ):  # fmt: skip
        found.setdefault(row[0], []).append(MeterLine(*row[1:]))
    return found


def _to_bus(bus: Bus, meters: tuple[MeterLine, ...]) -> BusLine:
    return BusLine(
        id=bus.pk,
        public_id=bus.public_id,
        port=bus.port,
        name=bus.name,
        baud=bus.baud,
        parity=bus.parity,
        under_work_until=bus.under_work_until,
        meters=meters,
    )


def _to_gateway(gateway: Gateway, buses: tuple[BusLine, ...]) -> GatewayLine:
    place = gateway.place
    floor = place.code if place is not None and place.kind == PlaceKind.FLOOR else ""
    building = place.parent if place is not None and place.kind == PlaceKind.FLOOR else place
    return GatewayLine(
        id=gateway.pk,
        public_id=gateway.public_id,
        code=gateway.code,
        transport=gateway.transport,
        address=gateway.address,
        building=building.code if building is not None else "",
        floor=floor,
        buses=buses,
    )


def list_gateway_ids(*, site_id: int | None = None, codes: Sequence[str] = ()) -> list[int]:
    """This function will return the gateways of a site, or of all, or those of the codes, for a collector to lease."""
    rows = Gateway.objects.all() if site_id is None else Gateway.objects.filter(site=site_id)
    rows = rows.filter(code__in=codes) if codes else rows
    return list(rows.order_by("pk").values_list("pk", flat=True))


def plan_of_gateways(*, gateway_ids: Sequence[int]) -> list[PlanMeter]:
    """This function will return every meter of the gateways, by gateway, port and row: one query."""
    rows = MeterInstallation.objects.filter(bus__gateway__in=gateway_ids, period__upper_inf=True)
    columns = rows.order_by("bus__gateway_id", "bus__port", "pk").values_list(
        "bus__gateway_id", "bus__gateway__address", "bus_id", "bus__port", "bus__baud", "bus__parity", "pk", "address",
        "meter__maker", "meter__serial", "meter__profile", "meter__relay_kind", "meter__phases",
        "bus__gateway__site_id", "bus__gateway__site__time_zone", "bus__gateway__site__read_interval_s",
        "period__startswith", "meter__password_sealed",
    )  # fmt: skip
    return [PlanMeter(*row[:-1], None if row[-1] is None else bytes(row[-1])) for row in columns]


_PLAN_STAMP: Final = """
SELECT (SELECT coalesce(max(pgh_id), 0) FROM estate_siteevent),
       (SELECT coalesce(max(pgh_id), 0) FROM estate_gatewayevent),
       (SELECT coalesce(max(pgh_id), 0) FROM estate_busevent),
       (SELECT coalesce(max(pgh_id), 0) FROM estate_meterevent),
       (SELECT coalesce(max(pgh_id), 0) FROM estate_meterinstallationevent)
"""


def plan_stamp() -> tuple[int, ...]:
    """This function will return numbers that change when the plan of any gateway may have: the history's last rows.

    A password alone leaves no history; look at the whole plan now and then.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PLAN_STAMP)
        return tuple(cursor.fetchone())
