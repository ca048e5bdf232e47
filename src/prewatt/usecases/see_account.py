"""An account on one page: its money as an equation, its rooms with their three truths, what was used, what happened."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.estate.models import MeteringPoint
from prewatt.estate.queries import PointFacts, list_points
from prewatt.kernel.errors import NotFound
from prewatt.ledger.queries import list_postings
from prewatt.ledger.values import PostingRow
from prewatt.metering.models import MeterState
from prewatt.notices.queries import list_account_notices
from prewatt.notices.values import NoticeRow
from prewatt.payments.models import Payment
from prewatt.supply.models import Command, Hold
from prewatt.tenancy.models import Tenancy
from prewatt.tenancy.queries import account_facts, get_account
from prewatt.tenancy.values import AccountFacts
from prewatt.usecases.see_truths import Truths, see_truths

LINES = 40
COMMANDS = 30
NOTICES = 30


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold that stands on a room."""

    public_id: UUID
    reason: str
    effect: str
    note: str
    from_at: datetime
    to_at: datetime | None
    placed_by: str


@dataclass(frozen=True, slots=True)
class MeterLine:
    """What the room's meter last said. Registers in Wh before the multiplier."""

    total_wh: int
    read_at: datetime
    comm: str
    comm_since: datetime | None
    power_w: int | None


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room that the account pays for."""

    point: PointFacts
    truths: Truths
    holds: tuple[HoldLine, ...]
    meter: MeterLine | None

    @property
    def protected(self) -> bool:
        """This property will tell whether a hold protects the room's supply."""
        return any(hold.effect == "protect" for hold in self.holds)

    @property
    def off_by_hand(self) -> bool:
        """This property will tell whether a person's hold keeps the room off."""
        return any(hold.reason == "manual" and hold.effect == "off" for hold in self.holds)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command in the log. Times but ``estate_at`` are machine time."""

    public_id: UUID
    room: str
    wanted: str
    cause: str
    state: str
    tries: int
    error: str
    estate_at: datetime
    queued_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None

    @property
    def took(self) -> timedelta | None:
        """This property will hold how long the command took from its birth to its end, in machine time."""
        return None if self.ended_at is None else self.ended_at - self.queued_at


@dataclass(frozen=True, slots=True)
class PaymentOfEntry:
    """The payment that a ledger entry came from, and its paper."""

    public_id: UUID
    kind: str
    channel: str
    document_public_id: UUID | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """Everything on the page."""

    facts: AccountFacts
    rooms: tuple[RoomView, ...]
    lines: tuple[PostingRow, ...]
    commands: tuple[CommandLine, ...]
    notices: tuple[NoticeRow, ...]
    payments: dict[int, PaymentOfEntry]


class UnknownRoom(NotFound):
    """There is no such room, or not for this login."""

    code = "unknown_room"


def see_account(*, user: User, public_id: UUID) -> AccountView:
    """This function will gather an account's page. Raises UnknownAccount."""
    facts = get_account(user=user, public_id=public_id)
    points = [point.point_id for point in facts.points if point.to_at is None]
    lines = list_postings(ledger_account_ids=facts.ledger_account_ids, limit=LINES)
    return AccountView(
        facts=facts,
        rooms=tuple(see_rooms(point_ids=points)),
        lines=tuple(lines),
        commands=tuple(_commands(points)),
        notices=tuple(list_account_notices(account_id=facts.id, limit=NOTICES)),
        payments=_payments([line.entry_id for line in lines]),
    )


def see_room(*, user: User, public_id: UUID) -> tuple[RoomView, AccountFacts | None]:
    """This function will show one room, and the account that pays for it now, if one does. Raises UnknownRoom."""
    rows = for_scope(
        MeteringPoint.objects.filter(public_id=public_id), path_field="building__scope__path", user=user,
        permission=Permission.ESTATE_VIEW,
    )  # fmt: skip
    point_id = rows.values_list("pk", flat=True).first()
    if point_id is None:
        raise UnknownRoom("There is no such room, or it is not within your scope.")
    payer = Tenancy.objects.filter(metering_point=point_id, period__upper_inf=True).values_list("account_id", flat=True)
    accounts = account_facts(account_ids=list(payer))
    return see_rooms(point_ids=[point_id])[0], accounts[0] if accounts else None


def see_rooms(*, point_ids: Sequence[int]) -> list[RoomView]:
    """This function will show rooms by row number, in the order of their codes."""
    holds: dict[int, list[HoldLine]] = defaultdict(list)
    for hold in Hold.objects.filter(metering_point__in=point_ids, lifted_at=None).select_related("placed_by"):
        holds[hold.metering_point_id].append(
            HoldLine(
                hold.public_id, hold.reason, hold.effect, hold.note, hold.from_at, hold.to_at,
                str(hold.placed_by) if hold.placed_by is not None else "",
            )
        )  # fmt: skip
    truths = see_truths(point_ids=point_ids)
    points = list_points(point_ids=point_ids)
    meters = {
        state.installation_id: MeterLine(
            state.last_total_wh, state.last_read_at, state.comm, state.comm_since, state.power_w
        )
        for state in MeterState.objects.filter(installation__in=[point.installation_id for point in points])
    }
    return [
        RoomView(point, truths[point.id], tuple(holds[point.id]), meters.get(point.installation_id or 0))
        for point in points
    ]


def list_commands(
    *, user: User, site_id: int, live: bool = False, before: UUID | None = None, limit: int = 100
) -> list[CommandLine]:
    """This function will list a site's commands, the newest first; ``before`` (a command) pages on."""
    rows = for_scope(
        Command.objects.filter(metering_point__site=site_id), path_field="metering_point__building__scope__path",
        user=user, permission=Permission.COMM_VIEW,
    )  # fmt: skip
    if live:
        rows = rows.filter(state__in=["queued", "sent", "acknowledged"])
    if before is not None:
        rows = rows.filter(pk__lt=Command.objects.filter(public_id=before).values("pk")[:1])
    return [_command(command) for command in rows.select_related("metering_point").order_by("-pk")[:limit]]


def _commands(points: Sequence[int]) -> list[CommandLine]:
    rows = Command.objects.filter(metering_point__in=points).select_related("metering_point").order_by("-pk")
    return [_command(command) for command in rows[:COMMANDS]]


def _command(command: Command) -> CommandLine:
    return CommandLine(
        command.public_id, command.metering_point.code, command.wanted, command.cause, command.state, command.tries,
        command.error, command.estate_at, command.queued_at, command.sent_at, command.acknowledged_at, command.ended_at,
    )  # fmt: skip


def _payments(entries: Sequence[int]) -> dict[int, PaymentOfEntry]:
    rows = Payment.objects.filter(entry__in=entries)
    facts = rows.values_list("entry_id", "public_id", "kind", "channel", "document__public_id")
    return {
        entry: PaymentOfEntry(public_id, kind, channel, document) for entry, public_id, kind, channel, document in facts
    }
