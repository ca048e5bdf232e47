"""Events, and what faces and senders see of endpoints and deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that endpoints may want to be told. ``key`` names it for ever; ``at`` is estate time."""

    event: str
    key: str
    scope_path: str
    at: datetime
    data: Mapping[str, Any]
    row_id: int


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """An endpoint as screens and machines see it. Its times are machine time."""

    id: int
    public_id: UUID
    site_public_id: UUID
    url: str
    note: str
    events: tuple[str, ...]
    state: str
    created_at: datetime
    failing_since: datetime | None
    rotated_until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery in the log. Its times are machine time."""

    public_id: UUID
    endpoint_public_id: UUID
    event: str
    state: str
    tries: int
    status: int | None
    error: str
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None
    body: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that was claimed for sending. ``leased_until`` names the claim; the secrets are as sealed."""

    delivery_id: int
    public_id: UUID
    endpoint_id: int
    url: str
    body: str
    tries: int
    leased_until: datetime
    place: str
    sealed: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sending ended: an HTTP status, or what went wrong before there was one."""

    status: int | None = None
    error: str = ""

    @property
    def is_delivered(self) -> bool:
        """This property will tell whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300
