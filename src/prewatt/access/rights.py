"""Who may give which rights: roles of one's own, roles given and taken, logins closed. All inside a unit of work.

Three rules hold everywhere. Nobody gives, changes or takes a right that they do not hold there themselves. What a role
may do is changed only by who administers the scope that the role belongs to; the roles of the house belong to nobody.
And an organisation that has an administrator keeps one: who changes roles locks the organisation's row first.
"""

import secrets
from collections.abc import Collection, Iterable
from typing import Final

from django.db.models import Q

from prewatt.access.audit import require_unit_of_work
from prewatt.access.errors import BadRole, LastAdministrator, RoleChanged, RoleInUse, RoleTooGreat, UnknownRole
from prewatt.access.models import Membership, Role, Scope, User
from prewatt.access.permissions import Permission
from prewatt.access.queries import get_user_permissions, is_permitted
from prewatt.kernel.clock import machine_now
from prewatt.kernel.errors import NotPermitted

ADMIN: Final = Permission.ADMIN_USERS
IDLE_MINUTES_MAX: Final = 720
ALONE_MAX: Final = 10**12
NAME_CHARS_MAX: Final = 60


def create_role(*, editor: User, scope: Scope, name: str, permissions: Collection[str]) -> Role:
    """This function will make a role that can be given within the scope. Raises NotPermitted, RoleTooGreat, BadRole."""
    require_unit_of_work()
    _require_held(editor, scope, permissions)
    return Role.objects.create(
        code=f"own-{secrets.token_hex(5)}", name=_name(name), scope=scope, permissions=sorted(_known(permissions))
    )


def change_role(*, editor: User, code: str, name: str, permissions: Collection[str], seen: Collection[str]) -> Role:
    """This function will set what a role of one's own may do; whoever holds it feels it with the next request.

    ``seen`` is what the editor was shown: raises RoleChanged when somebody else changed it since. Raises UnknownRole,
    NotPermitted, RoleTooGreat, BadRole, LastAdministrator.
    """
    require_unit_of_work()
    role = _own_role(editor, code)
    assert role.scope is not None
    if set(role.permissions) != set(seen):
        raise RoleChanged("Somebody else has changed this role meanwhile.", hint="Look at it again, then change it.")
    _require_held(editor, role.scope, {*role.permissions, *permissions})
    with_roots = _lock_organisations([role.scope])
    role.name, role.permissions = _name(name), sorted(_known(permissions))
    role.save(update_fields=["name", "permissions"])
    _require_administrators(with_roots)
    return role


def end_role(*, editor: User, code: str) -> Role:
    """This function will close a role of one's own that nobody holds. Raises RoleInUse, UnknownRole, NotPermitted."""
    require_unit_of_work()
    role = _own_role(editor, code)
    if Membership.objects.filter(role=role, to_at=None).exists():
        raise RoleInUse("People hold this role.", hint="Give them another first.")
    role.ended_at = machine_now()
    role.save(update_fields=["ended_at"])
    return role


def set_role_safety(
    *, editor: User, code: str, idle_minutes: int, needs_second_factor: bool, alone_up_to: int | None
) -> Role:
    """This function will set a role's time-out, whether it needs a second factor, and what it moves alone.

    A role of the house counts for everybody: only who administers every organisation may. Raises UnknownRole,
    NotPermitted, BadRole.
    """
    require_unit_of_work()
    rows = Role.objects.select_for_update(of=("self",)).select_related("scope")
    role = rows.filter(code=code, ended_at=None).first()
    if role is None:
        raise UnknownRole("There is no role %(role)s.", role=code)
    scopes = [role.scope] if role.scope is not None else list(Scope.objects.filter(parent=None))
    if not all(is_permitted(user=editor, permission=ADMIN, scope=scope) for scope in scopes):
        raise NotPermitted("This role counts elsewhere too.", hint="Ask who administers everything.")
    if not 0 <= idle_minutes <= IDLE_MINUTES_MAX:
        raise BadRole("The time does not fit.", hint="Use 0 to 720 minutes; 0 for no time-out.")
    if alone_up_to is not None and not 0 <= alone_up_to <= ALONE_MAX:
        raise BadRole("The amount does not fit.", hint="Use zero or more; leave it empty for no limit.")
    role.alone_up_to = alone_up_to
    role.idle_minutes, role.needs_second_factor = idle_minutes, needs_second_factor
    role.save(update_fields=["idle_minutes", "needs_second_factor", "alone_up_to"])
    return role


