"""One bus, one task: commands first, then the sweep, one exchange at a time.

``run`` goes round: connect, wait for the next sweep, give each meter its turn. Before every question it serves the
commands that are due, so a command waits for the frame in flight and nothing else. When the line is lost it is made
again and the question put once more; when the gateway cannot be reached, orders that were never sent are given back
and nobody on the bus is blamed.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from prewatt.field.errors import LineLost, UnableToConnect, UnknownProfile
from prewatt.field.exchange import Conversation, Garbled, Question, Result, Silent
from prewatt.field.gateway import Gateway
from prewatt.field.lines import Connector
from prewatt.field.meters import MeterRecord, Outcome, T, Turn, comm_of, report_met
from prewatt.field.moves import Trials
from prewatt.field.profiles import get_profile
from prewatt.field.relay import RelayRun
from prewatt.field.schedule import next_sweep_at, pause_s
from prewatt.field.watch import LoopWatch
from prewatt.link.messages import (
    BusPlan,
    BusSweep,
    CommandError,
    CommandOrder,
    CommandReported,
    CommandStep,
    FieldFault,
    FieldRejected,
    TrialOrder,
)
from prewatt.wire.dlt645.replies import RejectReason

SILENT_ROW: Final = 5
"""Meters silent one after the other that make a connection suspect: it may be half open."""

LOSSES_MAX: Final = 3
"""Connections that end before anybody answered, after which the gateway counts as down."""

CLASH_AFTER: Final = 2
"""Garbled turns in a row, while others on the bus answer, that point to two meters with one address."""

FINISH_S: Final = 1.5
SECOND_TURN_ROOM_S: Final = 5.0
REST_S: Final = 0.2
PROBE_MAX_S: Final = 30.0


_MUTE: Final = "connected, but no meter answers"
_FAILED: Final = frozenset({Outcome.SILENT, Outcome.GARBLED})


class _Stopping(Exception):
    """The bus shall stop: unwinds to ``run`` from wherever it waits; never leaves this module."""


@dataclass(slots=True)
class _Sweep:
    """What one sweep brought."""

    started: float
    at: datetime
    reads_ok: int = 0
    round_trips_s: list[float] = field(default_factory=list)
    outcomes: dict[MeterRecord, Outcome] = field(default_factory=dict)

    def failed(self) -> list[MeterRecord]:
        """This method will return the meters that were asked in vain."""
        return [record for record, outcome in self.outcomes.items() if outcome in _FAILED]

    def failed_first(self) -> list[MeterRecord]:
        """This method will return those of them that had answered until now."""
        return [record for record in self.failed() if not record.health.failures]


class Bus:
    """One line behind a gateway, its meters and its commands."""

    def __init__(
        self, *, plan: BusPlan, gateway: Gateway, connector: Connector, watch: LoopWatch, draw: random.Random
    ) -> None:
        self.plan = plan
        self.tally: Counter[str] = Counter()
        self._gateway = gateway
        self._connector = connector
        self._watch = watch
        self._draw = draw
        self._loop = asyncio.get_running_loop()
        self._records: dict[int, MeterRecord] = {}
        self._runs: dict[int, RelayRun] = {}
        self._trials = Trials(gateway)
        self._conversation: Conversation | None = None
        self._woken = asyncio.Event()
        self._is_stopping = False
        self._down: str | None = None
        self._failures = 0  # to connect, in a row
        self._losses = 0  # connections that ended before anybody answered, in a row
        self._silent_row = 0
        self._is_mute = False
        self._probes = 0
        self._sweep_now = True
        self._due = gateway.times.estate_now()
        self.update(plan)

    def update(self, plan: BusPlan) -> None:
        """This method will take over a changed list of meters; the records of those that stay, stay."""
        records: dict[int, MeterRecord] = {}
        for meter in plan.meters:
            known = self._records.get(meter.installation_id)
            if known is not None and (known.plan.address, known.plan.profile) == (meter.address, meter.profile):
                known.plan = meter
                records[meter.installation_id] = known
                continue
            try:
                records[meter.installation_id] = MeterRecord(meter, get_profile(meter.profile))
            except UnknownProfile as error:
                self._reject(FieldFault.UNKNOWN_PROFILE, meter.installation_id, str(error))
        self.plan = plan
        self._records = records
        self._sweep_now = True
        self._wake()

    def order(self, order: CommandOrder) -> None:
        """This method will take an order; it goes before every read. The same order twice is one."""
        if order.command_id in self._runs:
            return
        record = self._records.get(order.installation_id)
        if record is None:
            report_unplanned(self._gateway, order)
            return
        run = RelayRun(order=order, record=record, gateway=self._gateway)
        if self._down is not None and not run.may_have_been_sent:
            run.give_back(CommandError.GATEWAY_DOWN)
            return
        self._runs[order.command_id] = run
        self._wake()

    def order_trial(self, order: TrialOrder) -> None:
        """This method will take the order to try a place; it goes between two meters, and after commands."""
        self._trials.add(order)
        if self._down is not None:
            self._trials.give_back(self._down)
        self._wake()

    def reschedule(self) -> None:
        """This method will take over a changed interval at once."""
        self._schedule(self._gateway.times.estate_now())
        self._wake()

    def stop(self) -> None:
        """This method will let the exchange in flight come to its end, and then ``run``."""
        self._is_stopping = True
        self._wake()

    async def run(self) -> None:
        """This method will work until ``stop``; then it takes at most two seconds to learn what became of commands."""
        try:
            while True:
                await self._rest()
                now = self._gateway.times.estate_now()
                interval = timedelta(seconds=self._gateway.plan.read_interval_s)
                self._schedule(min(now, max(self._due, now - interval)))
                if self._gateway.fill < 1:
                    await self._sweep()
        except _Stopping:
            await self._finish()
        finally:
            if self._conversation is not None:
                self._conversation.close()

    # --- asking -----------------------------------------------------------------------------------------------------

    async def _ask(self, question: Question[T], /, *, baud: int | None = None) -> Result[T]:
        """This method will serve commands, then put the question; once more on a new line when the line is lost.

        ``baud``: at another pace than the plan's, for a trial.
        """
        for _ in range(2):
            await self._serve_commands()
            conversation = await self._connected()
            try:
                result = await (conversation if baud is None else conversation.at_baud(baud)).ask(question)
            except LineLost as error:
                self._lose(str(error))
                continue
            if not isinstance(result, Silent | Garbled):
                self._was_answered()
            return result
        return Silent(is_ours=True)

    async def _serve_commands(self) -> None:
        await self._may_speak()
        while (run := self._due_run()) is not None:
            conversation = await self._connected()
            if run.order.command_id in self._runs:
                await self._step(run, conversation)
            await self._may_speak()

    async def _step(self, run: RelayRun, conversation: Conversation) -> None:
        try:
            await run.step(conversation)
        except LineLost as error:
            self._lose(str(error))
            run.line_was_lost()
        if run.is_over:
            del self._runs[run.order.command_id]

    def _due_run(self) -> RelayRun | None:
        now = self._loop.time()
        due = [run for run in self._runs.values() if run.due <= now]
        return min(due, key=lambda run: (run.order.priority, run.order.command_id), default=None)

    async def _may_speak(self) -> None:
        """This method will wait while we must not speak: stopped, or not sure of the lease after a standstill."""
        self._watch.look()
        while True:
            self._check_stop()
            if self._gateway.lease.may_speak:
                return
            await asyncio.sleep(REST_S)

    def _check_stop(self) -> None:
        if self._is_stopping:
            raise _Stopping

    # --- the line ---------------------------------------------------------------------------------------------------

    async def _connected(self) -> Conversation:
        while self._conversation is None:
            self._check_stop()
            if self._losses:
                await self._pause(pause_s(attempt=self._losses, draw=self._draw.random()) * 0.2)
            try:
                line = await self._connector.connect(host=self._gateway.plan.host, port=self.plan.port)
            except UnableToConnect as error:
                self._failures += 1
                self._is_unreachable(str(error))
                await self._pause(pause_s(attempt=self._failures, draw=self._draw.random()))
                continue
            self._failures = 0
            self._conversation = Conversation(
                line=line, baud=self.plan.baud, times=self._gateway.times, watch=self._watch, tally=self.tally
            )
            if self._losses < LOSSES_MAX:
                self._is_reachable()
        return self._conversation

    def _lose(self, why: str) -> None:
        self.tally["line_lost"] += 1
        self._losses += 1
        if self._conversation is not None:
            self._conversation.close()
            self._conversation = None
        if self._losses >= LOSSES_MAX:
            self._is_unreachable(why)

    def _is_reachable(self) -> None:
        self._down = None
        if self._is_mute:
            self._gateway.bus_is_down(self.plan.bus_id, _MUTE, can_send=True)
        else:
            self._gateway.bus_is_up(self.plan.bus_id)

    def _is_unreachable(self, why: str) -> None:
        self._down = why
        self._gateway.bus_is_down(self.plan.bus_id, why)
        self._trials.give_back(why)
        for run in list(self._runs.values()):
            if not run.may_have_been_sent:
                run.give_back(CommandError.GATEWAY_DOWN)
            elif run.is_late:
                run.give_up()
        self._runs = {number: run for number, run in self._runs.items() if not run.is_over}

    def _was_answered(self) -> None:
        self._losses = self._silent_row = self._probes = 0
        if self._is_mute or self._down is not None:
            self._sweep_now = True
            self._is_mute = False
            self._is_reachable()

    # --- waiting ----------------------------------------------------------------------------------------------------

    def _schedule(self, after: datetime) -> None:
        interval_s = self._gateway.plan.read_interval_s * self._stretch()
        self._due = next_sweep_at(now=after, interval_s=interval_s, zone=self._gateway.zone)

    async def _rest(self) -> None:
        """This method will wait for the next sweep, serve commands meanwhile, and notice when the line goes."""
        times = self._gateway.times
        while True:
            await self._trials.serve(self._ask)
            await self._serve_commands()
            conversation = await self._connected()
            if self._was_set_back():
                self._schedule(times.estate_now())
            if self._sweep_now or times.machine_s_until(self._due) <= 0:
                self._sweep_now = False
                return
            wait_s = min(times.machine_s_until(self._due), PROBE_MAX_S)
            until = min([self._loop.time() + wait_s, *(run.due for run in self._runs.values())])
            if self._is_suspect:
                until = min(until, self._loop.time() + pause_s(attempt=self._probes + 1, draw=1))
            try:
                await conversation.listen(until=until)
            except LineLost as error:
                self._lose(str(error))
            if self._is_suspect:
                await self._probe()

    def _was_set_back(self) -> bool:
        """This method will tell whether the clock went back: no sweep is due later than an interval from now."""
        interval = timedelta(seconds=self._gateway.plan.read_interval_s * self._stretch())
        return self._due - self._gateway.times.estate_now() > interval

    @property
    def _is_suspect(self) -> bool:
        return self._is_mute or self._down is not None

    async def _probe(self) -> None:
        """This method will ask one meter of a mute bus, each time the next; an answer makes it sweep at once."""
        records = list(self._records.values())
        if records:
            self._probes += 1
            record = records[self._probes % len(records)]
            await Turn(record=record, gateway=self._gateway, ask=self._ask).take()

    async def _pause(self, seconds: float) -> None:
        """This method will wait without a line; a stop ends it."""
        end = self._loop.time() + seconds
        while (left := end - self._loop.time()) > 0:
            self._woken.clear()
            self._check_stop()
            timer = self._loop.call_later(left, self._woken.set)
            await self._woken.wait()
            timer.cancel()

    def _wake(self) -> None:
        self._woken.set()
        if self._conversation is not None:
            self._conversation.rouse()

    def _stretch(self) -> int:
        """This method will return how many sweeps become one while the way up fills."""
        fill = self._gateway.fill
        return 1 if fill < 0.5 else 2 if fill < 0.8 else 4

    # --- the sweep --------------------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        """This method will give each meter its turn, and a second one to those that fail for the first time."""
        sweep = _Sweep(started=self._loop.time(), at=self._gateway.times.estate_now())
        for record in list(self._records.values()):
            await self._trials.serve(self._ask)
            if record.health.is_due():
                sweep.outcomes[record] = await self._turn(record, sweep)
        for record in sweep.failed_first():
            if sweep.reads_ok and self._gateway.times.machine_s_until(self._due) > SECOND_TURN_ROOM_S:
                sweep.outcomes[record] = await self._turn(record, sweep)
        self._judge(sweep)
        self._gateway.report(
            BusSweep(
                gateway_id=self._gateway.plan.gateway_id,
                bus_id=self.plan.bus_id,
                swept_at=sweep.at,
                sweep_ms=round((self._loop.time() - sweep.started) * 1000),
                reads_ok=sweep.reads_ok,
                reads_failed=len(sweep.failed()),
                rejected=dict(self.tally),
                round_trip_ms=round(median(sweep.round_trips_s or [0]) * 1000),
            )
        )
        self.tally.clear()

    async def _turn(self, record: MeterRecord, sweep: _Sweep) -> Outcome:
        before = self.tally[RejectReason.FOREIGN_ADDRESS], self.tally["bad_data"]
        turn = Turn(record=record, gateway=self._gateway, ask=self._ask)
        outcome = await turn.take()
        sweep.reads_ok += turn.reads_ok
        sweep.round_trips_s += turn.round_trips_s
        record.met[FieldFault.FOREIGN_ADDRESS] += self.tally[RejectReason.FOREIGN_ADDRESS] - before[0]
        record.met[FieldFault.BAD_DATA] += self.tally["bad_data"] - before[1]
        if outcome is Outcome.ANSWERED:
            record.garbled_turns = 0
            if record.health.has_answered(self._gateway.times.estate_now()):
                self._gateway.report(comm_of(record, self._gateway))
        elif outcome is Outcome.SILENT:
            self._silent_row += 1
            if self._silent_row == min(SILENT_ROW, len(self._records)):
                self._renew()
        return outcome

    def _renew(self) -> None:
        """This method will drop a connection on which one meter after the other is silent: it may be half open."""
        if self._conversation is not None:
            self._conversation.close()
            self._conversation = None

    def _judge(self, sweep: _Sweep) -> None:
        """This method will blame the meters that failed, or the bus when no meter at all answered."""
        failed = sweep.failed()
        if len(failed) > 1 and not sweep.reads_ok:
            if not self._is_mute:
                self._is_mute = True
                self._gateway.bus_is_down(self.plan.bus_id, _MUTE, can_send=True)
            return
        for record in failed:
            if sweep.outcomes[record] is Outcome.GARBLED:
                record.garbled_turns += 1
                record.met[FieldFault.ADDRESS_CLASH] += record.garbled_turns == CLASH_AFTER
            if record.health.has_failed(self._gateway.times.estate_now()):
                self._gateway.report(comm_of(record, self._gateway))
        for record in sweep.outcomes:
            report_met(record, self._gateway)

    # --- the end ----------------------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        """This method will learn what became of commands that were said, for at most two seconds."""
        end = self._loop.time() + FINISH_S
        while self._conversation is not None and (said := [run for run in self._runs.values() if run.said]):
            run = min(said, key=lambda one: one.due)
            if max(run.due, self._loop.time()) >= end:
                return
            await asyncio.sleep(max(run.due - self._loop.time(), 0))
            await self._step(run, self._conversation)

    def _reject(self, fault: FieldFault, installation_id: int, detail: str) -> None:
        gateway = self._gateway
        gateway.report(
            FieldRejected(gateway.plan.gateway_id, fault, gateway.times.estate_now(), 1, installation_id, detail)
        )


def report_unplanned(gateway: Gateway, order: CommandOrder) -> None:
    """This function will refuse an order for a meter that no bus of the gateway has."""
    at = gateway.times.machine_now()
    gateway.report(
        CommandReported(
            order.gateway_id,
            order.command_id,
            order.installation_id,
            CommandStep.FAILED,
            at,
            CommandError.NOT_IN_PLAN,
        )
    )
