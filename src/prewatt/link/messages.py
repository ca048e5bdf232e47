"""What the core and the field say to each other: frozen values, the same on every way that they travel.

Down (core to field) go plans, orders and the state of leases; up (field to core) go facts, each in an ``Envelope``
that names the collector, the lease epoch under which it was learned, and a number that only grows. Instants are estate
time where the name says ``read_at``, ``swept_at`` or ``since_at``, machine time where it says ``machine_at``,
``deadline`` or ``renewed_at``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

VERSION = 1


class RelayState(StrEnum):
    """What a relay is, or should be."""

    ON = "on"
    OFF = "off"


class ReadKind(IntEnum):
    """Why registers were read; the numbers are those of ``metering.ReadingKind``."""

    SCHEDULED = 1
    DAILY = 2


class ReadItem(StrEnum):
    """What a sweep asks of each meter."""

    REGISTERS = "registers"
    RELAY = "relay"
    CLOCK = "clock"
    DAILY = "daily"


ALL_ITEMS = frozenset(ReadItem)


class Comm(StrEnum):
    """Whether a meter or a gateway answers."""

    ONLINE = "online"
    DEGRADED = "degraded"
    LOST = "lost"


class CommandStep(StrEnum):
    """How far the field has come with a command."""

    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    FAILED = "failed"
    EXPIRED = "expired"


class CommandError(StrEnum):
    """Why a command failed or was not sent."""

    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - the name of an error, not a password
    NO_PASSWORD = "no_password"  # noqa: S105 - the name of an error, not a password
    REFUSED = "refused"
    RELAY_STUCK = "relay_stuck"
    NO_ANSWER = "no_answer"
    NOT_IN_PLAN = "not_in_plan"
    GATEWAY_DOWN = "gateway_down"
    DEADLINE_PASSED = "deadline_passed"
    UNKNOWN_PROFILE = "unknown_profile"


class FieldFault(StrEnum):
    """What the field met that a person should look at."""

    ADDRESS_CLASH = "address_clash"
    FOREIGN_ADDRESS = "foreign_address"
    BAD_DATA = "bad_data"
    REFUSED_READ = "refused_read"
    UNKNOWN_PROFILE = "unknown_profile"
    SPOOL_FULL = "spool_full"
    LOOP_BLOCKED = "loop_blocked"


class Finding(StrEnum):
    """Why a line or a meter does not stand its trial as it was typed."""

    NO_LINE = "no_line"
    SILENT = "silent"
    GARBLED = "garbled"
    OTHER_PACE = "other_pace"
    NO_REGISTER = "no_register"


# --- down -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Password:
    """A meter's password level and its six digits, which no text form of this value shows."""

    level: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """One meter on a bus. ``since_at`` is when it was installed: nothing older is asked of its memory."""

    installation_id: int
    address: str
    profile: str = "dlt645-2007"
    password: Password | None = None
    has_relay: bool = True
    since_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BusPlan:
    """One line behind a TCP port, and the meters on it in the order of their turns."""

    bus_id: int
    port: int
    baud: int
    parity: str = "E"
    meters: tuple[MeterPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """One gateway that this collector holds under ``epoch``; interval in estate seconds, zone of its site."""

    gateway_id: int
    host: str
    epoch: int
    read_interval_s: int
    time_zone: str
    buses: tuple[BusPlan, ...] = ()
    items: frozenset[ReadItem] = ALL_ITEMS


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the collector shall do from now on; what is no longer in it is let go."""

    gateways: tuple[GatewayPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandOrder:
    """Bring a relay to ``wanted``, or say why not. ``is_repeat``: it may have been sent before, so look first."""

    gateway_id: int
    command_id: int
    installation_id: int
    wanted: RelayState
    deadline: datetime
    epoch: int
    priority: int = 1
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """Read a meter once at a place where it may be moved to: nothing is stored there yet, so it is in no plan."""

    gateway_id: int
    trial_id: int
    bus_id: int
    host: str
    port: int
    baud: int
    address: str
    profile: str
    epoch: int


@dataclass(frozen=True, slots=True)
class LeasesHeld:
    """The database has confirmed these leases (gateway -> epoch); the question was put at ``renewed_at``."""

    epochs: Mapping[int, int]
    renewed_at: datetime
    lasts_s: float


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """Another collector speaks to this gateway: fall silent at once."""

    gateway_id: int


Downward = Plan | CommandOrder | TrialOrder | LeasesHeld | LeaseLost


# --- up -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadingReported:
    """Registers of one answer, in Wh as the meter counts them. ``meter_at`` only where the meter said its time."""

    gateway_id: int
    installation_id: int
    kind: ReadKind
    read_at: datetime
    total_wh: int
    rates_wh: tuple[int, ...] = ()
    meter_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RelayReported:
    """The relay as the meter's status word said it, and as it says it was told to be."""

    gateway_id: int
    installation_id: int
    reported: RelayState
    read_at: datetime
    commanded: RelayState | None = None


@dataclass(frozen=True, slots=True)
class CommandReported:
    """A step in the life of a command. ``error`` is a CommandError where it failed or expired, ``detail`` its words."""

    gateway_id: int
    command_id: int
    installation_id: int
    step: CommandStep
    machine_at: datetime
    error: CommandError | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TrialReported:
    """What a trial found. Without a finding the meter answered, in ``total_wh``, at the pace that was typed.

    ``words`` say why there is no line, or at which baud it seems to run.
    """

    gateway_id: int
    trial_id: int
    read_at: datetime
    finding: Finding | None = None
    words: str = ""
    total_wh: int | None = None


@dataclass(frozen=True, slots=True)
class MeterComm:
    """How a meter answers; sent when it changes, and when its clock was read."""

    gateway_id: int
    installation_id: int
    comm: Comm
    failures: int
    since_at: datetime
    last_ok_at: datetime | None = None
    clock_drift_s: int | None = None


@dataclass(frozen=True, slots=True)
class GatewayComm:
    """Whether a gateway can be reached; sent when it changes."""

    gateway_id: int
    comm: Comm
    since_at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class BusComm:
    """Whether orders for this bus can be sent now; sent when it changes."""

    gateway_id: int
    bus_id: int
    is_up: bool


@dataclass(frozen=True, slots=True)
class BusSweep:
    """What a bus did in one sweep: machine milliseconds, meters that answered, frames turned away by kind."""

    gateway_id: int
    bus_id: int
    swept_at: datetime
    sweep_ms: int
    reads_ok: int
    reads_failed: int
    rejected: Mapping[str, int]
    round_trip_ms: int


@dataclass(frozen=True, slots=True)
class FieldRejected:
    """Something on the wire that a person should look at. ``installation_id`` None: not one meter's."""

    gateway_id: int
    fault: FieldFault
    read_at: datetime
    count: int
    installation_id: int | None = None
    detail: str = ""


Upward = (
    ReadingReported
    | RelayReported
    | CommandReported
    | TrialReported
    | MeterComm
    | GatewayComm
    | BusComm
    | BusSweep
    | FieldRejected
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A fact on its way up: who learned it, under which lease epoch, and a number that only grows."""

    collector: str
    epoch: int
    seq: int
    payload: Upward
    version: int = VERSION
