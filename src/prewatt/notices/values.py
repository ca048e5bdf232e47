"""What notices take and give."""

from dataclasses import dataclass, field
from datetime import datetime, time
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as screens show it. ``created_at`` and ``delivered_at`` are estate time."""

    public_id: UUID
    account_public_id: UUID | None
    account_number: str
    customer: str
    kind: str
    channel: str
    recipient: str
    language: str
    subject: str
    body: str
    state: str
    created_at: datetime
    delivered_at: datetime | None
    proof: str
    error: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice that was claimed for sending. ``lease_until`` names the claim; ``tries`` counts it."""

    notice_id: int
    public_id: UUID
    account_id: int | None
    kind: str
    channel: str
    recipient: str
    subject: str
    body: str
    facts: dict[str, str] = field(repr=False)
    language: str
    tries: int
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """How sending ended. ``proof`` when it arrived; else ``error``, and whether trying again is of any use.

    ``reference``: a provider took it and reports later whether it arrived. ``is_unknown``: it may have gone out, nobody
    knows; it is not sent again, because a tenant would get it twice.
    """

    proof: str = ""
    reference: str = ""
    is_unknown: bool = False
    error: str = ""
    is_permanent: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says later of a message that it took. ``notice_id`` is our own id, where it comes back."""

    reference: str
    is_delivered: bool
    detail: str
    notice_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an account wants to be told. ``warn_days``: warn when the money lasts no longer; times are local."""

    channels: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    quiet_from: time | None = None
    quiet_to: time | None = None
    warn_days: int | None = None
    second_name: str = ""
    second_phone: str = ""
    second_mail: str = ""


@dataclass(frozen=True, slots=True)
class DeskWishes:
    """What the desk alone sets: the language of the customer's messages, and levels of the account's own.

    Levels are minor units of the available balance; None: the site's.
    """

    language: str
    level_1: int | None = None
    level_2: int | None = None
