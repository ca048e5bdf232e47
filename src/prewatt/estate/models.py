"""Where electricity is sold: sites, places, metering points, gateways, buses, meters and where they hang."""

from typing import ClassVar

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from prewatt.access.models import Scope, User
from prewatt.kernel.ids import uuid7


class SupplyMode(models.TextChoices):
    """Whether decisions about supply are made, and whether they are sent."""

    OFF = "off", _("Reading only")
    SHADOW = "shadow", _("Shadow")
    LIVE = "live", _("Live")


class Medium(models.TextChoices):
    """What flows through a metering point."""

    ELECTRICITY = "electricity", _("Electricity")
    WATER = "water", _("Water")


@pghistory.track()
class Site(models.Model):
    """One estate with one calendar, one currency and one book."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    scope = models.OneToOneField(Scope, models.PROTECT)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    operator_name = models.CharField(max_length=120, help_text="Legal entity that sells the electricity")
    operator_tax_no = models.CharField(max_length=40, blank=True)
    service_phone = models.CharField(max_length=40, blank=True)
    supply_mode = models.CharField(max_length=6, choices=SupplyMode, default=SupplyMode.OFF)
    live_since = models.DateTimeField(null=True, blank=True)
    read_interval_s = models.PositiveIntegerField(default=900, help_text="Estate seconds between two reads of a meter")
    first_day = models.DateField(help_text="First local day that Prewatt keeps books for")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="site_public_id_unique"),
            models.UniqueConstraint(fields=["code"], name="site_code_unique"),
            models.CheckConstraint(condition=Q(read_interval_s__gte=1), name="site_read_interval_positive"),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class DayKind(models.TextChoices):
    """What a date in the calendar is, against its weekday."""

    HOLIDAY = "holiday", _("Holiday")
    WORKDAY = "workday", _("Working day")


@pghistory.track()
class CalendarDay(models.Model):
    """A date that is not what its weekday says: a holiday, or a weekend that is worked."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="calendar_days")
    date = models.DateField()
    kind = models.CharField(max_length=8, choices=DayKind)
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["site", "date"], name="calendar_day_unique")]

    @override
    def __str__(self) -> str:
        return f"{self.date} {self.kind}"


class PlaceKind(models.TextChoices):
    """What a place is."""

    BUILDING = "building", _("Building")
    FLOOR = "floor", _("Floor")
    UNIT = "unit", _("Unit")


@pghistory.track()
class Place(models.Model):
    """A building, a floor or a unit. A building owns a scope; its supply mode, when set, overrules the site's."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="places")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    kind = models.CharField(max_length=8, choices=PlaceKind)
    scope = models.ForeignKey(Scope, models.PROTECT, null=True, blank=True)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    order = models.IntegerField(default=0)
    area_dm2 = models.PositiveIntegerField(null=True, blank=True, help_text="0.01 m²")
    supply_mode = models.CharField(max_length=6, choices=SupplyMode, null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="place_public_id_unique"),
            models.UniqueConstraint(fields=["site", "parent", "code"], name="place_code_unique", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(kind=PlaceKind.BUILDING, scope__isnull=False) | ~Q(kind=PlaceKind.BUILDING),
                name="place_building_has_scope",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["site", "kind", "order"], name="place_order")]

    @override
    def __str__(self) -> str:
        return self.name or self.code


class PointUse(models.TextChoices):
    """Who uses what flows through a point."""

    TENANT = "tenant", _("Tenant")
    COMMON = "common", _("Common")
    MASTER = "master", _("Master")


@pghistory.track()
class MeteringPoint(models.Model):
    """The place that is billed; meters come and go on it. Its code is what people call the room: ``1#-307``."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="metering_points")
    place = models.ForeignKey(Place, models.PROTECT, related_name="metering_points")
    building = models.ForeignKey(Place, models.PROTECT, related_name="+", help_text="The place's building")
    code = models.CharField(max_length=40)
    medium = models.CharField(max_length=12, choices=Medium, default=Medium.ELECTRICITY)
    use = models.CharField(max_length=8, choices=PointUse, default=PointUse.TENANT)
    parent_point = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    rated_power_w = models.PositiveIntegerField(help_text="Contract or breaker power: bounds a plausible step")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="metering_point_public_id_unique"),
            models.UniqueConstraint(fields=["site", "code"], name="metering_point_code_unique"),
        ]

    @override
    def __str__(self) -> str:
        return self.code


class RelayKind(models.TextChoices):
    """What can disconnect behind a meter."""

    INTERNAL = "internal", _("In the meter")
    EXTERNAL = "external", _("Outside the meter")
    NONE = "none", _("None")


