"""Holds, what a relay should be and was proven to be, commands, decisions and the policy of a site."""

from datetime import time
from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.estate.models import Gateway, MeteringPoint, MeterInstallation, Place, Site, SupplyMode
from prewatt.kernel.ids import uuid7


class Effect(models.TextChoices):
    """What a hold does to the relay. In order: frozen > locked off > protect > off; with none of them power is on."""

    FROZEN = "frozen", _("Frozen")
    LOCKED_OFF = "locked_off", _("Locked off")
    PROTECT = "protect", _("Protected")
    OFF = "off", _("Off")


class HoldReason(models.TextChoices):
    """Why a hold was placed."""

    CREDIT = "credit", _("Out of credit")
    MANUAL = "manual", _("By hand")
    PROTECTION = "protection", _("Protection")
    MAINTENANCE = "maintenance", _("Maintenance")
    SAFETY = "safety", _("Safety")
    VACANCY = "vacancy", _("Vacant")


class Hold(models.Model):
    """One reason with one effect, an owner, a beginning and an end."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="holds", db_index=False)
    reason = models.CharField(max_length=12, choices=HoldReason)
    effect = models.CharField(max_length=10, choices=Effect)
    source_key = models.CharField(max_length=80, blank=True, help_text="What placed it, as account:17")
    note = models.CharField(max_length=500, blank=True)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True, blank=True, help_text="Ends by itself; never for frozen or locked off")
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    placed_action_id = models.BigIntegerField(null=True, blank=True)
    lifted_action_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="hold_public_id_unique"),
            models.UniqueConstraint(
                fields=["metering_point", "reason", "source_key"], condition=Q(lifted_at=None), name="hold_open_unique"
            ),
            models.CheckConstraint(
                condition=~Q(effect__in=[Effect.FROZEN, Effect.LOCKED_OFF]) | Q(to_at=None),
                name="hold_named_person_lifts",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["to_at"], condition=Q(lifted_at=None), name="hold_ends"),
            models.Index(fields=["source_key"], condition=Q(lifted_at=None), name="hold_open_source"),
            models.Index(fields=["from_at"], condition=Q(effect=Effect.OFF), name="hold_cuts"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.metering_point_id} {self.reason} {self.effect}"


class Desired(models.TextChoices):
    """What a relay should be."""

    ON = "on", _("On")
    OFF = "off", _("Off")


class Reported(models.TextChoices):
    """What a relay was last proven to be."""

    ON = "on", _("On")
    OFF = "off", _("Off")
    UNKNOWN = "unknown", _("Unknown")


class Relay(models.Model):
    """Desired belongs to the point, reported to the installation that proved it. ``differs`` is what is left to do."""

    metering_point = models.OneToOneField(MeteringPoint, models.PROTECT, primary_key=True, related_name="relay")
    desired = models.CharField(max_length=3, choices=Desired, default=Desired.ON)
    desired_at = models.DateTimeField()
    decision_id = models.BigIntegerField(null=True, blank=True)
    frozen = models.BooleanField(default=False, help_text="No command in either direction")
    installation = models.ForeignKey(MeterInstallation, models.PROTECT, null=True, blank=True, related_name="+")
    reported = models.CharField(max_length=7, choices=Reported, default=Reported.UNKNOWN)
    proven_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True, help_text="When reported last became what it is")
    tries = models.PositiveIntegerField(default=0, help_text="Commands spent on the present difference")
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="Machine time")
    budget = models.PositiveSmallIntegerField(default=3, help_text="Commands allowed for the present difference")
    stopped = models.CharField(max_length=40, blank=True, help_text="Why the budget is spent; a person decides")
    withheld = models.CharField(max_length=40, blank=True, help_text="Why a due disconnection is not made at present")
    shadow = models.BooleanField(default=False, help_text="Would be disconnected, were the site live")
    differs = models.GeneratedField(
        expression=models.Case(
            models.When(Q(frozen=True), then=models.Value(False)),
            models.When(Q(desired=F("reported")), then=models.Value(False)),
            default=models.Value(True),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["metering_point"], condition=Q(differs=True), name="relay_differs"),
            models.Index(fields=["metering_point"], condition=~Q(withheld="") | Q(shadow=True), name="relay_withheld"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.metering_point_id}: {self.desired}/{self.reported}"


class Answer(models.TextChoices):
    """What the policy said."""

    CUT = "cut", _("Disconnect")
    RESTORE = "restore", _("Reconnect")
    SPARE = "spare", _("Not disconnected")


class Decision(models.Model):
    """What was decided about a point's supply, when, by which rule and on which inputs.

    Partitioned by month of ``at`` (SQL).
    """

    pk = models.CompositePrimaryKey("id", "at")
    id = models.BigIntegerField()
    at = models.DateTimeField()
    account_id = models.BigIntegerField(null=True)
    metering_point_id = models.BigIntegerField(null=True)
    mode = models.CharField(max_length=6, choices=SupplyMode)
    answer = models.CharField(max_length=8, choices=Answer)
    reason = models.CharField(max_length=40)
    inputs = models.JSONField()
    action_id = models.BigIntegerField(null=True)

    class Meta:
        managed = False
        db_table = "supply_decision"

    @override
    def __str__(self) -> str:
        return f"{self.id} {self.answer} {self.reason}"


class CommandState(models.TextChoices):
    """Life of a command."""

    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    VERIFIED = "verified", _("Verified")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")
    VOIDED = "voided", _("Voided")


LIVE_STATES = (CommandState.QUEUED, CommandState.SENT, CommandState.ACKNOWLEDGED)


class Command(models.Model):
    """A wish sent to a meter, with who, why and a deadline, until it is proven or ended."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    installation = models.ForeignKey(MeterInstallation, models.PROTECT, related_name="commands", db_index=False)
    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="commands", db_index=False)
    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="+", db_index=False)
    target = models.CharField(max_length=20, default="relay")
    wanted = models.CharField(max_length=20, help_text="on or off, for the relay")
    cause = models.CharField(max_length=80, help_text="Reason code, as credit, payment:17, manual")
    decision_id = models.BigIntegerField(null=True, blank=True)
    action_id = models.BigIntegerField(null=True, blank=True)
    priority = models.SmallIntegerField(default=1, help_text="0 reconnect, 1 disconnect")
    deadline = models.DateTimeField(help_text="Machine time: never sent later")
    state = models.CharField(max_length=12, choices=CommandState, default=CommandState.QUEUED)
    epoch = models.BigIntegerField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(help_text="Machine time, like all below")
    sent_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Verified, failed, expired or voided")
    estate_at = models.DateTimeField(help_text="Estate time when it was queued")
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="command_public_id_unique"),
            models.UniqueConstraint(
                fields=["installation", "target"], condition=Q(state__in=LIVE_STATES), name="command_one_live"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["gateway", "priority", "id"], condition=Q(state__in=LIVE_STATES), name="command_live"),
            models.Index(fields=["metering_point", "id"], name="command_point"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.metering_point_id} {self.wanted} {self.state}"


