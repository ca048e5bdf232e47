import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "0001_initial"),
        ("estate", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TariffAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tariff_code", models.CharField(max_length=40)),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("scope", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="access.scope")),
                (
                    "tenancy",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tariffs",
                        to="tenancy.tenancy",
                    ),
                ),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("tenancy", "="), ("period", "&&")], name="tariff_assignment_one_at_a_time"
                    )
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "billing_tariffassignmentevent" ("id", "period", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope_id", "tariff_code", "tenancy_id") VALUES (NEW."id", NEW."period", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."scope_id", NEW."tariff_code", NEW."tenancy_id"); RETURN NULL;',
                            hash="b967f16065a700508e5a7cd09ece3394f2fff451",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_3aa52",
                            table="billing_tariffassignment",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "billing_tariffassignmentevent" ("id", "period", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "scope_id", "tariff_code", "tenancy_id") VALUES (NEW."id", NEW."period", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."scope_id", NEW."tariff_code", NEW."tenancy_id"); RETURN NULL;',
                            hash="8ba36a9f13ed3b14b26e485e08d60b50791e3a8f",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_84903",
                            table="billing_tariffassignment",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TariffAssignmentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("tariff_code", models.CharField(max_length=40)),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="billing.tariffassignment",
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="access.scope",
                    ),
                ),
                (
                    "tenancy",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="tenancy.tenancy",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TariffVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=120)),
                (
                    "medium",
                    models.CharField(
                        choices=[("electricity", "Electricity"), ("water", "Water")],
                        default="electricity",
                        max_length=12,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("effective_from", models.DateField()),
                ("definition", models.JSONField(help_text="rating.tariff.Tariff as JSON")),
                ("definition_hash", models.CharField(max_length=64)),
                ("reference", models.CharField(blank=True, help_text="Price document", max_length=200)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("scope", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="access.scope")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("scope", "code", "version"), name="tariff_version_unique"),
                    models.UniqueConstraint(
                        fields=("scope", "code", "effective_from"), name="tariff_effective_from_unique"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "period_start",
                    models.DateField(help_text="First local day of the accumulation period (calendar month)"),
                ),
                ("sharp_wh", models.BigIntegerField(default=0)),
                ("peak_wh", models.BigIntegerField(default=0)),
                ("flat_wh", models.BigIntegerField(default=0)),
                ("valley_wh", models.BigIntegerField(default=0)),
                ("deep_valley_wh", models.BigIntegerField(default=0)),
                ("cost_nano", models.BigIntegerField(default=0, help_text="Exact cost in 1e-9 currency units")),
                ("rounded", models.BigIntegerField(default=0, help_text="Minor units")),
                ("posted", models.BigIntegerField(default=0, help_text="Minor units already in the ledger")),
                ("close_no", models.PositiveIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to="tenancy.account",
                    ),
                ),
                (
                    "tenancy",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to="tenancy.tenancy",
                    ),
                ),
                (
                    "tariff_version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.tariffversion",
                    ),
                ),
                (
                    "unposted_from",
                    models.DateField(blank=True, help_text="First local day whose use is not in the ledger", null=True),
                ),
                ("unposted_to", models.DateField(blank=True, help_text="Last such day", null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("rounded", models.F("posted")), _negated=True),
                        fields=["account"],
                        name="position_unposted",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenancy", "period_start", "tariff_version"), name="position_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DayClose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("posting", "Posting"), ("sealed", "Sealed")], default="posting", max_length=8
                    ),
                ),
                ("accounts", models.PositiveIntegerField(default=0)),
                ("entries", models.PositiveIntegerField(default=0)),
                ("posted", models.BigIntegerField(default=0, help_text="Minor units posted by this close")),
                (
                    "difference",
                    models.BigIntegerField(default=0, help_text="What re-adding everything found; 0 when sound"),
                ),
                ("sealed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="day_closes", to="estate.site"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "sealed"), _negated=True),
                        fields=["state"],
                        name="day_close_not_sealed",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("site", "date"), name="day_close_unique")],
            },
        ),
    ]
