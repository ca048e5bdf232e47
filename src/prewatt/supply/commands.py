"""The life of a command as a table, and what a failure costs. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """How far a command has come."""

    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    FAILED = "failed"
    EXPIRED = "expired"
    VOIDED = "voided"


class Event(StrEnum):
    """What can happen to a command."""

    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    PROVE = "prove"
    FAIL = "fail"
    EXPIRE = "expire"
    VOID = "void"


LIVE: Final = frozenset({State.QUEUED, State.SENT, State.ACKNOWLEDGED})

_TABLE: Final[dict[tuple[State, Event], State]] = {
    (State.QUEUED, Event.SEND): State.SENT,
    (State.QUEUED, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,  # the word "sent" was lost on its way
    (State.QUEUED, Event.FAIL): State.FAILED,
    (State.QUEUED, Event.EXPIRE): State.EXPIRED,
    (State.QUEUED, Event.VOID): State.VOIDED,
    (State.SENT, Event.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.SENT, Event.PROVE): State.VERIFIED,
    (State.SENT, Event.FAIL): State.FAILED,
    (State.SENT, Event.EXPIRE): State.EXPIRED,  # the field has it, and says that no frame went out
    (State.ACKNOWLEDGED, Event.PROVE): State.VERIFIED,
    (State.ACKNOWLEDGED, Event.FAIL): State.FAILED,
}


def step(state: State, event: Event) -> State | None:
    """This function will return the next state, or None when the event cannot happen to a command in this state.

    ``sent`` is handed to the field. Only a command that is still ours can be voided; only one that was sent be proven.
    """
    return _TABLE.get((state, event))


def sources(event: Event) -> tuple[State, ...]:
    """This function will return the states from which an event leads on: the condition of a conditional update."""
    return tuple(state for state, happened in _TABLE if happened is event)


TRIES: Final = 3
"""Commands spent on one difference before a person decides."""
TRIES_AFTER_HAND: Final = 1
"""After somebody changed the relay by hand we say once what we want, and no more: no war of commands."""
WAIT_S: Final = 5
"""Machine seconds before the second try; doubled for each further one."""
WAIT_S_MAX: Final = 600
DEADLINE_S: Final = 60
"""Machine seconds in which a command may be sent. Later the decision is taken again."""
SILENCE_S: Final = 30
"""Machine seconds after the deadline within which the field must say how a sent command ended."""

REFUSED_PASSWORD: Final = "password_refused"  # noqa: S105 - the name of an error, not a password
RELAY_STUCK: Final = "relay_stuck"
NO_ANSWER: Final = "no_answer"
CHANGED_BY_HAND: Final = "changed_by_hand"
TRIES_SPENT: Final = "tries_spent"
DEADLINE_PASSED: Final = "deadline_passed"
NOT_SENT: Final = frozenset({"gateway_down", DEADLINE_PASSED})
"""No frame went out: that costs no try."""


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """What follows a failed command: stop and why, or wait and try again; and whether a person is called now."""

    tries: int
    stopped: str
    wait_s: int
    call: bool


def after_failure(*, error: str, tries: int, budget: int) -> AfterFailure:
    """This function will count a failed command against the budget of its relay.

    ``tries`` are those spent before. A refused password is never repeated: meters lock. A stuck relay is repeated once,
    and a person is called at the first failure.
    """
    if error in NOT_SENT:
        return AfterFailure(tries, "", WAIT_S, call=False)
    spent = tries + 1
    if error == REFUSED_PASSWORD:
        return AfterFailure(spent, REFUSED_PASSWORD, 0, call=True)
    limit = min(budget, 2) if error == RELAY_STUCK else budget
    if spent >= limit:
        return AfterFailure(spent, error if error in {RELAY_STUCK, NO_ANSWER} else TRIES_SPENT, 0, call=True)
    return AfterFailure(spent, "", min(WAIT_S * 2 ** (spent - 1), WAIT_S_MAX), call=error == RELAY_STUCK)
