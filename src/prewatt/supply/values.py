"""What supply takes and gives. Row numbers are ours; ``public_id`` is what leaves the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

OnOff = Literal["on", "off"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands against its site's rules. Amounts in minor units; ``daily_cost`` a day.

    ``live``: at least one of its points is in a live building. ``marked``: a point of it is held for credit, spared or
    would be disconnected, so the account must be judged even when it is in credit.
    """

    account_id: int
    public_id: UUID
    number: str
    site_id: int
    currency: str
    prepaid: bool
    open: bool
    ledger_balance: int
    accrued: int
    allowed_credit: int
    level_1: int
    level_2: int
    min_reconnect_balance: int
    last_call_s: int
    daily_cost: int | None
    empties_at: datetime | None
    loading: bool
    live: bool
    marked: bool

    @property
    def available(self) -> int:
        """This property will be what may still be used up."""
        return self.ledger_balance - self.accrued + self.allowed_credit


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided for a point: cut, restore or spare, with the reason. ``shadow``: recorded only."""

    point_id: int
    point_code: str
    account_id: int
    site_id: int
    answer: str
    reason: str
    decision_id: int
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """What a review changed."""

    outcomes: tuple[Outcome, ...] = ()
    changed_points: tuple[int, ...] = ()

    def by_answer(self, answer: str) -> tuple[Outcome, ...]:
        """This method will return the outcomes with one answer."""
        return tuple(outcome for outcome in self.outcomes if outcome.answer == answer)


@dataclass(frozen=True, slots=True)
class ClaimedCommand:
    """A command handed to the field. ``deadline`` is machine time; ``is_repeat``: it may have been sent before."""

    command_id: int
    public_id: UUID
    gateway_id: int
    bus_id: int
    installation_id: int
    wanted: OnOff
    deadline: datetime
    epoch: int
    priority: int
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class RelayReport:
    """A relay's state as its status word said it at ``read_at`` (estate time), learned under a lease epoch."""

    installation_id: int
    reported: OnOff
    read_at: datetime
    epoch: int
    commanded: OnOff | None = None


@dataclass(frozen=True, slots=True)
class CommandReport:
    """How far the field came with a command. ``step``: acknowledged, verified, failed, expired."""

    command_id: int
    step: str
    machine_at: datetime
    epoch: int
    error: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RelayChange:
    """A relay was proven to have changed. ``ours``: by our command; else by hand or by itself."""

    point_id: int
    point_code: str
    site_id: int
    installation_id: int
    reported: OnOff
    at: datetime
    ours: bool
    reason: str
    account_id: int | None


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What became of reports. ``refused`` came under an older lease; ``heard`` are installations in force."""

    applied: int = 0
    repeated: int = 0
    refused: int = 0
    changes: tuple[RelayChange, ...] = ()
    heard: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PointSupply:
    """A point's supply after a person acted on it."""

    point_id: int
    public_id: UUID
    code: str
    site_id: int
    desired: str
    reported: str
    frozen: bool
    stopped: str
    withheld: str
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What would become of a point, were its building live: cut now, after a last call, or spared and why."""

    point_id: int
    point_public_id: UUID
    code: str
    account_number: str
    available: int
    currency: str
    answer: str
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict, repr=False)
