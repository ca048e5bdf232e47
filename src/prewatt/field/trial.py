"""A trial reading before anything is stored: each meter must answer at its address, at the pace of the baud typed.

Meters answer by their address alone, so an answer proves the address. The baud of a line is set at its gateway, and a
TCP connection does not tell it; but a longer answer takes longer by the time of its further characters. From 4800 baud
on two neighbouring rates lie too close together to be told apart.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from prewatt.field.dlt645 import ENERGY_BYTES, Registers, ask_registers, ask_total
from prewatt.field.errors import LineLost, UnableToConnect, UnknownProfile
from prewatt.field.exchange import Answered, Complained, Conversation, Question, Result, Silent
from prewatt.field.lines import Connector
from prewatt.field.profiles import get_profile
from prewatt.field.times import Times
from prewatt.field.watch import LoopWatch
from prewatt.link.messages import Finding, TrialOrder, TrialReported
from prewatt.wire.dlt645.timing import BAUDS, wire_us

TRIES: Final = 3
PACE_READS: Final = 3
ROUNDS_MAX: Final = 2
SHORTEST: Final = 0.7
LONGEST: Final = 1.45
JITTER_S: Final = 0.008
"""What networks and machines add, after the best of three rounds was taken."""


class Voice(Protocol):
    """What a trial speaks through: a line of its own, or a bus that serves its commands first."""

    async def ask(self, question: Question[Registers], /) -> Result[Registers]:
        """This method will put a question and return what came of it."""

    def wire_s(self, characters: int, /) -> float:
        """This method will return how long characters take at the baud that was typed."""


@dataclass(frozen=True, slots=True)
class TrialMeter:
    """A meter as it was typed."""

    address: str
    profile: str


@dataclass(frozen=True, slots=True)
class TrialLine:
    """A line as it was typed, with the meters to try on it."""

    host: str
    port: int
    baud: int
    meters: tuple[TrialMeter, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """What did not stand the trial: the place of a line, the place of a meter on it (None: the line), and why.

    ``words`` say why there is no line, or at which baud it seems to run.
    """

    line: int
    meter: int | None
    finding: Finding
    words: str = ""


async def try_lines(*, lines: Sequence[TrialLine], connector: Connector, times: Times) -> list[Failed]:
    """This function will read each meter once, all lines at the same time, and return what does not answer as typed."""
    watch = LoopWatch()
    try:
        trials = [_Trial(place, line, times, watch) for place, line in enumerate(lines)]
        found = await asyncio.gather(*(trial.run(connector) for trial in trials))
    finally:
        watch.stop()
    return [failed for several in found for failed in several]


class _Trial:
    """The trial of one line."""

    def __init__(self, place: int, line: TrialLine, times: Times, watch: LoopWatch) -> None:
        self._place = place
        self._line = line
        self._times = times
        self._watch = watch

    async def run(self, connector: Connector) -> list[Failed]:
        try:
            line = await connector.connect(host=self._line.host, port=self._line.port)
        except UnableToConnect as error:
            return [Failed(self._place, None, Finding.NO_LINE, str(error))]
        talk = Conversation(line=line, baud=self._line.baud, times=self._times, watch=self._watch, tally=Counter())
        try:
            return await self._on(talk)
        except LineLost as error:
            return [Failed(self._place, None, Finding.NO_LINE, str(error))]
        finally:
            talk.close()

    async def _on(self, talk: Conversation) -> list[Failed]:
        failed: list[Failed] = []
        is_paced = False
        for place, meter in enumerate(self._line.meters):
            result = await _patiently(talk, _question(meter))
            if isinstance(result, Answered) and not is_paced:
                is_paced = True
                pace = await _other_pace(talk, meter, result)
                failed += [] if pace is None else [Failed(self._place, None, Finding.OTHER_PACE, str(pace))]
            elif not isinstance(result, Answered | Complained):
                failed.append(Failed(self._place, place, _why(result)))
        return failed


async def try_place(*, order: TrialOrder, voice: Voice, times: Times) -> TrialReported:
    """This function will read one meter at a place where it may be moved to. Raises LineLost from the voice."""
    meter = TrialMeter(order.address, order.profile)

    def told(finding: Finding | None, words: str = "", total_wh: int | None = None) -> TrialReported:
        return TrialReported(order.gateway_id, order.trial_id, times.estate_now(), finding, words, total_wh)

    try:
        question = _question(meter)
    except UnknownProfile as error:
        return told(Finding.NO_REGISTER, str(error))
    result = await _patiently(voice, question)
    if isinstance(result, Complained):
        result = await _patiently(voice, ask_total(address=meter.address))
    if isinstance(result, Complained):
        return told(Finding.NO_REGISTER, result.words)
    if result == Silent(is_ours=True):
        return told(Finding.NO_LINE, "the line was lost during the trial")
    if not isinstance(result, Answered):
        return told(_why(result))
    pace = await _other_pace(voice, meter, result)
    if pace is not None:
        return told(Finding.OTHER_PACE, str(pace))
    return told(None, total_wh=result.value.total_wh)


async def try_place_alone(*, order: TrialOrder, connector: Connector, times: Times, watch: LoopWatch) -> TrialReported:
    """This function will do the same on a line that no bus speaks on, because no meter of the plan hangs there."""
    try:
        line = await connector.connect(host=order.host, port=order.port)
        talk = Conversation(line=line, baud=order.baud, times=times, watch=watch, tally=Counter())
        try:
            return await try_place(order=order, voice=talk, times=times)
        finally:
            talk.close()
    except (UnableToConnect, LineLost) as error:
        return no_line(order, times, str(error))


def no_line(order: TrialOrder, times: Times, why: str) -> TrialReported:
    """This function will say that a trial had no line to speak on, and why."""
    return TrialReported(order.gateway_id, order.trial_id, times.estate_now(), Finding.NO_LINE, why)


def _question(meter: TrialMeter) -> Question[Registers]:
    return ask_registers(address=meter.address, profile=get_profile(meter.profile))


def _why(result: Result[Registers]) -> Finding:
    return Finding.SILENT if isinstance(result, Silent) else Finding.GARBLED


async def _other_pace(voice: Voice, meter: TrialMeter, heard: Answered[Registers]) -> int | None:
    """Compare a long answer with a short one of the same meter; look twice before a rate is called wrong."""
    further = ENERGY_BYTES * len(heard.value.rates_wh)
    short, long = ask_total(address=meter.address), _question(meter)
    best_short_s = best_long_s = math.inf
    spent_s = 0.0
    for _ in range(ROUNDS_MAX):
        for _ in range(PACE_READS):
            best_short_s = min(best_short_s, await _took_s(voice, short))
            best_long_s = min(best_long_s, await _took_s(voice, long))
        spent_s = best_long_s - best_short_s
        if further == 0 or not math.isfinite(spent_s) or _fits(spent_s, voice.wire_s(further)):
            return None
    return _nearest_baud(spent_s, further)


async def _patiently(voice: Voice, question: Question[Registers]) -> Result[Registers]:
    """Ask up to three times: another master on the line, or a meter that wakes up, must not cost the trial."""
    for _ in range(TRIES - 1):
        result = await voice.ask(question)
        if isinstance(result, Answered | Complained):
            return result
    return await voice.ask(question)


async def _took_s(voice: Voice, question: Question[Registers]) -> float:
    result = await voice.ask(question)
    return result.round_trip_s if isinstance(result, Answered) else math.inf


def _fits(spent_s: float, wire_s: float) -> bool:
    return wire_s * SHORTEST - JITTER_S <= spent_s <= wire_s * LONGEST + JITTER_S


def _nearest_baud(spent_s: float, characters: int) -> int:
    """Return the rate at which characters take about so long."""
    return min(BAUDS, key=lambda baud: abs(wire_us(characters=characters, baud=baud) / 1_000_000 - spent_s))
