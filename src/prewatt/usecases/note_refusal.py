"""What was refused before any use case began: written down, so that attempts can be seen."""

from django.db import transaction

from prewatt.access.audit import Actor, record_action
from prewatt.access.models import Outcome
from prewatt.kernel.clock import estate_now
from prewatt.kernel.errors import Refused


def note_refusal(*, actor: Actor, verb: str, subject: tuple[str, str], why: Refused) -> None:
    """This function will append an action row that says what was refused, to whom and why. ``subject``: (kind, id)."""
    with transaction.atomic():
        record_action(
            actor=actor, verb=verb, now=estate_now(), subject=subject, outcome=Outcome.REFUSED, detail=str(why)
        )
