"""Readings as they came, the last one of each meter, and use by day and band."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.estate.models import Bus, Gateway, MeterInstallation
from prewatt.tenancy.models import Tenancy


class ReadingKind(models.IntegerChoices):
    """Why a reading was taken. Part of its natural key."""

    SCHEDULED = 1, _("Scheduled")
    DAILY = 2, _("Daily register")
    OPENING = 3, _("Opening")
    CLOSING = 4, _("Closing")
    ON_DEMAND = 5, _("On demand")


class Quality(models.IntegerChoices):
    """Whether a reading may be rated."""

    ACCEPTED = 1, _("Accepted")
    QUARANTINED = 2, _("Held back")
    REJECTED = 3, _("Rejected")


class Reading(models.Model):
    """One answer of a meter: registers as read, in Wh, before the multiplier. Partitioned by month of read_at (SQL)."""

    pk = models.CompositePrimaryKey("installation_id", "kind", "read_at")
    installation_id = models.BigIntegerField()
    kind = models.SmallIntegerField(choices=ReadingKind)
    read_at = models.DateTimeField(help_text="Estate time when the host had the answer")
    meter_at = models.DateTimeField(null=True, help_text="The meter's own clock, when it was read")
    received_at = models.DateTimeField(help_text="Estate time when it was stored")
    total_wh = models.BigIntegerField()
    rates_wh = ArrayField(models.BigIntegerField(), default=list)
    quality = models.SmallIntegerField(choices=Quality)
    cause = models.CharField(max_length=24, blank=True, help_text="Why it was held back")
    epoch = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)

    class Meta:
        managed = False
        db_table = "metering_reading"

    @override
    def __str__(self) -> str:
        return f"{self.installation_id} {self.read_at} {self.total_wh}"


class CommState(models.TextChoices):
    """Whether a meter answers."""

    ONLINE = "online", _("Online")
    DEGRADED = "degraded", _("Degraded")
    LOST = "lost", _("Lost")


class MeterState(models.Model):
    """The last accepted reading of an installation, and how it answers."""

    installation = models.OneToOneField(MeterInstallation, models.PROTECT, primary_key=True, related_name="state")
    last_read_at = models.DateTimeField()
    last_total_wh = models.BigIntegerField()
    last_rates_wh = ArrayField(models.BigIntegerField(), default=list)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    comm = models.CharField(max_length=8, choices=CommState, default=CommState.LOST)
    comm_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    clock_drift_s = models.IntegerField(null=True, blank=True)
    power_w = models.BigIntegerField(null=True, blank=True, help_text="Primary W between the last two readings")
    moved_at = models.DateTimeField(null=True, blank=True, help_text="Last accepted reading that counted anything")
    held_at = models.DateTimeField(null=True, blank=True, help_text="Newest reading of a line that is held back")
    held_total_wh = models.BigIntegerField(null=True, blank=True)
    held_cause = models.CharField(max_length=24, blank=True, db_default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["comm"], condition=~models.Q(comm=CommState.ONLINE), name="meter_state_not_online"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.installation_id} {self.comm}"


class GatewayState(models.Model):
    """Whether a gateway can be reached, as its collector last said."""

    gateway = models.OneToOneField(Gateway, models.PROTECT, primary_key=True, related_name="state")
    comm = models.CharField(max_length=8, choices=CommState, default=CommState.LOST)
    comm_since = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    @override
    def __str__(self) -> str:
        return f"{self.gateway_id} {self.comm}"


class BusState(models.Model):
    """What a bus did in its last sweep."""

    bus = models.OneToOneField(Bus, models.PROTECT, primary_key=True, related_name="state")
    swept_at = models.DateTimeField()
    sweep_ms = models.PositiveIntegerField()
    reads_ok = models.PositiveIntegerField()
    reads_failed = models.PositiveIntegerField()
    rejected = models.JSONField(default=dict, help_text="Count by kind of rejection")
    round_trip_ms = models.PositiveIntegerField(default=0, help_text="Median")

    @override
    def __str__(self) -> str:
        return f"{self.bus_id} {self.swept_at}"


class DayUsage(models.Model):
    """Use of a tenancy on a local day in a band, in primary Wh. A cache: rebuilt from the readings and compared."""

    pk = models.CompositePrimaryKey("tenancy_id", "installation_id", "date", "band")
    tenancy = models.ForeignKey(Tenancy, models.PROTECT, db_index=False)
    installation = models.ForeignKey(MeterInstallation, models.PROTECT, db_index=False)
    date = models.DateField()
    band = models.SmallIntegerField(help_text="rating.Band")
    quantity_wh = models.BigIntegerField()

    @override
    def __str__(self) -> str:
        return f"{self.tenancy_id} {self.date} {self.band} {self.quantity_wh}"
