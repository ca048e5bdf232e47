"""What a person must look at."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.access.models import Scope
from prewatt.kernel.ids import uuid7


class Severity(models.TextChoices):
    """How soon somebody must look."""

    INFO = "info", _("Information")
    WARNING = "warning", _("Warning")
    URGENT = "urgent", _("Urgent")


class Case(models.Model):
    """One open case per (kind, subject), with owner, clock and reason."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    scope = models.ForeignKey(Scope, models.PROTECT)
    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=60)
    subject_label = models.CharField(max_length=120, blank=True, help_text="What a person calls the subject")
    severity = models.CharField(max_length=8, choices=Severity)
    detail = models.JSONField(default=dict, help_text="Facts for the sentence that the screen shows")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="Last time the cause was met again")
    hits = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="case_public_id_unique"),
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id"], condition=Q(closed_at=None), name="case_open_unique"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["scope", "opened_at"], condition=Q(closed_at=None), name="case_open"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind} {self.subject_id}"


class Progress(models.Model):
    """A long piece of work that people may wait for, and how far it has come."""

    scope = models.ForeignKey(Scope, models.PROTECT)
    kind = models.CharField(max_length=40)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()
    started_at = models.DateTimeField(help_text="Machine time")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["scope", "kind"], name="progress_unique")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.done}/{self.total}"
