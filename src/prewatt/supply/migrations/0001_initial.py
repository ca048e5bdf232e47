import datetime

import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models

import prewatt.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "0001_initial"),
        ("estate", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "id", "at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("account_id", models.BigIntegerField(null=True)),
                ("metering_point_id", models.BigIntegerField(null=True)),
                (
                    "mode",
                    models.CharField(
                        choices=[("off", "Reading only"), ("shadow", "Shadow"), ("live", "Live")], max_length=6
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        choices=[("cut", "Disconnect"), ("restore", "Reconnect"), ("spare", "Not disconnected")],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(max_length=40)),
                ("inputs", models.JSONField()),
                ("action_id", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "supply_decision",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Command",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("target", models.CharField(default="relay", max_length=20)),
                ("wanted", models.CharField(help_text="on or off, for the relay", max_length=20)),
                ("cause", models.CharField(help_text="Reason code, as credit, payment:17, manual", max_length=80)),
                ("decision_id", models.BigIntegerField(blank=True, null=True)),
                ("action_id", models.BigIntegerField(blank=True, null=True)),
                ("priority", models.SmallIntegerField(default=1, help_text="0 reconnect, 1 disconnect")),
                ("deadline", models.DateTimeField(help_text="Machine time: never sent later")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sent", "Sent"),
                            ("acknowledged", "Acknowledged"),
                            ("verified", "Verified"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("voided", "Voided"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("epoch", models.BigIntegerField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("queued_at", models.DateTimeField(help_text="Machine time, like all below")),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, help_text="Verified, failed, expired or voided", null=True),
                ),
                ("estate_at", models.DateTimeField(help_text="Estate time when it was queued")),
                ("error", models.CharField(blank=True, max_length=200)),
                (
                    "gateway",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="estate.gateway",
                    ),
                ),
                (
                    "installation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commands",
                        to="estate.meterinstallation",
                    ),
                ),
                (
                    "metering_point",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commands",
                        to="estate.meteringpoint",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("queued", "sent", "acknowledged"))),
                        fields=["gateway", "priority", "id"],
                        name="command_live",
                    ),
                    models.Index(fields=["metering_point", "id"], name="command_point"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="command_public_id_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("queued", "sent", "acknowledged"))),
                        fields=("installation", "target"),
                        name="command_one_live",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("credit", "Out of credit"),
                            ("manual", "By hand"),
                            ("protection", "Protection"),
                            ("maintenance", "Maintenance"),
                            ("safety", "Safety"),
                            ("vacancy", "Vacant"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "effect",
                    models.CharField(
                        choices=[
                            ("frozen", "Frozen"),
                            ("locked_off", "Locked off"),
                            ("protect", "Protected"),
                            ("off", "Off"),
                        ],
                        max_length=10,
                    ),
                ),
                ("source_key", models.CharField(blank=True, help_text="What placed it, as account:17", max_length=80)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("from_at", models.DateTimeField()),
                (
                    "to_at",
                    models.DateTimeField(
                        blank=True, help_text="Ends by itself; never for frozen or locked off", null=True
                    ),
                ),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("placed_action_id", models.BigIntegerField(blank=True, null=True)),
                ("lifted_action_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "metering_point",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="estate.meteringpoint",
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("lifted_at", None)), fields=["to_at"], name="hold_ends"),
                    models.Index(
                        condition=models.Q(("lifted_at", None)), fields=["source_key"], name="hold_open_source"
                    ),
                    models.Index(condition=models.Q(("effect", "off")), fields=["from_at"], name="hold_cuts"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="hold_public_id_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("metering_point", "reason", "source_key"),
                        name="hold_open_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("effect__in", ["frozen", "locked_off"]), _negated=True),
                            ("to_at", None),
                            _connector="OR",
                        ),
                        name="hold_named_person_lifts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModeChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mode",
                    models.CharField(
                        choices=[("off", "Reading only"), ("shadow", "Shadow"), ("live", "Live")], max_length=6
                    ),
                ),
                ("at", models.DateTimeField()),
                ("statement", models.CharField(max_length=500)),
                ("would_disconnect", models.JSONField(default=list)),
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
                    "signed_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mode_changes", to="estate.site"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Relay",
            fields=[
                (
                    "metering_point",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="relay",
                        serialize=False,
                        to="estate.meteringpoint",
                    ),
                ),
                ("desired", models.CharField(choices=[("on", "On"), ("off", "Off")], default="on", max_length=3)),
                ("desired_at", models.DateTimeField()),
                ("decision_id", models.BigIntegerField(blank=True, null=True)),
                ("frozen", models.BooleanField(default=False, help_text="No command in either direction")),
                (
                    "reported",
                    models.CharField(
                        choices=[("on", "On"), ("off", "Off"), ("unknown", "Unknown")], default="unknown", max_length=7
                    ),
                ),
                ("proven_at", models.DateTimeField(blank=True, null=True)),
                (
                    "changed_at",
                    models.DateTimeField(blank=True, help_text="When reported last became what it is", null=True),
                ),
                ("tries", models.PositiveIntegerField(default=0, help_text="Commands spent on the present difference")),
                ("next_try_at", models.DateTimeField(blank=True, help_text="Machine time", null=True)),
                (
                    "stopped",
                    models.CharField(blank=True, help_text="Why the budget is spent; a person decides", max_length=40),
                ),
                (
                    "differs",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(models.Q(("frozen", True)), then=models.Value(False)),
                            models.When(models.Q(("desired", models.F("reported"))), then=models.Value(False)),
                            default=models.Value(True),
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
                (
                    "installation",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="estate.meterinstallation",
                    ),
                ),
                (
                    "budget",
                    models.PositiveSmallIntegerField(
                        default=3, help_text="Commands allowed for the present difference"
                    ),
                ),
                ("shadow", models.BooleanField(default=False, help_text="Would be disconnected, were the site live")),
                (
                    "withheld",
                    models.CharField(
                        blank=True, help_text="Why a due disconnection is not made at present", max_length=40
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("differs", True)), fields=["metering_point"], name="relay_differs"
                    ),
                    models.Index(
                        condition=models.Q(
                            models.Q(("withheld", ""), _negated=True), ("shadow", True), _connector="OR"
                        ),
                        fields=["metering_point"],
                        name="relay_withheld",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplyPolicy",
            fields=[
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="supply_policy",
                        serialize=False,
                        to="estate.site",
                    ),
                ),
                ("level_1", models.BigIntegerField(default=10000)),
                ("level_2", models.BigIntegerField(default=3000)),
                ("min_reconnect_balance", models.BigIntegerField(default=100)),
                ("cuts_per_minute", models.PositiveSmallIntegerField(default=5)),
                ("cuts_per_day", models.PositiveSmallIntegerField(default=50)),
                (
                    "friendly_from",
                    models.TimeField(
                        blank=True,
                        default=datetime.time(20, 0),
                        help_text="Local time from which nothing is disconnected",
                        null=True,
                    ),
                ),
                ("friendly_to", models.TimeField(blank=True, default=datetime.time(8, 0), null=True)),
                (
                    "friendly_weekends",
                    models.BooleanField(default=True, help_text="No disconnection on weekends and holidays"),
                ),
                (
                    "last_call_s",
                    models.PositiveIntegerField(
                        default=3600, help_text="Estate seconds between the last call and a cut"
                    ),
                ),
                ("notice_channels", models.JSONField(default=list, help_text="In order: desk, mail, letterbox")),
                (
                    "stopped_at",
                    models.DateTimeField(
                        blank=True, help_text="All disconnections stopped by a person or the limit", null=True
                    ),
                ),
                ("stopped_why", models.CharField(blank=True, max_length=200)),
                (
                    "resumed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Disconnections before this instant no longer count against the limits",
                        null=True,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("friendly_from", None), ("friendly_to", None)),
                            models.Q(("friendly_from__isnull", False), ("friendly_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="supply_policy_friendly_hours_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level_1__gte", models.F("level_2"))), name="supply_policy_levels_ordered"
                    ),
                ],
                "triggers": [
                    pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "supply_supplypolicyevent" ("cuts_per_day", "cuts_per_minute", "friendly_from", "friendly_to", "friendly_weekends", "last_call_s", "level_1", "level_2", "min_reconnect_balance", "notice_channels", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resumed_at", "site_id", "stopped_at", "stopped_why") VALUES (NEW."cuts_per_day", NEW."cuts_per_minute", NEW."friendly_from", NEW."friendly_to", NEW."friendly_weekends", NEW."last_call_s", NEW."level_1", NEW."level_2", NEW."min_reconnect_balance", NEW."notice_channels", _pgh_attach_context(), NOW(), \'insert\', NEW."site_id", NEW."resumed_at", NEW."site_id", NEW."stopped_at", NEW."stopped_why"); RETURN NULL;',
                            hash="f7449554cd5e9dc8861a6e870f8456be2984a79b",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_52ee3",
                            table="supply_supplypolicy",
                            when="AFTER",
                        ),
                    ),
                    pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "supply_supplypolicyevent" ("cuts_per_day", "cuts_per_minute", "friendly_from", "friendly_to", "friendly_weekends", "last_call_s", "level_1", "level_2", "min_reconnect_balance", "notice_channels", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "resumed_at", "site_id", "stopped_at", "stopped_why") VALUES (NEW."cuts_per_day", NEW."cuts_per_minute", NEW."friendly_from", NEW."friendly_to", NEW."friendly_weekends", NEW."last_call_s", NEW."level_1", NEW."level_2", NEW."min_reconnect_balance", NEW."notice_channels", _pgh_attach_context(), NOW(), \'update\', NEW."site_id", NEW."resumed_at", NEW."site_id", NEW."stopped_at", NEW."stopped_why"); RETURN NULL;',
                            hash="035a1fc96da24506554b4c94400302d97e02e6aa",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_3fadf",
                            table="supply_supplypolicy",
                            when="AFTER",
                        ),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplyPolicyEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("level_1", models.BigIntegerField(default=10000)),
                ("level_2", models.BigIntegerField(default=3000)),
                ("min_reconnect_balance", models.BigIntegerField(default=100)),
                ("cuts_per_minute", models.PositiveSmallIntegerField(default=5)),
                ("cuts_per_day", models.PositiveSmallIntegerField(default=50)),
                (
                    "friendly_from",
                    models.TimeField(
                        blank=True,
                        default=datetime.time(20, 0),
                        help_text="Local time from which nothing is disconnected",
                        null=True,
                    ),
                ),
                ("friendly_to", models.TimeField(blank=True, default=datetime.time(8, 0), null=True)),
                (
                    "friendly_weekends",
                    models.BooleanField(default=True, help_text="No disconnection on weekends and holidays"),
                ),
                (
                    "last_call_s",
                    models.PositiveIntegerField(
                        default=3600, help_text="Estate seconds between the last call and a cut"
                    ),
                ),
                ("notice_channels", models.JSONField(default=list, help_text="In order: desk, mail, letterbox")),
                (
                    "stopped_at",
                    models.DateTimeField(
                        blank=True, help_text="All disconnections stopped by a person or the limit", null=True
                    ),
                ),
                ("stopped_why", models.CharField(blank=True, max_length=200)),
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
                        to="supply.supplypolicy",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        serialize=False,
                        to="estate.site",
                    ),
                ),
                (
                    "resumed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Disconnections before this instant no longer count against the limits",
                        null=True,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
