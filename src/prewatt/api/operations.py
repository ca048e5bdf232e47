"""The operations: each makes one call and writes the answer."""

import hashlib
import json
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Header, Query, Router

from prewatt.access.permissions import Permission
from prewatt.api import cursors
from prewatt.api.door import actor_of, machine_of, permitted
from prewatt.api.schemas import (
    AccountOut,
    AccountsOut,
    CommandOut,
    CommandsOut,
    LedgerLineOut,
    LedgerOut,
    MeterOut,
    MetersOut,
    ProblemOut,
    ReadingOut,
    ReadingsOut,
    ReadingsWanted,
    TopUpIn,
    TopUpOut,
)
from prewatt.kernel.errors import NotFound
from prewatt.kernel.money import Money
from prewatt.ledger.queries import list_postings
from prewatt.metering.queries.readings import list_installation_readings
from prewatt.payments.values import PaymentResult
from prewatt.supply.meter_list import get_meter, list_meters
from prewatt.supply.queries import find_command, list_commands
from prewatt.tenancy.queries import get_account, list_accounts
from prewatt.usecases.take_payment import KeyedRequest, take_payment_by_key

READ: Final = Permission.API_READ
TAKE: Final = Permission.API_TAKE
router = Router()

Limit = Annotated[int, Query(ge=1, le=200, description="Rows to a page")]
Cursor = Annotated[str | None, Query(max_length=200, description="next_cursor of the page before")]
Point = Annotated[str, Query(max_length=40, pattern=r"^[^\x00]*$", description="Only the meter on this metering point")]
_PROBLEMS: Final[dict[int, type[ProblemOut]]] = dict.fromkeys((400, 401, 403, 404, 422, 500, 503), ProblemOut)


def _answers(status: int, schema: Any, *more: int) -> dict[int, Any]:
    return {status: schema, **_PROBLEMS, **dict.fromkeys(more, ProblemOut)}


@router.get("/accounts", response=_answers(200, AccountsOut), summary="List accounts", operation_id="list_accounts")
@permitted(READ)
def accounts(
    request: HttpRequest, site: UUID | None = None, cursor: Cursor = None, limit: Limit = 100
) -> AccountsOut:  # fmt: skip
    """Accounts within the token's scope, in the order of their ids."""
    page = list_accounts(
        user=machine_of(request), site_public_id=site, after=cursors.to_uuid(cursor), limit=limit, permission=READ
    )
    next_cursor = cursors.encode(page.next_cursor) if page.next_cursor is not None else None
    return AccountsOut(items=[AccountOut.of(one) for one in page.accounts], next_cursor=next_cursor)


@router.get(
    "/accounts/{account_id}", response=_answers(200, AccountOut), summary="Get an account", operation_id="get_account"
)
@permitted(READ)
def account(request: HttpRequest, account_id: UUID) -> AccountOut:
    """One account with its balance and what is available."""
    return AccountOut.of(get_account(user=machine_of(request), public_id=account_id, permission=READ))


@router.get(
    "/accounts/{account_id}/ledger",
    response=_answers(200, LedgerOut),
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
    next_cursor = cursors.encode(rows[limit - 1].seq) if len(rows) > limit else None
    return LedgerOut(items=[LedgerLineOut.of(row) for row in rows[:limit]], next_cursor=next_cursor)


@router.post(
    "/accounts/{account_id}/top-ups",
    response=_answers(201, TopUpOut, 409),
    summary="Top up an account",
    operation_id="take_top_up",
)
@permitted(TAKE)
def top_up(
    request: HttpRequest,
    account_id: UUID,
    body: TopUpIn,
    idempotency_key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=8,
            max_length=120,
            pattern=r"^[!-~]+$",
            description="Yours, made before the first try. The same key and body gets the same answer, however often; "
            "the same key with another body gets 409",
        ),
    ],
) -> HttpResponse:
    """Credit money once. Repeat with the same key until you have an answer."""
    facts = get_account(user=machine_of(request), public_id=account_id, permission=TAKE)
    kept, _ = take_payment_by_key(
        actor=actor_of(request),
        account_id=facts.id,
        amount=Money.parse(body.amount, body.currency),
        channel=body.channel,
        request=KeyedRequest(key=idempotency_key, body_hash=_hash(account_id, body), answer=_top_up_answer),
    )
    return JsonResponse(kept.answer, status=kept.status)


