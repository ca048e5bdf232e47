"""What we told whom, by which way, and the proof that it arrived."""

from typing import ClassVar

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.kernel.ids import uuid7
from prewatt.tenancy.models import Account


class NoticeKind(models.TextChoices):
    """What a notice says."""

    LEVEL_1 = "level_1", _("Low balance")
    LEVEL_2 = "level_2", _("Very low balance")
    LAST_CALL = "last_call", _("Last call before disconnection")
    DISCONNECTED = "disconnected", _("Disconnected")
    RECONNECTED = "reconnected", _("Reconnected")
    TOP_UP = "top_up", _("Top-up received")
    REFUND = "refund", _("Refund")
    REQUEST = "request", _("Payment for a month ahead")
    CODE = "code", _("Sign-in code")
    INVITATION = "invitation", _("Invitation")
    SECURITY = "security", _("Change of sign-in")
    WELCOME = "welcome", _("Invitation to the desk")
    PASSWORD = "password", _("Link for a new password")


class Channel(models.TextChoices):
    """How a notice travels."""

    DESK = "desk", _("Told by the desk")
    SMS = "sms", _("Text message")
    MAIL = "mail", _("Mail")
    LETTERBOX = "letterbox", _("Letter box (demo)")


class NoticeState(models.TextChoices):
    """How far a notice has come."""

    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent, not confirmed yet")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class Notice(models.Model):
    """One message to one recipient by one channel for one cause. Never twice."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="notices")
    kind = models.CharField(max_length=12, choices=NoticeKind)
    cause_key = models.CharField(max_length=120)
    channel = models.CharField(max_length=10, choices=Channel)
    recipient = models.CharField(max_length=120)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    facts = models.JSONField(default=dict, help_text="What the words were made of, for channels with templates")
    state = models.CharField(max_length=10, choices=NoticeState, default=NoticeState.PENDING)
    created_at = models.DateTimeField(help_text="Estate time")
    due_at = models.DateTimeField(help_text="Machine time of the next try")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    reference = models.CharField(max_length=80, blank=True, help_text="The provider's own id")
    followed_at = models.DateTimeField(
        null=True, blank=True, help_text="Machine time when the next channel was tried for want of a confirmation"
    )
    tries = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True, blank=True, help_text="Estate time")
    proof = models.CharField(max_length=300, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="notice_public_id_unique"),
            models.UniqueConstraint(fields=["cause_key", "channel", "recipient"], name="notice_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state__in=["pending", "sending"]), name="notice_due"),
            models.Index(fields=["account", "id"], name="notice_account"),
            models.Index(fields=["reference"], condition=~Q(reference=""), name="notice_reference"),
            models.Index(fields=["due_at"], condition=Q(state="sent", followed_at=None), name="notice_unconfirmed"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.channel} {self.state}"


@pghistory.track()
class Preference(models.Model):
    """How an account wants to be told: its channels, its quiet hours, a second person."""

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True, related_name="notice_preference")
    channels = models.JSONField(default=list, help_text="In order; empty: the site's")
    muted = models.JSONField(default=list, help_text="Kinds that are not sent; warnings of a cut always are")
    quiet_from = models.TimeField(null=True, blank=True, help_text="Local; what can wait waits from then")
    quiet_to = models.TimeField(null=True, blank=True)
    second_name = models.CharField(max_length=80, blank=True)
    second_phone = models.CharField(max_length=20, blank=True)
    second_mail = models.EmailField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None) | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="notice_quiet_both_or_none",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.account_id}"


class Ladder(models.Model):
    """How deep an account has sunk, and in which descent: what makes each warning come once."""

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True, related_name="notice_ladder")
    step = models.PositiveSmallIntegerField(default=0, help_text="notices.ladder.Step")
    turn = models.PositiveIntegerField(default=1, help_text="Grows when the balance rises above a step again")
    since_at = models.DateTimeField(help_text="Estate time when it came to this step")

    @override
    def __str__(self) -> str:
        return f"{self.account_id} step {self.step} turn {self.turn}"
