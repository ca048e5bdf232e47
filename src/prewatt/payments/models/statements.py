"""What a provider says of a day, line by line, beside what our books say."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.estate.models import Site
from prewatt.kernel.ids import uuid7
from prewatt.payments.models.merchants import Merchant
from prewatt.payments.models.orders import Unmatched
from prewatt.payments.models.refunds import Refund
from prewatt.payments.models.trades import Payment


class StatementSource(models.TextChoices):
    """How the statement reached us."""

    FETCHED = "fetched", _("Fetched")
    UPLOADED = "uploaded", _("Uploaded")


class StatementState(models.TextChoices):
    """How far a day's statement is."""

    AWAITED = "awaited", _("Awaited")
    READ = "read", _("Read")
    SETTLED = "settled", _("No difference left")


class ProviderStatement(models.Model):
    """A merchant's day at its provider. Reading it again adds what is new and changes nothing else."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="statements", db_index=False)
    day = models.DateField(help_text="The provider's own day")
    source = models.CharField(max_length=8, choices=StatementSource, default=StatementSource.FETCHED)
    state = models.CharField(max_length=7, choices=StatementState, default=StatementState.AWAITED)
    content_hash = models.CharField(max_length=64, blank=True)
    read_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="Machine time; none: it is not fetched")
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="statement_public_id_unique"),
            models.UniqueConstraint(fields=["merchant", "day"], name="statement_day_unique"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="statement_to_fetch"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.merchant} {self.day}"


class LineKind(models.TextChoices):
    """What a line is about."""

    PAYMENT = "payment", _("Payment")
    REFUND = "refund", _("Refund")


class StatementDifference(models.TextChoices):
    """How a line and our books differ."""

    MISSING_HERE = "missing_here", _("Not in our books")
    MISSING_THERE = "missing_there", _("Not in the statement")
    OTHER_AMOUNT = "other_amount", _("Another amount")
    CHANGED = "changed", _("Another amount than the statement said before")


class StatementLine(models.Model):
    """A line of the statement, or one that should have been there (``in_file`` false)."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    statement = models.ForeignKey(ProviderStatement, models.PROTECT, related_name="lines")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False, help_text="Whose books it is in")
    kind = models.CharField(max_length=7, choices=LineKind)
    trade_no = models.CharField(max_length=80)
    order_no = models.CharField(max_length=64, blank=True)
    refund_no = models.CharField(max_length=64, blank=True)
    amount = models.BigIntegerField(help_text="Minor units, above zero")
    fee = models.BigIntegerField(default=0, help_text="Minor units; below zero: given back")
    currency = models.CharField(max_length=3)
    provider_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    told = models.CharField(
        max_length=40, blank=True, help_text="Amount and fee as the file said last, when it changed"
    )
    in_file = models.BooleanField(default=True)
    difference = models.CharField(max_length=13, choices=StatementDifference, blank=True)
    our_amount = models.BigIntegerField(null=True, blank=True, help_text="Minor units")
    written_off = models.BigIntegerField(default=0, help_text="Minor units that the takings were moved by, signed")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="+")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, blank=True, related_name="+")
    unmatched = models.ForeignKey(Unmatched, models.PROTECT, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    how = models.CharField(max_length=16, blank=True)
    note = models.CharField(max_length=300, blank=True)
    entry = models.ForeignKey(
        "ledger.JournalEntry", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    """The entry that moved it from what the provider owes us to fees and settlement."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="statement_line_public_id_unique"),
            models.UniqueConstraint(fields=["merchant", "kind", "trade_no", "refund_no"], name="statement_line_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="statement_line_amount_positive"),
            models.CheckConstraint(condition=Q(entry=None) | Q(in_file=True), name="statement_line_posted_is_in_file"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["statement", "id"],
                condition=~Q(difference="") & Q(resolved_at=None),
                name="statement_line_open",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.trade_no} {self.refund_no}"
