"""The ladder of warnings: which step an account stands on, and which warning that brings. Pure.

Each step is told once in a descent. It is armed again only when the balance has risen clearly above it, so that a
balance that hovers at a threshold brings one message, not a thousand.
"""

from dataclasses import dataclass
from enum import IntEnum

DAY_S = 86_400


class Step(IntEnum):
    """How deep an account has sunk."""

    CLEAR = 0
    LEVEL_1 = 1
    LEVEL_2 = 2
    LAST_CALL = 3

    @property
    def kind(self) -> str:
        """This property will be the kind of notice that tells of the step."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rung:
    """Where an account stands, and how often it has climbed back: together they name each warning once."""

    step: Step = Step.CLEAR
    turn: int = 1


@dataclass(frozen=True, slots=True)
class LadderFacts:
    """What decides the step. Amounts in minor units; ``daily_cost`` a day, None or 0 when nothing is known of it."""

    available: int
    level_1: int
    level_2: int
    last_call_s: int
    rearm: int
    daily_cost: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The new rung, and the step to warn of, if it is a step down."""

    rung: Rung
    warn: Step | None = None


def floor_of(step: Step, facts: LadderFacts) -> int:
    """This function will return the available credit at or below which an account stands on a step.

    The last call comes when what is left is used up within ``last_call_s`` at the usual pace, at the latest at zero.
    """
    if step is Step.CLEAR:
        raise ValueError("a clear account has no floor")
    if step is Step.LAST_CALL:
        return max(0, (facts.daily_cost or 0) * facts.last_call_s // DAY_S)
    if step is Step.LEVEL_2:
        return max(facts.level_2, floor_of(Step.LAST_CALL, facts))
    return max(facts.level_1, floor_of(Step.LEVEL_2, facts))


def depth(facts: LadderFacts) -> Step:
    """This function will return the deepest step that the available credit has reached."""
    for step in (Step.LAST_CALL, Step.LEVEL_2, Step.LEVEL_1):
        if facts.available <= floor_of(step, facts):
            return step
    return Step.CLEAR


def climb(*, rung: Rung, facts: LadderFacts) -> Move:
    """This function will move an account on the ladder. A fall past several steps warns of the deepest alone.

    A step is left upwards only when the credit exceeds its floor by a tenth, and by ``rearm`` at least.
    """
    now = depth(facts)
    if now > rung.step:
        return Move(Rung(now, rung.turn), now)
    step = rung.step
    while step > now and facts.available > _rearmed_above(step, facts):
        step = Step(step - 1)
    if step == rung.step:
        return Move(rung)
    return Move(Rung(step, rung.turn + 1))


def _rearmed_above(step: Step, facts: LadderFacts) -> int:
    floor = floor_of(step, facts)
    return floor + max(floor // 10, facts.rearm, 1)


def cause_key(*, account: str, step: Step, turn: int) -> str:
    """This function will name a warning: the same in one descent, another after the account has recovered."""
    return f"{step.kind}:{account}:{turn}"
