"""What a person does about a case: take it on, close it."""

from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.models import User
from prewatt.cases import services
from prewatt.cases.errors import UnknownCase
from prewatt.cases.queries import CaseLine, get_open_case
from prewatt.usecases.work import unit_of_work


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


def _open(actor: Actor, public_id: UUID) -> tuple[CaseLine, User]:
    if actor.user is None:
        raise UnknownCase("A case is worked on by a named person.")
    return get_open_case(user=actor.user, public_id=public_id), actor.user
