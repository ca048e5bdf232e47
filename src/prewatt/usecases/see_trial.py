"""How far a trial reading has come, what it found, and whether it may still be saved."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from prewatt.access.models import User
from prewatt.estate.models import Bus, TrialRead, TrialState
from prewatt.estate.services.trials import ANSWER_WITHIN, CLAIM_WITHIN, FRESH_FOR
from prewatt.kernel.clock import machine_now
from prewatt.metering.models import MeterState
from prewatt.usecases.move_meter import get_trial


class Stand(StrEnum):
    """Where a trial stands for whoever watches it."""

    WAITING = "waiting"
    READING = "reading"
    PROVEN = "proven"
    STALE = "stale"
    FAILED = "failed"
    AWAY = "away"
    UNTOLD = "untold"
    SAVED = "saved"


OPEN: Final = frozenset({Stand.WAITING, Stand.READING})
_STANDS: Final = {
    TrialState.ASKED: (Stand.WAITING, Stand.AWAY),
    TrialState.CLAIMED: (Stand.READING, Stand.UNTOLD),
    TrialState.ANSWERED: (Stand.PROVEN, Stand.STALE),
}
"""What a state is in time, and after it."""


@dataclass(frozen=True, slots=True)
class TrialPlace:
    """An address on a line."""

    gateway: str
    line: str
    baud: int
    parity: str
    address: str


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial as its page shows it. ``meters`` hang on its bus; it may be saved until ``fresh_until``, machine time."""

    public_id: UUID
    room: str
    point_public_id: UUID
    bus_public_id: UUID
    maker: str
    serial: str
    before: TrialPlace
    after: TrialPlace
    bus_baud: int
    meters: int
    where: str
    reason: str
    asked_by: str
    asked_at: datetime
    stand: Stand
    finding: str
    words: str
    total_wh: int | None
    read_at: datetime | None
    last_wh: int | None
    last_at: datetime | None
    fresh_until: datetime | None

    @property
    def is_open(self) -> bool:
        """This property will be true while the field has not answered and may still do."""
        return self.stand in OPEN

    @property
    def changes_baud(self) -> bool:
        """This property will be true when saving would set the line, with all its meters, to another baud."""
        return self.after.baud != self.bus_baud


def see_trial(*, user: User, public_id: UUID) -> TrialView:
    """This function will return a trial reading. Raises UnknownPlace, UnknownPoint."""
    trial = get_trial(public_id=public_id, user=user)
    hanging = trial.installation
    state = MeterState.objects.filter(pk=hanging.pk).first()
    return TrialView(
        public_id=trial.public_id, room=hanging.metering_point.code, point_public_id=hanging.metering_point.public_id,
        bus_public_id=trial.bus.public_id, maker=hanging.meter.maker, serial=hanging.meter.serial,
        before=_place(trial.from_bus, trial.from_address, trial.from_bus.baud),
        after=_place(trial.bus, trial.address, trial.baud),
        bus_baud=trial.bus_baud, meters=trial.bus.installations.filter(period__upper_inf=True).count(),
        where=f"{trial.host}:{trial.port}", reason=trial.reason, asked_by=str(trial.asked_by or ""),
        asked_at=trial.asked_at, stand=stand_of(trial, now=machine_now()), finding=trial.finding, words=trial.words,
        total_wh=trial.total_wh, read_at=trial.read_at,
        last_wh=state.last_total_wh if state is not None else None,
        last_at=state.last_read_at if state is not None else None,
        fresh_until=None if trial.ended_at is None else trial.ended_at + FRESH_FOR,
    )  # fmt: skip


def stand_of(trial: TrialRead, *, now: datetime) -> Stand:
    """This function will tell where a trial stands at a machine instant."""
    if trial.state == TrialState.SAVED:
        return Stand.SAVED
    if trial.state == TrialState.FAILED:
        return Stand.FAILED
    since, within = {
        TrialState.ASKED: (trial.asked_at, CLAIM_WITHIN),
        TrialState.CLAIMED: (trial.claimed_at, ANSWER_WITHIN),
        TrialState.ANSWERED: (trial.ended_at, FRESH_FOR),
    }[TrialState(trial.state)]
    in_time, late = _STANDS[TrialState(trial.state)]
    return in_time if since is not None and now - since <= within else late


def _place(bus: Bus, address: str, baud: int) -> TrialPlace:
    return TrialPlace(bus.gateway.code, bus.name or str(bus.port), baud, bus.parity, address)
