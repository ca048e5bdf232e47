"""The intake: one thread between the field and the house.

It renews leases, hands down plans and commands, and takes in what the field says, in batches, each use case in a
transaction of its own. When the database goes it closes what it has, waits and begins again; nothing is confirmed to
the spool before it is committed, and everything may be taken in twice.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Final

import psycopg
import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connections

from prewatt.access.audit import Actor
from prewatt.estate.queries import list_gateway_ids, plan_of_gateways, plan_stamp
from prewatt.estate.secrets import MeterSafe
from prewatt.intake.batches import Batch, by_site, list_urgent, renamed
from prewatt.intake.plans import Planner
from prewatt.intake.waking import Bell, Listener
from prewatt.kernel.clock import machine_now, monotonic_s
from prewatt.kernel.errors import Unable
from prewatt.link.direct import DownwardEnd
from prewatt.link.encoding import encode
from prewatt.link.errors import LinkFull
from prewatt.link.messages import (
    ALL_ITEMS,
    CommandOrder,
    Envelope,
    LeaseLost,
    LeasesHeld,
    Plan,
    ReadingReported,
    ReadItem,
    RelayState,
    TrialOrder,
)
from prewatt.link.spool import Spool
from prewatt.usecases.claim_commands import claim_commands
from prewatt.usecases.claim_trials import claim_trials
from prewatt.usecases.lease_gateways import LEASE_S, Taken, release_leases, renew_leases, take_leases
from prewatt.usecases.record_comm_reports import record_comm_reports, record_field_faults
from prewatt.usecases.record_command_reports import record_command_reports
from prewatt.usecases.record_readings import BATCH_MAX, record_readings
from prewatt.usecases.record_relay_reports import record_relay_reports
from prewatt.usecases.record_trial_reports import record_trial_reports

RENEW_EVERY_S: Final = 2.0
LOOK_EVERY_S: Final = 2.0
"""How often commands are looked for without being called, and whether the estate has changed."""

WHOLE_PLAN_EVERY_S: Final = 60.0
READING_LINGER_S: Final = 0.25
"""How long a reading may wait for company; together they cost one transaction."""

LINGER_S: Final = 1.0
"""The same for everything else but the fate of commands."""

ENOUGH: Final = 500
PAUSE_MAX_S: Final = 5.0
DRAIN_S: Final = 1.5

UNABLE_MAX: Final = 10
"""How often a batch is tried again because somebody else holds a lock."""

_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """What an intake works for. ``gateway_codes`` empty: all gateways of the site, or of all sites."""

    collector: str
    started_at: datetime
    refused_path: Path
    site_id: int | None = None
    gateway_codes: tuple[str, ...] = ()
    lease_s: float = LEASE_S
    items: frozenset[ReadItem] = ALL_ITEMS


@dataclass(slots=True)
class _Timer:
    """Something that is due every so often."""

    every_s: float
    due_s: float = field(default_factory=monotonic_s)

    def is_due(self) -> bool:
        if monotonic_s() < self.due_s:
            return False
        self.due_s = monotonic_s() + self.every_s
        return True


class Intake:
    """Runs in a thread until ``stop``; the spool and the way down are all that it shares with the field."""

    def __init__(
        self, *, options: IntakeOptions, spool: Spool, down: DownwardEnd, bell: Bell, safe: MeterSafe | None
    ) -> None:
        self.epochs: dict[int, int] = {}
        self._options = options
        self._actor = Actor(process=f"collector {options.collector}")
        self._spool = spool
        self._down = down
        self._bell = bell
        self._planner = Planner(safe, items=options.items)
        self._stopping = Event()
        self._is_first = True
        self._continued: dict[int, int] = {}
        self._site_of: dict[int, int] = {}
        self._buses_up: set[int] = set()
        self._plan: Plan | None = None
        self._stamp: tuple[int, ...] = ()
        self._pending: list[Envelope] = []
        self._pending_since_s = self._readings_since_s = 0.0
        self._delivered: set[int] = set()  # numbers among the pending that went in ahead of the others
        self._unable_row = 0
        self._first_seq = int(options.started_at.timestamp() * 1_000_000)

    def stop(self) -> None:
        """This method will let the thread take in what is there, for at most a second and a half, and end."""
        self._stopping.set()
        self._bell.ring()

    def run(self) -> None:
        """This method will work until ``stop``, whatever the database does."""
        attempt = 0
        while not self._stopping.is_set():
            try:
                with Listener(self._bell) as listener:
                    if attempt:
                        _log.info("the database is back", attempts=attempt)
                    attempt = 0
                    self._work(listener)
                    self._leave()
            except (*_AWAY, Unable) as error:
                attempt += 1
                if attempt == 1:
                    _log.warning("the database is away; the field goes on", why=str(error).strip())
                connections.close_all()
                pause_s = min(0.25 * 2 ** min(attempt, 6), PAUSE_MAX_S)
                self._stopping.wait(pause_s * (0.5 + random.random() / 2))  # noqa: S311 - spreads attempts
        connections.close_all()

    def _work(self, listener: Listener) -> None:
        renew, look, whole = _Timer(RENEW_EVERY_S), _Timer(LOOK_EVERY_S), _Timer(WHOLE_PLAN_EVERY_S)
        was_called = True
        while not self._stopping.is_set():
            if renew.is_due():
                self._hold_leases()
            if look.is_due():
                self._follow_estate(whole=whole.is_due())
                was_called = True
            if was_called:
                self.hand_out_commands()
                self.hand_out_trials()
            was_called = self.take_in()
            wait_s = min(renew.due_s, look.due_s) - monotonic_s()
            if self._pending:
                wait_s = min(wait_s, self._readings_since_s + READING_LINGER_S - monotonic_s())
            was_called = listener.wait(wait_s) or was_called

    # --- leases and plan --------------------------------------------------------------------------------------------

    def _hold_leases(self) -> None:
        options, asked_at = self._options, machine_now()
        kept = renew_leases(collector=options.collector, held=self.epochs, lasts_s=options.lease_s)
        lost = self.epochs.keys() - kept
        for gateway_id in lost:
            _log.warning("another collector has taken a gateway", gateway_id=gateway_id)
            self._down.tell(LeaseLost(gateway_id))
            del self.epochs[gateway_id]
            self._continued.pop(gateway_id, None)
        wanted = list_gateway_ids(site_id=options.site_id, codes=options.gateway_codes)
        taken: dict[int, Taken] = take_leases(
            actor=self._actor,
            collector=options.collector,
            gateway_ids=[one for one in wanted if one not in self.epochs],
            starting=self._is_first,
            lasts_s=options.lease_s,
        )
        self._is_first = False
        self.epochs |= {gateway_id: one.epoch for gateway_id, one in taken.items()}
        self._continued |= {gateway_id: one.epoch for gateway_id, one in taken.items() if one.continues}
        if taken or lost:
            self._follow_estate(whole=True)
        self._down.tell(LeasesHeld(dict(self.epochs), asked_at, options.lease_s))

    def _follow_estate(self, *, whole: bool) -> None:
        stamp = plan_stamp()
        if not whole and stamp == self._stamp:
            return
        rows = plan_of_gateways(gateway_ids=sorted(self.epochs))
        plan = self._planner.plan(rows=rows, epochs=self.epochs)
        self._site_of = {row.gateway_id: row.site_id for row in rows}
        if plan != self._plan:
            self._down.tell(plan)
            self._plan = plan
        self._stamp = stamp

    def _leave(self) -> None:
        """This method will take in what the field still said, and let others have the gateways at once."""
        end_s = monotonic_s() + DRAIN_S
        while monotonic_s() < end_s and (self._spool.waiting or self._pending):
            self.take_in(at_once=True)
        release_leases(collector=self._options.collector, held=self.epochs)

    # --- down -------------------------------------------------------------------------------------------------------

    def hand_out_commands(self) -> int:
        """This method will claim what waits for lines that are up, and order it from the field."""
        if not self._buses_up:
            return 0
        claimed = claim_commands(actor=self._actor, epochs=self.epochs, bus_ids=self._buses_up)
        for one in claimed:
            order = CommandOrder(
                gateway_id=one.gateway_id,
                command_id=one.command_id,
                installation_id=one.installation_id,
                wanted=RelayState(one.wanted),
                deadline=one.deadline,
                epoch=one.epoch,
                priority=one.priority,
                is_repeat=one.is_repeat,
            )
            try:
                self._down.tell(order)
            except LinkFull as error:
                _log.error("an order was not handed down", command_id=one.command_id, why=str(error))
        return len(claimed)

    def hand_out_trials(self) -> int:
        """This method will claim the places that wait for a trial, and have the field read there once."""
        claimed = claim_trials(actor=self._actor, epochs=self.epochs)
        for one in claimed:
            order = TrialOrder(
                gateway_id=one.gateway_id,
                trial_id=one.trial_id,
                bus_id=one.bus_id,
                host=one.host,
                port=one.port,
                baud=one.baud,
                address=one.address,
                profile=one.profile,
                epoch=one.epoch,
            )
            try:
                self._down.tell(order)
            except LinkFull as error:
                _log.error("a trial was not handed down", trial_id=one.trial_id, why=str(error))
        return len(claimed)

    # --- up ---------------------------------------------------------------------------------------------------------

    def take_in(self, *, at_once: bool = False) -> bool:
        """This method will take what waits: the fate of commands goes in at once, the rest after a moment, together.

        True when a line came up: commands may wait for it.
        """
        room = BATCH_MAX - len(self._pending)
        fresh = self._spool.take(room) if room else []
        if fresh and not self._pending:
            self._pending_since_s = self._readings_since_s = monotonic_s()
        self._pending += fresh
        if not self._pending:
            return False
        try:
            urgent = list_urgent(self._pending) if list_urgent(fresh) else []  # a proof may have come just before
            came_up = self._deliver_now([one for one in urgent if one.seq not in self._delivered])
            self._deliver_in_turn(at_once=at_once)
        except Unable as error:
            self._pending_since_s = self._readings_since_s = monotonic_s()
            self._unable_row += 1
            _log.info("a batch must wait", why=str(error), times=self._unable_row)
            return False
        self._unable_row = 0
        return came_up

    def _deliver_in_turn(self, *, at_once: bool) -> None:
        """This method will take in readings when the first has waited for 0.25 s, everything after a second."""
        now_s, left = monotonic_s(), [one for one in self._pending if one.seq not in self._delivered]
        if at_once or len(self._pending) >= ENOUGH or now_s >= self._pending_since_s + LINGER_S:
            self._deliver_all(left)
            self._spool.confirm(self._pending[-1].seq)
            self._pending = []
            self._delivered.clear()
            self._bell.ring()  # there may be more than one batch
        elif now_s >= self._readings_since_s + READING_LINGER_S:
            self._readings_since_s = now_s
            self._deliver_now([one for one in left if isinstance(one.payload, ReadingReported)])

    def _deliver_now(self, some: Sequence[Envelope]) -> bool:
        """This method will take in some of what is pending, ahead of the rest; true when a line came up."""
        if not some:
            return False
        self._deliver_all(some)
        self._delivered |= {one.seq for one in some}
        return self._note_buses(some)

    def _deliver_all(self, envelopes: Sequence[Envelope]) -> None:
        """This method will deliver a batch; one that contains something impossible, piece by piece."""
        known = [renamed(one, before_seq=self._first_seq, epochs=self._continued) for one in envelopes]
        try:
            self._deliver(Batch.of(known))
        except _AWAY:
            raise
        except Exception as error:  # whatever it is, the messages behind it must not wait for ever
            if isinstance(error, Unable) and self._unable_row < UNABLE_MAX:
                raise
            _log.exception("a batch cannot be taken in; trying each message alone", messages=len(known))
            for one in known:
                self._deliver_alone(one)

    def _deliver_alone(self, envelope: Envelope) -> None:
        try:
            self._deliver(Batch.of([envelope]))
        except _AWAY:
            raise
        except Exception as error:  # noqa: BLE001 - what cannot be taken in is kept aside: never dropped, never in the way
            _log.error("a message is kept aside", kind=type(envelope.payload).__name__, why=str(error))
            with self._options.refused_path.open("ab") as file:
                file.write(encode(envelope))

    def _deliver(self, batch: Batch) -> None:
        actor = self._actor
        record_relay_reports(actor=actor, reports=batch.relays)
        record_command_reports(actor=actor, reports=batch.commands)
        record_trial_reports(actor=actor, reports=batch.trials)
        for site_id, readings in by_site(batch.readings, site_of=self._site_of, limit=BATCH_MAX):
            result = record_readings(actor=actor, site_id=site_id, readings=readings)
            if result.stale or result.unknown:
                _log.warning("readings were refused", stale=result.stale, unknown=result.unknown)
        record_comm_reports(actor=actor, gateways=batch.gateways, meters=batch.meters, sweeps=batch.sweeps)
        record_field_faults(actor=actor, faults=batch.faults)

    def _note_buses(self, envelopes: Sequence[Envelope]) -> bool:
        buses: Mapping[int, bool] = Batch.of(one for one in envelopes if one.seq >= self._first_seq).buses
        before = len(self._buses_up)
        for bus_id, is_up in buses.items():
            (self._buses_up.add if is_up else self._buses_up.discard)(bus_id)
        return len(self._buses_up) > before


def run_intake(intake: Intake, *, on_end: Callable[[], None]) -> None:
    """This function will be the intake's thread; ``on_end`` is called however it ends."""
    try:
        intake.run()
    except DatabaseError:
        _log.exception("the intake ended")
    finally:
        on_end()
