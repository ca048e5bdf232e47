"""How the field answers: gateways, their buses in wire order, the meters on each."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from prewatt.access.models import User
from prewatt.estate.queries import BusLine, GatewayLine, MeterLine, gateway_tree
from prewatt.kernel.errors import NotFound
from prewatt.metering.models import BusState, GatewayState, MeterState


class UnknownBus(NotFound):
    """There is no such bus, or not for this login."""

    code = "unknown_bus"


@dataclass(frozen=True, slots=True)
class MeterComm:
    """A meter on its wire: how it answers, since when, how far its clock is off."""

    address: str
    serial: str
    room: str
    room_public_id: UUID
    comm: str
    comm_since: datetime | None
    last_ok_at: datetime | None
    failures: int
    clock_drift_s: int | None


@dataclass(frozen=True, slots=True)
class BusComm:
    """A bus: its meters in wire order and its last sweep. ``round_trip_ms`` is the median."""

    public_id: UUID
    gateway: str
    building: str
    floor: str
    port: int
    name: str
    baud: int
    parity: str
    gateway_comm: str
    gateway_since: datetime | None
    swept_at: datetime | None
    sweep_ms: int | None
    reads_ok: int
    reads_failed: int
    rejected: dict[str, int]
    round_trip_ms: int | None
    under_work_until: datetime | None
    meters: tuple[MeterComm, ...]

    @property
    def online(self) -> int:
        """This property will hold how many meters answer."""
        return sum(1 for meter in self.meters if meter.comm != "lost")

    @property
    def comm(self) -> str:
        """This property will sum the bus up: lost with its gateway or all meters, degraded with some, else online."""
        states = Counter(meter.comm for meter in self.meters)
        if self.gateway_comm == "lost" or (self.meters and states["lost"] == len(self.meters)):
            return "lost"
        return "online" if states["online"] == len(self.meters) else "degraded"


def see_comms(*, user: User, site_id: int) -> list[BusComm]:
    """This function will return the site's buses that the login may see, by gateway and port."""
    tree = gateway_tree(user=user, site_id=site_id)
    ids = [meter.installation_id for gateway in tree for bus in gateway.buses for meter in bus.meters]
    meters = MeterState.objects.in_bulk(ids)
    gateways = GatewayState.objects.in_bulk([gateway.id for gateway in tree])
    sweeps = BusState.objects.in_bulk([bus.id for gateway in tree for bus in gateway.buses])
    return [
        _bus(gateway, bus, gateways.get(gateway.id), sweeps.get(bus.id), meters)
        for gateway in tree
        for bus in gateway.buses
    ]


def see_bus(*, user: User, site_id: int, public_id: UUID) -> BusComm:
    """This function will return one bus. Raises UnknownBus."""
    for bus in see_comms(user=user, site_id=site_id):
        if bus.public_id == public_id:
            return bus
    raise UnknownBus("There is no such bus, or it is not within your scope.")


def _bus(
    gateway: GatewayLine,
    bus: BusLine,
    state: GatewayState | None,
    sweep: BusState | None,
    meters: dict[Any, MeterState],
) -> BusComm:
    return BusComm(
        public_id=bus.public_id, gateway=gateway.code, building=gateway.building, floor=gateway.floor, port=bus.port,
        name=bus.name, baud=bus.baud, parity=bus.parity, under_work_until=bus.under_work_until,
        gateway_comm=state.comm if state is not None else "lost",
        gateway_since=state.comm_since if state is not None else None,
        swept_at=sweep.swept_at if sweep is not None else None, sweep_ms=sweep.sweep_ms if sweep is not None else None,
        reads_ok=sweep.reads_ok if sweep is not None else 0,
        reads_failed=sweep.reads_failed if sweep is not None else 0,
        rejected=sweep.rejected if sweep is not None else {},
        round_trip_ms=sweep.round_trip_ms if sweep is not None else None,
        meters=tuple(_meter(line, meters.get(line.installation_id)) for line in bus.meters),
    )  # fmt: skip


def _meter(line: MeterLine, state: MeterState | None) -> MeterComm:
    return MeterComm(
        line.address, line.serial, line.point, line.point_public_id, state.comm if state is not None else "lost",
        state.comm_since if state is not None else None, state.last_ok_at if state is not None else None,
        state.failures if state is not None else 0, state.clock_drift_s if state is not None else None,
    )  # fmt: skip
