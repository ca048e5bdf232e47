"""What a live page may listen to: opaque names, so that row numbers never leave the house."""

import json
from hashlib import blake2b
from typing import Any, Final

from django.conf import settings

ALL: Final = "all"
CASES: Final = "cases"
GUARD: Final = "guard"


def room_topic(point_id: int) -> str:
    """This function will name the topic of a metering point."""
    return f"r-{_token('point', point_id)}"


def account_topic(account_id: int) -> str:
    """This function will name the topic of an account."""
    return f"a-{_token('account', account_id)}"


def topics_of(payload: str) -> tuple[int | None, list[str]]:
    """This function will turn a message of the database into (site or None, topics). Raises ValueError."""
    said: dict[str, Any] = json.loads(payload)
    if said.get("many"):
        return said.get("site"), [ALL]
    topics = [room_topic(point) for point in said.get("points", ())]
    topics += [account_topic(account) for account in said.get("accounts", ())]
    return said.get("site"), [*topics, *([CASES] if said.get("cases") else []), GUARD]


def _token(kind: str, number: int) -> str:
    key = settings.SECRET_KEY.encode()[:64]
    return blake2b(f"{kind}:{number}".encode(), key=key, digest_size=6).hexdigest()
