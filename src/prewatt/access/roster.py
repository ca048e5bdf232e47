"""Logins and roles as an administrator sees them: those of the scopes that he administers, and no others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from prewatt.access.errors import UnknownLogin, UnknownRole
from prewatt.access.models import LinkPurpose, Membership, PasswordLink, Role, Scope, User
from prewatt.access.permissions import ROLES, Permission
from prewatt.access.queries import for_scope, get_user_permissions, is_permitted, scopes_of
from prewatt.kernel.clock import machine_now

ADMIN: Final = Permission.ADMIN_USERS
LOGINS_MAX: Final = 200
SCOPES_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """A part of the estate in which a role can hold. ``id`` is its row number; ``depth`` is 0 for an organisation."""

    id: int
    name: str
    kind: str
    depth: int


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that a login holds within a scope since an instant of the machine."""

    code: str
    name: str
    scope_id: int
    scope_name: str
    scope_kind: str
    from_at: datetime
    may_change: bool


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A login of the desk. ``state``: active, closed, or invited (nobody has set a password yet)."""

    public_id: UUID
    username: str
    name: str
    email: str
    phone: str
    state: str
    is_machine: bool
    last_login: datetime | None
    roles: tuple[HeldRole, ...]


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role and what it may do. ``is_own``: made here; ``may_change``: the reader may change what it may do."""

    code: str
    name: str
    permissions: frozenset[str]
    is_own: bool
    may_change: bool
    may_set_safety: bool
    scope_name: str
    idle_minutes: int
    needs_second_factor: bool
    alone_up_to: int | None
    holders: int


def list_scopes(*, user: User) -> list[ScopeRow]:
    """This function will list where the login may give roles, a scope above those below it."""
    found: list[Scope] = []
    for top in scopes_of(user=user, permission=ADMIN):
        found += Scope.objects.filter(path__startswith=top.path).order_by("path")[:SCOPES_MAX]
    return [ScopeRow(one.pk, one.name, one.kind, one.path.count("/") - 2) for one in found[:SCOPES_MAX]]


def get_scope(*, user: User, scope_id: int) -> Scope:
    """This function will return a scope that the login administers. Raises UnknownRole: not for this caller."""
    rows = for_scope(Scope.objects.filter(pk=scope_id), path_field="path", user=user, permission=ADMIN)
    scope = rows.first()
    if scope is None:
        raise UnknownRole("There is no such place, or you do not administer it.", hint="Choose one of the list.")
    return scope


def list_logins(*, user: User, text: str = "", role: str = "", state: str = "") -> list[LoginRow]:
    """This function will list the logins that hold, or held, a role where the reader administers; by name."""
    rows = _logins(user)
    if text:
        rows = rows.filter(
            Q(username__icontains=text) | Q(name__icontains=text) | Q(email__icontains=text) | Q(phone__icontains=text)
        )
    if role:
        rows = rows.filter(Exists(_visible(user).filter(user=OuterRef("pk"), role__code=role, to_at=None)))
    if state:
        rows = rows.filter(is_active=state != "closed")
    found = [_login_row(user, one) for one in rows.order_by("is_machine", "name", "username")[:LOGINS_MAX]]
    return [one for one in found if not state or one.state == state]


def get_login(*, user: User, public_id: UUID) -> LoginRow:
    """This function will return a login for its page. Raises UnknownLogin."""
    return _login_row(user, find_managed(user=user, public_id=public_id))


def find_managed(*, user: User, public_id: UUID) -> User:
    """This function will return a login that the reader sees, for a use case. Raises UnknownLogin."""
    found = _logins(user).filter(public_id=public_id).first()
    if found is None:
        raise UnknownLogin("There is no such login, or it is not within your scope.")
    return found


def find_open_link(*, user: User) -> datetime | None:
    """This function will tell until when a link that sets the login's password works (machine time)."""
    rows = PasswordLink.objects.filter(user=user, used_at=None, ended_at=None, expires_at__gt=machine_now())
    return rows.values_list("expires_at", flat=True).first()


