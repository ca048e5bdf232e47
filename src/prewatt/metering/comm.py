"""Whether meters, gateways and buses answer, as the field says it; what comes under an older lease is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.access.notify import touch
from prewatt.estate.models import GatewayLease
from prewatt.metering.models import BusState, CommState, GatewayState


@dataclass(frozen=True, slots=True)
class MeterCommReport:
    """How a meter answers since an estate instant: online, degraded or lost, and how often in a row it did not."""

    installation_id: int
    comm: str
    since_at: datetime
    failures: int
    epoch: int
    last_ok_at: datetime | None = None
    clock_drift_s: int | None = None


@dataclass(frozen=True, slots=True)
class GatewayCommReport:
    """Whether a gateway can be reached since an estate instant, and in words why not."""

    gateway_id: int
    comm: str
    since_at: datetime
    epoch: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a bus did in one sweep: machine milliseconds, meters that answered, frames turned away by kind."""

    bus_id: int
    swept_at: datetime
    sweep_ms: int
    reads_ok: int
    reads_failed: int
    epoch: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    round_trip_ms: int = 0


@dataclass(frozen=True, slots=True)
class MeterMove:
    """A meter whose way of answering changed. ``gateway_lost``: its gateway is down, so it is not the meter's fault."""

    installation_id: int
    point_id: int
    point_code: str
    site_id: int
    before: str
    comm: str
    clock_drift_s: int | None
    gateway_lost: bool


@dataclass(frozen=True, slots=True)
class GatewayMove:
    """A gateway whose way of answering changed."""

    gateway_id: int
    code: str
    site_id: int
    comm: str
    note: str


_METERS: Final = """
UPDATE metering_meterstate st
   SET comm = x.comm, failures = x.failures,
       comm_since = CASE WHEN st.comm = x.comm AND st.comm_since IS NOT NULL THEN st.comm_since ELSE x.since_at END,
       last_ok_at = GREATEST(st.last_ok_at, x.last_ok_at), clock_drift_s = coalesce(x.drift, st.clock_drift_s)
  FROM unnest(%(ids)s::bigint[], %(comms)s::text[], %(failures)s::int[], %(since)s::timestamptz[],
              %(ok)s::timestamptz[], %(drifts)s::int[], %(epochs)s::bigint[])
       AS x(id, comm, failures, since_at, last_ok_at, drift, epoch)
  JOIN metering_meterstate was ON was.installation_id = x.id
  JOIN estate_meterinstallation i ON i.id = x.id
  JOIN estate_meteringpoint mp ON mp.id = i.metering_point_id
  JOIN estate_bus bus ON bus.id = i.bus_id
  JOIN estate_gatewaylease l ON l.gateway_id = bus.gateway_id AND l.epoch = x.epoch
  LEFT JOIN metering_gatewaystate gs ON gs.gateway_id = bus.gateway_id
 WHERE st.installation_id = x.id
RETURNING x.id, mp.id, mp.code, mp.site_id, was.comm, st.comm, x.drift, coalesce(gs.comm = 'lost', false)
"""


def record_meter_comm(*, reports: Sequence[MeterCommReport]) -> list[MeterMove]:
    """This function will keep how meters answer; the last report of each decides. Returns those that are in force."""
    require_unit_of_work()
    newest = {one.installation_id: one for one in sorted(reports, key=lambda one: one.since_at)}
    ordered = [newest[key] for key in sorted(newest)]
    parameters: dict[str, Any] = {
        "ids": [one.installation_id for one in ordered], "comms": [CommState(one.comm).value for one in ordered],
        "failures": [one.failures for one in ordered], "since": [one.since_at for one in ordered],
        "ok": [one.last_ok_at for one in ordered], "drifts": [one.clock_drift_s for one in ordered],
        "epochs": [one.epoch for one in ordered],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_METERS, parameters)
        moves = [MeterMove(*row) for row in cursor.fetchall()]
    touch(points=[move.point_id for move in moves if move.before != move.comm])
    return moves


def mark_answering(*, heard: Mapping[int, datetime]) -> list[int]:
    """This function will take meters that were lost for online, because they were heard. Returns those."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE metering_meterstate st SET comm = 'online', comm_since = x.at, failures = 0,
                      last_ok_at = GREATEST(st.last_ok_at, x.at)
                 FROM unnest(%s::bigint[], %s::timestamptz[]) AS x(id, at)
                WHERE st.installation_id = x.id AND st.comm = 'lost' AND coalesce(st.comm_since, '-infinity') < x.at
            RETURNING x.id""",
            [list(heard), list(heard.values())],
        )
        return [row[0] for row in cursor.fetchall()]


def record_gateway_comm(*, reports: Sequence[GatewayCommReport]) -> list[GatewayMove]:
    """This function will keep whether gateways can be reached. Returns those whose state changed."""
    require_unit_of_work()
    newest = {one.gateway_id: one for one in sorted(reports, key=lambda one: one.since_at)}
    leases = GatewayLease.objects.select_related("gateway__site").filter(gateway__in=newest).order_by("pk")
    states = GatewayState.objects.in_bulk(newest)
    moves = []
    for lease in leases:
        report = newest[lease.gateway_id]
        before = states.get(lease.gateway_id)
        if lease.epoch != report.epoch or (before is not None and before.comm == report.comm):
            continue
        GatewayState.objects.update_or_create(
            gateway_id=lease.gateway_id,
            defaults={"comm": CommState(report.comm), "comm_since": report.since_at, "note": report.note[:200]},
        )
        gateway = lease.gateway
        moves.append(GatewayMove(gateway.pk, gateway.code, gateway.site_id, report.comm, report.note))
        touch(site_id=gateway.site_id)
    return moves


def record_sweeps(*, reports: Sequence[SweepReport]) -> list[int]:
    """This function will keep what buses did in their last sweep. Returns the buses in force."""
    require_unit_of_work()
    newest = {one.bus_id: one for one in sorted(reports, key=lambda one: one.swept_at)}
    epochs = dict(GatewayLease.objects.filter(gateway__buses__in=newest).values_list("gateway__buses", "epoch"))
    rows = [
        BusState(
            bus_id=one.bus_id, swept_at=one.swept_at, sweep_ms=one.sweep_ms, reads_ok=one.reads_ok,
            reads_failed=one.reads_failed, rejected=dict(one.rejected), round_trip_ms=one.round_trip_ms,
        )
        for one in sorted(newest.values(), key=lambda one: one.bus_id)
        if epochs.get(one.bus_id) == one.epoch
    ]  # fmt: skip
    BusState.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["bus"],
        update_fields=["swept_at", "sweep_ms", "reads_ok", "reads_failed", "rejected", "round_trip_ms"],
    )  # fmt: skip
    return [row.bus_id for row in rows]
