"""Whom providers know us as, and the keys that we and they sign with. Times here are machine time."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.access.models import Scope
from prewatt.estate.models import Site
from prewatt.kernel.ids import uuid7
from prewatt.payments.models.trades import OnlineChannel


class MerchantState(models.TextChoices):
    """Whether new orders go through a merchant. Call-backs of a retired one are still heard."""

    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


@pghistory.track(exclude=["tested_at", "test_ok", "test_note", "version"])
class Merchant(models.Model):
    """Our account at one provider. ``scope``: where it may be used; ``site``: whose books hold what fits no order."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    scope = models.ForeignKey(Scope, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=12, choices=OnlineChannel)
    merchant_no = models.CharField(max_length=60)
    app_id = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=80)
    gateway_url = models.CharField(max_length=300)
    currency = models.CharField(max_length=3, default="CNY")
    options = models.JSONField(default=dict, help_text="Text by name; nothing secret")
    state = models.CharField(max_length=8, choices=MerchantState, default=MerchantState.ACTIVE)
    is_default = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1, help_text="Grows with every change of the merchant or its keys")
    created_at = models.DateTimeField()
    tested_at = models.DateTimeField(null=True, blank=True)
    test_ok = models.BooleanField(null=True, blank=True)
    test_note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="merchant_public_id_unique"),
            models.UniqueConstraint(fields=["channel", "merchant_no", "app_id"], name="merchant_at_provider_unique"),
            models.UniqueConstraint(
                fields=["scope"], condition=Q(is_default=True, state=MerchantState.ACTIVE), name="merchant_one_default"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.channel} {self.merchant_no}"

    def place_of_key(self, *, kind: str, name: str, serial: str) -> str:
        """This method will name the row that a sealed key belongs to: moved to another one, it does not open."""
        return "\n".join((self.channel, self.merchant_no, self.app_id, kind, name, serial))


class KeyKind(models.TextChoices):
    """Whose key it is."""

    SECRET = "secret", _("Our secret")
    PEER = "peer", _("Provider's key")


@pghistory.track(exclude=["sealed"])
class MerchantKey(models.Model):
    """A key, sealed: in force from one machine instant to another. Several may be in force at once.

    A provider's key is public, but sealed like ours: nobody can slip another one in by SQL alone.
    """

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="keys")
    kind = models.CharField(max_length=6, choices=KeyKind)
    name = models.CharField(max_length=40, help_text="As the adapter calls it; a provider's key has its serial alone")
    serial = models.CharField(max_length=80, blank=True)
    sealed = models.BinaryField()
    fingerprint = models.CharField(max_length=16, help_text="Tells keys apart on screens and nothing about them")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant", "kind", "name", "serial", "fingerprint"],
                condition=Q(to_at=None),
                name="merchant_key_unique",
            ),
            models.CheckConstraint(
                condition=Q(to_at=None) | Q(to_at__gte=F("from_at")), name="merchant_key_ends_after_begin"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.merchant_id} {self.kind} {self.name} {self.serial}"
