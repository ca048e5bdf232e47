import django.db.models.deletion
from django.db import migrations, models

import prewatt.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("level_1", "Low balance"),
                            ("level_2", "Very low balance"),
                            ("last_call", "Last call before disconnection"),
                            ("disconnected", "Disconnected"),
                            ("reconnected", "Reconnected"),
                            ("top_up", "Top-up received"),
                        ],
                        max_length=12,
                    ),
                ),
                ("cause_key", models.CharField(max_length=120)),
                (
                    "channel",
                    models.CharField(
                        choices=[("desk", "Told by the desk"), ("mail", "Mail"), ("letterbox", "Letter box (demo)")],
                        max_length=10,
                    ),
                ),
                ("recipient", models.CharField(max_length=120)),
                ("language", models.CharField(max_length=10)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("sending", "Sending"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(help_text="Estate time")),
                ("due_at", models.DateTimeField(help_text="Machine time of the next try")),
                ("leased_until", models.DateTimeField(blank=True, help_text="Machine time", null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("delivered_at", models.DateTimeField(blank=True, help_text="Estate time", null=True)),
                ("proof", models.CharField(blank=True, max_length=300)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="tenancy.account"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["pending", "sending"])), fields=["due_at"], name="notice_due"
                    ),
                    models.Index(fields=["account", "id"], name="notice_account"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="notice_public_id_unique"),
                    models.UniqueConstraint(fields=("cause_key", "channel", "recipient"), name="notice_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Ladder",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="notice_ladder",
                        serialize=False,
                        to="tenancy.account",
                    ),
                ),
                ("step", models.PositiveSmallIntegerField(default=0, help_text="notices.ladder.Step")),
                (
                    "turn",
                    models.PositiveIntegerField(default=1, help_text="Grows when the balance rises above a step again"),
                ),
                ("since_at", models.DateTimeField(help_text="Estate time when it came to this step")),
            ],
        ),
    ]
