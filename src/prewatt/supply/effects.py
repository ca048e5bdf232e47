"""Which hold decides a relay. Pure: holds and an instant in, a ruling out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Effect(StrEnum):
    """What a hold does, strongest first. The order of the members is the precedence."""

    FROZEN = "frozen"
    LOCKED_OFF = "locked_off"
    PROTECT = "protect"
    OFF = "off"


class Wish(StrEnum):
    """What the holds want of a relay. ``LEAVE`` is no command in either direction."""

    ON = "on"
    OFF = "off"
    LEAVE = "leave"


_WISH = {Effect.FROZEN: Wish.LEAVE, Effect.LOCKED_OFF: Wish.OFF, Effect.PROTECT: Wish.ON, Effect.OFF: Wish.OFF}


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that nobody has lifted: reason, effect, and the estate period in which it acts."""

    reason: str
    effect: Effect
    from_at: datetime
    to_at: datetime | None = None

    def acts(self, at: datetime) -> bool:
        """This method will tell whether the hold acts at an instant."""
        return self.from_at <= at and (self.to_at is None or at < self.to_at)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer of all holds together. ``reasons`` are those of the deciding effect, empty when none acts."""

    wish: Wish
    effect: Effect | None = None
    reasons: tuple[str, ...] = ()

    @property
    def frozen(self) -> bool:
        """This property will tell whether no command may go in either direction."""
        return self.wish is Wish.LEAVE

    @property
    def protected(self) -> bool:
        """This property will tell whether protection decides."""
        return self.effect is Effect.PROTECT


def rule(*, holds: Iterable[OpenHold], at: datetime) -> Ruling:
    """This function will find the strongest effect that acts at an instant; with none of them power is on."""
    acting = [hold for hold in holds if hold.acts(at)]
    for effect in Effect:
        reasons = tuple(sorted({hold.reason for hold in acting if hold.effect is effect}))
        if reasons:
            return Ruling(_WISH[effect], effect, reasons)
    return Ruling(Wish.ON)
