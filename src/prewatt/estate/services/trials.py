"""Trial readings: a meter is read once at its new place, and moved there only after it has answered.

Instants are machine time, as those of leases: how long a proof holds has nothing to do with the estate's clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from prewatt.access.audit import require_unit_of_work
from prewatt.estate.errors import BadInstallation, NoTrial, PlaceChanged
from prewatt.estate.models import Bus, MeterInstallation, TrialRead, TrialState
from prewatt.kernel.clock import machine_now

CLAIM_WITHIN: Final = timedelta(seconds=30)
"""A trial that no collector took in this time is not taken any more: nobody waits for it by then."""

ANSWER_WITHIN: Final = timedelta(seconds=90)
FRESH_FOR: Final = timedelta(minutes=5)
"""How long an answer proves a place."""

_WAITS: Final = """
SELECT EXISTS (
    SELECT 1 FROM estate_trialread t JOIN estate_bus b ON b.id = t.bus_id
     WHERE t.state = 'asked' AND t.asked_at > %(since)s AND b.gateway_id = ANY(%(gateways)s))
"""
_CLAIM: Final = """
WITH due AS (
    SELECT t.id, x.gateway, x.epoch
      FROM unnest(%(gateways)s::bigint[], %(epochs)s::bigint[]) AS x(gateway, epoch)
      JOIN estate_gatewaylease l ON l.gateway_id = x.gateway AND l.epoch = x.epoch AND l.until > %(now)s
      JOIN estate_bus b ON b.gateway_id = x.gateway
      JOIN estate_trialread t ON t.bus_id = b.id
     WHERE t.state = 'asked' AND t.asked_at > %(since)s
     ORDER BY t.id FOR UPDATE OF t SKIP LOCKED)
UPDATE estate_trialread t SET state = 'claimed', claimed_at = %(now)s, epoch = due.epoch
  FROM due, estate_meterinstallation i, estate_meter m
 WHERE t.id = due.id AND i.id = t.installation_id AND m.id = i.meter_id
RETURNING t.id, due.gateway, t.bus_id, t.host, t.port, t.baud, t.address, m.profile, due.epoch
"""


@dataclass(frozen=True, slots=True)
class ClaimedTrial:
    """A trial for the collector that holds its gateway under ``epoch``."""

    trial_id: int
    gateway_id: int
    bus_id: int
    host: str
    port: int
    baud: int
    address: str
    profile: str
    epoch: int


@dataclass(frozen=True, slots=True)
class TrialReport:
    """What the field found: nothing wrong (``finding`` empty) and the register, or what is wrong."""

    trial_id: int
    read_at: datetime
    epoch: int
    finding: str = ""
    words: str = ""
    total_wh: int | None = None


def open_trial(*, installation: MeterInstallation, bus: Bus, address: str, baud: int, reason: str) -> TrialRead:
    """This function will ask for a trial of a hanging meter at an address of a bus. Needs a unit of work.

    Raises BadInstallation when the meter is there already, or another one is.
    """
    work = require_unit_of_work()
    if (installation.bus_id, installation.address, bus.baud) == (bus.pk, address, baud):
        raise BadInstallation("The meter is stored at exactly this place.", hint="Choose another bus, address or baud.")
    other = (
        MeterInstallation.objects.filter(bus=bus, address=address, period__upper_inf=True)
        .exclude(pk=installation.pk)
        .select_related("metering_point")
        .first()
    )
    if other is not None:
        raise BadInstallation(
            "The meter of %(room)s has the address %(address)s on this bus.",
            hint="Two meters cannot share an address: look at the number on the meter.",
            room=other.metering_point.code,
            address=address,
        )
    return TrialRead.objects.create(
        installation=installation, from_bus_id=installation.bus_id, from_address=installation.address, bus=bus,
        host=bus.gateway.address, port=bus.port, bus_baud=bus.baud, baud=baud, address=address, reason=reason,
        asked_by=work.actor.user, asked_at=machine_now(),
    )  # fmt: skip


def has_trials_to_claim(*, epochs: Mapping[int, int]) -> bool:
    """This function will tell whether a claim would find something; it needs no unit of work."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, _claiming(epochs))
        return bool(cursor.fetchone()[0])


