"""Money on its way back through the channel it came by."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.estate.models import Site
from prewatt.kernel.ids import uuid7
from prewatt.payments.models.merchants import Merchant
from prewatt.payments.models.orders import Order, Unmatched
from prewatt.payments.models.trades import Payment
from prewatt.tenancy.models import Account


class RefundLife(models.TextChoices):
    """The life of a refund. From approval on its money is out of the account."""

    REQUESTED = "requested", _("To be approved")
    APPROVED = "approved", _("Approved")
    SENT = "sent", _("On its way")
    SUCCEEDED = "succeeded", _("Arrived")
    FAILED = "failed", _("Failed, money returned to the balance")
    REFUSED = "refused", _("Refused")


class Refund(models.Model):
    """Part of a payment, or of money in suspense, that goes back. One person asks, another approves."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    refund_no = models.CharField(max_length=32)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="refunds")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="refunds")
    unmatched = models.ForeignKey(Unmatched, models.PROTECT, null=True, blank=True, related_name="refunds")
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="refunds")
    amount = models.BigIntegerField(help_text="Minor units, above zero")
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=RefundLife, default=RefundLife.REQUESTED)
    reason = models.CharField(max_length=300)
    token = models.CharField(max_length=80, help_text="The form's own number: sent twice, it is one refund")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="Why it was refused")
    ended_at = models.DateTimeField(null=True, blank=True)
    provider_at = models.DateTimeField(null=True, blank=True, help_text="Machine time: when we learned that it arrived")
    refund_ref = models.CharField(max_length=80, blank=True)
    error = models.CharField(max_length=300, blank=True)
    next_query_at = models.DateTimeField(null=True, blank=True, help_text="Machine time; none: nothing is asked")
    queries = models.PositiveSmallIntegerField(default=0)
    trade = models.OneToOneField(Payment, models.PROTECT, null=True, blank=True, related_name="refund")
    """The payment of kind refund that took the money out of the account."""
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="refund_public_id_unique"),
            models.UniqueConstraint(fields=["refund_no"], name="refund_no_unique"),
            models.UniqueConstraint(fields=["token"], name="refund_token_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, unmatched=None) | Q(payment=None, unmatched__isnull=False),
                name="refund_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")) | Q(state="refused"),
                name="refund_two_persons",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_query_at"], condition=Q(next_query_at__isnull=False), name="refund_to_ask"),
            models.Index(fields=["site", "id"], name="refund_site"),
        ]

    @override
    def __str__(self) -> str:
        return self.refund_no
