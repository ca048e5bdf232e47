"""Where other programs are told of events, and each telling."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.estate.models import Site
from prewatt.kernel.ids import uuid7


class WebhookEvent(models.TextChoices):
    """What an endpoint can be told of."""

    PAYMENT = "payment", _("Payment")
    DISCONNECTION = "disconnection", _("Disconnection")
    RECONNECTION = "reconnection", _("Reconnection")
    LOW_BALANCE = "low_balance", _("Low balance")
    ALARM = "alarm", _("Alarm")


class EndpointState(models.TextChoices):
    """Whether deliveries go to an endpoint."""

    ACTIVE = "active", _("Active")
    DISABLED = "disabled", _("Disabled: it failed too long")
    ENDED = "ended", _("Ended")


@pghistory.track(fields=["site", "url", "note", "events", "state", "why"])
class WebhookEndpoint(models.Model):
    """A program of somebody's that is told of events at a site. All times are machine time."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=500)
    note = models.CharField(max_length=120, blank=True)
    events = ArrayField(models.CharField(max_length=16, choices=WebhookEvent))
    state = models.CharField(max_length=8, choices=EndpointState, default=EndpointState.ACTIVE)
    why = models.CharField(max_length=200, blank=True, help_text="Why it is disabled")
    secret_sealed = models.BinaryField()
    old_secret_sealed = models.BinaryField(null=True, blank=True)
    old_until = models.DateTimeField(null=True, blank=True, help_text="Until when the old secret signs too")
    since = models.JSONField(default=dict, help_text="Row numbers by source; what is older is not told")
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row")
    not_before = models.DateTimeField(null=True, blank=True, help_text="After a failure: when to try the next")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="webhook_endpoint_public_id_unique"),
        ]

    @override
    def __str__(self) -> str:
        return self.url


class DeliveryState(models.TextChoices):
    """How far a delivery has come."""

    PENDING = "pending", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


class WebhookDelivery(models.Model):
    """One event told to one endpoint, once whatever is retried. All times are machine time."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.PROTECT, related_name="deliveries", db_index=False)
    event = models.CharField(max_length=16, choices=WebhookEvent)
    event_key = models.CharField(max_length=160)
    body = models.TextField(help_text="What is sent, byte for byte")
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.PENDING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="The last answer's HTTP status")
    error = models.CharField(max_length=200, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="webhook_delivery_public_id_unique"),
            models.UniqueConstraint(fields=["endpoint", "event", "event_key"], name="webhook_delivery_unique"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state=DeliveryState.PENDING), name="webhook_delivery_due"),
            models.Index(fields=["endpoint", "public_id"], name="webhook_delivery_log"),
            models.Index(fields=["event_key"], name="webhook_delivery_key"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.event} {self.event_key}"


class EventSource(models.TextChoices):
    """Which rows tell of an event."""

    PAYMENT = "payment", _("Payment")
    COMMAND = "command", _("Command")
    NOTICE = "notice", _("Message")
    CASE = "case", _("Case")


class WebhookOutbox(models.Model):
    """A row that tells of an event: noted by a trigger in the transaction that wrote it, until it was looked at.

    It is seen when that transaction commits, however late, and not at all when it does not.
    """

    source = models.CharField(max_length=8, choices=EventSource)
    row_id = models.BigIntegerField()

    @override
    def __str__(self) -> str:
        return f"{self.source} {self.row_id}"
