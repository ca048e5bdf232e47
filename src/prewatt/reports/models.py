"""Runs: many papers asked for at once. The row is the work; whoever does it holds a lease on it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.kernel.ids import uuid7


class RunKind(models.TextChoices):
    """Which papers a run makes."""

    STATEMENT = "statement", _("Fee statements")
    ENERGY_REPORT = "energy_report", _("Energy reports")


class RunState(models.TextChoices):
    """How far a run has come."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class PaperRun(models.Model):
    """The papers of a month for every account of a site or a building. Times are machine time."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    site = models.ForeignKey("estate.Site", models.PROTECT, related_name="+", db_index=False)
    building = models.ForeignKey("estate.Place", models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20, choices=RunKind)
    month = models.DateField()
    state = models.CharField(max_length=8, choices=RunState, default=RunState.WAITING)
    total = models.PositiveIntegerField(default=0)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True, help_text="Who works on it")
    leased_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="paper_run_public_id_unique"),
            models.UniqueConstraint(
                fields=["site", "building", "kind", "month"],
                condition=Q(state__in=[RunState.WAITING, RunState.RUNNING]),
                name="paper_run_one_at_a_time",
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=Q(state__in=[RunState.WAITING, RunState.RUNNING]), name="paper_run_open"
            ),
            models.Index(fields=["site", "id"], name="paper_run_site"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.month:%Y-%m}"


class PaperItem(models.Model):
    """One account's paper in a run: its document once it is issued and printed, or why there is none."""

    run = models.ForeignKey(PaperRun, models.PROTECT, related_name="items", db_index=False)
    account = models.ForeignKey("tenancy.Account", models.PROTECT, related_name="+", db_index=False)
    label = models.CharField(max_length=120, blank=True, help_text="Room and name, for the file")
    document = models.ForeignKey("ledger.Document", models.PROTECT, null=True, blank=True, related_name="+")
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "account"], name="paper_item_unique"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "id"], name="paper_item_order"),
            models.Index(fields=["run", "id"], condition=Q(document=None, error=""), name="paper_item_open"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.run_id} {self.label}"
