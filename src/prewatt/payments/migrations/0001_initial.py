import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prewatt.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("access", "0001_initial"),
        ("estate", "0001_initial"),
        ("ledger", "0001_initial"),
        ("tenancy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=prewatt.kernel.ids.uuid7, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("top_up", "Top-up"), ("refund", "Refund")], default="top_up", max_length=8
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("cash", "Cash"), ("card", "Card terminal"), ("transfer", "Bank transfer")],
                        max_length=12,
                    ),
                ),
                ("merchant", models.CharField(blank=True, max_length=60)),
                (
                    "trade_no",
                    models.CharField(
                        help_text="The provider's number; at the till the form's own token", max_length=80
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="Minor units, above zero")),
                ("currency", models.CharField(max_length=3)),
                ("received_at", models.DateTimeField(help_text="Estate time")),
                ("till", models.CharField(blank=True, max_length=40)),
                ("refunded", models.BigIntegerField(default=0, help_text="Minor units given back")),
                ("reversed_at", models.DateTimeField(blank=True, null=True)),
                ("input_hash", models.CharField(max_length=64)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
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
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="estate.site",
                    ),
                ),
                (
                    "taken_by",
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
                    models.Index(fields=["account", "id"], name="payment_account"),
                    models.Index(fields=["site", "received_at"], name="payment_site_at"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("public_id",), name="payment_public_id_unique"),
                    models.UniqueConstraint(fields=("channel", "merchant", "trade_no"), name="payment_trade_unique"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="payment_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("refunded__gte", 0), ("refunded__lte", models.F("amount"))),
                        name="payment_refund_bounded",
                    ),
                ],
            },
        ),
    ]