@pghistory.track()
class SupplyPolicy(models.Model):
    """The rules of a site about warnings, disconnections and reconnections. Amounts in minor units."""

    site = models.OneToOneField(Site, models.PROTECT, primary_key=True, related_name="supply_policy")
    level_1 = models.BigIntegerField(default=10_000)
    level_2 = models.BigIntegerField(default=3_000)
    min_reconnect_balance = models.BigIntegerField(default=100)
    cuts_per_minute = models.PositiveSmallIntegerField(default=5)
    cuts_per_day = models.PositiveSmallIntegerField(default=50)
    friendly_from = models.TimeField(
        null=True, blank=True, default=time(20), help_text="Local time from which nothing is disconnected"
    )
    friendly_to = models.TimeField(null=True, blank=True, default=time(8))
    friendly_weekends = models.BooleanField(default=True, help_text="No disconnection on weekends and holidays")
    last_call_s = models.PositiveIntegerField(default=3600, help_text="Estate seconds between the last call and a cut")
    notice_channels = models.JSONField(default=list, help_text="In order: desk, mail, letterbox")
    stopped_at = models.DateTimeField(
        null=True, blank=True, help_text="All disconnections stopped by a person or the limit"
    )
    stopped_why = models.CharField(max_length=200, blank=True)
    resumed_at = models.DateTimeField(
        null=True, blank=True, help_text="Disconnections before this instant no longer count against the limits"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(friendly_from=None, friendly_to=None)
                | Q(friendly_from__isnull=False, friendly_to__isnull=False),
                name="supply_policy_friendly_hours_whole",
            ),
            models.CheckConstraint(condition=Q(level_1__gte=F("level_2")), name="supply_policy_levels_ordered"),
        ]

    @override
    def __str__(self) -> str:
        return f"policy of {self.site_id}"


class ModeChange(models.Model):
    """The dated, signed step from one supply mode to another, with who would have been disconnected at that moment."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="mode_changes")
    building = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+")
    mode = models.CharField(max_length=6, choices=SupplyMode)
    at = models.DateTimeField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    statement = models.CharField(max_length=500)
    would_disconnect = models.JSONField(default=list)

    @override
    def __str__(self) -> str:
        return f"{self.site_id} {self.mode} {self.at}"
