"""Logins, roles, memberships, scopes, machine tokens and the action log."""

from typing import ClassVar

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.kernel.ids import uuid7


class ScopeKind(models.TextChoices):
    """What part of the world a scope covers."""

    ORGANISATION = "organisation", _("Organisation")
    SITE = "site", _("Site")
    BUILDING = "building", _("Building")


class Scope(models.Model):
    """A node of the tree organisation → site → building. ``path`` is ``/1/5/9/``: ids from the root to itself."""

    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    kind = models.CharField(max_length=12, choices=ScopeKind)
    path = models.CharField(max_length=200)
    name = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["path"], name="scope_path_unique"),
            models.CheckConstraint(
                condition=Q(kind=ScopeKind.ORGANISATION, parent=None)
                | ~Q(kind=ScopeKind.ORGANISATION) & Q(parent__isnull=False),
                name="scope_only_organisation_is_root",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["path"], name="scope_path_prefix", opclasses=["text_pattern_ops"])]

    @override
    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Logins by their name."""

    @override
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractBaseUser):
    """A login, of an operator, a tenant or a machine. Who the person is stands elsewhere."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    username = models.CharField(max_length=80)
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(null=True, blank=True)
    phone = models.CharField(max_length=20, null=True, blank=True, help_text="E.164, as +8613800000000")
    language = models.CharField(max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    is_machine = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    objects = UserManager()
    came_by: "ApiToken | None" = None
    """The token that a program came in by: it may narrow what the login may do. No column."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="user_public_id_unique"),
            models.UniqueConstraint(Lower("username"), name="user_username_unique"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.UniqueConstraint(fields=["phone"], name="user_phone_unique"),
        ]

    @override
    def __str__(self) -> str:
        return self.name or self.username


@pghistory.track()
class Role(models.Model):
    """A named set of permissions, such as ``money.take``. One of the house has no scope; one's own belongs to one."""

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    permissions = ArrayField(models.CharField(max_length=60), default=list)
    scope = models.ForeignKey(Scope, models.PROTECT, null=True, blank=True, related_name="roles")
    idle_minutes = models.PositiveSmallIntegerField(
        default=60, help_text="A session that rests so long ends; 0: only by its own age"
    )
    needs_second_factor = models.BooleanField(default=False)
    alone_up_to = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Minor units that its holder moves alone; 0: always two persons; empty: no limit",
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["code"], name="role_code_unique")]

    @override
    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Membership(models.Model):
    """A login holds a role within a scope, from a machine instant to another."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.ForeignKey(Role, models.PROTECT, related_name="memberships")
    scope = models.ForeignKey(Scope, models.PROTECT, related_name="memberships")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "role", "scope"], condition=Q(to_at=None), name="membership_open_unique"
            ),
            models.CheckConstraint(
                condition=Q(to_at=None) | Q(to_at__gte=F("from_at")), name="membership_ends_after_begin"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.scope}"


class ApiToken(models.Model):
    """A machine's key: found by its prefix, proven by the hash of the whole."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    prefix = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, help_text="SHA-256, hex")
    note = models.CharField(max_length=120, blank=True)
    permissions = ArrayField(
        models.CharField(max_length=60), null=True, blank=True, help_text="Of the login's; empty: all of them"
    )
    scope = models.ForeignKey(
        Scope, models.PROTECT, null=True, blank=True, related_name="tokens", help_text="Empty: wherever the login may"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["prefix"], name="api_token_prefix_unique")]

    @override
    def __str__(self) -> str:
        return self.prefix


class IdempotentRequest(models.Model):
    """What a machine asked with a key, and the answer it got: kept in the transaction that did the work."""

    user = models.ForeignKey(User, models.PROTECT)
    key = models.CharField(max_length=120)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    machine_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="idempotent_request_unique")]
        indexes: ClassVar = [models.Index(fields=["machine_at"], name="idempotent_request_at")]

    @override
    def __str__(self) -> str:
        return self.key


class Outcome(models.TextChoices):
    """How an action ended."""

    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")


