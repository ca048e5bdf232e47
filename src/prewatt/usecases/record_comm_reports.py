"""How meters, gateways and buses answer; and what the field met that a person should look at."""

from collections.abc import Sequence
from dataclasses import dataclass

from prewatt.access.audit import Actor
from prewatt.cases.kinds import Kind
from prewatt.cases.services import open_case
from prewatt.estate.models import Gateway, MeterInstallation
from prewatt.metering.comm import (
    GatewayCommReport,
    MeterCommReport,
    SweepReport,
    record_gateway_comm,
    record_meter_comm,
    record_sweeps,
)
from prewatt.usecases._comm import GATEWAY, METER, answering_again, call_for_gateways, call_for_meters, call_for_silent
from prewatt.usecases.work import unit_of_work

CLASH = "address_clash"


@dataclass(frozen=True, slots=True)
class FieldFaultReport:
    """Something on the wire that a person should look at: its code, how often, at which gateway and meter."""

    gateway_id: int
    fault: str
    count: int
    installation_id: int | None = None
    detail: str = ""


def record_comm_reports(
    *,
    actor: Actor,
    gateways: Sequence[GatewayCommReport] = (),
    meters: Sequence[MeterCommReport] = (),
    sweeps: Sequence[SweepReport] = (),
) -> int:
    """This function will keep how the field answers, and open or close the cases that follow from it.

    A gateway that is down has one case; its meters have none. Reports under an older lease change nothing. Returns how
    many reports are in force.
    """
    if not (gateways or meters or sweeps):
        return 0
    with unit_of_work(actor=actor, verb="record_comm_reports", of_facts=True) as work:
        gateway_moves = record_gateway_comm(reports=gateways)
        call_for_gateways(moves=gateway_moves, now=work.now)
        moves = record_meter_comm(reports=meters)
        call_for_meters(moves=moves, now=work.now)
        back = [move.installation_id for move in moves if move.before == "lost" and move.comm != "lost"]
        answering_again(installation_ids=back, now=work.now)
        buses = record_sweeps(reports=sweeps)
        call_for_silent(bus_ids=buses, now=work.now)
        return len(gateway_moves) + len(moves) + len(buses)


def record_field_faults(*, actor: Actor, faults: Sequence[FieldFaultReport]) -> int:
    """This function will open a case for each thing that the field met and could not take, and return how many."""
    if not faults:
        return 0
    with unit_of_work(actor=actor, verb="record_field_faults") as work:
        gateways = Gateway.objects.select_related("site__scope").in_bulk({one.gateway_id for one in faults})
        meters = MeterInstallation.objects.select_related("metering_point").in_bulk(
            {one.installation_id for one in faults if one.installation_id is not None}
        )
        known = [one for one in faults if one.gateway_id in gateways]
        for one in known:
            gateway, meter = gateways[one.gateway_id], meters.get(one.installation_id or 0)
            open_case(
                scope=gateway.site.scope, kind=Kind.ADDRESS_CLASH if one.fault == CLASH else Kind.FIELD_REJECTED,
                subject_kind=METER if meter else GATEWAY, subject_id=meter.pk if meter else gateway.pk,
                subject_label=meter.metering_point.code if meter else gateway.code,
                severity="warning", now=work.now,
                detail={"fault": one.fault, "count": one.count, "detail": one.detail, "gateway": gateway.code},
            )  # fmt: skip
        return len(known)