def _hash(account_id: UUID, body: TopUpIn) -> str:
    """This function will hash what a request asks for: the account in its address too."""
    asked = {"account": str(account_id), **body.model_dump(mode="json")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _top_up_answer(result: PaymentResult) -> dict[str, Any]:
    return TopUpOut.of(result).model_dump(mode="json")


@router.get("/meters", response=_answers(200, MetersOut), summary="List meters", operation_id="list_meters")
@permitted(READ)
def meters(
    request: HttpRequest,
    cursor: Cursor = None,
    limit: Limit = 100,
    point: Point = "",
) -> MetersOut:
    """Meters that hang within the token's scope, in the order of their ids."""
    page = list_meters(
        user=machine_of(request), permission=READ, after=cursors.to_uuid(cursor), point=point, limit=limit
    )  # fmt: skip
    next_cursor = cursors.encode(page.next_cursor) if page.next_cursor is not None else None
    return MetersOut(items=[MeterOut.of(one) for one in page.meters], next_cursor=next_cursor)


@router.get("/meters/{meter_id}", response=_answers(200, MeterOut), summary="Get a meter", operation_id="get_meter")
@permitted(READ)
def meter(request: HttpRequest, meter_id: UUID) -> MeterOut:
    """One meter: what its relay should be, what it last proved, and its last accepted registers."""
    return MeterOut.of(get_meter(user=machine_of(request), permission=READ, public_id=meter_id))


@router.get(
    "/meters/{meter_id}/readings",
    response=_answers(200, ReadingsOut),
    summary="List a meter's readings",
    operation_id="list_readings",
)
@permitted(READ)
def readings(request: HttpRequest, meter_id: UUID, wanted: Query[ReadingsWanted]) -> ReadingsOut:
    """Readings since the meter was hung on its present point, from ``from_at`` (in) to ``to_at`` (out)."""
    found = get_meter(user=machine_of(request), permission=READ, public_id=meter_id)
    rows = list_installation_readings(
        installation_id=found.installation_id, from_at=wanted.from_at, to_at=wanted.to_at, limit=wanted.limit + 1,
        before=cursors.to_instant_and_number(wanted.cursor),
    )  # fmt: skip
    last = rows[wanted.limit - 1] if len(rows) > wanted.limit else None
    next_cursor = cursors.encode(last.read_at, last.kind_no) if last is not None else None
    return ReadingsOut(items=[ReadingOut.of(row) for row in rows[: wanted.limit]], next_cursor=next_cursor)


@router.get(
    "/meters/{meter_id}/commands",
    response=_answers(200, CommandsOut),
    summary="List the commands to a meter",
    operation_id="list_commands",
)
@permitted(READ)
def commands(request: HttpRequest, meter_id: UUID, limit: Limit = 50) -> CommandsOut:
    """The latest commands to the relay of the meter's metering point, the newest first."""
    found = get_meter(user=machine_of(request), permission=READ, public_id=meter_id)
    rows = list_commands(point_ids=[found.point_id], limit=limit)
    return CommandsOut(items=[CommandOut.of(row) for row in rows])


@router.get(
    "/commands/{command_id}", response=_answers(200, CommandOut), summary="Get a command", operation_id="get_command"
)
@permitted(READ)
def command(request: HttpRequest, command_id: UUID) -> CommandOut:
    """One command and how far it came."""
    row = find_command(public_id=command_id, user=machine_of(request), permission=READ)
    if row is None:
        raise NotFound("There is no such command, or it is not within your scope.")
    return CommandOut.of(row)
