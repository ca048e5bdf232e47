"""Who pays for which metering point, from when to when, and from which bucket."""

from typing import ClassVar

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.access.models import Scope, User
from prewatt.estate.models import Medium, MeteringPoint, Site
from prewatt.kernel.ids import uuid7


class CustomerKind(models.TextChoices):
    """Whom we sell to."""

    COMPANY = "company", _("Company")
    PERSON = "person", _("Person")
    OPERATOR = "operator", _("Operator (own use)")


@pghistory.track(exclude=["pinyin"])
class Customer(models.Model):
    """A legal person who pays."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    organisation = models.ForeignKey(Scope, models.PROTECT)
    code = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=CustomerKind, default=CustomerKind.COMPANY)
    name = models.CharField(max_length=120)
    pinyin = models.CharField(max_length=240, blank=True, help_text="Full and initial pinyin of the name, for search")
    phone = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    tax_no = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="customer_public_id_unique"),
            models.UniqueConstraint(fields=["organisation", "code"], name="customer_code_unique"),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class PaymentMode(models.TextChoices):
    """How an account pays."""

    PREPAID = "prepaid", _("Prepaid")
    OWN_USE = "own_use", _("Own use")


class AccountState(models.TextChoices):
    """Life of an account."""

    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


@pghistory.track(exclude=["accrued", "empties_at", "search_text", "daily_cost"])
class Account(models.Model):
    """What one customer holds at one site in one currency. balance = bucket's ledger balance − accrued."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="accounts")
    number = models.CharField(max_length=20)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="accounts")
    currency = models.CharField(max_length=3)
    payment_mode = models.CharField(max_length=8, choices=PaymentMode, default=PaymentMode.PREPAID)
    state = models.CharField(max_length=6, choices=AccountState, default=AccountState.OPEN)
    allowed_credit = models.BigIntegerField(default=0, help_text="Minor units")
    level_1 = models.BigIntegerField(null=True, blank=True, help_text="Minor units; empty = the site's")
    level_2 = models.BigIntegerField(null=True, blank=True, help_text="Minor units; empty = the site's")
    warn_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Warn when the money lasts no longer; empty = the site's levels alone"
    )
    accrued = models.BigIntegerField(default=0, help_text="Minor units: sum of rounded − posted of its positions")
    daily_cost = models.BigIntegerField(null=True, blank=True, help_text="Minor units a day, from recent own use")
    empties_at = models.DateTimeField(null=True, blank=True)
    search_text = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="account_public_id_unique"),
            models.UniqueConstraint(fields=["site", "number"], name="account_number_unique"),
            models.CheckConstraint(condition=Q(allowed_credit__gte=0), name="account_allowed_credit_not_negative"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["site", "empties_at"], condition=Q(state=AccountState.OPEN), name="account_empties"),
            GinIndex(fields=["search_text"], name="account_search", opclasses=["gin_trgm_ops"]),
        ]

    @override
    def __str__(self) -> str:
        return self.number


class BucketKind(models.TextChoices):
    """What kind of money lies in a bucket."""

    CASH = "cash", _("Cash")


class Bucket(models.Model):
    """One ledger account of an account, by kind of money and the medium it may pay for."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="buckets")
    kind = models.CharField(max_length=12, choices=BucketKind, default=BucketKind.CASH)
    medium = models.CharField(max_length=12, choices=Medium, default=Medium.ELECTRICITY)
    ledger_account = models.OneToOneField("ledger.LedgerAccount", models.PROTECT)
    order = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "kind", "medium"], name="bucket_kind_medium_unique"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.account_id} {self.kind} {self.medium}"


@pghistory.track()
class Tenancy(models.Model):
    """An account pays for a metering point during a period; never two at once."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="tenancies")
    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="tenancies")
    period = DateTimeRangeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="tenancy_public_id_unique"),
            ExclusionConstraint(
                name="tenancy_one_payer_per_point",
                expressions=[("metering_point", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.account_id} at {self.metering_point_id}"


class ShareRole(models.TextChoices):
    """What a login may do with an account that is shared with it; each may also do what stands before it."""

    VIEWER = "viewer", _("Looks")
    PAYER = "payer", _("Pays")
    OWNER = "owner", _("Owner")


@pghistory.track()
class AccountShare(models.Model):
    """A login sees an account in the portal, from a machine instant to another."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="shares")
    user = models.ForeignKey(User, models.PROTECT, related_name="shares")
    role = models.CharField(max_length=6, choices=ShareRole)
    from_at = models.DateTimeField(help_text="Machine time")
    to_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="account_share_public_id_unique"),
            models.UniqueConstraint(
                fields=["account", "user"], condition=Q(to_at=None), name="account_share_open_unique"
            ),
            models.CheckConstraint(
                condition=Q(to_at=None) | Q(to_at__gte=F("from_at")), name="account_share_ends_after_begin"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.account_id}"


@pghistory.track(exclude=["token_hash"])
class PortalInvitation(models.Model):
    """Somebody was asked to look after an account in the portal. Its link works once, until it expires or is ended."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="invitations")
    role = models.CharField(max_length=6, choices=ShareRole)
    name = models.CharField(max_length=120, blank=True)
    recipient = models.CharField(max_length=254, help_text="A mail address, or a phone as +8613800000000")
    language = models.CharField(max_length=10)
    token_hash = models.CharField(max_length=64, help_text="SHA-256, hex")
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(help_text="Machine time")
    expires_at = models.DateTimeField(help_text="Machine time")
    accepted_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Machine time: taken back, or replaced")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="portal_invitation_public_id_unique"),
            models.UniqueConstraint(fields=["token_hash"], name="portal_invitation_token_unique"),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="portal_invitation_accepted_by_somebody",
            ),
            models.CheckConstraint(condition=Q(accepted_at=None) | Q(ended_at=None), name="portal_invitation_one_end"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.role} of {self.account_id}"
