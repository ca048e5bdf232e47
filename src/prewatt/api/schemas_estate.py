"""The estate as machines read it: sites, buildings, rooms, gateways and lines."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from ninja import Schema
from pydantic import Field

from prewatt.api.schemas import Day, Strict, known
from prewatt.billing.queries.tariffs import TariffLine
from prewatt.estate.queries import GatewayLine, PlaceFacts, PointFacts
from prewatt.reports.estate_sheet import Problem
from prewatt.usecases.bring_estate import Brought
from prewatt.usecases.see_account import RoomView
from prewatt.usecases.see_comms import BusComm, MeterComm
from prewatt.usecases.see_site import SiteView


class SiteOut(Schema):
    """A site. ``supply_mode``: off = read and charge, shadow = decide and record, live = disconnect too."""

    id: UUID
    code: str
    name: str
    time_zone: str = Field(examples=["Asia/Shanghai"])
    currency: str
    operator: str
    service_phone: str
    supply_mode: Annotated[str, known("off", "shadow", "live")]
    live_since: datetime | None
    first_day: date = Field(description="The first local day that books are kept for")

    @classmethod
    def of(cls, site: SiteView) -> Self:
        """This method will write a site for a machine."""
        return cls(
            id=site.public_id, code=site.code, name=site.name, time_zone=site.zone.key, currency=site.currency,
            operator=site.operator_name, service_phone=site.service_phone, supply_mode=site.mode,
            live_since=site.live_since, first_day=site.first_day,
        )  # fmt: skip


class SitesOut(Schema):
    """A page of sites."""

    items: list[SiteOut]
    next_cursor: str | None


class FloorOut(Schema):
    """A floor of a building."""

    id: UUID
    code: str
    name: str


class BuildingOut(Schema):
    """A building with its floors from the top down. ``supply_mode`` null: the site's holds."""

    id: UUID
    code: str
    name: str
    supply_mode: str | None
    floors: list[FloorOut]

    @classmethod
    def of(cls, place: PlaceFacts) -> Self:
        """This method will write a building for a machine."""
        floors = [FloorOut(id=one.public_id, code=one.code, name=one.name) for one in place.floors]
        return cls(
            id=place.public_id, code=place.code, name=place.name, supply_mode=place.supply_mode, floors=floors
        )  # fmt: skip


class BuildingsOut(Schema):
    """All buildings of a site that the token sees, in the order that people walk them."""

    items: list[BuildingOut]


class UnitOut(Schema):
    """A metering point, the unit it belongs to, and the meter that hangs on it now, if one does."""

    id: UUID
    code: str = Field(examples=["1#-307"])
    use: str
    rated_power_w: int
    building: str
    floor: str
    unit: str
    meter_maker: str
    meter_serial: str
    meter_address: str
    multiplier: int
    phases: int
    relay_kind: str
    gateway: str
    bus: str

    @classmethod
    def of(cls, row: PointFacts) -> Self:
        """This method will write a metering point for a machine."""
        return cls(
            id=row.public_id, code=row.code, use=row.use, rated_power_w=row.rated_power_w, building=row.building,
            floor=row.floor, unit=row.unit, meter_maker=row.meter_maker, meter_serial=row.meter_serial,
            meter_address=row.meter_address, multiplier=row.multiplier, phases=row.phases, relay_kind=row.relay_kind,
            gateway=row.gateway, bus=row.bus_name,
        )  # fmt: skip


class UnitsOut(Schema):
    """A page of metering points."""

    items: list[UnitOut]
    next_cursor: str | None


class HoldOut(Schema):
    """What acts on a point's power. Frozen beats locked off, that beats protect, that beats off."""

    id: UUID
    reason: Annotated[str, known("credit", "manual", "maintenance", "safety", "protection")]
    effect: Annotated[str, known("off", "protect", "locked_off", "frozen")]
    note: str
    from_at: datetime
    to_at: datetime | None
    placed_by: str


class PointSupplyOut(Schema):
    """A point's power: ``desired`` is the wish, ``reported`` what its relay last proved, ``holds`` why."""

    point: UnitOut
    desired: Annotated[str, known("on", "off")]
    reported: Annotated[str, known("on", "off", "unknown")]
    proven_at: datetime | None
    changed_at: datetime | None
    frozen: bool
    stopped: str = Field(description="Why no more commands are sent until a person decides; empty: they are")
    withheld: str = Field(description="Why a due disconnection is not made at present; empty: none is due")
    holds: list[HoldOut]
    account: UUID | None = Field(description="Who pays for it now")

    @classmethod
    def of(cls, room: RoomView, *, account: UUID | None) -> Self:
        """This method will write a point's power for a machine."""
        truths = room.truths
        holds = [
            HoldOut(
                id=one.public_id, reason=one.reason, effect=one.effect, note=one.note, from_at=one.from_at,
                to_at=one.to_at, placed_by=one.placed_by,
            )
            for one in room.holds
        ]  # fmt: skip
        return cls(
            point=UnitOut.of(room.point), desired=truths.desired, reported=truths.reported, proven_at=truths.proven_at,
            changed_at=truths.changed_at, frozen=truths.frozen, stopped=truths.stopped, withheld=truths.withheld,
            holds=holds, account=account,
        )  # fmt: skip


class GatewayBusOut(Schema):
    """A line of a gateway, and how many meters hang on it."""

    id: UUID
    port: int
    name: str
    baud: int
    parity: str
    meters: int


