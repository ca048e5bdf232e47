"""A meter is moved to another line or address, or its line to another baud: tried first, saved after it answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.access.notify import touch
from prewatt.access.permissions import Permission
from prewatt.estate.errors import BadInstallation, UnknownPlace
from prewatt.estate.models import Bus, MeteringPoint, MeterInstallation, TrialRead
from prewatt.estate.queries import gateway_tree
from prewatt.estate.services.trials import open_trial, save_trial
from prewatt.supply.queries import get_point
from prewatt.supply.services import follow_meter
from prewatt.usecases.work import unit_of_work


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a meter may hang on."""

    public_id: UUID
    gateway: str
    name: str
    port: int
    baud: int
    parity: str


@dataclass(frozen=True, slots=True)
class MeterPlace:
    """Where the meter of a room is, and the lines that the login may move it to."""

    room: str
    point_public_id: UUID
    maker: str
    serial: str
    address: str
    line: Line
    lines: Sequence[Line]


def see_meter_place(*, user: User, point_public_id: UUID) -> MeterPlace:
    """This function will return where a room's meter is. Raises UnknownPoint, and UnknownPlace without a meter."""
    point = get_point(public_id=point_public_id, user=user, permission=Permission.METERS_MOVE)
    hanging = _hanging(point)
    lines = {one.public_id: one for one in list_lines(user=user, site_id=point.site_id)}
    present = lines.get(hanging.bus.public_id) or _line_of(hanging.bus)
    return MeterPlace(
        point.code, point.public_id, hanging.meter.maker, hanging.meter.serial, hanging.address, present,
        list(lines.values()),
    )  # fmt: skip


def list_lines(*, user: User, site_id: int) -> list[Line]:
    """This function will list the lines that a login may move meters to, by gateway and port."""
    tree = gateway_tree(user=user, site_id=site_id, permission=Permission.METERS_MOVE)
    return [
        Line(bus.public_id, gateway.code, bus.name, bus.port, bus.baud, bus.parity)
        for gateway in tree
        for bus in gateway.buses
    ]


def ask_trial(
    *, actor: Actor, point_public_id: UUID, bus_public_id: UUID, address: str, baud: int | None, reason: str
) -> UUID:
    """This function will ask for one reading of a room's meter at another place, and return the trial's public id.

    ``baud`` None: the line's own. Nothing of the estate is changed. Raises UnknownPoint, UnknownPlace, BadInstallation.
    """
    point = get_point(public_id=point_public_id, user=actor.user, permission=Permission.METERS_MOVE)
    with unit_of_work(
        actor=actor, verb="ask_trial", scope=point.building.scope or point.site.scope,
        subject=("metering_point", str(point.public_id)), reason=reason,
    ):  # fmt: skip
        if not reason.strip():
            raise BadInstallation("A move needs a reason.", hint="Write why, and who found the meter there.")
        bus = Bus.objects.select_related("gateway").filter(public_id=bus_public_id, gateway__site=point.site).first()
        seen = actor.user is None or bus is None or _is_seen(actor.user, point.site_id, bus)
        if bus is None or not seen:
            raise UnknownPlace("There is no such bus, or it is not within your scope.")
        trial = open_trial(
            installation=_hanging(point), bus=bus, address=address, baud=baud or bus.baud, reason=reason.strip()
        )
        touch(commands_for_gateways=[bus.gateway_id])
        return trial.public_id


def move_meter(*, actor: Actor, trial_public_id: UUID) -> UUID:
    """This function will store the place that a trial has proven, and return the room's public id.

    Raises UnknownPlace, NoTrial, PlaceChanged, BadInstallation: without a fresh answer from exactly this place the
    plan stays as it is.
    """
    trial = get_trial(public_id=trial_public_id, user=actor.user)
    point = trial.installation.metering_point
    with unit_of_work(
        actor=actor, verb="move_meter", scope=point.building.scope or point.site.scope,
        subject=("metering_point", str(point.public_id)), reason=trial.reason,
    ):  # fmt: skip
        saved = save_trial(trial_id=trial.pk)
        follow_meter(installation_id=saved.installation_id, gateway_id=saved.bus.gateway_id)
        gateways = Bus.objects.filter(pk__in=[saved.bus_id, saved.from_bus_id]).values_list("gateway_id", flat=True)
        touch(site_id=point.site_id, points=[point.pk], commands_for_gateways=gateways)
        return point.public_id


def get_trial(*, public_id: UUID, user: User | None) -> TrialRead:
    """This function will return a trial whose room the login may change. Raises UnknownPlace, UnknownPoint."""
    trial = (
        TrialRead.objects.select_related("installation__meter", "installation__metering_point", "bus__gateway")
        .select_related("from_bus__gateway", "asked_by")
        .filter(public_id=public_id)
        .first()
    )
    if trial is None:
        raise UnknownPlace("There is no such trial reading.", hint="Open the meter's room, and move it from there.")
    hanging = trial.installation
    hanging.metering_point = get_point(
        public_id=hanging.metering_point.public_id, user=user, permission=Permission.METERS_MOVE
    )
    return trial


def _is_seen(user: User, site_id: int, bus: Bus) -> bool:
    return any(one.public_id == bus.public_id for one in list_lines(user=user, site_id=site_id))


def _hanging(point: MeteringPoint) -> MeterInstallation:
    rows = MeterInstallation.objects.filter(metering_point=point, period__upper_inf=True)
    hanging = rows.select_related("meter", "bus__gateway").first()
    if hanging is None:
        raise UnknownPlace("No meter hangs here.", hint="Import it first.")
    return hanging


def _line_of(bus: Bus) -> Line:
    return Line(bus.public_id, bus.gateway.code, bus.name, bus.port, bus.baud, bus.parity)
