"""Roles: those of the house kept up to date, those of one's own made from the permission matrix."""

from collections.abc import Collection

from prewatt.access import rights, roster, services
from prewatt.access.audit import Actor
from prewatt.access.models import Role, User
from prewatt.access.permissions import ROLES
from prewatt.usecases.work import unit_of_work


def bring_roles_up_to_date(*, actor: Actor) -> bool:
    """This function will give the roles of the house what this version says, and tell whether anything changed."""
    known = {code: set(permissions) for code, permissions in Role.objects.values_list("code", "permissions")}
    if all(known.get(code) == set(spec.permissions) for code, spec in ROLES.items()):
        return False
    with unit_of_work(actor=actor, verb="bring_roles_up_to_date"):
        services.ensure_roles()
    return True


def create_role(*, actor: Actor, scope_id: int, name: str, permissions: Collection[str]) -> str:
    """This function will make a role of one's own and return its code. Raises NotPermitted, RoleTooGreat, BadRole."""
    editor = _editor(actor)
    scope = roster.get_scope(user=editor, scope_id=scope_id)
    with unit_of_work(actor=actor, verb="create_role", scope=scope, subject=("role", name[:60])):
        return rights.create_role(editor=editor, scope=scope, name=name, permissions=permissions).code


def change_role(*, actor: Actor, code: str, name: str, permissions: Collection[str], seen: Collection[str]) -> None:
    """This function will set what a role of one's own may do, for all who hold it, from their next request on.

    Raises UnknownRole, NotPermitted, RoleTooGreat, BadRole, RoleChanged, LastAdministrator.
    """
    editor = _editor(actor)
    with unit_of_work(actor=actor, verb="change_role", subject=("role", code)):
        rights.change_role(editor=editor, code=code, name=name, permissions=permissions, seen=seen)


def set_role_safety(
    *, actor: Actor, code: str, idle_minutes: int, needs_second_factor: bool, alone_up_to: int | None
) -> None:
    """This function will set a role's time-out, whether it needs a second factor, and its limit.

    ``alone_up_to`` is the amount (minor units) up to which its holder acts alone.
    Raises UnknownRole, NotPermitted, BadRole.
    """
    editor = _editor(actor)
    with unit_of_work(actor=actor, verb="set_role_safety", subject=("role", code)):
        rights.set_role_safety(
            editor=editor,
            code=code,
            idle_minutes=idle_minutes,
            needs_second_factor=needs_second_factor,
            alone_up_to=alone_up_to,
        )


def end_role(*, actor: Actor, code: str) -> None:
    """This function will close a role of one's own that nobody holds. Raises UnknownRole, NotPermitted, RoleInUse."""
    editor = _editor(actor)
    with unit_of_work(actor=actor, verb="end_role", subject=("role", code)):
        rights.end_role(editor=editor, code=code)


def _editor(actor: Actor) -> User:
    assert actor.user is not None
    return actor.user