class Action(models.Model):
    """Who did what, from where, why, and how it ended: one row per use case, append-only."""

    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    process = models.CharField(max_length=60, help_text="web, worker, collector:<id>, cli")
    verb = models.CharField(max_length=60)
    scope = models.ForeignKey(Scope, models.PROTECT, null=True, blank=True)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_id = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    address = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.DONE)
    detail = models.CharField(max_length=500, blank=True)
    estate_at = models.DateTimeField()
    machine_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="action_subject"),
            models.Index(fields=["scope", "id"], name="action_scope"),
            models.Index(fields=["estate_at"], name="action_estate_at"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.verb} {self.subject_kind} {self.subject_id}"


class LoginSession(AbstractBaseSession):
    """A browser that is signed in, or on its way to; ``access.sessions`` writes it. Times are machine time."""

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="sessions")
    begun_at = models.DateTimeField(null=True, blank=True, help_text="When the login signed in")
    address = models.CharField(max_length=60, blank=True)
    browser = models.CharField(max_length=200, blank=True, help_text="What the browser calls itself")

    @override
    def __str__(self) -> str:
        return f"{self.user_id} since {self.begun_at}"


class CodePurpose(models.TextChoices):
    """What a one-time code is asked for."""

    SIGN_IN = "sign_in", _("Sign in")
    CONTACT = "contact", _("Change of phone or mail")


class OneTimeCode(models.Model):
    """A code that was asked for. Only its slow hash is kept; one asked for in an unknown name was never sent."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    purpose = models.CharField(max_length=8, choices=CodePurpose)
    contact = models.CharField(max_length=254)
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="codes")
    code_hash = models.CharField(max_length=128)
    created_at = models.DateTimeField(help_text="Machine time")
    expires_at = models.DateTimeField(help_text="Machine time")
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="one_time_code_public_id_unique"),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="one_time_code_expires")]

    @override
    def __str__(self) -> str:
        return f"{self.purpose} {self.public_id}"


class LinkPurpose(models.TextChoices):
    """What a link that sets a password is for."""

    INVITE = "invite", _("Invitation to the desk")
    RESET = "reset", _("New password")


class PasswordLink(models.Model):
    """A link that lets its holder set the login's password, once. Only a hash of what it says is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="links")
    purpose = models.CharField(max_length=6, choices=LinkPurpose)
    token_hash = models.CharField(max_length=64, help_text="SHA-256, hex")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="links_made")
    created_at = models.DateTimeField(help_text="Machine time")
    expires_at = models.DateTimeField(help_text="Machine time")
    used_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Machine time: a newer link took its place")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["token_hash"], name="password_link_token_unique"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(used_at=None, ended_at=None), name="password_link_open_unique"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.purpose} {self.user_id}"


class SecondFactor(models.Model):
    """A secret that a login's owner has in an app (RFC 6238), sealed. In force once it was proven, until it ends."""

    user = models.ForeignKey(User, models.PROTECT, related_name="factors")
    sealed = models.BinaryField()
    last_counter = models.BigIntegerField(default=0, help_text="The half minute whose code was used last")
    created_at = models.DateTimeField(help_text="Machine time")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(confirmed_at__isnull=False, ended_at=None), name="second_factor_one"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.user_id} since {self.confirmed_at}"


class RecoveryCode(models.Model):
    """What opens once instead of the second factor, when the phone is lost. Only its hash is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, help_text="SHA-256, hex")
    created_at = models.DateTimeField(help_text="Machine time")
    used_at = models.DateTimeField(null=True, blank=True, help_text="Machine time; also when newer ones took its place")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_unique"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.user_id}"


class TryCount(models.Model):
    """How full a bucket of tries is: it is empty again at ``full_at``. See ``access.throttle``."""

    key = models.CharField(max_length=60, primary_key=True)
    full_at = models.DateTimeField(help_text="Machine time")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["full_at"], name="try_count_full_at")]

    @override
    def __str__(self) -> str:
        return self.key
