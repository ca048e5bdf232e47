"""Tariffs, positions, the day close, and months paid ahead."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.access.models import Scope
from prewatt.estate.models import Medium, Site
from prewatt.kernel.ids import uuid7
from prewatt.tenancy.models import Account, Tenancy


class TariffVersion(models.Model):
    """A price plan from a local day on. Immutable once published (a trigger refuses it)."""

    scope = models.ForeignKey(Scope, models.PROTECT)
    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    medium = models.CharField(max_length=12, choices=Medium, default=Medium.ELECTRICITY)
    currency = models.CharField(max_length=3)
    effective_from = models.DateField()
    definition = models.JSONField(help_text="rating.tariff.Tariff as JSON")
    definition_hash = models.CharField(max_length=64)
    reference = models.CharField(max_length=200, blank=True, help_text="Price document")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "code", "version"], name="tariff_version_unique"),
            models.UniqueConstraint(fields=["scope", "code", "effective_from"], name="tariff_effective_from_unique"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


@pghistory.track()
class TariffAssignment(models.Model):
    """Which tariff a tenancy is rated by, when."""

    tenancy = models.ForeignKey(Tenancy, models.PROTECT, related_name="tariffs")
    scope = models.ForeignKey(Scope, models.PROTECT)
    tariff_code = models.CharField(max_length=40)
    period = DateTimeRangeField()

    class Meta:
        constraints: ClassVar = [
            ExclusionConstraint(
                name="tariff_assignment_one_at_a_time",
                expressions=[("tenancy", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.tenancy_id} {self.tariff_code}"


class Position(models.Model):
    """A tenancy in one accumulation period under one tariff version.

    A cache: rebuilt from the readings and compared.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="positions", db_index=False)
    tenancy = models.ForeignKey(Tenancy, models.PROTECT, related_name="positions", db_index=False)
    period_start = models.DateField(help_text="First local day of the accumulation period (calendar month)")
    tariff_version = models.ForeignKey(TariffVersion, models.PROTECT, related_name="+", db_index=False)
    sharp_wh = models.BigIntegerField(default=0)
    peak_wh = models.BigIntegerField(default=0)
    flat_wh = models.BigIntegerField(default=0)
    valley_wh = models.BigIntegerField(default=0)
    deep_valley_wh = models.BigIntegerField(default=0)
    cost_nano = models.BigIntegerField(default=0, help_text="Exact cost in 1e-9 currency units")
    rounded = models.BigIntegerField(default=0, help_text="Minor units")
    posted = models.BigIntegerField(default=0, help_text="Minor units already in the ledger")
    close_no = models.PositiveIntegerField(default=0)
    unposted_from = models.DateField(null=True, blank=True, help_text="First local day whose use is not in the ledger")
    unposted_to = models.DateField(null=True, blank=True, help_text="Last such day")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenancy", "period_start", "tariff_version"], name="position_unique"),
            models.CheckConstraint(
                condition=Q(rounded=F("posted")) | Q(unposted_from__isnull=False), name="position_unposted_is_dated"
            ),
        ]
        # On the day, which a close takes away and the next use sets: an index that names a column which every reading
        # changes (``rounded``) would be written with every reading, and all others of the table with it.
        indexes: ClassVar = [
            models.Index(fields=["account"], condition=Q(unposted_from__isnull=False), name="position_unposted"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.tenancy_id} {self.period_start}"


class CloseState(models.TextChoices):
    """How far the close of a day has come."""

    POSTING = "posting", _("Posting")
    SEALED = "sealed", _("Sealed")


class DayClose(models.Model):
    """The close of a site's local day."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="day_closes")
    date = models.DateField()
    state = models.CharField(max_length=8, choices=CloseState, default=CloseState.POSTING)
    accounts = models.PositiveIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0)
    posted = models.BigIntegerField(default=0, help_text="Minor units posted by this close")
    difference = models.BigIntegerField(default=0, help_text="What re-adding everything found; 0 when sound")
    sealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "date"], name="day_close_unique")]
        indexes: ClassVar = [
            models.Index(fields=["state"], condition=~Q(state=CloseState.SEALED), name="day_close_not_sealed"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.site_id} {self.date}"


class Surplus(models.TextChoices):
    """What becomes of money that was paid ahead and not used."""

    CARRY = "carry", _("Carried to the next month")
    REFUND = "refund", _("Given back")


@pghistory.track()
class MonthAhead(models.Model):
    """An account pays each month ahead and settles it by real use, from a month on."""

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True, related_name="month_ahead")
    surplus = models.CharField(max_length=6, choices=Surplus, default=Surplus.CARRY)
    fixed_estimate = models.BigIntegerField(null=True, blank=True, help_text="Minor units a month; empty: from own use")
    from_month = models.DateField(help_text="First day of the first month that is paid ahead")
    to_month = models.DateField(null=True, blank=True, help_text="First day of the month that is not any more")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(from_month__day=1), name="month_ahead_from_first"),
            models.CheckConstraint(
                condition=Q(to_month=None) | Q(to_month__day=1, to_month__gte=F("from_month")),
                name="month_ahead_to_first",
            ),
            models.CheckConstraint(
                condition=Q(fixed_estimate=None) | Q(fixed_estimate__gt=0), name="month_ahead_estimate_positive"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.account_id} since {self.from_month}"


class MonthState(models.TextChoices):
    """How far an account's month has come."""

    REQUESTED = "requested", _("Requested")
    SETTLED = "settled", _("Settled, to be reviewed")
    CLOSED = "closed", _("Closed")


class AccountMonth(models.Model):
    """A month that an account pays ahead: what was asked for it, and how it was settled. Amounts in minor units."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="months", db_index=False)
    month = models.DateField()
    state = models.CharField(max_length=9, choices=MonthState, default=MonthState.REQUESTED)
    estimate = models.BigIntegerField(null=True, blank=True)
    days_counted = models.PositiveSmallIntegerField(default=0)
    requested = models.BigIntegerField(default=0)
    requested_at = models.DateTimeField(null=True, blank=True, help_text="Estate time")
    due_on = models.DateField(null=True, blank=True)
    opening = models.BigIntegerField(default=0)
    paid = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    adjusted = models.BigIntegerField(default=0)
    late = models.BigIntegerField(default=0)
    used = models.BigIntegerField(default=0)
    ahead = models.BigIntegerField(default=0, help_text="Paid in this month for the next")
    closing = models.BigIntegerField(default=0)
    document = models.ForeignKey("ledger.Document", models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Estate time")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="account_month_public_id_unique"),
            models.UniqueConstraint(fields=["account", "month"], name="account_month_unique"),
            models.CheckConstraint(condition=Q(month__day=1), name="account_month_first"),
            models.CheckConstraint(condition=Q(requested__gte=0), name="account_month_request_not_negative"),
            models.CheckConstraint(
                condition=Q(closing=F("opening") + F("paid") + F("refunded") + F("adjusted") + F("late") + F("used")),
                name="account_month_adds_up",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["month", "state"], name="account_month_state")]

    @override
    def __str__(self) -> str:
        return f"{self.account_id} {self.month:%Y-%m}"
