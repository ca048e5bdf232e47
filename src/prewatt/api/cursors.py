"""Cursors: where a list goes on, as a text that means nothing outside."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from prewatt.kernel.errors import Refused
from prewatt.kernel.period import require_aware


class BadCursor(Refused):
    """The cursor is not one that an earlier page gave."""

    code = "bad_cursor"


def encode(*parts: object) -> str:
    """This function will write a place in a list as a cursor."""
    text = "~".join(part.isoformat() if isinstance(part, datetime) else str(part) for part in parts)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def to_uuid(cursor: str | None) -> UUID | None:
    """This function will read the place after a public id. Raises BadCursor."""
    if cursor is None:
        return None
    with _or_refuse():
        (text,) = _parts(cursor)
        return UUID(text)


def to_number(cursor: str | None) -> int | None:
    """This function will read the place before a number. Raises BadCursor."""
    if cursor is None:
        return None
    with _or_refuse():
        (text,) = _parts(cursor)
        return int(text)


def to_instant_and_number(cursor: str | None) -> tuple[datetime, int] | None:
    """This function will read the place before an instant and a number. Raises BadCursor."""
    if cursor is None:
        return None
    with _or_refuse():
        instant, number = _parts(cursor)
        return require_aware(datetime.fromisoformat(instant)), int(number)


def to_instant_id_and_number(cursor: str | None) -> tuple[datetime, UUID, int] | None:
    """This function will read the place before an instant, a public id and a number. Raises BadCursor."""
    if cursor is None:
        return None
    with _or_refuse():
        instant, public_id, number = _parts(cursor)
        return require_aware(datetime.fromisoformat(instant)), UUID(public_id), int(number)


def to_text_and_number(cursor: str | None) -> tuple[str, int] | None:
    """This function will read the place after a text and a number. Raises BadCursor."""
    if cursor is None:
        return None
    with _or_refuse():
        text, number = _parts(cursor)
        return text, int(number)


def _parts(cursor: str) -> list[str]:
    padded = cursor + "=" * (-len(cursor) % 4)
    return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode().split("~")


@contextmanager
def _or_refuse() -> Iterator[None]:
    """This function will turn whatever is wrong with a cursor into one refusal."""
    try:
        yield
    except ValueError as error:  # bad base64, bad text, bad id and bad number are all kinds of it
        raise BadCursor("The cursor is not one of ours.", hint="Use next_cursor of the page before.") from error
