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
from enum import StrEnum, auto
from typing import Final

from prewatt.field.dlt645 import ENERGY_BYTES, Registers, ask_registers, ask_total
from prewatt.field.errors import LineLost, UnableToConnect
from prewatt.field.exchange import Answered, Complained, Conversation, Question, Result, Silent
from prewatt.field.lines import Connector
from prewatt.field.profiles import get_profile
from prewatt.field.times import Times
from prewatt.field.watch import LoopWatch
from prewatt.wire.dlt645.timing import BAUDS, wire_us

TRIES: Final = 3
PACE_READS: Final = 3
ROUNDS_MAX: Final = 2
SHORTEST: Final = 0.7
LONGEST: Final = 1.45
JITTER_S: Final = 0.008
"""What networks and machines add, after the best of three rounds was taken."""


class Finding(StrEnum):
    """Why a line or a meter cannot be stored as it was typed."""

    NO_LINE = auto()
    SILENT = auto()
    GARBLED = auto()
    OTHER_PACE = auto()


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
            question = ask_registers(address=meter.address, profile=get_profile(meter.profile))
            result = await _patiently(talk, question)
            if isinstance(result, Answered) and not is_paced:
                is_paced = True
                failed += await self._check_pace(talk, meter, ENERGY_BYTES * len(result.value.rates_wh))
            elif not isinstance(result, Answered | Complained):
                finding = Finding.SILENT if isinstance(result, Silent) else Finding.GARBLED
                failed.append(Failed(self._place, place, finding))
        return failed

    async def _check_pace(self, talk: Conversation, meter: TrialMeter, further: int) -> list[Failed]:
        """Compare a long answer with a short one of the same meter; look twice before a rate is called wrong."""
        short = ask_total(address=meter.address)
        long = ask_registers(address=meter.address, profile=get_profile(meter.profile))
        best_short_s = best_long_s = math.inf
        spent_s = 0.0
        for _ in range(ROUNDS_MAX):
            for _ in range(PACE_READS):
                best_short_s = min(best_short_s, await _took_s(talk, short))
                best_long_s = min(best_long_s, await _took_s(talk, long))
            spent_s = best_long_s - best_short_s
            if further == 0 or not math.isfinite(spent_s) or _fits(spent_s, talk.wire_s(further)):
                return []
        return [Failed(self._place, None, Finding.OTHER_PACE, str(_nearest_baud(spent_s, further)))]


async def _patiently(talk: Conversation, question: Question[Registers]) -> Result[Registers]:
    """Ask up to three times: another master on the line, or a meter that wakes up, must not cost the import."""
    for _ in range(TRIES - 1):
        result = await talk.ask(question)
        if isinstance(result, Answered | Complained):
            return result
    return await talk.ask(question)


async def _took_s(talk: Conversation, question: Question[Registers]) -> float:
    result = await talk.ask(question)
    return result.round_trip_s if isinstance(result, Answered) else math.inf


def _fits(spent_s: float, wire_s: float) -> bool:
    return wire_s * SHORTEST - JITTER_S <= spent_s <= wire_s * LONGEST + JITTER_S


def _nearest_baud(spent_s: float, characters: int) -> int:
    """Return the rate at which characters take about so long."""
    return min(BAUDS, key=lambda baud: abs(wire_us(characters=characters, baud=baud) / 1_000_000 - spent_s))
