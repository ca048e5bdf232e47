"""A machine's request with a key: done once, and its answer kept in the transaction that did it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection, transaction

from prewatt.access.audit import Actor
from prewatt.access.idempotency import KeptAnswer, find_kept_answer, keep_answer
from prewatt.kernel.errors import Refused
from prewatt.usecases.work import LOCK_TIMEOUT_MS


def answer_once(
    *, actor: Actor, key: str, body_hash: str, status: int, act: Callable[[], Mapping[str, Any]]
) -> KeptAnswer:
    """This function will do what a machine asks for once, and give the same answer however often it asks again.

    ``act`` runs use cases; what they write and the answer are committed together or not at all. A refusal is no
    answer: what it left in the action log stays, and the key is free to be tried again. Raises KeyReused when the key
    came with another body, and whatever ``act`` raises.
    """
    if actor.user is None:
        raise RuntimeError("a key belongs to a machine's login")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_TIMEOUT_MS}ms"])
        kept = find_kept_answer(user=actor.user, key=key, body_hash=body_hash)
        if kept is not None:
            return kept
        done = _try(act, status)
        if isinstance(done, KeptAnswer):
            keep_answer(user=actor.user, key=key, body_hash=body_hash, status=status, answer=done.answer)
            return done
    raise done


def _try(act: Callable[[], Mapping[str, Any]], status: int) -> KeptAnswer | Refused:
    """This function will act, and hand a refusal on as a value: the log of it is to be committed, not rolled back."""
    try:
        return KeptAnswer(status=status, answer=dict(act()))
    except Refused as refused:
        return refused
