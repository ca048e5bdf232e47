"""One meter in the memory of its bus, and its turn in a sweep."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Final, Protocol, TypeVar

from prewatt.field.dlt645 import (
    Registers,
    ask_clock,
    ask_date,
    ask_freeze,
    ask_freeze_time,
    ask_registers,
    ask_relay,
    ask_time,
    ask_total,
)
from prewatt.field.exchange import Answered, Complained, Garbled, Question, Result, Silent
from prewatt.field.gateway import Gateway
from prewatt.field.health import Health
from prewatt.field.profiles import Profile
from prewatt.field.schedule import FREEZE_LATE_MAX, is_about_midnight
from prewatt.kernel.period import day_start, local_date
from prewatt.link.messages import (
    Comm,
    FieldFault,
    FieldRejected,
    MeterComm,
    MeterPlan,
    ReadingReported,
    ReadItem,
    ReadKind,
    RelayReported,
)
from prewatt.wire.dlt645.replies import ErrorBit

T = TypeVar("T")
SPOKEN_BEFORE_S: Final = 0.1
"""The meter looks at its clock before it speaks: about this long before the last byte of its answer came."""

HALF_SECOND: Final = timedelta(seconds=0.5)
"""A clock that shows whole seconds is half a second behind, in the middle."""

DAY_S: Final = 86_400
MIDNIGHT_S: Final = 60


class Asker(Protocol):
    """Puts a question on the bus, after whatever must go first."""

    async def __call__(self, question: Question[T], /) -> Result[T]:
        """This method will put the question and return what came of it."""


class Putter(Protocol):
    """Puts a question and gives only the answer; whoever makes it deals with everything else."""

    async def __call__(self, question: Question[T], /) -> Answered[T] | None:
        """This method will put the question; None when there was no answer."""


class Outcome(Enum):
    """How a meter's turn ended."""

    ANSWERED = auto()
    SILENT = auto()
    GARBLED = auto()
    NOT_ASKED = auto()
    """Our own process or the gateway failed; the meter is not to blame."""


@dataclass(slots=True, eq=False)
class MeterRecord:
    """What a bus remembers of one meter, from sweep to sweep."""

    plan: MeterPlan
    profile: Profile
    health: Health = field(default_factory=Health)
    drift_s: int | None = None
    """Seconds that the meter's clock is ahead of estate time; None until it was read."""

    garbled_turns: int = 0
    met: Counter[FieldFault] = field(default_factory=Counter)
    words: str = ""
    _done: dict[ReadItem, date] = field(default_factory=dict)
    _refused: dict[int | None, date] = field(default_factory=dict)

    def is_due(self, item: ReadItem, today: date) -> bool:
        """This method will tell whether a daily item was not yet done today."""
        return self._done.get(item) != today

    def is_done(self, item: ReadItem, today: date) -> None:
        """This method will record that a daily item was done, or cannot be done, today."""
        self._done[item] = today

    def was_refused(self, question: Question[T], today: date) -> bool:
        """This method will tell whether the meter said today that it has no such data."""
        return self._refused.get(question.request.di) == today

    def refuses(self, question: Question[T], complaint: Complained, today: date) -> None:
        """This method will remember a refusal for the day, so that nobody asks again and again."""
        if self._refused.get(question.request.di) != today:
            self._refused[question.request.di] = today
            if ErrorBit.NO_SUCH_DATA not in complaint.errors:
                self.met[FieldFault.REFUSED_READ] += 1
                self.words = complaint.words


