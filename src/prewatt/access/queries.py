"""Who may do what, where. The prefix test on a scope's path stands here and nowhere else."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from prewatt.access.contacts import is_mail, to_contact
from prewatt.access.models import ApiToken, Membership, Scope, User
from prewatt.kernel.clock import machine_now

M = TypeVar("M", bound=Model)

MACHINE_MARK = "pw"
TOKEN_CHARS_MAX = 200


class _Grant(NamedTuple):
    """A role that a login holds now: where, and what it permits."""

    scope: Scope
    permissions: frozenset[str]
    idle_minutes: int
    needs_second_factor: bool
    alone_up_to: int | None


class SessionRules(NamedTuple):
    """What the roles of a login ask of its sessions: the strictest of all that it holds."""

    idle_minutes: int
    """A session that rests so long ends; 0: only by its own age."""
    needs_second_factor: bool


_kept: ContextVar[dict[int, list[_Grant]] | None] = ContextVar("kept_grants", default=None)


@contextmanager
def rights_read_once() -> Iterator[None]:
    """This function will make a page that only reads ask once what each login may do: while it is drawn, no more."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def get_user_permissions(*, user: User, scope: Scope | None = None) -> frozenset[str]:
    """This function will return what the login may do in the scope; without one, what it may do anywhere."""
    found: set[str] = set()
    for grant in _grants(user):
        if scope is None or scope.path.startswith(grant.scope.path):
            found.update(grant.permissions)
    return frozenset(found)


def get_session_rules(*, user: User) -> SessionRules:
    """This function will return what the login's roles ask of its sessions."""
    grants = _grants(user)
    idle = [grant.idle_minutes for grant in grants if grant.idle_minutes]
    return SessionRules(min(idle, default=0), any(grant.needs_second_factor for grant in grants))


def get_alone_limit(*, user: User, permission: str, scope: Scope) -> int | None:
    """This function will return up to which amount (minor units) the login acts alone there; None: there is no limit.

    It is the greatest of those of its roles that give the permission. Without any such role, the strictest of all.
    """
    there = [grant for grant in _grants(user) if scope.path.startswith(grant.scope.path)]
    giving = [grant.alone_up_to for grant in there if permission in grant.permissions]
    if not giving:
        return min((grant.alone_up_to for grant in there if grant.alone_up_to is not None), default=0)
    return None if None in giving else max(one for one in giving if one is not None)


def is_permitted(*, user: User, permission: str, scope: Scope) -> bool:
    """This function will tell whether the login holds the permission in the scope or in one above it."""
    return permission in get_user_permissions(user=user, scope=scope)


def scopes_of(*, user: User, permission: str) -> list[Scope]:
    """This function will return the highest scopes in which the login holds the permission, in order of path.

    What lies below one of them is not listed again.
    """
    scopes = [grant.scope for grant in _grants(user) if permission in grant.permissions]
    tops: list[Scope] = []
    for scope in sorted(scopes, key=lambda scope: scope.path):
        if not any(scope.path.startswith(top.path) for top in tops):
            tops.append(scope)
    return tops


def for_scope(queryset: QuerySet[M], *, path_field: str, user: User, permission: str) -> QuerySet[M]:
    """This function will narrow a queryset to the rows whose scope the login holds the permission in.

    ``path_field`` leads to the path of a row's scope, as ``site__scope__path``.
    """
    condition = Q()
    for scope in scopes_of(user=user, permission=permission):
        condition |= Q(**{f"{path_field}__startswith": scope.path})
    return queryset.filter(condition) if condition else queryset.none()


def find_scope(*, path: str) -> Scope | None:
    """This function will return the scope at the path."""
    return Scope.objects.filter(path=path).first()


def find_user(*, username: str) -> User | None:
    """This function will return the login of that name, whatever its case."""
    return User.objects.filter(_named(username)).first()


def find_user_by_contact(*, contact: str) -> User | None:
    """This function will return the login of a mail address or phone (as ``access.contacts.to_contact`` writes it)."""
    return User.objects.filter(_reached(contact)).first()


def find_user_meant(*, typed: str) -> User | None:
    """This function will return whom somebody means by a user name, a mail address or a phone number.

    It is one query, whether there is such a login or not; a contact goes before a name that looks like it.
    """
    contact = to_contact(typed)
    rows = User.objects.filter(_named(typed.strip()) | _reached(contact) if contact else _named(typed.strip()))
    return min(rows, key=lambda user: contact not in {user.email, user.phone}, default=None)


def _named(username: str) -> Q:
    return Q(Exact(Lower("username"), username.lower()))


def _reached(contact: str) -> Q:
    return Q(Exact(Lower("email"), contact)) if is_mail(contact) else Q(phone=contact)


def find_user_by_token(*, token_text: str) -> User | None:
    """This function will return the machine whose token this is, while it is in force (machine time)."""
    parts = token_text.split("_", 2)
    if len(token_text) > TOKEN_CHARS_MAX or len(parts) != 3 or parts[0] != MACHINE_MARK:
        return None
    token = ApiToken.objects.select_related("user", "scope").filter(prefix=parts[1], revoked_at=None).first()
    if token is None or not hmac.compare_digest(token.token_hash, hash_token(token_text)):
        return None
    if not token.user.is_active or (token.expires_at is not None and token.expires_at <= machine_now()):
        return None
    token.user.came_by = token
    return token.user


def hash_token(token_text: str) -> str:
    """This function will return what the database keeps of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token_text.encode()).hexdigest()


def _grants(user: User) -> list[_Grant]:
    if not user.is_active:
        return []
    kept = _kept.get()
    if kept is not None and user.pk in kept:
        return kept[user.pk]
    now = machine_now()
    rows = Membership.objects.filter(Q(to_at=None) | Q(to_at__gt=now), user=user, from_at__lte=now, role__ended_at=None)
    grants = [
        _Grant(
            row.scope,
            frozenset(row.role.permissions),
            row.role.idle_minutes,
            row.role.needs_second_factor,
            row.role.alone_up_to,
        )
        for row in rows.select_related("scope", "role")
    ]
    if user.came_by is not None:
        grants = [_narrowed(grant, user.came_by) for grant in grants]
    if kept is not None:
        kept[user.pk] = grants
    return grants


def _narrowed(grant: _Grant, token: ApiToken) -> _Grant:
    """This function will leave of a grant what the token has of it, too: permissions, the smaller of both scopes."""
    permissions, scope = grant.permissions, grant.scope
    if token.permissions is not None:
        permissions &= frozenset(token.permissions)
    if token.scope is not None:
        if token.scope.path.startswith(scope.path):
            scope = token.scope
        elif not scope.path.startswith(token.scope.path):
            permissions = frozenset()
    return grant._replace(scope=scope, permissions=permissions)
