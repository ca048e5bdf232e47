"""What waits for a second person: list, approve, refuse."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from prewatt.access.permissions import Permission
from prewatt.api import cursors
from prewatt.api.common import Cursor, Key, answers, once, page_of, written
from prewatt.api.door import actor_of, machine_of, permitted
from prewatt.api.schemas_work import ApprovalDoneOut, ApprovalOut, ApprovalsOut, NoteIn
from prewatt.usecases.decide_approval import (
    approve_request,
    refuse_request,
    see_approval,
    see_decided,
    see_waiting,
)

VIEW = Permission.ACCOUNT_VIEW
router = Router(tags=["approvals"])


@router.get("/approvals", response=answers(200, ApprovalsOut), summary="List what waits", operation_id="list_approvals")
@permitted(VIEW)
def approvals(request: HttpRequest) -> ApprovalsOut:
    """What waits for a second person, the oldest first: at most 100."""
    return ApprovalsOut(items=[ApprovalOut.of(row) for row in see_waiting(user=machine_of(request))], next_cursor=None)


@router.get(
    "/approvals/decided", response=answers(200, ApprovalsOut), summary="List what was decided",
    operation_id="list_decided_approvals",
)  # fmt: skip
@permitted(VIEW)
def decided(
    request: HttpRequest,
    *,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Rows to a page")] = 50,
) -> ApprovalsOut:
    """What was approved, refused, taken back or ran out, the newest first."""
    user, before = machine_of(request), cursors.to_uuid(cursor)
    before_id = None if before is None else see_approval(user=user, public_id=before).id
    rows = see_decided(user=user, before_id=before_id, limit=limit + 1)
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return ApprovalsOut(items=[ApprovalOut.of(row) for row in page], next_cursor=next_cursor)


@router.get(
    "/approvals/{approval_id}", response=answers(200, ApprovalOut), summary="Get a request",
    operation_id="get_approval",
)  # fmt: skip
@permitted(VIEW)
def approval(request: HttpRequest, approval_id: UUID) -> ApprovalOut:
    """One request and how it ended."""
    return ApprovalOut.of(see_approval(user=machine_of(request), public_id=approval_id))


@router.post(
    "/approvals/{approval_id}/approve", response=written(200, ApprovalDoneOut), summary="Approve a request",
    operation_id="approve_request",
)  # fmt: skip
@permitted(Permission.MONEY_APPROVE)
def approve(request: HttpRequest, approval_id: UUID, key: Key) -> HttpResponse:
    """Do what another login asked for: at once, and once."""

    def act() -> ApprovalDoneOut:
        paper = approve_request(actor=actor_of(request), public_id=approval_id)
        return ApprovalDoneOut(id=approval_id, state="done", document_id=paper)

    return once(request, key, act)


@router.post(
    "/approvals/{approval_id}/refuse", response=written(200, ApprovalDoneOut), summary="Refuse a request",
    operation_id="refuse_request",
)  # fmt: skip
@permitted(Permission.MONEY_APPROVE)
def refuse(request: HttpRequest, approval_id: UUID, body: NoteIn, key: Key) -> HttpResponse:
    """Refuse what another login asked for, with a word that says why."""

    def act() -> ApprovalDoneOut:
        refuse_request(actor=actor_of(request), public_id=approval_id, note=body.note)
        return ApprovalDoneOut(id=approval_id, state="refused", document_id=None)

    return once(request, key, act, asked=body)
