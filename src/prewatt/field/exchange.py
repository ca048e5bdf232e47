"""One exchange on a bus at a time: say a request, take the frame that answers it, and nothing else.

The meter has 500 ms to begin (DL/T 645-2007) beyond the time that request and answer take on the wire. What is no
answer is dropped and counted. Not one byte at all is *silence*: nobody is there. Bytes without an answer are
*garble*: somebody may be there, so after the line has been quiet for 500 ms the question is put once more.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from prewatt.field.lines import Line
from prewatt.field.times import Times
from prewatt.field.watch import LoopWatch
from prewatt.wire.dlt645.errors import BadData
from prewatt.wire.dlt645.frame import Dropped, Frame, FrameFound, FrameScanner, encode
from prewatt.wire.dlt645.replies import Answer, ErrorAnswer, ErrorBit, LongRead, Rejected, RejectReason
from prewatt.wire.dlt645.replies import match as answers
from prewatt.wire.dlt645.requests import Request
from prewatt.wire.dlt645.timing import CHARACTER_GAP_MAX_MS, REPLY_DELAY_MAX_MS, wire_us

MARGIN_S: Final = 0.06
"""For the gateway and the network between it and us."""

REPLY_DELAY_S: Final = REPLY_DELAY_MAX_MS / 1000
QUIET_S: Final = CHARACTER_GAP_MAX_MS / 1000
DRAIN_MAX_S: Final = 3.0
"""A line that never falls quiet is spoken on after this; noise must not silence a bus."""

LATE_S: Final = 3.0
LATE_MAX: Final = 4
"""This long, and of so many questions, a frame that answers an earlier one is late; otherwise it is foreign."""

LONGEST_FRAME: Final = 271
"""Characters of the longest frame with its leading FE."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A request (it may carry a password: not shown), its answer's length in characters, and what the answer means."""

    request: Request = field(repr=False)
    answer_characters: int
    decode: Callable[[bytes], T]


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """The value, the estate instant when its last byte came, and the seconds from the request's first byte on."""

    value: T
    at: datetime
    round_trip_s: float


@dataclass(frozen=True, slots=True)
class Complained:
    """The meter says that it will not, and why."""

    errors: frozenset[ErrorBit]

    @property
    def words(self) -> str:
        """This property will name the reasons for logs and cases."""
        return ", ".join(sorted(self.errors)) or "without a reason"


@dataclass(frozen=True, slots=True)
class Silent:
    """Not one byte came. ``is_ours``: our own process stood still meanwhile, so nobody is to blame."""

    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Garbled:
    """Bytes came, but no answer."""


Result = Answered[T] | Complained | Silent | Garbled


