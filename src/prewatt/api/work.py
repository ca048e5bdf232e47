"""What waits for people: open cases, and the outbox of messages."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from prewatt.access.permissions import Permission
from prewatt.api import cursors
from prewatt.api.common import TEXT, Cursor, Key, Limit, Text, answers, once, page_of, written
from prewatt.api.door import actor_of, machine_of, permitted
from prewatt.api.schemas_work import CaseDoneOut, CaseOut, CasesOut, NoteIn, NoticeAgainOut, NoticeOut, NoticesOut
from prewatt.cases.queries import get_open_case, page_open_cases
from prewatt.usecases.see_outbox import see_outbox, send_again
from prewatt.usecases.see_site import find_site
from prewatt.usecases.work_on_case import settle_case, take_case

WORK = Permission.CASES_WORK
VIEW = Permission.ACCOUNT_VIEW
router = Router(tags=["work"])
Word = Annotated[str, Query(max_length=40, pattern=TEXT)]
Page = Annotated[int, Query(ge=1, le=100, description="Rows to a page")]


@router.get("/cases", response=answers(200, CasesOut), summary="List open cases", operation_id="list_cases")
@permitted(Permission.ESTATE_VIEW)
def cases(
    request: HttpRequest, kind: Word = "", severity: Word = "", cursor: Cursor = None, limit: Limit = 100
) -> CasesOut:  # fmt: skip
    """What a person must look at, in the order in which it was met first."""
    rows = page_open_cases(
        user=machine_of(request), kind=kind, severity=severity, after=cursors.to_uuid(cursor), limit=limit + 1
    )
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return CasesOut(items=[CaseOut.of(row) for row in page], next_cursor=next_cursor)


@router.get("/cases/{case_id}", response=answers(200, CaseOut), summary="Get an open case", operation_id="get_case")
@permitted(Permission.ESTATE_VIEW)
def case(request: HttpRequest, case_id: UUID) -> CaseOut:
    """One open case."""
    return CaseOut.of(
        get_open_case(user=machine_of(request), public_id=case_id, permission=Permission.ESTATE_VIEW)
    )  # fmt: skip


@router.post(
    "/cases/{case_id}/take", response=written(200, CaseDoneOut), summary="Take a case", operation_id="take_case"
)
@permitted(WORK)
def take(request: HttpRequest, case_id: UUID, key: Key) -> HttpResponse:
    """Become the owner of an open case."""

    def act() -> CaseDoneOut:
        take_case(actor=actor_of(request), public_id=case_id)
        return CaseDoneOut(id=case_id, state="taken")

    return once(request, key, act)


@router.post(
    "/cases/{case_id}/close", response=written(200, CaseDoneOut), summary="Close a case", operation_id="close_case"
)
@permitted(WORK)
def close(request: HttpRequest, case_id: UUID, body: NoteIn, key: Key) -> HttpResponse:
    """Close a case by hand with a word that says what was found."""

    def act() -> CaseDoneOut:
        settle_case(actor=actor_of(request), public_id=case_id, note=body.note)
        return CaseDoneOut(id=case_id, state="closed")

    return once(request, key, act, asked=body)


@router.get(
    "/sites/{site_id}/notices", response=answers(200, NoticesOut), summary="List a site's messages",
    operation_id="list_notices",
)  # fmt: skip
@permitted(VIEW)
def notices(
    request: HttpRequest,
    *,
    site_id: UUID,
    state: Word = "",
    channel: Word = "",
    q: Text = "",
    cursor: Cursor = None,
    limit: Page = 50,
) -> NoticesOut:
    """The outbox, the newest first; ``q`` is in the recipient or the customer's name, or an account's number."""
    user = machine_of(request)
    site = find_site(user=user, permission=VIEW, public_id=site_id)
    rows, _ = see_outbox(
        user=user, site_id=site.id, state=state, channel=channel, text=q, before=cursors.to_uuid(cursor)
    )
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return NoticesOut(items=[NoticeOut.of(row) for row in page], next_cursor=next_cursor)


@router.post(
    "/notices/{notice_id}/send-again",
    response=written(200, NoticeAgainOut),
    summary="Send a failed message again",
    operation_id="send_notice_again",
)
@permitted(Permission.NOTICES_TELL)
def again(request: HttpRequest, notice_id: UUID, key: Key) -> HttpResponse:
    """Let a message that failed be tried again."""

    def act() -> NoticeAgainOut:
        send_again(actor=actor_of(request), notice_public_id=notice_id)
        return NoticeAgainOut(id=notice_id, state="pending")

    return once(request, key, act)