class Turn:
    """One meter's turn: the questions that are due, in order, until it falls silent."""

    def __init__(self, *, record: MeterRecord, gateway: Gateway, ask: Asker) -> None:
        self.reads_ok = 0
        self.round_trips_s: list[float] = []
        self._record = record
        self._gateway = gateway
        self._ask = ask
        self._address = record.plan.address
        self._today = local_date(gateway.times.estate_now(), gateway.zone)
        self._ended: Outcome | None = None

    async def take(self) -> Outcome:
        """This method will ask everything that is due and report each answer. ``ANSWERED`` when there was any."""
        for item, step in self._steps():
            if item in self._gateway.plan.items and self._ended is None:
                await step()
        return self._ended or Outcome.ANSWERED

    def _steps(self) -> tuple[tuple[ReadItem, Callable[[], Awaitable[None]]], ...]:
        return (
            (ReadItem.DAILY, self._daily),
            (ReadItem.REGISTERS, self._registers),
            (ReadItem.RELAY, self._relay),
            (ReadItem.CLOCK, self._clock),
        )

    async def _daily(self) -> None:
        """This method will fetch the registers of last midnight from the meter's own memory."""
        record, zone = self._record, self._gateway.zone
        midnight = day_start(self._today, zone)
        since = record.plan.since_at
        if not record.is_due(ReadItem.DAILY, self._today):
            return
        if not record.profile.has_daily_freeze or (since is not None and midnight < since):
            record.is_done(ReadItem.DAILY, self._today)
            return
        frozen = await self._put(ask_freeze_time(address=self._address, zone=zone))
        if frozen is not None and frozen.value == midnight:
            registers = await self._put(ask_freeze(address=self._address, profile=record.profile))
            if registers is not None:
                self._report(ReadKind.DAILY, registers.value, read_at=midnight, meter_at=frozen.value)
        elif frozen is not None and self._gateway.times.estate_now() < midnight + FREEZE_LATE_MAX:
            return
        if self._ended is None:
            record.is_done(ReadItem.DAILY, self._today)

    async def _registers(self) -> None:
        now, zone = self._gateway.times.estate_now(), self._gateway.zone
        if self._record.profile.has_daily_freeze and is_about_midnight(at=now, zone=zone):
            return
        answer = await self._put(ask_registers(address=self._address, profile=self._record.profile))
        if answer is None and self._ended is None:
            answer = await self._put(ask_total(address=self._address))
        if answer is not None:
            self._report(ReadKind.SCHEDULED, answer.value, read_at=answer.at, meter_at=None)

    async def _relay(self) -> None:
        if not self._record.plan.has_relay:
            return
        answer = await self._put(ask_relay(address=self._address))
        if answer is not None:
            plan, facts = self._record.plan, answer.value
            self._gateway.report(
                RelayReported(
                    self._gateway.plan.gateway_id, plan.installation_id, facts.reported, answer.at, facts.commanded
                )
            )

    async def _clock(self) -> None:
        if not self._record.is_due(ReadItem.CLOCK, self._today):
            return
        read = await read_clock(record=self._record, gateway=self._gateway, put=self._put)
        if self._ended is None:
            self._record.is_done(ReadItem.CLOCK, self._today)
        if read:
            self._gateway.report(comm_of(self._record, self._gateway))

    async def _put(self, question: Question[T]) -> Answered[T] | None:
        """This method will ask unless it is hopeless today, and end the turn where nobody answers."""
        if self._record.was_refused(question, self._today):
            return None
        result = await self._ask(question)
        match result:
            case Answered():
                self.reads_ok += 1
                self.round_trips_s.append(result.round_trip_s)
                return result
            case Complained():
                self.reads_ok += 1
                self._record.refuses(question, result, self._today)
            case Silent(is_ours=is_ours):
                self._ended = Outcome.NOT_ASKED if is_ours else Outcome.SILENT
            case Garbled():
                self._ended = Outcome.GARBLED
        return None

    def _report(self, kind: ReadKind, registers: Registers, *, read_at: datetime, meter_at: datetime | None) -> None:
        gateway_id, installation_id = self._gateway.plan.gateway_id, self._record.plan.installation_id
        self._gateway.report(
            ReadingReported(
                gateway_id, installation_id, kind, read_at, registers.total_wh, registers.rates_wh, meter_at
            )
        )


async def read_clock(*, record: MeterRecord, gateway: Gateway, put: Putter) -> bool:
    """This function will learn by how much a meter's clock is ahead; false when it did not say."""
    address, zone = record.plan.address, gateway.zone
    if record.profile.has_clock_item:
        answer = await put(ask_clock(address=address, zone=zone))
        if answer is None:
            return False
        meter_at, at = answer.value, answer.at
    else:
        clock = await put(ask_time(address=address))
        day = None if clock is None else await put(ask_date(address=address))
        if clock is None or day is None:
            return False
        meter_at, at = datetime.combine(day.value, clock.value, zone), clock.at
    ahead = meter_at + HALF_SECOND - at + timedelta(seconds=SPOKEN_BEFORE_S * gateway.times.speed)
    drift_s = round(ahead.total_seconds())
    if abs(abs(drift_s) - DAY_S) < MIDNIGHT_S:  # midnight passed between the two questions
        drift_s -= DAY_S if drift_s > 0 else -DAY_S
    record.drift_s = drift_s
    return True


def comm_of(record: MeterRecord, gateway: Gateway) -> MeterComm:
    """This function will say how a meter answers and what is known of its clock."""
    health = record.health
    return MeterComm(
        gateway_id=gateway.plan.gateway_id,
        installation_id=record.plan.installation_id,
        comm=health.comm or Comm.ONLINE,
        failures=health.failures,
        since_at=health.since_at or gateway.times.estate_now(),
        last_ok_at=health.last_ok_at,
        clock_drift_s=record.drift_s,
    )


def report_met(record: MeterRecord, gateway: Gateway) -> None:
    """This function will report what a meter's turns met that a person should look at, and forget it."""
    for fault, count in record.met.items():
        if count:
            detail = record.words if fault is FieldFault.REFUSED_READ else ""
            gateway.report(
                FieldRejected(
                    gateway.plan.gateway_id,
                    fault,
                    gateway.times.estate_now(),
                    count,
                    record.plan.installation_id,
                    detail,
                )
            )
    record.met.clear()
