"""What the operations have in common: pages of lists, the answers that there are, and the key of a writing request."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Header, Query, Schema

from prewatt.api import cursors
from prewatt.api.door import actor_of
from prewatt.api.schemas import ProblemOut
from prewatt.usecases.answer_once import answer_once

T = TypeVar("T")
TEXT: Final = r"^[^\x00]*$"

Limit = Annotated[int, Query(ge=1, le=200, description="Rows to a page")]
Cursor = Annotated[str | None, Query(max_length=200, description="next_cursor of the page before")]
Text = Annotated[str, Query(max_length=80, pattern=TEXT)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=120,
        pattern=r"^[!-~]+$",
        description="Yours, made before the first try. The same key and body gets the same answer, however often; "
        "the same key with another body gets 409",
    ),
]
_PROBLEMS: Final[dict[int, type[ProblemOut]]] = dict.fromkeys((400, 401, 403, 404, 422, 429, 500, 503), ProblemOut)


def answers(status: int, schema: Any, *more: int) -> dict[int, Any]:
    """This function will say what an operation answers: its own schema, and every problem that any may have."""
    return {status: schema, **_PROBLEMS, **dict.fromkeys(more, ProblemOut)}


def written(status: int, schema: Any) -> dict[int, Any]:
    """This function will say what a writing operation answers: a conflict too."""
    return answers(status, schema, 409)


def page_of(
    rows: Sequence[T], *, limit: int, place: Callable[[T], tuple[object, ...]]
) -> tuple[Sequence[T], str | None]:
    """This function will cut one row too many off a page, and write where the list goes on."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursors.encode(*place(rows[limit - 1]))


def once(
    request: HttpRequest, key: str, act: Callable[[], Schema], *, asked: object = None, status: int = 200
) -> HttpResponse:
    """This function will do what is asked once for the machine's key, and answer as the first time.

    ``asked`` is the body; the address of the request counts too.
    """

    def answer() -> dict[str, Any]:
        return act().model_dump(mode="json")

    kept = answer_once(
        actor=actor_of(request), key=key, body_hash=hash_of(request.path, asked), status=status, act=answer
    )  # fmt: skip
    return JsonResponse(kept.answer, status=kept.status)


def hash_of(path: str, asked: object) -> str:
    """This function will hash what a request asks for: its address and its body."""
    body = asked.model_dump(mode="json") if isinstance(asked, Schema) else asked
    return hashlib.sha256(json.dumps([path, body], sort_keys=True).encode()).hexdigest()


def trade_token(request: HttpRequest, key: str) -> str:
    """This function will make the number of a trade from the machine's key: the same key is the same trade for ever."""
    machine: UUID = actor_of(request).user.public_id  # type: ignore[union-attr]  # a token always has its login
    return f"api:{hashlib.sha256(f'{machine}:{key}'.encode()).hexdigest()}"
