"""What a tenant sees first: is the power on, how long does the money last, what must be paid to have it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum, auto
from typing import Final

from prewatt.kernel.money import Money, minor_digits
from prewatt.notices.queries import list_account_notices
from prewatt.payments.models import Payment, PaymentKind
from prewatt.supply.queries import get_policy
from prewatt.tenancy.queries import account_facts
from prewatt.tenancy.values import AccountFacts, SharedAccount
from prewatt.usecases.see_account import RoomView, see_rooms
from prewatt.usecases.see_site import SiteView
from prewatt.usecases.see_usage import TimeLeft, UsageView, see_day_usage, see_time_left

DAYS: Final = 15
WARNINGS: Final = frozenset({"level_1", "level_2", "last_call"})
WARNED_SHOWN: Final = 4
LEVEL_DAYS: Final = 3
DAYS_SAID_MAX: Final = 400
"""A day further away than this is not said."""


class Supply(StrEnum):
    """What is said of the supply, in words. Off and on mean that the meter has proved it."""

    ON = auto()
    WARNING = auto()
    OFF_CREDIT = auto()
    OFF_BY_HAND = auto()
    OFF_OTHER = auto()
    CUTTING = auto()
    RESTORING = auto()
    UNKNOWN = auto()
    NO_ROOM = auto()


@dataclass(frozen=True, slots=True)
class ToPay:
    """What brings the power back: what was used beyond the credit, and the least to keep; ``total`` in whole units."""

    beyond: Money
    least: Money
    exact: Money
    total: Money


@dataclass(frozen=True, slots=True)
class LastPayment:
    """The account's last top-up."""

    amount: Money
    at: datetime
    channel: str
    document_public_id: object | None


@dataclass(frozen=True, slots=True)
class PortalHome:
    """Everything on the page. ``warned_at``: when warnings reached the tenant, the newest first."""

    facts: AccountFacts
    rooms: tuple[RoomView, ...]
    supply: Supply
    proven_at: datetime | None
    since: datetime | None
    to_pay: ToPay | None
    left: TimeLeft | None
    ends_on: date | None
    ends_from: date | None
    ends_to: date | None
    usage: UsageView
    last_payment: LastPayment | None
    warned_at: tuple[datetime, ...]

    @property
    def is_off(self) -> bool:
        """This property will tell whether a room is proven off."""
        return self.supply in {Supply.OFF_CREDIT, Supply.OFF_BY_HAND, Supply.OFF_OTHER}


def see_portal_home(*, share: SharedAccount, site: SiteView, now: datetime) -> PortalHome:
    """This function will gather the page in a fixed number of queries. Who may see is asked before."""
    facts = account_facts(account_ids=[share.account_id])[0]
    rooms = see_rooms(point_ids=[point.point_id for point in facts.points if point.to_at is None])
    usage = see_day_usage(account_id=facts.id, zone=site.zone, now=now, days=DAYS)
    left = see_time_left(facts=facts, usage=usage) if facts.payment_mode == "prepaid" else None
    supply, room = supply_of(rooms=rooms, facts=facts, left=left)
    notices = list_account_notices(account_id=facts.id, limit=30)
    warned = [one.delivered_at for one in notices if one.kind in WARNINGS and one.delivered_at is not None]
    today = now.astimezone(site.zone).date()
    return PortalHome(
        facts=facts, rooms=tuple(rooms), supply=supply,
        proven_at=room.truths.proven_at if room else None, since=room.truths.changed_at if room else None,
        to_pay=what_to_pay(facts=facts, supply=supply), left=left,
        ends_on=_day(today, left, left.expected if left else None),
        ends_from=_day(today, left, left.at_least if left else None),
        ends_to=_day(today, left, left.at_most if left else None),
        usage=usage, last_payment=_last_payment(facts),
        warned_at=tuple(warned[:WARNED_SHOWN]),
    )  # fmt: skip


def _day(today: date, left: TimeLeft | None, days: int | None) -> date | None:
    """Return the day on which the money ends; today when it is a matter of hours, nothing when it is far away."""
    if left is None or days is None or days > DAYS_SAID_MAX:
        return None
    return today if left.in_hours else today + timedelta(days=days)


def supply_of(
    *, rooms: Sequence[RoomView], facts: AccountFacts, left: TimeLeft | None
) -> tuple[Supply, RoomView | None]:
    """This function will say how the supply stands, by the room that is worst off, and which room that is."""
    if not rooms:
        return Supply.NO_ROOM, None
    room = min(rooms, key=lambda one: (_rank(one), one.point.code))
    truths = room.truths
    if truths.moving and truths.command is not None:
        return (Supply.RESTORING if truths.command.wanted == "on" else Supply.CUTTING), room
    if truths.reported == "off":
        return _why_off(room, facts), room
    if truths.reported != "on":
        return Supply.UNKNOWN, room
    is_low = facts.payment_mode == "prepaid" and (
        facts.available.minor <= 0 or (left is not None and (left.in_hours or left.expected <= LEVEL_DAYS))
    )
    return (Supply.WARNING if is_low else Supply.ON), room


def _rank(room: RoomView) -> int:
    if room.truths.reported == "off":
        return 0
    if room.truths.moving:
        return 1
    return 2 if room.truths.reported != "on" else 3


def _why_off(room: RoomView, facts: AccountFacts) -> Supply:
    reasons = {hold.reason for hold in room.holds if hold.effect in {"off", "locked_off"}}
    if "manual" in reasons:
        return Supply.OFF_BY_HAND
    if "credit" in reasons or (not reasons and facts.payment_mode == "prepaid" and facts.available.minor <= 0):
        return Supply.OFF_CREDIT
    return Supply.OFF_OTHER


def what_to_pay(*, facts: AccountFacts, supply: Supply) -> ToPay | None:
    """This function will return what brings the power back, rounded up to whole units; None when money does not."""
    if supply is not Supply.OFF_CREDIT:
        return None
    least = get_policy(site_id=facts.site_id).min_reconnect_balance
    exact = max(0, least - facts.available.minor)
    if exact == 0:
        return None
    unit = 10 ** minor_digits(facts.currency)
    return ToPay(
        beyond=Money(max(0, -facts.available.minor), facts.currency), least=Money(least, facts.currency),
        exact=Money(exact, facts.currency), total=Money(-(-exact // unit) * unit, facts.currency),
    )  # fmt: skip


def _last_payment(facts: AccountFacts) -> LastPayment | None:
    rows = Payment.objects.filter(account=facts.id, kind=PaymentKind.TOP_UP, reversed_at=None).order_by("-pk")
    found = rows.values_list("amount", "currency", "received_at", "channel", "document__public_id").first()
    if found is None:
        return None
    amount, currency, at, channel, document = found
    return LastPayment(Money(amount, currency), at, channel, document)
