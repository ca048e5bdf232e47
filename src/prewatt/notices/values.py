"""What notices take and give."""

from dataclasses import dataclass
from datetime import datetime
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
    tries: int
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """How sending ended. ``proof`` when it arrived; else ``error``, and whether trying again is of any use."""

    proof: str = ""
    error: str = ""
    is_permanent: bool = False