@pghistory.track(exclude=["password_sealed"])
class Meter(models.Model):
    """A device. Its password is sealed with a key that is not in the database."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    maker = models.CharField(max_length=40)
    serial = models.CharField(max_length=40)
    profile = models.CharField(max_length=60, default="dlt645-2007")
    phases = models.PositiveSmallIntegerField(default=1)
    relay_kind = models.CharField(max_length=8, choices=RelayKind, default=RelayKind.INTERNAL)
    register_digits = models.PositiveSmallIntegerField(
        default=6, help_text="Whole kWh digits before the register wraps"
    )
    password_sealed = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="meter_public_id_unique"),
            models.UniqueConstraint(fields=["maker", "serial"], name="meter_serial_unique"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.maker} {self.serial}"


@pghistory.track()
class Gateway(models.Model):
    """The box in a distribution room that carries buses to the network."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="gateways")
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+")
    code = models.CharField(max_length=40)
    transport = models.CharField(max_length=12, default="tcp")
    address = models.CharField(max_length=120, help_text="Host or address, as 192.0.2.10")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="gateway_public_id_unique"),
            models.UniqueConstraint(fields=["site", "code"], name="gateway_code_unique"),
        ]

    @override
    def __str__(self) -> str:
        return self.code


class Parity(models.TextChoices):
    """Parity of a serial line."""

    EVEN = "E", _("Even")
    NONE = "N", _("None")
    ODD = "O", _("Odd")


@pghistory.track()
class Bus(models.Model):
    """One RS-485 line behind a TCP port of a gateway."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="buses")
    port = models.PositiveIntegerField(help_text="TCP port of the gateway that leads to this line")
    name = models.CharField(max_length=60, blank=True)
    baud = models.PositiveIntegerField(default=2400)
    parity = models.CharField(max_length=1, choices=Parity, default=Parity.EVEN)
    under_work_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="bus_public_id_unique"),
            models.UniqueConstraint(fields=["gateway", "port"], name="bus_port_unique"),
        ]

    @override
    def __str__(self) -> str:
        return self.name or f"{self.gateway}:{self.port}"


class GatewayLease(models.Model):
    """Which collector speaks to a gateway, until when in machine time. Every write from the field carries the epoch."""

    gateway = models.OneToOneField(Gateway, models.PROTECT, primary_key=True, related_name="lease")
    collector = models.CharField(max_length=80)
    epoch = models.BigIntegerField(default=1)
    until = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"{self.gateway_id}: {self.collector} #{self.epoch}"


@pghistory.track()
class MeterInstallation(models.Model):
    """A meter's dated stay on a metering point, at an address of a bus."""

    public_id = models.UUIDField(default=uuid7, editable=False)
    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="installations")
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="installations")
    bus = models.ForeignKey(Bus, models.PROTECT, related_name="installations")
    address = models.CharField(max_length=12, help_text="12 digits, as printed on the meter")
    multiplier = models.PositiveIntegerField(default=1, help_text="CT x PT; applied at rating")
    period = DateTimeRangeField()
    opening_total_wh = models.BigIntegerField()
    opening_rates_wh = ArrayField(models.BigIntegerField(), default=list)
    closing_total_wh = models.BigIntegerField(null=True, blank=True)
    closing_rates_wh = ArrayField(models.BigIntegerField(), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["public_id"], name="installation_public_id_unique"),
            models.CheckConstraint(condition=Q(multiplier__gte=1), name="installation_multiplier_positive"),
            models.CheckConstraint(condition=Q(address__regex=r"^[0-9]{12}$"), name="installation_address_digits"),
            ExclusionConstraint(
                name="installation_one_meter_per_point",
                expressions=[("metering_point", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            ExclusionConstraint(
                name="installation_one_point_per_meter",
                expressions=[("meter", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
            ExclusionConstraint(
                name="installation_one_meter_per_address",
                expressions=[
                    ("bus", RangeOperators.EQUAL),
                    ("address", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.metering_point_id} {self.address}"


class TrialState(models.TextChoices):
    """How far a trial reading has come."""

    ASKED = "asked", _("Asked for")
    CLAIMED = "claimed", _("Under way")
    ANSWERED = "answered", _("Answered")
    FAILED = "failed", _("Failed")
    SAVED = "saved", _("Saved")


class TrialRead(models.Model):
    """A reading of a hanging meter at a place where it may be moved to, before anything is stored. Machine time.

    It proves exactly the place that it names: host, port, baud and address, as they were when it was asked for.
    """

    public_id = models.UUIDField(default=uuid7, editable=False)
    installation = models.ForeignKey(MeterInstallation, models.PROTECT, related_name="trials")
    from_bus = models.ForeignKey(Bus, models.PROTECT, related_name="+", db_index=False)
    from_address = models.CharField(max_length=12)
    bus = models.ForeignKey(Bus, models.PROTECT, related_name="trials")
    host = models.CharField(max_length=120)
    port = models.PositiveIntegerField()
    bus_baud = models.PositiveIntegerField(help_text="What the line was set to when the trial was asked for")
    baud = models.PositiveIntegerField(help_text="At what baud it is tried, and set to when it is saved")
    address = models.CharField(max_length=12)
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=TrialState, default=TrialState.ASKED)
    epoch = models.BigIntegerField(null=True, blank=True, help_text="Of the lease under which it was claimed")
    claimed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When the field said what it found")
    read_at = models.DateTimeField(null=True, blank=True, help_text="Estate time of the answer")
    total_wh = models.BigIntegerField(null=True, blank=True)
    finding = models.CharField(max_length=16, blank=True)
    words = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["public_id"], name="trial_read_public_id_unique")]
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], condition=Q(state=TrialState.ASKED), name="trial_read_asked")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.address} {self.state}"
