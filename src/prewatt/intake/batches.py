"""What the field said, sorted into what the use cases take. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from prewatt.estate.services.trials import TrialReport
from prewatt.link.messages import (
    BusComm,
    BusSweep,
    CommandReported,
    Envelope,
    FieldRejected,
    GatewayComm,
    MeterComm,
    ReadingReported,
    RelayReported,
    TrialReported,
)
from prewatt.metering.comm import GatewayCommReport, MeterCommReport, SweepReport
from prewatt.metering.values import ReadingIn
from prewatt.supply.values import CommandReport, RelayReport
from prewatt.usecases.record_comm_reports import FieldFaultReport


@dataclass(slots=True)
class Batch:
    """The contents of some envelopes. ``readings`` by gateway; ``buses`` says which lines are up now."""

    readings: dict[int, list[ReadingIn]] = field(default_factory=dict)
    relays: list[RelayReport] = field(default_factory=list)
    commands: list[CommandReport] = field(default_factory=list)
    trials: list[TrialReport] = field(default_factory=list)
    gateways: list[GatewayCommReport] = field(default_factory=list)
    meters: list[MeterCommReport] = field(default_factory=list)
    sweeps: list[SweepReport] = field(default_factory=list)
    faults: list[FieldFaultReport] = field(default_factory=list)
    buses: dict[int, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, envelopes: Iterable[Envelope]) -> "Batch":
        """This method will sort envelopes, keeping their order within each kind."""
        batch = cls()
        for envelope in envelopes:
            batch.add(envelope)
        return batch

    def add(self, envelope: Envelope) -> None:
        """This method will put one envelope where it belongs."""
        epoch, payload = envelope.epoch, envelope.payload
        match payload:
            case ReadingReported():
                self.readings.setdefault(payload.gateway_id, []).append(_reading(payload, epoch, envelope.seq))
            case RelayReported():
                self.relays.append(_relay(payload, epoch))
            case CommandReported():
                self.commands.append(_command(payload, epoch))
            case TrialReported():
                self.trials.append(_trial(payload, epoch))
            case MeterComm():
                self.meters.append(_meter(payload, epoch))
            case GatewayComm():
                self.gateways.append(
                    GatewayCommReport(payload.gateway_id, payload.comm, payload.since_at, epoch, payload.note)
                )
            case BusSweep():
                self.sweeps.append(_sweep(payload, epoch))
            case FieldRejected():
                self.faults.append(
                    FieldFaultReport(
                        payload.gateway_id, payload.fault, payload.count, payload.installation_id, payload.detail
                    )
                )
            case BusComm(bus_id=bus_id, is_up=is_up):
                self.buses[bus_id] = is_up


def list_urgent(envelopes: Sequence[Envelope]) -> list[Envelope]:
    """This function will return what must not wait for others: what people watch, and whether lines are up.

    With a command's fate goes what its meter said of the relay: the proof.
    """
    commanded = {one.payload.installation_id for one in envelopes if isinstance(one.payload, CommandReported)}
    return [
        one
        for one in envelopes
        if isinstance(one.payload, CommandReported | TrialReported | BusComm | GatewayComm)
        or (isinstance(one.payload, RelayReported) and one.payload.installation_id in commanded)
    ]


def renamed(envelope: Envelope, *, before_seq: int, epochs: Mapping[int, int]) -> Envelope:
    """This function will give a reading of this collector's former life the epoch of the present one.

    ``epochs`` are the leases that continue one of our own: nobody else can have read meanwhile. A reading is a fact
    and its key makes repeats harmless; everything else is learned anew.
    """
    payload = envelope.payload
    if envelope.seq >= before_seq or not isinstance(payload, ReadingReported) or payload.gateway_id not in epochs:
        return envelope
    return replace(envelope, epoch=epochs[payload.gateway_id])


def by_site(
    readings: Mapping[int, Sequence[ReadingIn]], *, site_of: Mapping[int, int], limit: int
) -> list[tuple[int, list[ReadingIn]]]:
    """This function will gather readings by site, in parts of at most ``limit``; gateways of no site are left out."""
    gathered: dict[int, list[ReadingIn]] = {}
    for gateway_id, some in readings.items():
        if gateway_id in site_of:
            gathered.setdefault(site_of[gateway_id], []).extend(some)
    return [(site_id, some[at : at + limit]) for site_id, some in gathered.items() for at in range(0, len(some), limit)]


def _reading(payload: ReadingReported, epoch: int, seq: int) -> ReadingIn:
    return ReadingIn(
        installation_id=payload.installation_id,
        kind=int(payload.kind),
        read_at=payload.read_at,
        total_wh=payload.total_wh,
        rates_wh=payload.rates_wh,
        meter_at=payload.meter_at,
        epoch=epoch,
        seq=seq,
    )


def _relay(payload: RelayReported, epoch: int) -> RelayReport:
    return RelayReport(
        installation_id=payload.installation_id,
        reported=payload.reported.value,
        read_at=payload.read_at,
        epoch=epoch,
        commanded=None if payload.commanded is None else payload.commanded.value,
    )


def _command(payload: CommandReported, epoch: int) -> CommandReport:
    error = "" if payload.error is None else payload.error.value
    return CommandReport(payload.command_id, payload.step, payload.machine_at, epoch, error, payload.detail)


def _trial(payload: TrialReported, epoch: int) -> TrialReport:
    finding = "" if payload.finding is None else payload.finding.value
    return TrialReport(payload.trial_id, payload.read_at, epoch, finding, payload.words, payload.total_wh)


def _meter(payload: MeterComm, epoch: int) -> MeterCommReport:
    return MeterCommReport(
        installation_id=payload.installation_id,
        comm=payload.comm,
        since_at=payload.since_at,
        failures=payload.failures,
        epoch=epoch,
        last_ok_at=payload.last_ok_at,
        clock_drift_s=payload.clock_drift_s,
    )


def _sweep(payload: BusSweep, epoch: int) -> SweepReport:
    return SweepReport(
        bus_id=payload.bus_id,
        swept_at=payload.swept_at,
        sweep_ms=payload.sweep_ms,
        reads_ok=payload.reads_ok,
        reads_failed=payload.reads_failed,
        epoch=epoch,
        rejected=payload.rejected,
        round_trip_ms=payload.round_trip_ms,
    )
