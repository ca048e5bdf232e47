"""Logins, roles, scopes and tokens: made and ended inside a unit of work."""

import secrets
from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from prewatt.access.audit import require_unit_of_work
from prewatt.access.contacts import is_mail
from prewatt.access.errors import BadLogin, BadScope, BadToken, LoginTaken, UnknownRole, UnknownToken
from prewatt.access.models import ApiToken, Membership, Role, Scope, ScopeKind, User
from prewatt.access.permissions import ROLES, RoleSpec
from prewatt.access.queries import MACHINE_MARK, get_user_permissions, hash_token
from prewatt.kernel.clock import machine_now

PASSWORD_CHARS_MIN = 8
PASSWORD_CHARS_MAX = 200
_BELOW = {ScopeKind.SITE: ScopeKind.ORGANISATION, ScopeKind.BUILDING: ScopeKind.SITE}


def ensure_roles() -> list[Role]:
    """This function will bring the roles of the house up to date: their names and permissions."""
    require_unit_of_work()
    with translation.override("en"):
        return [
            Role.objects.update_or_create(
                code=spec.code, defaults=_kept_by_us(spec),
                create_defaults={**_kept_by_us(spec), "idle_minutes": spec.idle_minutes,
                                 "alone_up_to": spec.alone_up_to},
            )[0]
            for spec in ROLES.values()
        ]  # fmt: skip


def _kept_by_us(spec: RoleSpec) -> dict[str, object]:
    return {"name": str(spec.label), "permissions": sorted(spec.permissions)}