class Conversation:
    """What is said on one line. ``tally`` counts everything that was turned away, by kind."""

    def __init__(self, *, line: Line, baud: int, times: Times, watch: LoopWatch, tally: Counter[str]) -> None:
        self.tally = tally
        self._line = line
        self._baud = baud
        self._times = times
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self._heard_at = float("-inf")
        self._is_listening = False
        self._unanswered: deque[tuple[float, Request]] = deque(maxlen=LATE_MAX)

    async def ask(self, question: Question[T], *, may_repeat: bool = True) -> Result[T]:
        """This method will put a question, once more after garble, and return what came of it. Raises LineLost."""
        result = await self._ask_once(question)
        if isinstance(result, Garbled) and may_repeat:
            await self._drain()
            result = await self._ask_once(question)
        return result

    def at_baud(self, baud: int) -> "Conversation":
        """This method will return the same line, spoken on at the pace of another baud for a trial."""
        other = Conversation(line=self._line, baud=baud, times=self._times, watch=self._watch, tally=self.tally)
        other._unanswered = self._unanswered  # what comes late is late for both
        return other

    async def listen(self, *, until: float) -> None:
        """This method will wait while nobody is asked; what comes is counted as noise. Raises LineLost."""
        self._is_listening = True
        try:
            if await self._line.receive(until=until):
                self._heard_at = self._loop.time()
                self.tally["unasked"] += 1
        finally:
            self._is_listening = False

    def rouse(self) -> None:
        """This method will end ``listen`` at once; an exchange in flight is left alone."""
        if self._is_listening:
            self._line.rouse()

    def close(self) -> None:
        """This method will end the line."""
        self._line.close()

    def wire_s(self, characters: int) -> float:
        """This method will return how long characters take on this line."""
        return wire_us(characters=characters, baud=self._baud) / 1_000_000

    async def _ask_once(self, question: Question[T]) -> Result[T]:
        reading = LongRead(question.request)
        start = self._loop.time()
        while True:
            result = await self._exchange(reading.request, question.answer_characters)
            if not isinstance(result, Answered):
                return result
            try:
                whole = reading.take(result.value)
                if whole is not None:
                    return Answered(question.decode(whole), result.at, self._heard_at - start)
            except BadData:
                self.tally["bad_data"] += 1
                return Garbled()

    async def _exchange(self, request: Request, answer_characters: int) -> Result[Answer]:
        if self._line.discard():
            self.tally["late"] += 1
        start = self._loop.time()
        hearing = _Hearing(request, self.tally, earlier=[one for at, one in self._unanswered if start < at + LATE_S])
        self._line.send(encode(request.frame))
        full = start + self.wire_s(request.characters + answer_characters) + REPLY_DELAY_S + MARGIN_S
        end = full + self.wire_s(LONGEST_FRAME) + QUIET_S
        deadline = full
        while data := await self._line.receive(until=deadline):
            self._heard_at = self._loop.time()
            outcome = hearing.take(data)
            if isinstance(outcome, Answer):
                return Answered(outcome, self._times.estate_now(), self._heard_at - start)
            if isinstance(outcome, ErrorAnswer):
                return Complained(outcome.errors)
            deadline = min(max(full, self._heard_at + QUIET_S), end)
            if self._heard_at >= end:
                break
        self._unanswered.append((self._loop.time(), request))
        if hearing.nothing_but_ourselves():
            return Silent(is_ours=self._watch.was_blocked_since(start))
        return Garbled()

    async def _drain(self) -> None:
        """This method will wait until nobody speaks: a late answer must not meet the next question."""
        end = self._loop.time() + DRAIN_MAX_S
        while (until := min(self._heard_at + QUIET_S, end)) > self._loop.time():
            if await self._line.receive(until=until):
                self._heard_at = self._loop.time()


class _Hearing:
    """What was heard since a request was said. ``earlier`` questions had no answer: theirs may come now."""

    def __init__(self, request: Request, tally: Counter[str], *, earlier: Sequence[Request]) -> None:
        self._request = request
        self._earlier = earlier
        self._tally = tally
        self._scanner = FrameScanner()
        self._was_other = False

    def take(self, data: bytes) -> Answer | ErrorAnswer | None:
        """This method will look for the answer in what came, and count everything else."""
        answer: Answer | ErrorAnswer | None = None
        for event in self._scanner.feed(data):
            match event:
                case Dropped(reason=reason):
                    self._other(reason)
                case FrameFound(frame=frame) if answer is not None:
                    self._other("duplicate" if frame.is_reply else "late")
                case FrameFound(frame=frame):
                    outcome = answers(request=self._request, frame=frame)
                    if isinstance(outcome, Rejected):
                        self._reject(frame, outcome.reason)
                    else:
                        answer = outcome
        return answer

    def nothing_but_ourselves(self) -> bool:
        """This method will tell whether nobody spoke but, where the gateway echoes, we."""
        for event in self._scanner.flush():
            assert isinstance(event, Dropped)
            self._other(event.reason)
        return not self._was_other

    def _reject(self, frame: Frame, reason: RejectReason) -> None:
        if reason is RejectReason.ECHO:
            self._tally[reason] += 1
        elif any(not isinstance(answers(request=one, frame=frame), Rejected) for one in self._earlier):
            self._other("late")
        else:
            self._other(reason)

    def _other(self, kind: str) -> None:
        self._tally[kind] += 1
        self._was_other = True
