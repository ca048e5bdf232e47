import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import pgtrigger.compiler
from django.db import migrations, models

import prewatt.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="Site",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                ("time_zone", models.CharField(max_length=60)),
                ("currency", models.CharField(max_length=3)),
                (
                    "operator_name",
                    models.CharField(help_text="Legal entity that sells the electricity", max_length=120),
                ),
                ("operator_tax_no", models.CharField(blank=True, max_length=40)),
                ("service_phone", models.CharField(blank=True, max_length=40)),
                (
                    "supply_mode",
                    models.CharField(
                        choices=[("off", "Reading only"), ("shadow", "Shadow"), ("live", "Live")],
                        default="off",
                        max_length=6,
                    ),
                ),
                ("live_since", models.DateTimeField(blank=True, null=True)),
                (
                    "read_interval_s",
                    models.PositiveIntegerField(default=900, help_text="Estate seconds between two reads of a meter"),
                ),
                ("first_day", models.DateField(help_text="First local day that Prewatt keeps books for")),
                ("scope", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="access.scope")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="site_public_id_unique"),
                    models.UniqueConstraint(fields=("code",), name="site_code_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("read_interval_s__gte", 1)), name="site_read_interval_positive"
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "estate_siteevent" ("code", "currency", "first_day", "id", "live_since", "name", "operator_name", "operator_tax_no", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "read_interval_s", "scope_id", "service_phone", "supply_mode", "time_zone") VALUES (NEW."code", NEW."currency", NEW."first_day", NEW."id", NEW."live_since", NEW."name", NEW."operator_name", NEW."operator_tax_no", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."public_id", NEW."read_interval_s", NEW."scope_id", NEW."service_phone", NEW."supply_mode", NEW."time_zone"); RETURN NULL;',
                            hash="696c3f2f5df5bfd9e492ff6c33f59875d6124663",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_f3533",
                            table="estate_site",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "estate_siteevent" ("code", "currency", "first_day", "id", "live_since", "name", "operator_name", "operator_tax_no", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "read_interval_s", "scope_id", "service_phone", "supply_mode", "time_zone") VALUES (NEW."code", NEW."currency", NEW."first_day", NEW."id", NEW."live_since", NEW."name", NEW."operator_name", NEW."operator_tax_no", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."public_id", NEW."read_interval_s", NEW."scope_id", NEW."service_phone", NEW."supply_mode", NEW."time_zone"); RETURN NULL;',
                            hash="b5762e007297267a0c9626e0e44d70a5574521ed",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_66f1c",
                            table="estate_site",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                ("kind", models.CharField(choices=[("holiday", "Holiday"), ("workday", "Working day")], max_length=8)),
                ("name", models.CharField(blank=True, max_length=80)),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="calendar_days", to="estate.site"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("site", "date"), name="calendar_day_unique")],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "estate_calendardayevent" ("date", "id", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id") VALUES (NEW."date", NEW."id", NEW."kind", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."site_id"); RETURN NULL;',
                            hash="0c022d87b3e3f077595a3eca042b20e5879a1374",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_fb6a0",
                            table="estate_calendarday",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "estate_calendardayevent" ("date", "id", "kind", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id") VALUES (NEW."date", NEW."id", NEW."kind", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."site_id"); RETURN NULL;',
                            hash="ca4c1608cfb6a792b9fc68151665f1a3af3abc30",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_64fce",
                            table="estate_calendarday",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("building", "Building"), ("floor", "Floor"), ("unit", "Unit")], max_length=8
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("order", models.IntegerField(default=0)),
                ("area_dm2", models.PositiveIntegerField(blank=True, help_text="0.01 m²", null=True)),
                (
                    "supply_mode",
                    models.CharField(
                        blank=True,
                        choices=[("off", "Reading only"), ("shadow", "Shadow"), ("live", "Live")],
                        max_length=6,
                        null=True,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="estate.place",
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="access.scope"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="places", to="estate.site"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["site", "kind", "order"], name="place_order")],
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="place_public_id_unique"),
                    models.UniqueConstraint(
                        fields=("site", "parent", "code"), name="place_code_unique", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "building"), ("scope__isnull", False)),
                            models.Q(("kind", "building"), _negated=True),
                            _connector="OR",
                        ),
                        name="place_building_has_scope",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "estate_placeevent" ("area_dm2", "code", "id", "kind", "name", "order", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "scope_id", "site_id", "supply_mode") VALUES (NEW."area_dm2", NEW."code", NEW."id", NEW."kind", NEW."name", NEW."order", NEW."parent_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."public_id", NEW."scope_id", NEW."site_id", NEW."supply_mode"); RETURN NULL;',
                            hash="d9ab031ef7ba6daee2b4e02031262e3c2a518366",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_2e272",
                            table="estate_place",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "estate_placeevent" ("area_dm2", "code", "id", "kind", "name", "order", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "scope_id", "site_id", "supply_mode") VALUES (NEW."area_dm2", NEW."code", NEW."id", NEW."kind", NEW."name", NEW."order", NEW."parent_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."public_id", NEW."scope_id", NEW."site_id", NEW."supply_mode"); RETURN NULL;',
                            hash="b23053bc05fae0f9b557bcc8e6bbc7011f478116",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_b3c17",
                            table="estate_place",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Gateway",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("code", models.CharField(max_length=40)),
                ("transport", models.CharField(default="tcp", max_length=12)),
                ("address", models.CharField(help_text="Host or address, as 192.0.2.10", max_length=120)),
                (
                    "place",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="gateways", to="estate.site"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="gateway_public_id_unique"),
                    models.UniqueConstraint(fields=("site", "code"), name="gateway_code_unique"),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "estate_gatewayevent" ("address", "code", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "public_id", "site_id", "transport") VALUES (NEW."address", NEW."code", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."place_id", NEW."public_id", NEW."site_id", NEW."transport"); RETURN NULL;',
                            hash="196be1c7b13c1556b15818c8cedb05e50c1afc82",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_5c9d5",
                            table="estate_gateway",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "estate_gatewayevent" ("address", "code", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "public_id", "site_id", "transport") VALUES (NEW."address", NEW."code", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."place_id", NEW."public_id", NEW."site_id", NEW."transport"); RETURN NULL;',
                            hash="3d9a83a0ad778fa4cfd05be1afb009e059f733a9",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_587fc",
                            table="estate_gateway",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Bus",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("port", models.PositiveIntegerField(help_text="TCP port of the gateway that leads to this line")),
                ("name", models.CharField(blank=True, max_length=60)),
                ("baud", models.PositiveIntegerField(default=2400)),
                (
                    "parity",
                    models.CharField(choices=[("E", "Even"), ("N", "None"), ("O", "Odd")], default="E", max_length=1),
                ),
                ("under_work_until", models.DateTimeField(blank=True, null=True)),
                (
                    "gateway",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="buses", to="estate.gateway"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="bus_public_id_unique"),
                    models.UniqueConstraint(fields=("gateway", "port"), name="bus_port_unique"),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "estate_busevent" ("baud", "gateway_id", "id", "name", "parity", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "port", "public_id", "under_work_until") VALUES (NEW."baud", NEW."gateway_id", NEW."id", NEW."name", NEW."parity", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."port", NEW."public_id", NEW."under_work_until"); RETURN NULL;',
                            hash="a62a17225ebaa79c58c507922a5a9462fb830d8e",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_52379",
                            table="estate_bus",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "estate_busevent" ("baud", "gateway_id", "id", "name", "parity", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "port", "public_id", "under_work_until") VALUES (NEW."baud", NEW."gateway_id", NEW."id", NEW."name", NEW."parity", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."port", NEW."public_id", NEW."under_work_until"); RETURN NULL;',
                            hash="d5962c00ef6941f936b2b3a580ed3b019e26dd1c",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_9cfe6",
                            table="estate_bus",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeteringPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("code", models.CharField(max_length=40)),
                (
                    "medium",
                    models.CharField(
                        choices=[("electricity", "Electricity"), ("water", "Water")],
                        default="electricity",
                        max_length=12,
                    ),
                ),
                (
                    "use",
                    models.CharField(
                        choices=[("tenant", "Tenant"), ("common", "Common"), ("master", "Master")],
                        default="tenant",
                        max_length=8,
                    ),
                ),
                (
                    "rated_power_w",
                    models.PositiveIntegerField(help_text="Contract or breaker power: bounds a plausible step"),
                ),
                (
                    "parent_point",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="estate.meteringpoint",
                    ),
                ),
                (
                    "building",
                    models.ForeignKey(
                        help_text="The place's building",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="estate.place",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="metering_points", to="estate.place"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="metering_points", to="estate.site"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="metering_point_public_id_unique"),
                    models.UniqueConstraint(fields=("site", "code"), name="metering_point_code_unique"),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "estate_meteringpointevent" ("building_id", "code", "id", "medium", "parent_point_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "public_id", "rated_power_w", "site_id", "use") VALUES (NEW."building_id", NEW."code", NEW."id", NEW."medium", NEW."parent_point_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."place_id", NEW."public_id", NEW."rated_power_w", NEW."site_id", NEW."use"); RETURN NULL;',
                            hash="9ebbbdda85d6297214ee1568eea36b972bb7fbad",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_f0003",
                            table="estate_meteringpoint",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "estate_meteringpointevent" ("building_id", "code", "id", "medium", "parent_point_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "public_id", "rated_power_w", "site_id", "use") VALUES (NEW."building_id", NEW."code", NEW."id", NEW."medium", NEW."parent_point_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."place_id", NEW."public_id", NEW."rated_power_w", NEW."site_id", NEW."use"); RETURN NULL;',
                            hash="1193d14787ba038e9ff80f6cf40b66364212cab3",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_2c163",
                            table="estate_meteringpoint",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeteringPointEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("code", models.CharField(max_length=40)),
                (
                    "medium",
                    models.CharField(
                        choices=[("electricity", "Electricity"), ("water", "Water")],
                        default="electricity",
                        max_length=12,
                    ),
                ),
                (
                    "use",
                    models.CharField(
                        choices=[("tenant", "Tenant"), ("common", "Common"), ("master", "Master")],
                        default="tenant",
                        max_length=8,
                    ),
                ),
                (
                    "rated_power_w",
                    models.PositiveIntegerField(help_text="Contract or breaker power: bounds a plausible step"),
                ),
                (
                    "parent_point",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
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
                        to="estate.meteringpoint",
                    ),
                ),
                (
                    "building",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="The place's building",
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.place",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.place",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PlaceEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("building", "Building"), ("floor", "Floor"), ("unit", "Unit")], max_length=8
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("order", models.IntegerField(default=0)),
                ("area_dm2", models.PositiveIntegerField(blank=True, help_text="0.01 m²", null=True)),
                (
                    "supply_mode",
                    models.CharField(
                        blank=True,
                        choices=[("off", "Reading only"), ("shadow", "Shadow"), ("live", "Live")],
                        max_length=6,
                        null=True,
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.place",
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
                        to="estate.place",
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="access.scope",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SiteEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                ("time_zone", models.CharField(max_length=60)),
                ("currency", models.CharField(max_length=3)),
                (
                    "operator_name",
                    models.CharField(help_text="Legal entity that sells the electricity", max_length=120),
                ),
                ("operator_tax_no", models.CharField(blank=True, max_length=40)),
                ("service_phone", models.CharField(blank=True, max_length=40)),
                (
                    "supply_mode",
                    models.CharField(
                        choices=[("off", "Reading only"), ("shadow", "Shadow"), ("live", "Live")],
                        default="off",
                        max_length=6,
                    ),
                ),
                ("live_since", models.DateTimeField(blank=True, null=True)),
                (
                    "read_interval_s",
                    models.PositiveIntegerField(default=900, help_text="Estate seconds between two reads of a meter"),
                ),
                ("first_day", models.DateField(help_text="First local day that Prewatt keeps books for")),
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
                        to="estate.site",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CalendarDayEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("date", models.DateField()),
                ("kind", models.CharField(choices=[("holiday", "Holiday"), ("workday", "Working day")], max_length=8)),
                ("name", models.CharField(blank=True, max_length=80)),
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
                        to="estate.calendarday",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GatewayLease",
            fields=[
                (
                    "gateway",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="lease",
                        serialize=False,
                        to="estate.gateway",
                    ),
                ),
                ("collector", models.CharField(max_length=80)),
                ("epoch", models.BigIntegerField(default=1)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="BusEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("port", models.PositiveIntegerField(help_text="TCP port of the gateway that leads to this line")),
                ("name", models.CharField(blank=True, max_length=60)),
                ("baud", models.PositiveIntegerField(default=2400)),
                (
                    "parity",
                    models.CharField(choices=[("E", "Even"), ("N", "None"), ("O", "Odd")], default="E", max_length=1),
                ),
                ("under_work_until", models.DateTimeField(blank=True, null=True)),
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
                        to="estate.bus",
                    ),
                ),
                (
                    "gateway",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.gateway",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GatewayEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("code", models.CharField(max_length=40)),
                ("transport", models.CharField(default="tcp", max_length=12)),
                ("address", models.CharField(help_text="Host or address, as 192.0.2.10", max_length=120)),
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
                        to="estate.gateway",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.place",
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
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Meter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("maker", models.CharField(max_length=40)),
                ("serial", models.CharField(max_length=40)),
                ("profile", models.CharField(default="dlt645-2007", max_length=60)),
                ("phases", models.PositiveSmallIntegerField(default=1)),
                (
                    "relay_kind",
                    models.CharField(
                        choices=[("internal", "In the meter"), ("external", "Outside the meter"), ("none", "None")],
                        default="internal",
                        max_length=8,
                    ),
                ),
                (
                    "register_digits",
                    models.PositiveSmallIntegerField(default=6, help_text="Whole kWh digits before the register wraps"),
                ),
                ("password_sealed", models.BinaryField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="meter_public_id_unique"),
                    models.UniqueConstraint(fields=("maker", "serial"), name="meter_serial_unique"),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "estate_meterevent" ("id", "maker", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phases", "profile", "public_id", "register_digits", "relay_kind", "serial") VALUES (NEW."id", NEW."maker", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."phases", NEW."profile", NEW."public_id", NEW."register_digits", NEW."relay_kind", NEW."serial"); RETURN NULL;',
                            hash="c6e58c536c40709e16a329638d9db6a36079b7ea",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_01b21",
                            table="estate_meter",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."maker" IS DISTINCT FROM (NEW."maker") OR OLD."phases" IS DISTINCT FROM (NEW."phases") OR OLD."profile" IS DISTINCT FROM (NEW."profile") OR OLD."public_id" IS DISTINCT FROM (NEW."public_id") OR OLD."register_digits" IS DISTINCT FROM (NEW."register_digits") OR OLD."relay_kind" IS DISTINCT FROM (NEW."relay_kind") OR OLD."serial" IS DISTINCT FROM (NEW."serial"))',
                            func='INSERT INTO "estate_meterevent" ("id", "maker", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phases", "profile", "public_id", "register_digits", "relay_kind", "serial") VALUES (NEW."id", NEW."maker", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phases", NEW."profile", NEW."public_id", NEW."register_digits", NEW."relay_kind", NEW."serial"); RETURN NULL;',
                            hash="a96aa392a19cfeef5cf060e818ee8bcd77e79f46",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_2627e",
                            table="estate_meter",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("maker", models.CharField(max_length=40)),
                ("serial", models.CharField(max_length=40)),
                ("profile", models.CharField(default="dlt645-2007", max_length=60)),
                ("phases", models.PositiveSmallIntegerField(default=1)),
                (
                    "relay_kind",
                    models.CharField(
                        choices=[("internal", "In the meter"), ("external", "Outside the meter"), ("none", "None")],
                        default="internal",
                        max_length=8,
                    ),
                ),
                (
                    "register_digits",
                    models.PositiveSmallIntegerField(default=6, help_text="Whole kWh digits before the register wraps"),
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
                        to="estate.meter",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="MeterInstallation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("address", models.CharField(help_text="12 digits, as printed on the meter", max_length=12)),
                ("multiplier", models.PositiveIntegerField(default=1, help_text="CT x PT; applied at rating")),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("opening_total_wh", models.BigIntegerField()),
                (
                    "opening_rates_wh",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("closing_total_wh", models.BigIntegerField(blank=True, null=True)),
                (
                    "closing_rates_wh",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, null=True, size=None
                    ),
                ),
                (
                    "bus",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="installations",
                        to="estate.bus",
                    ),
                ),
                (
                    "meter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="installations",
                        to="estate.meter",
                    ),
                ),
                (
                    "metering_point",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="installations",
                        to="estate.meteringpoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="installation_public_id_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("multiplier__gte", 1)), name="installation_multiplier_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("address__regex", "^[0-9]{12}$")), name="installation_address_digits"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("metering_point", "="), ("period", "&&")], name="installation_one_meter_per_point"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("meter", "="), ("period", "&&")], name="installation_one_point_per_meter"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("bus", "="), ("address", "="), ("period", "&&")],
                        name="installation_one_meter_per_address",
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "estate_meterinstallationevent" ("address", "bus_id", "closing_rates_wh", "closing_total_wh", "id", "meter_id", "metering_point_id", "multiplier", "opening_rates_wh", "opening_total_wh", "period", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id") VALUES (NEW."address", NEW."bus_id", NEW."closing_rates_wh", NEW."closing_total_wh", NEW."id", NEW."meter_id", NEW."metering_point_id", NEW."multiplier", NEW."opening_rates_wh", NEW."opening_total_wh", NEW."period", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."public_id"); RETURN NULL;',
                            hash="3f509318ff2a204cc02f2b27e4828dca0f106167",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_7cc2f",
                            table="estate_meterinstallation",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "estate_meterinstallationevent" ("address", "bus_id", "closing_rates_wh", "closing_total_wh", "id", "meter_id", "metering_point_id", "multiplier", "opening_rates_wh", "opening_total_wh", "period", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id") VALUES (NEW."address", NEW."bus_id", NEW."closing_rates_wh", NEW."closing_total_wh", NEW."id", NEW."meter_id", NEW."metering_point_id", NEW."multiplier", NEW."opening_rates_wh", NEW."opening_total_wh", NEW."period", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."public_id"); RETURN NULL;',
                            hash="00cd52c304c040593c90c9c1d3fb97e76a92466f",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_8935d",
                            table="estate_meterinstallation",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterInstallationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("address", models.CharField(help_text="12 digits, as printed on the meter", max_length=12)),
                ("multiplier", models.PositiveIntegerField(default=1, help_text="CT x PT; applied at rating")),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                ("opening_total_wh", models.BigIntegerField()),
                (
                    "opening_rates_wh",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("closing_total_wh", models.BigIntegerField(blank=True, null=True)),
                (
                    "closing_rates_wh",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, null=True, size=None
                    ),
                ),
                (
                    "bus",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.bus",
                    ),
                ),
                (
                    "meter",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="estate.meter",
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
                        to="estate.meterinstallation",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
