"""A machine's repeated request gets the first one's answer; the answer is kept in the transaction that did the work."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.access.errors import KeyReused
from prewatt.access.models import IdempotentRequest, User
from prewatt.kernel.clock import machine_now


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered to the key: an HTTP status and a JSON body."""

    status: int
    answer: dict[str, Any]


def find_kept_answer(*, user: User, key: str, body_hash: str) -> KeptAnswer | None:
    """This function will return the answer that the key got before.

    Inside a transaction it first waits for another request with the same key. Raises KeyReused when the body was
    another.
    """
    _require_transaction()
    digest = hashlib.sha256(f"idempotent:{user.pk}:{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
    row = IdempotentRequest.objects.filter(user=user, key=key).first()
    if row is None:
        return None
    if row.body_hash != body_hash:
        raise KeyReused(
            f"The Idempotency-Key {key!r} was used with another body.", hint="Use a new key for a new request."
        )
    return KeptAnswer(status=row.status, answer=row.answer)


def keep_answer(*, user: User, key: str, body_hash: str, status: int, answer: Mapping[str, Any]) -> None:
    """This function will keep the answer beside the work it tells of."""
    _require_transaction()
    IdempotentRequest.objects.create(
        user=user, key=key, body_hash=body_hash, status=status, answer=dict(answer), machine_at=machine_now()
    )


def forget_answers(*, before: datetime) -> int:
    """This function will forget answers older than a machine instant and return how many."""
    require_unit_of_work()
    return IdempotentRequest.objects.filter(machine_at__lt=before).delete()[0]


def _require_transaction() -> None:
    """This function will refuse to work outside a transaction: the answer and its work are kept together or not."""
    if not connection.in_atomic_block:
        raise RuntimeError("a key is looked up and kept in the transaction of the work: go through prewatt.usecases")