def create_login(
    *,
    username: str,
    password: str,
    name: str = "",
    language: str = "en",
    email: str | None = None,
    phone: str | None = None,
    is_machine: bool = False,
    has_password: bool = True,
) -> User:
    """This function will make a login. A machine's has no password: it comes with a token.

    Raises BadLogin, LoginTaken.
    """
    require_unit_of_work()
    user = User(
        username=username.strip(), name=name.strip(), language=language, is_machine=is_machine,
        email=email or None, phone=phone or None, created_at=machine_now(),
    )  # fmt: skip
    if not user.username:
        raise BadLogin("A login needs a user name.")
    if is_machine or not has_password:
        user.set_unusable_password()
    else:
        set_password(user=user, password=password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise LoginTaken(
            "The user name, mail or phone of %(name)s belongs to another login.",
            hint="Choose another.",
            name=user.name or user.username,
        ) from error
    return user


def set_password(*, user: User, password: str) -> None:
    """This function will set the password on the row in hand; who calls saves it. Raises BadLogin."""
    require_unit_of_work()
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise BadLogin("The password does not fit.", hint="Use 8 to 200 characters.")
    user.set_password(password)


def create_tenant_login(*, contact: str, name: str, language: str, password: str = "") -> User:
    """This function will make a login that is known by its contact alone; without a password it signs in by code.

    Raises BadLogin, LoginTaken.
    """
    require_unit_of_work()
    email, phone = (contact, None) if is_mail(contact) else (None, contact)
    if password:
        require_good_password(user=User(username=contact, name=name, email=email, phone=phone), password=password)
    return create_login(
        username=f"t-{secrets.token_hex(8)}", password=password, name=name, language=language,
        email=email, phone=phone, has_password=bool(password),
    )  # fmt: skip


def set_contact(*, user: User, contact: str) -> None:
    """This function will give the login another mail address or phone, which it has proven to hold.

    Raises LoginTaken when another login has it.
    """
    require_unit_of_work()
    field = "email" if is_mail(contact) else "phone"
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(**{field: contact})
    except IntegrityError as error:
        raise LoginTaken("Another login has this contact.", hint="Sign in with it, or use another.") from error


def change_profile(*, user: User, name: str, language: str) -> None:
    """This function will write down how a person is called, and in which language they read."""
    require_unit_of_work()
    User.objects.filter(pk=user.pk).update(name=name.strip(), language=language)


def change_password(*, user: User, password: str) -> None:
    """This function will set and save a password: sessions elsewhere end with it. Raises BadLogin."""
    require_unit_of_work()
    require_good_password(user=user, password=password)
    set_password(user=user, password=password)
    user.save(update_fields=["password"])


def require_good_password(*, user: User, password: str) -> None:
    """This function will refuse what is guessed first: common passwords, one's own name or number. Raises BadLogin."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadLogin(
            "This password is guessed too easily.",
            hint="Take one of 12 characters or more that is neither common nor your own name.",
        ) from error


def grant(*, user: User, role_code: str, scope: Scope) -> Membership:
    """This function will give the login a role within the scope and all below it; twice is once."""
    require_unit_of_work()
    role = Role.objects.filter(code=role_code).first()
    if role is None:
        raise UnknownRole(
            "There is no role %(role)s.", hint="Use one of %(roles)s.", role=role_code, roles=tuple(ROLES)
        )
    membership, _ = Membership.objects.get_or_create(
        user=user, role=role, scope=scope, to_at=None, defaults={"from_at": machine_now()}
    )
    return membership


def withdraw(*, user: User, role_code: str, scope: Scope) -> bool:
    """This function will end the role from now on, and say whether there was one to end."""
    require_unit_of_work()
    ended = Membership.objects.filter(user=user, role__code=role_code, scope=scope, to_at=None)
    return ended.update(to_at=machine_now()) > 0


def issue_token(
    *,
    user: User,
    expires_at: datetime | None = None,
    permissions: Collection[str] | None = None,
    scope: Scope | None = None,
    note: str = "",
) -> str:
    """This function will return a new token in plain text. It is shown once: only its hash is kept.

    With ``permissions`` or a ``scope`` it may less than its login: what both have. Raises BadToken when the login lacks
    one of them there.
    """
    require_unit_of_work()
    if permissions is not None and (not permissions or set(permissions) - get_user_permissions(user=user, scope=scope)):
        raise BadToken("A token has permissions that its login holds.", hint="Name some that it holds there.")
    prefix = secrets.token_hex(6)
    text = f"{MACHINE_MARK}_{prefix}_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        user=user, prefix=prefix, token_hash=hash_token(text), created_at=machine_now(), expires_at=expires_at,
        permissions=None if permissions is None else sorted(permissions), scope=scope, note=note.strip(),
    )  # fmt: skip
    return text


def revoke_token(*, prefix: str) -> None:
    """This function will end a token from the next request on. Raises UnknownToken."""
    require_unit_of_work()
    if ApiToken.objects.filter(prefix=prefix, revoked_at=None).update(revoked_at=machine_now()) != 1:
        raise UnknownToken("There is no token %(prefix)s in force.", prefix=prefix)


def ensure_organisation(*, name: str) -> Scope:
    """This function will return the organisation of that name, making it when it is not there."""
    require_unit_of_work()
    found = Scope.objects.filter(kind=ScopeKind.ORGANISATION, name=name).order_by("pk").first()
    return found or _create(parent=None, kind=ScopeKind.ORGANISATION, name=name)


def create_scope(*, parent: Scope, kind: str, name: str) -> Scope:
    """This function will make a site below an organisation, or a building below a site. Raises BadScope."""
    require_unit_of_work()
    below = _BELOW.get(ScopeKind(kind))
    if below is None or parent.kind != below:
        raise BadScope("A %(kind)s cannot stand below a %(above)s.", kind=kind, above=parent.kind)
    return _create(parent=parent, kind=ScopeKind(kind), name=name)


def _create(*, parent: Scope | None, kind: ScopeKind, name: str) -> Scope:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('access_scope', 'id'))")
        number = int(cursor.fetchone()[0])
    path = f"{parent.path if parent is not None else '/'}{number}/"
    return Scope.objects.create(pk=number, parent=parent, kind=kind, path=path, name=name)
