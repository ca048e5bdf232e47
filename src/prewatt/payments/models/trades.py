"""Money that came in or went out, by channel and trade number."""

from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.estate.models import Site
from prewatt.kernel.ids import uuid7
from prewatt.tenancy.models import Account


class PaymentChannel(models.TextChoices):
    """How money reached us."""

    CASH = "cash", _("Cash")
    CARD = "card", _("Card terminal")
    TRANSFER = "transfer", _("Bank transfer")
    ALIPAY = "alipay", _("Alipay")
    WECHAT = "wechat", _("WeChat Pay")
    STRIPE = "stripe", "Stripe"
    TESTPAY = "testpay", _("Test provider")


DESK_CHANNELS: Final = frozenset({PaymentChannel.CASH, PaymentChannel.CARD, PaymentChannel.TRANSFER})
"""What a person at the desk takes and gives back by."""
ONLINE_CHANNELS: Final = frozenset(PaymentChannel) - DESK_CHANNELS
"""What only a provider's signed word moves."""


class OnlineChannel(models.TextChoices):
    """The channels of ``PaymentChannel`` that a merchant can have."""

    ALIPAY = "alipay", _("Alipay")
    WECHAT = "wechat", _("WeChat Pay")
    STRIPE = "stripe", "Stripe"
    TESTPAY = "testpay", _("Test provider")


class PaymentKind(models.TextChoices):
    """What the money is for."""

    TOP_UP = "top_up", _("Top-up")
    REFUND = "refund", _("Refund")


class Payment(models.Model):
    """A trade. Only (channel, merchant, trade_no) may say that it was already taken."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="payments", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="payments", db_index=False)
    kind = models.CharField(max_length=8, choices=PaymentKind, default=PaymentKind.TOP_UP)
    channel = models.CharField(max_length=12, choices=PaymentChannel)
    merchant = models.CharField(max_length=60, blank=True)
    trade_no = models.CharField(max_length=80, help_text="The provider's number; at the till the form's own token")
    amount = models.BigIntegerField(help_text="Minor units, above zero")
    currency = models.CharField(max_length=3)
    received_at = models.DateTimeField(help_text="Estate time")
    till = models.CharField(max_length=40, blank=True)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    entry = models.ForeignKey("ledger.JournalEntry", models.PROTECT, null=True, blank=True, related_name="+")
    document = models.ForeignKey("ledger.Document", models.PROTECT, null=True, blank=True, related_name="+")
    refunded = models.BigIntegerField(default=0, help_text="Minor units given back")
    reversed_at = models.DateTimeField(null=True, blank=True)
    input_hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="payment_public_id_unique"),
            models.UniqueConstraint(fields=["channel", "merchant", "trade_no"], name="payment_trade_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("amount")), name="payment_refund_bounded"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "id"], name="payment_account"),
            models.Index(fields=["site", "received_at"], name="payment_site_at"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.channel} {self.trade_no}"
