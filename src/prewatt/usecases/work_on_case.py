"""What a person does about a case: take it on, close it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import Action, Outcome, User
from prewatt.cases import services
from prewatt.cases.errors import TooLate, UnknownCase
from prewatt.cases.queries import CaseLine, get_closed_case, get_open_case
from prewatt.kernel.clock import machine_now
from prewatt.usecases.work import unit_of_work

UNDO_WITHIN: Final = timedelta(minutes=10)


def take_case(*, actor: Actor, public_id: UUID) -> None:
    """This function will make the person the owner of an open case. Raises UnknownCase."""
    case, user = _open(actor, public_id)
    with unit_of_work(actor=actor, verb="take_case", subject=("case", str(public_id))):
        services.claim_case(case_id=case.id, owner=user)


def settle_case(*, actor: Actor, public_id: UUID, note: str) -> None:
    """This function will close a case by hand. Raises UnknownCase, NoteMissing."""
    case, _ = _open(actor, public_id)
    with unit_of_work(actor=actor, verb="settle_case", subject=("case", str(public_id)), reason=note) as work:
        services.settle_case(case_id=case.id, note=note, now=work.now)


def reopen_case(*, actor: Actor, public_id: UUID) -> None:
    """This function will take back that the same person closed a case by hand, within ten minutes.

    What it was closed with stays in the audit trail. Raises UnknownCase, TooLate.
    """
    if actor.user is None:
        raise UnknownCase("A case is worked on by a named person.")
    case_id = get_closed_case(user=actor.user, public_id=public_id)
    with unit_of_work(actor=actor, verb="reopen_case", subject=("case", str(public_id))):
        closing = Action.objects.filter(
            verb="settle_case", outcome=Outcome.DONE, subject_id=str(public_id), actor=actor.user,
            machine_at__gte=machine_now() - UNDO_WITHIN,
        )  # fmt: skip
        if not closing.exists():
            raise TooLate("Only who closed a case can open it again, within ten minutes.")
        services.reopen_case(case_id=case_id)


def _open(actor: Actor, public_id: UUID) -> tuple[CaseLine, User]:
    if actor.user is None:
        raise UnknownCase("A case is worked on by a named person.")
    return get_open_case(user=actor.user, public_id=public_id), actor.user
