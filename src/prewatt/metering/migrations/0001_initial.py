import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("estate", "0001_initial"),
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "installation_id",
                        "kind",
                        "read_at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("installation_id", models.BigIntegerField()),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[
                            (1, "Scheduled"),
                            (2, "Daily register"),
                            (3, "Opening"),
                            (4, "Closing"),
                            (5, "On demand"),
                        ]
                    ),
                ),
                ("read_at", models.DateTimeField(help_text="Estate time when the host had the answer")),
                ("meter_at", models.DateTimeField(help_text="The meter's own clock, when it was read", null=True)),
                ("received_at", models.DateTimeField(help_text="Estate time when it was stored")),
                ("total_wh", models.BigIntegerField()),
                (
                    "rates_wh",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("quality", models.SmallIntegerField(choices=[(1, "Accepted"), (2, "Held back"), (3, "Rejected")])),
                ("cause", models.CharField(blank=True, help_text="Why it was held back", max_length=24)),
                ("epoch", models.BigIntegerField(default=0)),
                ("seq", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "metering_reading",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="BusState",
            fields=[
                (
                    "bus",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="state",
                        serialize=False,
                        to="estate.bus",
                    ),
                ),
                ("swept_at", models.DateTimeField()),
                ("sweep_ms", models.PositiveIntegerField()),
                ("reads_ok", models.PositiveIntegerField()),
                ("reads_failed", models.PositiveIntegerField()),
                ("rejected", models.JSONField(default=dict, help_text="Count by kind of rejection")),
                ("round_trip_ms", models.PositiveIntegerField(default=0, help_text="Median")),
            ],
        ),
        migrations.CreateModel(
            name="GatewayState",
            fields=[
                (
                    "gateway",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="state",
                        serialize=False,
                        to="estate.gateway",
                    ),
                ),
                (
                    "comm",
                    models.CharField(
                        choices=[("online", "Online"), ("degraded", "Degraded"), ("lost", "Lost")],
                        default="lost",
                        max_length=8,
                    ),
                ),
                ("comm_since", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="DayUsage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "tenancy_id",
                        "installation_id",
                        "date",
                        "band",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("date", models.DateField()),
                ("band", models.SmallIntegerField(help_text="rating.Band")),
                ("quantity_wh", models.BigIntegerField()),
                (
                    "installation",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="estate.meterinstallation"
                    ),
                ),
                (
                    "tenancy",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="tenancy.tenancy"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MeterState",
            fields=[
                (
                    "installation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="state",
                        serialize=False,
                        to="estate.meterinstallation",
                    ),
                ),
                ("last_read_at", models.DateTimeField()),
                ("last_total_wh", models.BigIntegerField()),
                (
                    "last_rates_wh",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("last_ok_at", models.DateTimeField(blank=True, null=True)),
                (
                    "comm",
                    models.CharField(
                        choices=[("online", "Online"), ("degraded", "Degraded"), ("lost", "Lost")],
                        default="lost",
                        max_length=8,
                    ),
                ),
                ("comm_since", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("clock_drift_s", models.IntegerField(blank=True, null=True)),
                (
                    "power_w",
                    models.BigIntegerField(blank=True, help_text="Primary W between the last two readings", null=True),
                ),
                (
                    "held_at",
                    models.DateTimeField(blank=True, help_text="Newest reading of a line that is held back", null=True),
                ),
                ("held_cause", models.CharField(blank=True, db_default="", max_length=24)),
                ("held_total_wh", models.BigIntegerField(blank=True, null=True)),
                (
                    "moved_at",
                    models.DateTimeField(
                        blank=True, help_text="Last accepted reading that counted anything", null=True
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("comm", "online"), _negated=True),
                        fields=["comm", "last_ok_at"],
                        name="meter_state_not_online",
                    )
                ],
            },
        ),
    ]
