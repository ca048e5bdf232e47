"""A login is made together with what it may do: without a role it could see nothing."""

from dataclasses import dataclass
from uuid import UUID

from prewatt.access.audit import Actor
from prewatt.access.services import create_login as make_login
from prewatt.access.services import ensure_organisation, ensure_roles, grant
from prewatt.usecases.work import unit_of_work


@dataclass(frozen=True, slots=True)
class LoginCreated:
    """The login that was made, and where its role holds."""

    public_id: UUID
    username: str
    organisation: str


def create_login(
    *, actor: Actor, username: str, password: str, name: str, role_code: str, organisation: str, language: str = "en"
) -> LoginCreated:
    """This function will make a login with a role in the organisation, which is made when it is not there.

    Raises BadLogin, LoginTaken, UnknownRole.
    """
    with unit_of_work(actor=actor, verb="create_login", subject=("login", username)):
        ensure_roles()
        scope = ensure_organisation(name=organisation)
        user = make_login(username=username, password=password, name=name, language=language)
        grant(user=user, role_code=role_code, scope=scope)
        return LoginCreated(user.public_id, user.username, scope.name)