def give_role(*, editor: User, user: User, code: str, scope: Scope) -> Membership:
    """This function will give a role within a scope and all below; twice is once. Effective with the next request.

    Raises UnknownRole, NotPermitted, RoleTooGreat, BadRole when the role belongs elsewhere.
    """
    require_unit_of_work()
    role = Role.objects.select_related("scope").filter(code=code, ended_at=None).first()
    if role is None or (role.scope is not None and not scope.path.startswith(role.scope.path)):
        raise UnknownRole("There is no such role there.", hint="A role of one's own can be given where it belongs.")
    _require_held(editor, scope, role.permissions)
    made, _ = Membership.objects.get_or_create(
        user=user, role=role, scope=scope, to_at=None, defaults={"from_at": machine_now()}
    )
    return made


def take_role(*, editor: User, user: User, code: str, scope: Scope) -> bool:
    """This function will end a role from the next request on, and say whether there was one.

    Raises NotPermitted, RoleTooGreat, LastAdministrator.
    """
    require_unit_of_work()
    with_roots = _lock_organisations([scope])
    rows = Membership.objects.select_related("role").filter(user=user, role__code=code, scope=scope, to_at=None)
    row = rows.first()
    _require_held(editor, scope, row.role.permissions if row is not None else ())
    if row is None:
        return False
    row.to_at = machine_now()
    row.save(update_fields=["to_at"])
    _require_administrators(with_roots)
    return True


def turn_login(*, editor: User, user: User, active: bool) -> None:
    """This function will close a login to its owner, or open it again. Raises NotPermitted, LastAdministrator."""
    require_unit_of_work()
    if user == editor:
        raise BadRole("This is your own login.", hint="Ask another administrator.")
    with_roots = _lock_organisations(require_over(editor=editor, user=user))
    user.is_active = active
    user.save(update_fields=["is_active"])
    _require_administrators(with_roots)


def require_over(*, editor: User, user: User) -> list[Scope]:
    """This function will return where a login has roles; the editor must hold as much in each of them. It only reads.

    Who may set another's password could be him: a smaller administrator must not. Raises NotPermitted, RoleTooGreat.
    """
    rows = Membership.objects.select_related("role", "scope").filter(user=user)
    held = list(rows.filter(to_at=None)) or list(rows)
    if not held:
        raise NotPermitted("This login is not of your desk.", hint="Tenants are invited from their account.")
    for row in held:
        _require_held(editor, row.scope, row.role.permissions if row.to_at is None else ())
    return [row.scope for row in held]


def _require_held(editor: User, scope: Scope, permissions: Iterable[str]) -> None:
    held = get_user_permissions(user=editor, scope=scope)
    if ADMIN not in held:
        raise NotPermitted("You do not administer this place.", hint="Ask an administrator of it.")
    if missing := set(permissions) - held:
        raise RoleTooGreat(
            "This would give or take rights that you do not hold yourself: %(rights)s.",
            hint="Ask somebody who holds them.",
            rights=tuple(sorted(missing)),
        )


def _own_role(editor: User, code: str) -> Role:
    role = Role.objects.select_for_update(of=("self",)).select_related("scope").filter(code=code, ended_at=None).first()
    if role is None or role.scope is None:
        raise UnknownRole("There is no such role that can be changed.", hint="Make one of your own from it.")
    if not is_permitted(user=editor, permission=ADMIN, scope=role.scope):
        raise UnknownRole("There is no such role that can be changed.", hint="Make one of your own from it.")
    _require_held(editor, role.scope, role.permissions)
    return role


def _known(permissions: Collection[str]) -> set[str]:
    unknown = set(permissions) - set(Permission)
    if unknown or not permissions:
        raise BadRole("A role needs at least one right, of those on the list.")
    return set(permissions)


def _name(name: str) -> str:
    plain = " ".join(name.split())
    if not plain or len(plain) > NAME_CHARS_MAX:
        raise BadRole("A role needs a name of up to 60 characters.")
    return plain


def _lock_organisations(scopes: Iterable[Scope]) -> list[Scope]:
    """This function will lock the organisations of these scopes, and return those that have an administrator now."""
    roots = {"/" + scope.path.strip("/").split("/")[0] + "/" for scope in scopes}
    locked = Scope.objects.select_for_update().filter(path__in=roots).order_by("pk")
    return [root for root in locked if _has_administrator(root)]


def _require_administrators(organisations: Iterable[Scope]) -> None:
    for one in organisations:
        if not _has_administrator(one):
            raise LastAdministrator(
                "%(where)s would have no administrator any more.", hint="Make somebody else one first.", where=one.name
            )


def _has_administrator(organisation: Scope) -> bool:
    """This function will tell whether a person who can sign in administers the whole of an organisation."""
    rows = Membership.objects.filter(
        Q(to_at=None), scope=organisation, role__permissions__contains=[ADMIN], role__ended_at=None,
        user__is_active=True, user__is_machine=False,
    )  # fmt: skip
    return any(row.user.has_usable_password() for row in rows.select_related("user"))