def list_roles(*, user: User) -> list[RoleRow]:
    """This function will list the roles of the house, then those made within the reader's scopes, by name."""
    places = scopes_of(user=user, permission=ADMIN)
    mine = Q(scope=None)
    for place in places:
        mine |= Q(scope__path__startswith=place.path) | Q(scope__path__in=_paths_above(place.path))
    rows = Role.objects.select_related("scope").filter(mine, ended_at=None)
    order = {code: place for place, code in enumerate(ROLES)}
    found = sorted(rows, key=lambda role: (order.get(role.code, len(order)), role.name))
    holders = _count_holders(user)
    roots = list(Scope.objects.filter(parent=None))
    return [_role_row(user, role, holders.get(role.pk, 0), roots) for role in found]


def get_role(*, user: User, code: str) -> RoleRow:
    """This function will return a role that the reader sees. Raises UnknownRole."""
    for role in list_roles(user=user):
        if role.code == code:
            return role
    raise UnknownRole("There is no such role, or it is not within your scope.")


def get_inviter(*, link: PasswordLink) -> str:
    """This function will name who made a link."""
    return str(link.made_by) if link.made_by is not None else ""


def is_invitation(*, link: PasswordLink) -> bool:
    """This function will tell whether a link is somebody's first."""
    return link.purpose == LinkPurpose.INVITE


def _visible(user: User) -> QuerySet[Membership]:
    return for_scope(Membership.objects.all(), path_field="scope__path", user=user, permission=ADMIN)


def _logins(user: User) -> QuerySet[User]:
    shown = Prefetch(
        "memberships",
        _visible(user).filter(to_at=None).select_related("role", "scope").order_by("scope__path", "role__name"),
        to_attr="shown_memberships",
    )
    return User.objects.filter(Exists(_visible(user).filter(user=OuterRef("pk")))).prefetch_related(shown)


def _login_row(reader: User, user: User) -> LoginRow:
    shown: Sequence[Membership] = user.shown_memberships  # type: ignore[attr-defined]  # Prefetch(to_attr=...) makes it
    return LoginRow(
        public_id=user.public_id, username=user.username, name=user.name, email=user.email or "",
        phone=user.phone or "", state=_state(user), is_machine=user.is_machine, last_login=user.last_login,
        roles=tuple(_held(reader, row) for row in shown),
    )  # fmt: skip


def _held(reader: User, row: Membership) -> HeldRole:
    held = get_user_permissions(user=reader, scope=row.scope)
    return HeldRole(
        row.role.code, role_name(row.role), row.scope_id, row.scope.name, row.scope.kind, row.from_at,
        set(row.role.permissions) <= held,
    )  # fmt: skip


def _state(user: User) -> str:
    if not user.is_active:
        return "closed"
    return "invited" if not user.is_machine and not user.has_usable_password() else "active"


def role_name(role: Role) -> str:
    """This function will call a role of the house by its name in the reader's language."""
    return str(ROLES[role.code].label) if role.code in ROLES else role.name


def _role_row(user: User, role: Role, holders: int, roots: Sequence[Scope]) -> RoleRow:
    held = get_user_permissions(user=user, scope=role.scope) if role.scope is not None else frozenset()
    is_own = role.scope is not None
    safety = [role.scope] if role.scope is not None else roots
    return RoleRow(
        code=role.code, name=role_name(role), permissions=frozenset(role.permissions), is_own=is_own,
        may_change=is_own and ADMIN in held and set(role.permissions) <= held,
        may_set_safety=all(is_permitted(user=user, permission=ADMIN, scope=one) for one in safety),
        scope_name=role.scope.name if role.scope is not None else "", idle_minutes=role.idle_minutes,
        needs_second_factor=role.needs_second_factor, alone_up_to=role.alone_up_to, holders=holders,
    )  # fmt: skip


def _count_holders(user: User) -> dict[int, int]:
    holders: dict[int, set[int]] = {}
    for role_id, user_id in _visible(user).filter(to_at=None, user__is_active=True).values_list("role_id", "user_id"):
        holders.setdefault(role_id, set()).add(user_id)
    return {role_id: len(users) for role_id, users in holders.items()}


def _paths_above(path: str) -> list[str]:
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:count]) + "/" for count in range(1, len(parts))]