class GatewayOut(Schema):
    """A gateway, where it is, and its lines."""

    id: UUID
    code: str
    transport: str
    address: str
    building: str
    floor: str
    buses: list[GatewayBusOut]

    @classmethod
    def of(cls, row: GatewayLine) -> Self:
        """This method will write a gateway for a machine."""
        buses = [
            GatewayBusOut(
                id=one.public_id, port=one.port, name=one.name, baud=one.baud, parity=one.parity,
                meters=len(one.meters),
            )
            for one in row.buses
        ]  # fmt: skip
        return cls(
            id=row.public_id, code=row.code, transport=row.transport, address=row.address, building=row.building,
            floor=row.floor, buses=buses,
        )  # fmt: skip


class GatewaysOut(Schema):
    """All gateways of a site that the token sees."""

    items: list[GatewayOut]


class BusMeterOut(Schema):
    """A meter on its line: how it answers, since when, how far its clock is off."""

    address: str
    serial: str
    room: str
    communication: Annotated[str, known("online", "degraded", "lost")]
    since: datetime | None
    last_answer_at: datetime | None
    failures: int
    clock_drift_s: int | None

    @classmethod
    def of(cls, row: MeterComm) -> Self:
        """This method will write a meter on its line for a machine."""
        return cls(
            address=row.address, serial=row.serial, room=row.room, communication=row.comm, since=row.comm_since,
            last_answer_at=row.last_ok_at, failures=row.failures, clock_drift_s=row.clock_drift_s,
        )  # fmt: skip


class BusOut(Schema):
    """A line: how it answers, and its last round of reads."""

    id: UUID
    gateway: str
    building: str
    floor: str
    port: int
    name: str
    baud: int
    parity: str
    communication: Annotated[str, known("online", "degraded", "lost")]
    swept_at: datetime | None
    sweep_ms: int | None
    reads_ok: int
    reads_failed: int
    round_trip_ms: int | None
    under_work_until: datetime | None
    meters: list[BusMeterOut]

    @classmethod
    def of(cls, row: BusComm) -> Self:
        """This method will write a line for a machine."""
        return cls(
            id=row.public_id, gateway=row.gateway, building=row.building, floor=row.floor, port=row.port,
            name=row.name, baud=row.baud, parity=row.parity, communication=row.comm, swept_at=row.swept_at,
            sweep_ms=row.sweep_ms, reads_ok=row.reads_ok, reads_failed=row.reads_failed,
            round_trip_ms=row.round_trip_ms, under_work_until=row.under_work_until,
            meters=[BusMeterOut.of(one) for one in row.meters],
        )  # fmt: skip


class BusesOut(Schema):
    """All lines of a site that the token sees."""

    items: list[BusOut]


class TariffOut(Schema):
    """A published version of a tariff. It never changes; prices are 1/1,000,000 currency units per kWh."""

    code: str
    version: int
    name: str
    currency: str
    reference: str
    effective_from: date
    published_at: datetime | None
    published_by: str
    definition: dict[str, Any]

    @classmethod
    def of(cls, row: TariffLine) -> Self:
        """This method will write a version for a machine."""
        return cls(
            code=row.code, version=row.version, name=row.name, currency=row.currency, reference=row.reference,
            effective_from=row.effective_from, published_at=row.published_at, published_by=row.published_by,
            definition=row.definition,
        )  # fmt: skip


class TariffsOut(Schema):
    """A page of versions, by code and version."""

    items: list[TariffOut]
    next_cursor: str | None


class TariffIn(Strict):
    """A version to publish. The first of a code may begin on any day, a later one tomorrow at the earliest."""

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", examples=["shop"])
    name: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00]*$")
    effective_from: Day
    reference: str = Field(default="", max_length=120, pattern=r"^[^\x00]*$", description="The document behind it")
    definition: dict[str, Any] = Field(
        description="As answered by the list of versions: currency, band_source, prices, days",
        examples=[{"currency": "CNY", "band_source": "clock", "prices": {"flat": 800000}, "days": {}}],
    )


class PublishedOut(Schema):
    """A version that is published."""

    code: str
    version: int
    effective_from: date


class CellProblemOut(Schema):
    """A cell of the workbook that cannot be taken."""

    sheet: str
    row: int
    column: str
    message: str

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """This method will write a problem for a machine."""
        return cls(sheet=problem.sheet, row=problem.row, column=problem.column, message=problem.message)


class TallyOut(Schema):
    """How many rows of a kind were (in a dry run: would be) made, brought in line, and left as they were."""

    kind: str
    created: int
    updated: int
    unchanged: int


class ImportOut(Schema):
    """What an import did, or what a dry run found. With problems nothing is stored."""

    state: Annotated[str, known("checked", "refused", "imported")]
    site: UUID | None
    problems: list[CellProblemOut]
    tallies: list[TallyOut]

    @classmethod
    def of(cls, brought: Brought) -> Self:
        """This method will write what became of a workbook for a machine."""
        tallies = [
            TallyOut(kind=kind, created=one.created, updated=one.updated, unchanged=one.unchanged)
            for kind, one in brought.tallies.items()
        ]
        problems = [CellProblemOut.of(one) for one in brought.problems]
        return cls(state=brought.state, site=brought.site_public_id, problems=problems, tallies=tallies)
