"""Runs of papers, saved reports and their mails. The row is the work; whoever does it holds a lease on it."""

from typing import ClassVar

import pghistory
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


@pghistory.track()
class SavedReport(models.Model):
    """A report with its filters under a name: its owner's, or everybody's who works on the site. Machine time."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    site = models.ForeignKey("estate.Site", models.PROTECT, related_name="+", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    report = models.CharField(max_length=40, help_text="Code of the report")
    query = models.CharField(max_length=500, blank=True, help_text="Its filters, as its address carries them")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="saved_report_public_id_unique"),
            models.UniqueConstraint(
                fields=["site", "owner", "name"], condition=Q(ended_at=None), name="saved_report_name_unique"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class Every(models.TextChoices):
    """How often a report is mailed."""

    DAY = "day", _("Every day")
    WEEK = "week", _("Every Monday")
    MONTH = "month", _("On the first of each month")


@pghistory.track()
class ReportSchedule(models.Model):
    """A saved report that is mailed at a local hour, with the rights of who set it up."""

    saved = models.ForeignKey(SavedReport, models.PROTECT, related_name="schedules", db_index=False)
    every = models.CharField(max_length=5, choices=Every)
    hour = models.PositiveSmallIntegerField(help_text="Local, 0 to 23")
    form = models.CharField(max_length=4, help_text="xlsx or csv")
    recipients = models.JSONField(default=list, help_text="Mail addresses")
    language = models.CharField(max_length=10)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(help_text="Machine time")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    due_at = models.DateTimeField(help_text="Estate time of the next mail")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["saved"], condition=Q(ended_at=None), name="report_schedule_open_unique"),
            models.CheckConstraint(condition=Q(hour__lte=23), name="report_schedule_hour"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="report_schedule_due"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.saved_id} {self.every} {self.hour}"


class MailState(models.TextChoices):
    """How far a mail with a report has come."""

    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class ReportMail(models.Model):
    """One mail of a schedule for one due moment to one address: the row is the work, and there is one only."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    schedule = models.ForeignKey(ReportSchedule, models.PROTECT, related_name="mails", db_index=False)
    due_at = models.DateTimeField(help_text="Estate time")
    recipient = models.CharField(max_length=254)
    state = models.CharField(max_length=7, choices=MailState, default=MailState.PENDING)
    next_try_at = models.DateTimeField(help_text="Machine time; ahead of now while somebody works on it")
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="report_mail_public_id_unique"),
            models.UniqueConstraint(fields=["schedule", "due_at", "recipient"], name="report_mail_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_try_at"], condition=Q(state__in=["pending", "sending"]), name="report_mail_open"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.schedule_id} {self.due_at} {self.recipient}"
