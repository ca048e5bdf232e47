"""Customers and accounts: who they are, what is in their ledger, their papers, use and months."""

from datetime import date
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from prewatt.access.permissions import Permission
from prewatt.api import cursors
from prewatt.api.common import TEXT, Cursor, Key, Limit, Text, answers, once, page_of, written
from prewatt.api.door import actor_of, machine_of, permitted
from prewatt.api.schemas import AccountOut, AccountsOut, Day, LedgerLineOut, LedgerOut
from prewatt.api.schemas_money import (
    CustomerOut,
    CustomersOut,
    IssuedOut,
    MonthOut,
    MonthsOut,
    PaperOut,
    PapersOut,
    StatementIn,
    UsageOut,
)
from prewatt.kernel.clock import estate_now
from prewatt.ledger.queries import list_postings
from prewatt.tenancy.queries import get_account, get_customer, list_accounts, list_customers
from prewatt.usecases.issue_statement import issue_statement
from prewatt.usecases.print_document import print_document
from prewatt.usecases.see_documents import PapersWanted, list_desk_documents
from prewatt.usecases.see_months import see_account_months, see_site_month
from prewatt.usecases.see_site import find_site, get_site
from prewatt.usecases.see_usage import see_day_usage

READ = Permission.API_READ
VIEW = Permission.ACCOUNT_VIEW
router = Router(tags=["accounts"])


@router.get("/customers", response=answers(200, CustomersOut), summary="List customers", operation_id="list_customers")
@permitted(VIEW)
def customers(request: HttpRequest, cursor: Cursor = None, limit: Limit = 100) -> CustomersOut:
    """Customers with an account within the token's scope, in the order of their ids."""
    rows = list_customers(user=machine_of(request), after=cursors.to_uuid(cursor), limit=limit + 1)
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return CustomersOut(items=[CustomerOut.of(row) for row in page], next_cursor=next_cursor)


@router.get(
    "/customers/{customer_id}", response=answers(200, CustomerOut), summary="Get a customer",
    operation_id="get_customer",
)  # fmt: skip
@permitted(VIEW)
def customer(request: HttpRequest, customer_id: UUID) -> CustomerOut:
    """One customer."""
    return CustomerOut.of(get_customer(user=machine_of(request), public_id=customer_id))


@router.get("/accounts", response=answers(200, AccountsOut), summary="List accounts", operation_id="list_accounts")
@permitted(READ)
def accounts(
    request: HttpRequest,
    *,
    site: UUID | None = None,
    customer: UUID | None = None,
    state: Annotated[str, Query(pattern=r"^(open|closed)?$", description="open or closed; empty: both")] = "",
    q: Annotated[
        str, Query(max_length=80, pattern=TEXT, description="Number, name, phone, room or meter; each word must be met")
    ] = "",
    cursor: Cursor = None,
    limit: Limit = 100,
) -> AccountsOut:
    """Accounts within the token's scope, in the order of their ids."""
    page = list_accounts(
        user=machine_of(request), site_public_id=site, customer_public_id=customer, state=state, text=q,
        after=cursors.to_uuid(cursor), limit=limit, permission=READ,
    )  # fmt: skip
    next_cursor = cursors.encode(page.next_cursor) if page.next_cursor is not None else None
    return AccountsOut(items=[AccountOut.of(one) for one in page.accounts], next_cursor=next_cursor)


@router.get(
    "/accounts/{account_id}", response=answers(200, AccountOut), summary="Get an account", operation_id="get_account"
)
@permitted(READ)
def account(request: HttpRequest, account_id: UUID) -> AccountOut:
    """One account with its balance and what is available."""
    return AccountOut.of(get_account(user=machine_of(request), public_id=account_id, permission=READ))


@router.get(
    "/accounts/{account_id}/ledger",
    response=answers(200, LedgerOut),
    summary="List an account's ledger",
    operation_id="list_ledger",
)
@permitted(READ)
def ledger(request: HttpRequest, account_id: UUID, cursor: Cursor = None, limit: Limit = 100) -> LedgerOut:
    """The postings on an account, the newest first."""
    facts = get_account(user=machine_of(request), public_id=account_id, permission=READ)
    rows = list_postings(
        ledger_account_ids=facts.ledger_account_ids, before_seq=cursors.to_number(cursor), limit=limit + 1
    )
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.seq,))
    return LedgerOut(items=[LedgerLineOut.of(row) for row in page], next_cursor=next_cursor)


