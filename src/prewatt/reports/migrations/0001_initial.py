import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prewatt.kernel.ids

OPEN = models.Q(("state__in", ["waiting", "running"]))


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("estate", "0001_initial"),
        ("ledger", "0005_document_files"),
        ("tenancy", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="PaperRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("statement", "Fee statements"), ("energy_report", "Energy reports")], max_length=20
                    ),
                ),
                ("month", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("lease", models.UUIDField(blank=True, help_text="Who works on it", null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "building",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="estate.place",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="estate.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="paper_run_public_id_unique"),
                    models.UniqueConstraint(
                        condition=OPEN,
                        fields=("site", "building", "kind", "month"),
                        name="paper_run_one_at_a_time",
                        nulls_distinct=False,
                    ),
                ],
                "indexes": [
                    models.Index(condition=OPEN, fields=["id"], name="paper_run_open"),
                    models.Index(fields=["site", "id"], name="paper_run_site"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaperItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("label", models.CharField(blank=True, help_text="Room and name, for the file", max_length=120)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.account",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.document",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="reports.paperrun",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("run", "account"), name="paper_item_unique")],
                "indexes": [
                    models.Index(fields=["run", "id"], name="paper_item_order"),
                    models.Index(
                        condition=models.Q(("document", None), ("error", "")),
                        fields=["run", "id"],
                        name="paper_item_open",
                    ),
                ],
            },
        ),
    ]