def claim_trials(*, epochs: Mapping[int, int]) -> list[ClaimedTrial]:
    """This function will hand trials to the collector that holds gateways under these epochs. Needs a unit of work."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, _claiming(epochs))
        return [ClaimedTrial(*row) for row in cursor.fetchall()]


def _claiming(epochs: Mapping[int, int]) -> dict[str, Any]:
    now = machine_now()
    return {"gateways": list(epochs), "epochs": list(epochs.values()), "now": now, "since": now - CLAIM_WITHIN}


def list_claimed(*, reports: Sequence[TrialReport]) -> list[tuple[TrialRead, TrialReport]]:
    """This function will lock the trials that these reports answer; what came under another lease has none.

    Needs a unit of work.
    """
    require_unit_of_work()
    by_key: dict[tuple[int, int | None], TrialReport] = {(one.trial_id, one.epoch): one for one in reports}
    rows = (
        TrialRead.objects.select_for_update(of=("self",))
        .filter(pk__in=[one.trial_id for one in reports], state=TrialState.CLAIMED)
        .select_related("installation__metering_point")
        .order_by("pk")
    )
    return [(row, by_key[row.pk, row.epoch]) for row in rows if (row.pk, row.epoch) in by_key]


def end_trial(*, trial: TrialRead, report: TrialReport, finding: str) -> None:
    """This function will keep what a trial found. Needs a unit of work, and the row locked."""
    require_unit_of_work()
    trial.state = TrialState.FAILED if finding else TrialState.ANSWERED
    trial.finding, trial.words = finding, report.words[:200]
    trial.total_wh, trial.read_at, trial.ended_at = report.total_wh, report.read_at, machine_now()
    trial.save(update_fields=["state", "finding", "words", "total_wh", "read_at", "ended_at"])


def save_trial(*, trial_id: int) -> TrialRead:
    """This function will move the meter to the place that its trial has proven, and set the line's baud.

    Raises NoTrial without a fresh answer, PlaceChanged when meter or line are no longer as they were when it was asked
    for, BadInstallation when another meter has taken the address. Needs a unit of work.
    """
    require_unit_of_work()
    trial = TrialRead.objects.select_for_update(of=("self",)).get(pk=trial_id)
    require_proof(trial)
    buses = {
        bus.pk: bus
        for bus in Bus.objects.select_for_update(of=("self",))
        .select_related("gateway")
        .filter(pk__in={trial.bus_id, trial.from_bus_id})
        .order_by("pk")
    }
    bus = buses[trial.bus_id]
    hanging = MeterInstallation.objects.select_for_update().filter(
        pk=trial.installation_id, period__upper_inf=True, bus=trial.from_bus_id, address=trial.from_address
    )  # fmt: skip
    installation = hanging.first()
    line = (bus.gateway.address, bus.port, bus.baud)
    if installation is None or line != (trial.host, trial.port, trial.bus_baud):
        raise PlaceChanged(
            "The meter or its bus was changed since the trial.", hint="Look at where it is now, and try again."
        )
    installation.bus, installation.address = bus, trial.address
    try:
        with transaction.atomic():
            installation.save(update_fields=["bus", "address"])
    except IntegrityError as error:
        raise BadInstallation(
            "Another meter has taken this address on the bus meanwhile.", hint="Look at the number on the meter."
        ) from error
    if bus.baud != trial.baud:
        bus.baud = trial.baud
        bus.save(update_fields=["baud"])
    trial.state = TrialState.SAVED
    trial.save(update_fields=["state"])
    return trial


def require_proof(trial: TrialRead) -> None:
    """This function will refuse a trial whose meter has not answered, or too long ago, or that was used."""
    if trial.state == TrialState.SAVED:
        raise PlaceChanged("This move is saved already.", hint="Nothing is left to do.")
    if trial.state != TrialState.ANSWERED:
        raise NoTrial(
            "The meter has not answered at this place.", hint="Nothing is saved before it does: try again."
        )  # fmt: skip
    if trial.ended_at is None or machine_now() - trial.ended_at > FRESH_FOR:
        raise NoTrial("The trial was too long ago to prove anything.", hint="Try once more, then save.")
