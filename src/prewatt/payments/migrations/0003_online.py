"""Online payment: merchants and keys, orders, call-backs, suspense, refunds, statements. None of it is deleted."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import prewatt.kernel.ids

TABLES = (
    "merchant",
    "merchantkey",
    "order",
    "callback",
    "unmatched",
    "refund",
    "providerstatement",
    "statementline",
)
FORWARD = "".join(
    f"CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON payments_{table} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change(); "
    f"ALTER TABLE payments_{table} ENABLE ALWAYS TRIGGER append_only; "
    for table in TABLES
)
BACKWARD = "".join(f"DROP TRIGGER append_only ON payments_{table}; " for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_action_append_only"),
        ("estate", "0001_initial"),
        ("ledger", "0004_look_up_by_entry"),
        ("payments", "0002_never_deleted"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("tenancy", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="channel",
            field=models.CharField(
                choices=[
                    ("cash", "Cash"),
                    ("card", "Card terminal"),
                    ("transfer", "Bank transfer"),
                    ("alipay", "Alipay"),
                    ("wechat", "WeChat Pay"),
                    ("stripe", "Stripe"),
                    ("testpay", "Test provider"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Merchant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("alipay", "Alipay"),
                            ("wechat", "WeChat Pay"),
                            ("stripe", "Stripe"),
                            ("testpay", "Test provider"),
                        ],
                        max_length=12,
                    ),
                ),
                ("merchant_no", models.CharField(max_length=60)),
                ("app_id", models.CharField(blank=True, max_length=60)),
                ("name", models.CharField(max_length=80)),
                ("gateway_url", models.CharField(max_length=300)),
                ("currency", models.CharField(default="CNY", max_length=3)),
                ("options", models.JSONField(default=dict, help_text="Text by name; nothing secret")),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("retired", "Retired")], default="active", max_length=8
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                (
                    "version",
                    models.PositiveIntegerField(
                        default=1, help_text="Grows with every change of the merchant or its keys"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("tested_at", models.DateTimeField(blank=True, null=True)),
                ("test_ok", models.BooleanField(blank=True, null=True)),
                ("test_note", models.CharField(blank=True, max_length=300)),
                (
                    "scope",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="access.scope"),
                ),
                (
                    "site",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="estate.site"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MerchantEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("alipay", "Alipay"),
                            ("wechat", "WeChat Pay"),
                            ("stripe", "Stripe"),
                            ("testpay", "Test provider"),
                        ],
                        max_length=12,
                    ),
                ),
                ("merchant_no", models.CharField(max_length=60)),
                ("app_id", models.CharField(blank=True, max_length=60)),
                ("name", models.CharField(max_length=80)),
                ("gateway_url", models.CharField(max_length=300)),
                ("currency", models.CharField(default="CNY", max_length=3)),
                ("options", models.JSONField(default=dict, help_text="Text by name; nothing secret")),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("retired", "Retired")], default="active", max_length=8
                    ),
                ),
                ("is_default", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
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
                        to="payments.merchant",
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
            name="MerchantKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("secret", "Our secret"), ("peer", "Provider's key")], max_length=6),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As the adapter calls it; a provider's key has its serial alone", max_length=40
                    ),
                ),
                ("serial", models.CharField(blank=True, max_length=80)),
                ("sealed", models.BinaryField()),
                (
                    "fingerprint",
                    models.CharField(help_text="Tells keys apart on screens and nothing about them", max_length=16),
                ),
                ("from_at", models.DateTimeField()),
                ("to_at", models.DateTimeField(blank=True, null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="keys", to="payments.merchant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MerchantKeyEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(choices=[("secret", "Our secret"), ("peer", "Provider's key")], max_length=6),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As the adapter calls it; a provider's key has its serial alone", max_length=40
                    ),
                ),
                ("serial", models.CharField(blank=True, max_length=80)),
                (
                    "fingerprint",
                    models.CharField(help_text="Tells keys apart on screens and nothing about them", max_length=16),
                ),
                ("from_at", models.DateTimeField()),
                ("to_at", models.DateTimeField(blank=True, null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="payments.merchant",
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
                        to="payments.merchantkey",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("order_no", models.CharField(max_length=32)),
                ("way", models.CharField(max_length=10)),
                ("amount", models.BigIntegerField(help_text="Minor units, above zero")),
                ("currency", models.CharField(max_length=3)),
                ("subject", models.CharField(max_length=120)),
                ("language", models.CharField(max_length=10)),
                (
                    "token",
                    models.CharField(help_text="The form's own number: sent twice, it is one order", max_length=80),
                ),
                ("return_url", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("pending", "Waiting for payment"),
                            ("paid", "Paid, not credited"),
                            ("credited", "Credited"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                            ("refunded", "Refunded"),
                        ],
                        default="created",
                        max_length=8,
                    ),
                ),
                ("started", models.JSONField(default=dict, help_text="How the payer goes on: kind, url, params")),
                ("provider_ref", models.CharField(blank=True, max_length=120)),
                ("trade_no", models.CharField(blank=True, max_length=80)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(help_text="Machine time")),
                ("expires_at", models.DateTimeField(help_text="Machine time")),
                (
                    "next_query_at",
                    models.DateTimeField(blank=True, help_text="Machine time; none: nothing is asked", null=True),
                ),
                ("queries", models.PositiveSmallIntegerField(default=0)),
                (
                    "returned_at",
                    models.DateTimeField(blank=True, help_text="Machine time: the payer came back", null=True),
                ),
                (
                    "provider_at",
                    models.DateTimeField(blank=True, help_text="Machine time: the provider's own instant", null=True),
                ),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("credited_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, help_text="When it failed or expired", null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="tenancy.account",
                    ),
                ),
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
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="payments.merchant",
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order",
                        to="payments.payment",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="estate.site",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Callback",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="The body's hash, or a place among the refused ones of an hour", max_length=120
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("alipay", "Alipay"),
                            ("wechat", "WeChat Pay"),
                            ("stripe", "Stripe"),
                            ("testpay", "Test provider"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("credited", "Credited"),
                            ("repeated", "Known already"),
                            ("parked", "Put into suspense"),
                            ("not_paid", "Says that nothing was paid"),
                            ("refund", "About a refund"),
                            ("forged", "No valid signature"),
                            ("malformed", "Not understood"),
                            ("foreign", "Meant for somebody else"),
                            ("unknown_merchant", "No such merchant"),
                        ],
                        max_length=16,
                    ),
                ),
                ("trade_no", models.CharField(blank=True, max_length=80)),
                ("body_hash", models.CharField(max_length=64)),
                ("times", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField(help_text="Machine time")),
                ("last_at", models.DateTimeField(help_text="Machine time")),
                ("detail", models.CharField(blank=True, max_length=200)),
                ("address", models.CharField(blank=True, max_length=60)),
                (
                    "merchant",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.merchant",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="callbacks",
                        to="payments.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProviderStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("day", models.DateField(help_text="The provider's own day")),
                (
                    "source",
                    models.CharField(
                        choices=[("fetched", "Fetched"), ("uploaded", "Uploaded")], default="fetched", max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("awaited", "Awaited"), ("read", "Read"), ("settled", "No difference left")],
                        default="awaited",
                        max_length=7,
                    ),
                ),
                ("content_hash", models.CharField(blank=True, max_length=64)),
                ("read_at", models.DateTimeField(blank=True, help_text="Machine time", null=True)),
                (
                    "next_try_at",
                    models.DateTimeField(blank=True, help_text="Machine time; none: it is not fetched", null=True),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="payments.merchant",
                    ),
                ),
                (
                    "read_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("refund_no", models.CharField(max_length=32)),
                ("amount", models.BigIntegerField(help_text="Minor units, above zero")),
                ("currency", models.CharField(max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "To be approved"),
                            ("approved", "Approved"),
                            ("sent", "On its way"),
                            ("succeeded", "Arrived"),
                            ("failed", "Failed, money returned to the balance"),
                            ("refused", "Refused"),
                        ],
                        default="requested",
                        max_length=9,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                (
                    "token",
                    models.CharField(help_text="The form's own number: sent twice, it is one refund", max_length=80),
                ),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, help_text="Why it was refused", max_length=300)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "provider_at",
                    models.DateTimeField(
                        blank=True, help_text="Machine time: when we learned that it arrived", null=True
                    ),
                ),
                ("refund_ref", models.CharField(blank=True, max_length=80)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "next_query_at",
                    models.DateTimeField(blank=True, help_text="Machine time; none: nothing is asked", null=True),
                ),
                ("queries", models.PositiveSmallIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="tenancy.account",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.merchant",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.order",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.payment",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="estate.site"
                    ),
                ),
                (
                    "trade",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refund",
                        to="payments.payment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Unmatched",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("alipay", "Alipay"),
                            ("wechat", "WeChat Pay"),
                            ("stripe", "Stripe"),
                            ("testpay", "Test provider"),
                        ],
                        max_length=12,
                    ),
                ),
                ("merchant_no", models.CharField(max_length=60)),
                ("trade_no", models.CharField(max_length=80)),
                ("order_no", models.CharField(blank=True, max_length=64)),
                ("amount", models.BigIntegerField(help_text="Minor units, above zero")),
                ("currency", models.CharField(max_length=3)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unknown_order", "No order of this number"),
                            ("other_merchant", "The order is of another merchant"),
                            ("other_amount", "Another amount than ordered"),
                            ("other_currency", "Another currency than ordered"),
                            ("paid_twice", "The order was paid before"),
                            ("account_takes_no_money", "The account takes no money"),
                        ],
                        max_length=24,
                    ),
                ),
                ("source", models.CharField(help_text="callback, query or statement", max_length=12)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("credited", "Credited"),
                            ("refunding", "Being refunded"),
                            ("refunded", "Refunded"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "provider_at",
                    models.DateTimeField(blank=True, help_text="Machine time: the provider's own instant", null=True),
                ),
                ("payer_hint", models.CharField(blank=True, max_length=80)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.journalentry"
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unmatched",
                        to="payments.merchant",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unmatched",
                        to="payments.order",
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unmatched",
                        to="payments.payment",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="estate.site"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                ("kind", models.CharField(choices=[("payment", "Payment"), ("refund", "Refund")], max_length=7)),
                ("trade_no", models.CharField(max_length=80)),
                ("order_no", models.CharField(blank=True, max_length=64)),
                ("refund_no", models.CharField(blank=True, max_length=64)),
                ("amount", models.BigIntegerField(help_text="Minor units, above zero")),
                ("fee", models.BigIntegerField(default=0, help_text="Minor units; below zero: given back")),
                ("currency", models.CharField(max_length=3)),
                ("provider_at", models.DateTimeField(blank=True, help_text="Machine time", null=True)),
                (
                    "told",
                    models.CharField(
                        blank=True, help_text="Amount and fee as the file said last, when it changed", max_length=40
                    ),
                ),
                ("in_file", models.BooleanField(default=True)),
                (
                    "difference",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("missing_here", "Not in our books"),
                            ("missing_there", "Not in the statement"),
                            ("other_amount", "Another amount"),
                            ("changed", "Another amount than the statement said before"),
                        ],
                        max_length=13,
                    ),
                ),
                ("our_amount", models.BigIntegerField(blank=True, help_text="Minor units", null=True)),
                (
                    "written_off",
                    models.BigIntegerField(default=0, help_text="Minor units that the takings were moved by, signed"),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("how", models.CharField(blank=True, max_length=16)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.merchant",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.payment",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.refund",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Whose books it is in",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="estate.site",
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="payments.providerstatement",
                    ),
                ),
                (
                    "unmatched",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.unmatched",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="refund",
            name="unmatched",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds",
                to="payments.unmatched",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.UniqueConstraint(fields=("public_id",), name="merchant_public_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.UniqueConstraint(
                fields=("channel", "merchant_no", "app_id"), name="merchant_at_provider_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="merchant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True), ("state", "active")),
                fields=("scope",),
                name="merchant_one_default",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="merchant",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "payments_merchantevent" ("app_id", "channel", "created_at", "currency", "gateway_url", "id", "is_default", "merchant_no", "name", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "scope_id", "site_id", "state") VALUES (NEW."app_id", NEW."channel", NEW."created_at", NEW."currency", NEW."gateway_url", NEW."id", NEW."is_default", NEW."merchant_no", NEW."name", NEW."options", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."public_id", NEW."scope_id", NEW."site_id", NEW."state"); RETURN NULL;',
                    hash="69495aeef4ca52409608387d1d824c8c8d748200",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_c197b",
                    table="payments_merchant",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="merchant",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."app_id" IS DISTINCT FROM (NEW."app_id") OR OLD."channel" IS DISTINCT FROM (NEW."channel") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."gateway_url" IS DISTINCT FROM (NEW."gateway_url") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_default" IS DISTINCT FROM (NEW."is_default") OR OLD."merchant_no" IS DISTINCT FROM (NEW."merchant_no") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."options" IS DISTINCT FROM (NEW."options") OR OLD."public_id" IS DISTINCT FROM (NEW."public_id") OR OLD."scope_id" IS DISTINCT FROM (NEW."scope_id") OR OLD."site_id" IS DISTINCT FROM (NEW."site_id") OR OLD."state" IS DISTINCT FROM (NEW."state"))',
                    func='INSERT INTO "payments_merchantevent" ("app_id", "channel", "created_at", "currency", "gateway_url", "id", "is_default", "merchant_no", "name", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "public_id", "scope_id", "site_id", "state") VALUES (NEW."app_id", NEW."channel", NEW."created_at", NEW."currency", NEW."gateway_url", NEW."id", NEW."is_default", NEW."merchant_no", NEW."name", NEW."options", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."public_id", NEW."scope_id", NEW."site_id", NEW."state"); RETURN NULL;',
                    hash="017f34866a3d2c2d1e4c836c605ee77770a57457",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_8ca41",
                    table="payments_merchant",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(("to_at", None)),
                fields=("merchant", "kind", "name", "serial", "fingerprint"),
                name="merchant_key_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("to_at", None), ("to_at__gte", models.F("from_at")), _connector="OR"),
                name="merchant_key_ends_after_begin",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="merchantkey",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "payments_merchantkeyevent" ("added_by_id", "fingerprint", "from_at", "id", "kind", "merchant_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "serial", "to_at") VALUES (NEW."added_by_id", NEW."fingerprint", NEW."from_at", NEW."id", NEW."kind", NEW."merchant_id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."serial", NEW."to_at"); RETURN NULL;',
                    hash="f9fbac34f26de074da4ecea78fa3d6097c6e0120",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_0436b",
                    table="payments_merchantkey",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="merchantkey",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."added_by_id" IS DISTINCT FROM (NEW."added_by_id") OR OLD."fingerprint" IS DISTINCT FROM (NEW."fingerprint") OR OLD."from_at" IS DISTINCT FROM (NEW."from_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."merchant_id" IS DISTINCT FROM (NEW."merchant_id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."serial" IS DISTINCT FROM (NEW."serial") OR OLD."to_at" IS DISTINCT FROM (NEW."to_at"))',
                    func='INSERT INTO "payments_merchantkeyevent" ("added_by_id", "fingerprint", "from_at", "id", "kind", "merchant_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "serial", "to_at") VALUES (NEW."added_by_id", NEW."fingerprint", NEW."from_at", NEW."id", NEW."kind", NEW."merchant_id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."serial", NEW."to_at"); RETURN NULL;',
                    hash="bf9281519322cb332e41b66d459be04a32602c84",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_503c0",
                    table="payments_merchantkey",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("next_query_at__isnull", False)),
                fields=["next_query_at"],
                name="payment_order_to_ask",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["account", "id"], name="payment_order_account"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["site", "id"], name="payment_order_site"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["merchant", "provider_at"], name="payment_order_provider_at"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("public_id",), name="payment_order_public_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("order_no",), name="payment_order_no_unique"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("account", "token"), name="payment_order_token_unique"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="payment_order_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("payment__isnull", False), ("state__in", ["credited", "refunded"])),
                    models.Q(models.Q(("state__in", ["credited", "refunded"]), _negated=True), ("payment", None)),
                    _connector="OR",
                ),
                name="payment_order_credited_is_paid",
            ),
        ),
        migrations.AddIndex(
            model_name="callback",
            index=models.Index(fields=["merchant", "id"], name="callback_merchant"),
        ),
        migrations.AddConstraint(
            model_name="callback",
            constraint=models.UniqueConstraint(fields=("key",), name="callback_key_unique"),
        ),
        migrations.AddIndex(
            model_name="providerstatement",
            index=models.Index(
                condition=models.Q(("next_try_at__isnull", False)), fields=["next_try_at"], name="statement_to_fetch"
            ),
        ),
        migrations.AddConstraint(
            model_name="providerstatement",
            constraint=models.UniqueConstraint(fields=("public_id",), name="statement_public_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="providerstatement",
            constraint=models.UniqueConstraint(fields=("merchant", "day"), name="statement_day_unique"),
        ),
        migrations.AddIndex(
            model_name="unmatched",
            index=models.Index(condition=models.Q(("state", "open")), fields=["site", "id"], name="unmatched_open"),
        ),
        migrations.AddIndex(
            model_name="unmatched",
            index=models.Index(condition=models.Q(("state", "open")), fields=["order_no"], name="unmatched_order_no"),
        ),
        migrations.AddConstraint(
            model_name="unmatched",
            constraint=models.UniqueConstraint(fields=("public_id",), name="unmatched_public_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="unmatched",
            constraint=models.UniqueConstraint(
                fields=("channel", "merchant_no", "trade_no"), name="unmatched_trade_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="unmatched",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="unmatched_amount_positive"),
        ),
        migrations.AddConstraint(
            model_name="unmatched",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("payment__isnull", False), ("state", "credited")),
                    models.Q(models.Q(("state", "credited"), _negated=True), ("payment", None)),
                    _connector="OR",
                ),
                name="unmatched_credited_is_a_payment",
            ),
        ),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(
                condition=models.Q(models.Q(("difference", ""), _negated=True), ("resolved_at", None)),
                fields=["statement", "id"],
                name="statement_line_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.UniqueConstraint(fields=("public_id",), name="statement_line_public_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.UniqueConstraint(
                fields=("merchant", "kind", "trade_no", "refund_no"), name="statement_line_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="statement_line_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("entry", None), ("in_file", True), _connector="OR"),
                name="statement_line_posted_is_in_file",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("next_query_at__isnull", False)), fields=["next_query_at"], name="refund_to_ask"
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["site", "id"], name="refund_site"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(fields=("public_id",), name="refund_public_id_unique"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(fields=("refund_no",), name="refund_no_unique"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(fields=("token",), name="refund_token_unique"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="refund_amount_positive"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("payment__isnull", False), ("unmatched", None)),
                    models.Q(("payment", None), ("unmatched__isnull", False)),
                    _connector="OR",
                ),
                name="refund_of_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by", None),
                    models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    ("state", "refused"),
                    _connector="OR",
                ),
                name="refund_two_persons",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL("ALTER TABLE payments_order SET (fillfactor = 70);", migrations.RunSQL.noop),
    ]
