import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
from django.db import migrations, models

import prewatt.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "0001_initial"),
        ("estate", "0001_initial"),
        ("ledger", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("code", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[("company", "Company"), ("person", "Person"), ("operator", "Operator (own use)")],
                        default="company",
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "pinyin",
                    models.CharField(
                        blank=True, help_text="Full and initial pinyin of the name, for search", max_length=240
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=20)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("tax_no", models.CharField(blank=True, max_length=40)),
                ("language", models.CharField(default="zh-hans", max_length=10)),
                ("organisation", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="access.scope")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="customer_public_id_unique"),
                    models.UniqueConstraint(fields=("organisation", "code"), name="customer_code_unique"),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "tenancy_customerevent" ("code", "email", "id", "kind", "language", "name", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "public_id", "tax_no") VALUES (NEW."code", NEW."email", NEW."id", NEW."kind", NEW."language", NEW."name", NEW."organisation_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."phone", NEW."public_id", NEW."tax_no"); RETURN NULL;',
                            hash="bcd82e4b0cf717293ed9ab4d3ac787aa84a22a2c",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_2ef33",
                            table="tenancy_customer",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."organisation_id" IS DISTINCT FROM (NEW."organisation_id") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."public_id" IS DISTINCT FROM (NEW."public_id") OR OLD."tax_no" IS DISTINCT FROM (NEW."tax_no"))',
                            func='INSERT INTO "tenancy_customerevent" ("code", "email", "id", "kind", "language", "name", "organisation_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "public_id", "tax_no") VALUES (NEW."code", NEW."email", NEW."id", NEW."kind", NEW."language", NEW."name", NEW."organisation_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phone", NEW."public_id", NEW."tax_no"); RETURN NULL;',
                            hash="666f31f2e8f64ba31c54df2681cb9c555b48e4c7",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_f93b2",
                            table="tenancy_customer",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("number", models.CharField(max_length=20)),
                ("currency", models.CharField(max_length=3)),
                (
                    "payment_mode",
                    models.CharField(
                        choices=[("prepaid", "Prepaid"), ("own_use", "Own use")], default="prepaid", max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=6),
                ),
                ("allowed_credit", models.BigIntegerField(default=0, help_text="Minor units")),
                ("level_1", models.BigIntegerField(blank=True, help_text="Minor units; empty = the site's", null=True)),
                ("level_2", models.BigIntegerField(blank=True, help_text="Minor units; empty = the site's", null=True)),
                (
                    "accrued",
                    models.BigIntegerField(
                        default=0, help_text="Minor units: sum of rounded − posted of its positions"
                    ),
                ),
                (
                    "daily_cost",
                    models.BigIntegerField(blank=True, help_text="Minor units a day, from recent own use", null=True),
                ),
                ("empties_at", models.DateTimeField(blank=True, null=True)),
                ("search_text", models.TextField(blank=True)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="estate.site"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="tenancy.customer"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")), fields=["site", "empties_at"], name="account_empties"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search_text"], name="account_search", opclasses=["gin_trgm_ops"]
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="account_public_id_unique"),
                    models.UniqueConstraint(fields=("site", "number"), name="account_number_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("allowed_credit__gte", 0)), name="account_allowed_credit_not_negative"
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "tenancy_accountevent" ("allowed_credit", "currency", "customer_id", "id", "level_1", "level_2", "number", "payment_mode", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "site_id", "state") VALUES (NEW."allowed_credit", NEW."currency", NEW."customer_id", NEW."id", NEW."level_1", NEW."level_2", NEW."number", NEW."payment_mode", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."public_id", NEW."site_id", NEW."state"); RETURN NULL;',
                            hash="04e6a22810451a1bf074087a1518d5b3430eff18",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_a93ef",
                            table="tenancy_account",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."allowed_credit" IS DISTINCT FROM (NEW."allowed_credit") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."level_1" IS DISTINCT FROM (NEW."level_1") OR OLD."level_2" IS DISTINCT FROM (NEW."level_2") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."payment_mode" IS DISTINCT FROM (NEW."payment_mode") OR OLD."public_id" IS DISTINCT FROM (NEW."public_id") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."state" IS DISTINCT FROM (NEW."state"))',
                            func='INSERT INTO "tenancy_accountevent" ("allowed_credit", "currency", "customer_id", "id", "level_1", "level_2", "number", "payment_mode", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "site_id", "state") VALUES (NEW."allowed_credit", NEW."currency", NEW."customer_id", NEW."id", NEW."level_1", NEW."level_2", NEW."number", NEW."payment_mode", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."public_id", NEW."site_id", NEW."state"); RETURN NULL;',
                            hash="f67659e1cbfb5b1ab7c893b25d5961ec429579a7",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_3082b",
                            table="tenancy_account",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("number", models.CharField(max_length=20)),
                ("currency", models.CharField(max_length=3)),
                (
                    "payment_mode",
                    models.CharField(
                        choices=[("prepaid", "Prepaid"), ("own_use", "Own use")], default="prepaid", max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=6),
                ),
                ("allowed_credit", models.BigIntegerField(default=0, help_text="Minor units")),
                ("level_1", models.BigIntegerField(blank=True, help_text="Minor units; empty = the site's", null=True)),
                ("level_2", models.BigIntegerField(blank=True, help_text="Minor units; empty = the site's", null=True)),
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
                        to="tenancy.account",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.site",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="tenancy.customer",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CustomerEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("code", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[("company", "Company"), ("person", "Person"), ("operator", "Operator (own use)")],
                        default="company",
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("phone", models.CharField(blank=True, max_length=20)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("tax_no", models.CharField(blank=True, max_length=40)),
                ("language", models.CharField(default="zh-hans", max_length=10)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="access.scope",
                    ),
                ),
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
                        to="tenancy.customer",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Tenancy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tenancies", to="tenancy.account"
                    ),
                ),
                (
                    "metering_point",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tenancies",
                        to="estate.meteringpoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="tenancy_public_id_unique"),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("metering_point", "="), ("period", "&&")], name="tenancy_one_payer_per_point"
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "tenancy_tenancyevent" ("account_id", "id", "metering_point_id", "period", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id") VALUES (NEW."account_id", NEW."id", NEW."metering_point_id", NEW."period", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."public_id"); RETURN NULL;',
                            hash="e8a6cd796f6e74f0278754840ccb03b2c1f53fa5",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_5193e",
                            table="tenancy_tenancy",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "tenancy_tenancyevent" ("account_id", "id", "metering_point_id", "period", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id") VALUES (NEW."account_id", NEW."id", NEW."metering_point_id", NEW."period", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."public_id"); RETURN NULL;',
                            hash="d8b74a37ac9891e76e43c5dbd720aa0c7800f854",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_304d4",
                            table="tenancy_tenancy",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TenancyEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="tenancy.account",
                    ),
                ),
                (
                    "metering_point",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.meteringpoint",
                    ),
                ),
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
                        to="tenancy.tenancy",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Bucket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("cash", "Cash")], default="cash", max_length=12)),
                (
                    "medium",
                    models.CharField(
                        choices=[("electricity", "Electricity"), ("water", "Water")],
                        default="electricity",
                        max_length=12,
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(default=0)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="buckets", to="tenancy.account"
                    ),
                ),
                (
                    "ledger_account",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="ledger.ledgeraccount"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "kind", "medium"), name="bucket_kind_medium_unique")
                ],
            },
        ),
    ]
