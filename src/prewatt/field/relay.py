"""A relay command on its way: look first where it may be a repeat, say it once, believe nothing but the status word.

::

    LOOK ──as wanted──────────────────────────────────────────▶ verified
      │ not as wanted
      ▼
    SAY ──deadline passed──▶ expired      ──refused──▶ failed
      │ accepted, or no answer (then nobody knows: look before anything else)
      ▼
    PROVE ──as wanted──▶ verified
      │ accepted, but the relay does not move within its time ──▶ failed: relay stuck
      │ not accepted, and seen not to have moved ──▶ SAY once more
      └ nobody answers ──▶ failed: no answer

A command is said at most twice, a password at most once after it was refused: meters lock.
"""

import asyncio
from enum import Enum, auto
from typing import Final

import structlog

from prewatt.field.dlt645 import PASSWORD_BITS, ask_relay, say_relay
from prewatt.field.exchange import Answered, Complained, Conversation, Question
from prewatt.field.gateway import Gateway
from prewatt.field.meters import MeterRecord, T, read_clock
from prewatt.link.messages import CommandError, CommandOrder, CommandReported, CommandStep, RelayReported

SAID_MAX: Final = 2
LOOKS_MAX: Final = 4
UNCONFIRMED_S: Final = 1.5
"""How long a relay may take to move when the meter's "accepted" was not heard."""

POLL_S: Final = 0.4
AGAIN_S: Final = 0.5
NO_LEASE_S: Final = 0.2

_log = structlog.get_logger(__name__)


class Phase(Enum):
    """What is done next."""

    LOOK = auto()
    SAY = auto()
    PROVE = auto()
    OVER = auto()


class RelayRun:
    """One order for one meter. ``step`` makes one exchange (two where a clock must be read); then others may speak."""

    def __init__(self, *, order: CommandOrder, record: MeterRecord, gateway: Gateway) -> None:
        self.order = order
        self.phase = Phase.LOOK if order.is_repeat else Phase.SAY
        self.said = 0
        self._record = record
        self._gateway = gateway
        self._loop = asyncio.get_running_loop()
        self.due = self._loop.time()
        self._accepted = False
        self._seen = False  # the status word was read since the command was last said
        self._looks = 0
        self._prove_until = float("inf")

    @property
    def is_over(self) -> bool:
        """This property will be true when its end was reported."""
        return self.phase is Phase.OVER

    @property
    def may_have_been_sent(self) -> bool:
        """This property will be true when the relay may move because of it, or have moved."""
        return self.said > 0 or self.order.is_repeat

    @property
    def is_late(self) -> bool:
        """This property will be true when it must not be sent any more."""
        return self._gateway.times.machine_now() >= self.order.deadline

    async def step(self, conversation: Conversation) -> None:
        """This method will do what is next. Raises LineLost; then call ``line_was_lost``."""
        if self.phase is Phase.SAY:
            await self._say(conversation)
        else:
            await self._look(conversation)

    def line_was_lost(self) -> None:
        """This method will go on with a look: whether the last bytes arrived nobody knows."""
        if self.said:
            self._prove(for_s=UNCONFIRMED_S)
        self.due = self._loop.time() + AGAIN_S

    def give_back(self, error: CommandError) -> None:
        """This method will end a command that was never sent; the core decides again."""
        self._end(CommandStep.EXPIRED, error)

    def give_up(self) -> None:
        """This method will end a command whose outcome cannot be learned in time."""
        self._end(CommandStep.FAILED, CommandError.NO_ANSWER)

    async def _say(self, conversation: Conversation) -> None:
        if self.is_late:
            self._end(CommandStep.EXPIRED, CommandError.DEADLINE_PASSED)
            return
        if not self._gateway.lease.may_command:
            self.due = self._loop.time() + NO_LEASE_S
            return
        password = self._record.plan.password
        if password is None:
            self._end(CommandStep.FAILED, CommandError.NO_PASSWORD)
            return
        question = say_relay(
            address=self._record.plan.address,
            profile=self._record.profile,
            password=password,
            wanted=self.order.wanted,
            drift_s=self._record.drift_s or 0,
            now=self._gateway.times.estate_now().astimezone(self._gateway.zone),
        )
        self.said += 1
        self._seen = False
        result = await conversation.ask(question, may_repeat=False)
        match result:
            case Answered():
                self._accepted = True
                self._report(CommandStep.ACKNOWLEDGED)
                self._prove(for_s=self._record.profile.prove_s)
            case Complained():
                await self._refused(conversation, result)
            case _:
                self._prove(for_s=UNCONFIRMED_S)

    async def _refused(self, conversation: Conversation, complaint: Complained) -> None:
        if complaint.errors & PASSWORD_BITS:
            self._end(CommandStep.FAILED, CommandError.PASSWORD_REFUSED, complaint.words)
            return
        before = self._record.drift_s or 0
        if self.said < SAID_MAX and await self._knows_better(conversation, before):
            return  # the validity was wrong by the meter's clock: said again with the right one
        self._end(CommandStep.FAILED, CommandError.REFUSED, complaint.words)

    async def _knows_better(self, conversation: Conversation, before_s: int) -> bool:
        async def put(question: Question[T], /) -> Answered[T] | None:
            result = await conversation.ask(question)
            return result if isinstance(result, Answered) else None

        read = await read_clock(record=self._record, gateway=self._gateway, put=put)
        return read and abs((self._record.drift_s or 0) - before_s) >= self._record.profile.validity_s // 2

    async def _look(self, conversation: Conversation) -> None:
        self._looks += 1
        result = await conversation.ask(ask_relay(address=self._record.plan.address))
        if isinstance(result, Answered):
            self._seen = True
            facts = result.value
            gateway_id, installation_id = self.order.gateway_id, self.order.installation_id
            self._gateway.report(RelayReported(gateway_id, installation_id, facts.reported, result.at, facts.commanded))
            if facts.reported is self.order.wanted:
                self._end(CommandStep.VERIFIED)
                return
            if self.phase is Phase.LOOK:
                self.phase = Phase.SAY
                return
        self._not_yet()

    def _not_yet(self) -> None:
        now = self._loop.time()
        if self.phase is Phase.LOOK:
            self.due = now + AGAIN_S
            if self._looks >= LOOKS_MAX:
                self.give_up()
        elif now < self._prove_until or self._looks < 2:
            self.due = now + POLL_S
        elif not self._seen:
            self.give_up()
        elif self._accepted:
            self._end(CommandStep.FAILED, CommandError.RELAY_STUCK)
        elif self.said < SAID_MAX:
            self.phase = Phase.SAY
        else:
            self.give_up()

    def _prove(self, *, for_s: float) -> None:
        self.phase = Phase.PROVE
        self._looks = 0
        self.due = self._loop.time()
        self._prove_until = self.due + for_s

    def _end(self, step: CommandStep, error: CommandError | None = None, detail: str = "") -> None:
        self.phase = Phase.OVER
        self._report(step, error, detail)
        if error is not None:
            _log.warning("command", command_id=self.order.command_id, step=step.value, error=error.value, detail=detail)

    def _report(self, step: CommandStep, error: CommandError | None = None, detail: str = "") -> None:
        order, at = self.order, self._gateway.times.machine_now()
        self._gateway.report(
            CommandReported(order.gateway_id, order.command_id, order.installation_id, step, at, error, detail)
        )
