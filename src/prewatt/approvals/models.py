"""What one person asked for and another decides."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.access.models import Scope
from prewatt.kernel.ids import uuid7


class ApprovalKind(models.TextChoices):
    """What is asked for."""

    REFUND = "refund", _("Refund at the desk")
    CLEARING = "clearing", _("Clear to zero")
    REVERSAL = "reversal", _("Reversal")


class ApprovalState(models.TextChoices):
    """How far a request has come."""

    WAITING = "waiting", _("To be approved")
    DONE = "done", _("Approved and done")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Taken back")
    EXPIRED = "expired", _("Ran out")


class Approval(models.Model):
    """A request for the second pair of eyes: what is to be done, and how things stood when it was asked."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=ApprovalKind)
    scope = models.ForeignKey(Scope, models.PROTECT, related_name="+", db_index=False)
    about = models.CharField(max_length=80, help_text="What people call the thing that it is about")
    amount = models.BigIntegerField(help_text="Minor units, above zero: what limits are held against")
    currency = models.CharField(max_length=3)
    wish = models.JSONField(help_text="What the use case is to be called with")
    seen = models.JSONField(help_text="How things stood; other than this, it is not approved")
    token = models.CharField(max_length=120, help_text="The form's own number: sent twice, it is one request")
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=ApprovalState, default=ApprovalState.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(help_text="Estate time")
    expires_at = models.DateTimeField(help_text="Estate time")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True, help_text="Estate time")
    note = models.CharField(max_length=300, blank=True, help_text="Why it was refused")
    paper_id = models.UUIDField(null=True, blank=True, help_text="The paper that it ended in")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="approval_public_id_unique"),
            models.UniqueConstraint(
                fields=["kind", "token"], condition=Q(state=ApprovalState.WAITING), name="approval_token_waits_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="approval_amount_positive"),
            models.CheckConstraint(
                condition=~Q(state=ApprovalState.DONE) | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="approval_two_persons",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "token"], name="approval_token"),
            models.Index(fields=["scope", "id"], name="approval_scope"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.about}"