@router.get(
    "/accounts/{account_id}/usage",
    response=answers(200, UsageOut),
    summary="List an account's use by day",
    operation_id="list_usage",
)
@permitted(Permission.READINGS_VIEW)
def usage(
    request: HttpRequest,
    account_id: UUID,
    days: Annotated[int, Query(ge=1, le=400, description="Back from today")] = 31,
) -> UsageOut:
    """What the account's rooms used, by local day and band."""
    facts = get_account(user=machine_of(request), public_id=account_id, permission=Permission.READINGS_VIEW)
    zone = get_site(site_id=facts.site_id).zone
    return UsageOut.of(see_day_usage(account_id=facts.id, zone=zone, now=estate_now(), days=days))


@router.get(
    "/accounts/{account_id}/months",
    response=answers(200, MonthsOut),
    summary="List an account's months",
    operation_id="list_months",
)
@permitted(VIEW)
def months(request: HttpRequest, account_id: UUID) -> MonthsOut:
    """The months that the account pays ahead, the last twelve."""
    facts = get_account(user=machine_of(request), public_id=account_id)
    return MonthsOut(items=[MonthOut.of(row) for row in see_account_months(account_id=facts.id)])


@router.get(
    "/sites/{site_id}/months/{month}",
    response=answers(200, MonthsOut),
    summary="List a site's accounts in a month",
    operation_id="list_site_month",
)
@permitted(VIEW)
def site_month(
    request: HttpRequest, site_id: UUID, month: Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
) -> MonthsOut:  # fmt: skip
    """The accounts that pay ahead, those that differ most from their estimate first."""
    user = machine_of(request)
    site = find_site(user=user, permission=VIEW, public_id=site_id)
    view = see_site_month(user=user, site_id=site.id, month=date.fromisoformat(f"{month}-01"))
    return MonthsOut(items=[MonthOut.of(row) for row in view.lines])


@router.post(
    "/accounts/{account_id}/statements",
    response=written(201, IssuedOut),
    summary="Issue an account's statement",
    operation_id="issue_statement",
)
@permitted(Permission.PAPERS_ISSUE)
def statement(request: HttpRequest, account_id: UUID, body: StatementIn, key: Key) -> HttpResponse:
    """The statement of a month that is over; when one is in force, that."""
    facts = get_account(user=machine_of(request), public_id=account_id, permission=Permission.PAPERS_ISSUE)
    month = date.fromisoformat(f"{body.month}-01")

    def act() -> IssuedOut:
        return IssuedOut.of(issue_statement(actor=actor_of(request), account_id=facts.id, month=month))

    return once(request, key, act, asked=body, status=201)


@router.get("/papers", response=answers(200, PapersOut), summary="List a site's papers", operation_id="list_papers")
@permitted(VIEW)
def papers(
    request: HttpRequest,
    *,
    site: UUID,
    kind: Annotated[str, Query(max_length=20, pattern=TEXT, description="receipt, refund, statement, …")] = "",
    q: Text = "",
    from_day: Day | None = None,
    to_day: Day | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PapersOut:
    """Papers that were issued, the newest first; ``q`` is a number, an account or a customer."""
    user = machine_of(request)
    before = cursors.to_uuid(cursor)
    wanted = PapersWanted(
        text=q, kinds=(kind,) if kind else (), from_day=from_day, to_day=to_day,
        before=str(before) if before is not None else "",
    )  # fmt: skip
    place = find_site(user=user, permission=VIEW, public_id=site)
    rows = list_desk_documents(user=user, site=place, wanted=wanted, limit=limit + 1)
    page, next_cursor = page_of(rows, limit=limit, place=lambda row: (row.public_id,))
    return PapersOut(items=[PaperOut.of(row) for row in page], next_cursor=next_cursor)


@router.get(
    "/papers/{paper_id}.pdf",
    response=answers(200, None),
    summary="Get a paper as PDF",
    operation_id="get_paper_pdf",
    openapi_extra={
        "responses": {200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}}
    },
)
@permitted(VIEW)
def paper_pdf(
    request: HttpRequest,
    paper_id: Annotated[UUID, Path()],
    form: Annotated[str, Query(pattern=r"^[a-z0-9]{0,12}$", description="a4 or slip; empty: the kind's first")] = "",
) -> HttpResponse:
    """The paper as it was printed first, byte for byte."""
    user, address = machine_of(request), str(request.META.get("REMOTE_ADDR", ""))
    data = print_document(user=user, public_id=paper_id, form=form, address=address)
    return HttpResponse(data, content_type="application/pdf")
