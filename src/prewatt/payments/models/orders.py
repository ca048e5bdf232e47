"""Orders, what providers said of them, and money that fits none. Estate time unless a field says otherwise."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.estate.models import Site
from prewatt.kernel.ids import uuid7
from prewatt.payments.models.merchants import Merchant
from prewatt.payments.models.trades import OnlineChannel, Payment
from prewatt.tenancy.models import Account


class OrderState(models.TextChoices):
    """The life of an order."""

    CREATED = "created", _("Created")
    PENDING = "pending", _("Waiting for payment")
    PAID = "paid", _("Paid, not credited")
    CREDITED = "credited", _("Credited")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")
    REFUNDED = "refunded", _("Refunded")


class Order(models.Model):
    """Money asked for online. Our number is made and committed before the provider hears of it."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    order_no = models.CharField(max_length=32)
    account = models.ForeignKey(Account, models.PROTECT, related_name="orders", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="orders", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="orders", db_index=False)
    way = models.CharField(max_length=10)
    amount = models.BigIntegerField(help_text="Minor units, above zero")
    currency = models.CharField(max_length=3)
    subject = models.CharField(max_length=120)
    language = models.CharField(max_length=10)
    token = models.CharField(max_length=80, help_text="The form's own number: sent twice, it is one order")
    return_url = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=8, choices=OrderState, default=OrderState.CREATED)
    started = models.JSONField(default=dict, help_text="How the payer goes on: kind, url, params")
    provider_ref = models.CharField(max_length=120, blank=True)
    trade_no = models.CharField(max_length=80, blank=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(help_text="Machine time")
    expires_at = models.DateTimeField(help_text="Machine time")
    next_query_at = models.DateTimeField(null=True, blank=True, help_text="Machine time; none: nothing is asked")
    queries = models.PositiveSmallIntegerField(default=0)
    returned_at = models.DateTimeField(null=True, blank=True, help_text="Machine time: the payer came back")
    provider_at = models.DateTimeField(null=True, blank=True, help_text="Machine time: the provider's own instant")
    paid_at = models.DateTimeField(null=True, blank=True)
    credited_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it failed or expired")
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, blank=True, related_name="order")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="payment_order_public_id_unique"),
            models.UniqueConstraint(fields=["order_no"], name="payment_order_no_unique"),
            models.UniqueConstraint(fields=["account", "token"], name="payment_order_token_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_order_amount_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["credited", "refunded"], payment__isnull=False)
                | ~Q(state__in=["credited", "refunded"]) & Q(payment=None),
                name="payment_order_credited_is_paid",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_query_at"], condition=Q(next_query_at__isnull=False), name="payment_order_to_ask"
            ),
            models.Index(fields=["account", "id"], name="payment_order_account"),
            models.Index(fields=["site", "id"], name="payment_order_site"),
            models.Index(fields=["merchant", "provider_at"], name="payment_order_provider_at"),
        ]

    @override
    def __str__(self) -> str:
        return self.order_no


class Verdict(models.TextChoices):
    """What became of a call-back."""

    CREDITED = "credited", _("Credited")
    REPEATED = "repeated", _("Known already")
    PARKED = "parked", _("Put into suspense")
    NOT_PAID = "not_paid", _("Says that nothing was paid")
    REFUND = "refund", _("About a refund")
    FORGED = "forged", _("No valid signature")
    MALFORMED = "malformed", _("Not understood")
    FOREIGN = "foreign", _("Meant for somebody else")
    UNKNOWN_MERCHANT = "unknown_merchant", _("No such merchant")


class Callback(models.Model):
    """A call-back that came, counted when it comes again. What nobody signed shares a few rows an hour."""

    key = models.CharField(max_length=120, help_text="The body's hash, or a place among the refused ones of an hour")
    channel = models.CharField(max_length=12, choices=OnlineChannel)
    merchant = models.ForeignKey(Merchant, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="callbacks")
    verdict = models.CharField(max_length=16, choices=Verdict)
    trade_no = models.CharField(max_length=80, blank=True)
    body_hash = models.CharField(max_length=64)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(help_text="Machine time")
    last_at = models.DateTimeField(help_text="Machine time")
    detail = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["key"], name="callback_key_unique")]
        indexes: ClassVar = [models.Index(fields=["merchant", "id"], name="callback_merchant")]

    @override
    def __str__(self) -> str:
        return f"{self.channel} {self.verdict} {self.trade_no}"


class UnmatchedReason(models.TextChoices):
    """Why money that came in could not be credited."""

    UNKNOWN_ORDER = "unknown_order", _("No order of this number")
    OTHER_MERCHANT = "other_merchant", _("The order is of another merchant")
    OTHER_AMOUNT = "other_amount", _("Another amount than ordered")
    OTHER_CURRENCY = "other_currency", _("Another currency than ordered")
    PAID_TWICE = "paid_twice", _("The order was paid before")
    NO_MONEY = "account_takes_no_money", _("The account takes no money")


class UnmatchedState(models.TextChoices):
    """What became of money in suspense."""

    OPEN = "open", _("Open")
    CREDITED = "credited", _("Credited")
    REFUNDING = "refunding", _("Being refunded")
    REFUNDED = "refunded", _("Refunded")


class Unmatched(models.Model):
    """Money that a provider took for us and that fits no order: it lies in the books' suspense until it is settled."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="unmatched", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=12, choices=OnlineChannel)
    merchant_no = models.CharField(max_length=60)
    trade_no = models.CharField(max_length=80)
    order_no = models.CharField(max_length=64, blank=True)
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="unmatched")
    amount = models.BigIntegerField(help_text="Minor units, above zero")
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=24, choices=UnmatchedReason)
    source = models.CharField(max_length=12, help_text="callback, query or statement")
    state = models.CharField(max_length=9, choices=UnmatchedState, default=UnmatchedState.OPEN)
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    provider_at = models.DateTimeField(null=True, blank=True, help_text="Machine time: the provider's own instant")
    payer_hint = models.CharField(max_length=80, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    payment = models.OneToOneField(Payment, models.PROTECT, null=True, blank=True, related_name="unmatched")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="unmatched_public_id_unique"),
            models.UniqueConstraint(fields=["channel", "merchant_no", "trade_no"], name="unmatched_trade_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="unmatched_amount_positive"),
            models.CheckConstraint(
                condition=Q(state="credited", payment__isnull=False) | ~Q(state="credited") & Q(payment=None),
                name="unmatched_credited_is_a_payment",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["site", "id"], condition=Q(state="open"), name="unmatched_open"),
            models.Index(fields=["order_no"], condition=Q(state="open"), name="unmatched_order_no"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.channel} {self.trade_no}"
