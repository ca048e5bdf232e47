"""Power, readings, cases and messages, as machines send and get them."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from ninja import Schema
from pydantic import Field

from prewatt.api.schemas import Instant, MoneyOut, Strict, known
from prewatt.api.schemas_money import Reason
from prewatt.approvals.queries import ApprovalLine
from prewatt.cases.queries import CaseLine
from prewatt.notices.values import NoticeRow
from prewatt.supply.values import PointSupply
from prewatt.usecases.see_account import CommandLine
from prewatt.usecases.see_readings import ReadingLine

KINDS = {1: "scheduled", 2: "daily", 3: "opening", 4: "closing", 5: "on_demand"}
QUALITIES = {1: "accepted", 2: "quarantined", 3: "rejected"}


class SupplyOut(Schema):
    """A point after somebody acted on it. ``desired`` is a wish: look at ``reported`` for what the relay proves."""

    point: UUID
    code: str
    desired: Annotated[str, known("on", "off")]
    reported: Annotated[str, known("on", "off", "unknown")]
    frozen: bool
    holds: list[str]

    @classmethod
    def of(cls, supply: PointSupply) -> Self:
        """This method will write a point for a machine."""
        return cls(
            point=supply.public_id, code=supply.code, desired=supply.desired, reported=supply.reported,
            frozen=supply.frozen, holds=list(supply.holds),
        )  # fmt: skip


class ProtectIn(Strict):
    """Why a point is protected, and until when; null: until somebody ends it."""

    reason: Reason
    until_at: Instant | None = None


class LoggedCommandOut(Schema):
    """A command of a site's log. Its times but ``estate_at`` are machine time."""

    id: UUID
    room: str
    wanted: str
    cause: str
    state: Annotated[str, known("queued", "sent", "acknowledged", "verified", "failed", "expired", "voided")]
    tries: int
    error: str
    estate_at: datetime
    queued_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: CommandLine) -> Self:
        """This method will write a command for a machine."""
        return cls(
            id=row.public_id, room=row.room, wanted=row.wanted, cause=row.cause, state=row.state, tries=row.tries,
            error=row.error, estate_at=row.estate_at, queued_at=row.queued_at, sent_at=row.sent_at,
            acknowledged_at=row.acknowledged_at, ended_at=row.ended_at,
        )  # fmt: skip


class LoggedCommandsOut(Schema):
    """A page of a site's commands, the newest first."""

    items: list[LoggedCommandOut]
    next_cursor: str | None


class SiteReadingOut(Schema):
    """One answer of a meter of a site. Registers in Wh as read, before the multiplier."""

    room: str
    point: UUID
    serial: str
    address: str
    multiplier: int
    kind: Annotated[str, known(*KINDS.values())]
    read_at: datetime
    meter_at: datetime | None
    received_at: datetime
    total_wh: int
    rates_wh: list[int]
    quality: Annotated[str, known(*QUALITIES.values())]
    cause: str

    @classmethod
    def of(cls, row: ReadingLine) -> Self:
        """This method will write a reading for a machine."""
        return cls(
            room=row.room, point=row.room_public_id, serial=row.serial, address=row.address,
            multiplier=row.multiplier, kind=KINDS.get(row.kind, str(row.kind)), read_at=row.read_at,
            meter_at=row.meter_at, received_at=row.received_at, total_wh=row.total_wh, rates_wh=list(row.rates_wh),
            quality=QUALITIES.get(row.quality, str(row.quality)), cause=row.cause,
        )  # fmt: skip


class SiteReadingsOut(Schema):
    """A page of a site's readings, the newest first."""

    items: list[SiteReadingOut]
    next_cursor: str | None


class CaseOut(Schema):
    """Something that a person must look at."""

    id: UUID
    kind: str = Field(examples=["meter_lost"], description="Others may be added within v1")
    label: str
    hint: str
    subject_kind: str
    subject: str
    severity: Annotated[str, known("info", "warning", "urgent")]
    detail: dict[str, Any]
    owner: str
    opened_at: datetime
    seen_at: datetime
    hits: int

    @classmethod
    def of(cls, row: CaseLine) -> Self:
        """This method will write a case for a machine."""
        return cls(
            id=row.public_id, kind=row.kind, label=row.label, hint=row.hint, subject_kind=row.subject_kind,
            subject=row.subject_label or row.subject_id, severity=row.severity, detail=row.detail, owner=row.owner,
            opened_at=row.opened_at, seen_at=row.seen_at, hits=row.hits,
        )  # fmt: skip


class CasesOut(Schema):
    """A page of open cases, in the order in which they were opened."""

    items: list[CaseOut]
    next_cursor: str | None


class CaseDoneOut(Schema):
    """A case after somebody worked on it."""

    id: UUID
    state: Annotated[str, known("taken", "closed")]


class NoteIn(Strict):
    """What was found and done."""

    note: Reason


class NoticeOut(Schema):
    """A message of the outbox: to whom, by which way, and how far it came."""

    id: UUID
    account: UUID | None
    account_number: str
    kind: str
    channel: str
    recipient: str
    language: str
    subject: str
    body: str
    state: Annotated[str, known("pending", "sending", "sent", "delivered", "failed")]
    created_at: datetime
    delivered_at: datetime | None
    proof: str
    error: str

    @classmethod
    def of(cls, row: NoticeRow) -> Self:
        """This method will write a message for a machine."""
        return cls(
            id=row.public_id, account=row.account_public_id, account_number=row.account_number, kind=row.kind,
            channel=row.channel, recipient=row.recipient, language=row.language, subject=row.subject, body=row.body,
            state=row.state, created_at=row.created_at, delivered_at=row.delivered_at, proof=row.proof,
            error=row.error,
        )  # fmt: skip


class NoticesOut(Schema):
    """A page of messages, the newest first."""

    items: list[NoticeOut]
    next_cursor: str | None


class NoticeAgainOut(Schema):
    """A message that waits to be tried again."""

    id: UUID
    state: Annotated[str, known("pending")]


class CutsOut(Schema):
    """Whether disconnections are stopped at the site, and whether this changed it."""

    site: UUID
    stopped: bool
    changed: bool


class ApprovalOut(Schema):
    """What one login asked for and another decides."""

    id: UUID
    kind: Annotated[str, known("refund", "clearing", "reversal")]
    about: str = Field(description="The number of the account")
    amount: MoneyOut
    reason: str
    state: Annotated[str, known("waiting", "done", "refused", "withdrawn", "expired")]
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str
    document_id: UUID | None

    @classmethod
    def of(cls, row: ApprovalLine) -> Self:
        """This method will write a request for a machine."""
        return cls(
            id=row.public_id, kind=row.kind, about=row.about, amount=MoneyOut.of(row.amount), reason=row.reason,
            state=row.state, asked_by=row.asked_by, asked_at=row.asked_at, expires_at=row.expires_at,
            decided_by=row.decided_by, decided_at=row.decided_at, note=row.note, document_id=row.paper_id,
        )  # fmt: skip


class ApprovalsOut(Schema):
    """A page of requests."""

    items: list[ApprovalOut]
    next_cursor: str | None


class ApprovalDoneOut(Schema):
    """A request after it was decided, and the paper that it ended in."""

    id: UUID
    state: Annotated[str, known("done", "refused")]
    document_id: UUID | None


class ApprovalAskedOut(Schema):
    """Nothing was done yet: another login has to approve. Repeat with the same key, or look under ``address``."""

    approval_id: UUID
    address: str = Field(examples=["/api/v1/approvals/0193c0de-0000-7000-8000-000000000000"])
    detail: str
