import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prewatt.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("kind", models.CharField(max_length=40)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=60)),
                (
                    "subject_label",
                    models.CharField(blank=True, help_text="What a person calls the subject", max_length=120),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "Information"), ("warning", "Warning"), ("urgent", "Urgent")], max_length=8
                    ),
                ),
                ("detail", models.JSONField(default=dict, help_text="Facts for the sentence that the screen shows")),
                ("opened_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(help_text="Last time the cause was met again")),
                ("hits", models.PositiveIntegerField(default=1)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("scope", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="access.scope")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at", None)), fields=["scope", "opened_at"], name="case_open"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="case_public_id_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("kind", "subject_kind", "subject_id"),
                        name="case_open_unique",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Progress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField()),
                ("started_at", models.DateTimeField(help_text="Machine time")),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("scope", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="access.scope")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("scope", "kind"), name="progress_unique")],
            },
        ),
    ]
