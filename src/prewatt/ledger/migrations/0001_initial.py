import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Book",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=60)),
                ("issuer", models.CharField(help_text="Legal entity printed on documents", max_length=120)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("code",), name="book_code_unique")],
            },
        ),
        migrations.CreateModel(
            name="DocumentSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("year", models.PositiveSmallIntegerField()),
                ("point", models.CharField(help_text="Till or channel", max_length=40)),
                ("next_no", models.PositiveIntegerField(default=1)),
                ("book", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.book")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("book", "kind", "year", "point"), name="document_series_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("cause_key", models.CharField(max_length=160)),
                ("input_hash", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField(help_text="Estate time")),
                ("booking_date", models.DateField()),
                ("action_id", models.BigIntegerField(blank=True, help_text="access.Action that caused it", null=True)),
                ("memo", models.JSONField(default=dict)),
                ("book", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.book")),
                (
                    "reverses",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="ledger.journalentry",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["book", "booking_date", "id"], name="journal_entry_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("book", "cause_key"), name="journal_entry_cause_unique"),
                    models.UniqueConstraint(fields=("reverses",), name="journal_entry_reversed_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(unique=True)),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=40)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=60)),
                ("issued_at", models.DateTimeField()),
                ("content", models.JSONField()),
                ("content_hash", models.CharField(max_length=64)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                ("series", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.documentseries")),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.journalentry"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["subject_kind", "subject_id"], name="document_subject")],
                "constraints": [models.UniqueConstraint(fields=("series", "number"), name="document_number_unique")],
            },
        ),
        migrations.CreateModel(
            name="LedgerAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=80)),
                ("kind", models.CharField(choices=[("party", "Party"), ("house", "House")], max_length=5)),
                ("currency", models.CharField(max_length=3)),
                (
                    "balance",
                    models.BigIntegerField(blank=True, help_text="Minor units; party accounts only", null=True),
                ),
                ("last_seq", models.BigIntegerField(blank=True, null=True)),
                (
                    "floor",
                    models.BigIntegerField(blank=True, help_text="No posting may take the balance below it", null=True),
                ),
                ("book", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.book")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("book", "code"), name="ledger_account_code_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("balance__isnull", False), ("kind", "party"), ("last_seq__isnull", False)),
                            models.Q(("balance", None), ("kind", "house"), ("last_seq", None)),
                            _connector="OR",
                        ),
                        name="ledger_account_balance_is_partys",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("floor", None), ("balance__gte", models.F("floor")), _connector="OR"),
                        name="ledger_account_floor_held",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                ("debit", models.BigIntegerField(help_text="Sum of postings below zero, as a positive number")),
                ("credit", models.BigIntegerField()),
                ("closing", models.BigIntegerField()),
                (
                    "ledger_account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.ledgeraccount"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("ledger_account", "date"), name="daily_balance_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                ("state", models.CharField(choices=[("open", "Open"), ("sealed", "Sealed")], max_length=6)),
                ("entries", models.PositiveIntegerField(default=0)),
                ("seal", models.CharField(blank=True, max_length=64)),
                ("seal_before", models.CharField(blank=True, max_length=64)),
                ("book", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.book")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("book", "date"), name="ledger_day_unique")],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.BigIntegerField(help_text="Minor units")),
                ("seq", models.BigIntegerField(blank=True, null=True)),
                ("balance_after", models.BigIntegerField(blank=True, null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="postings", to="ledger.journalentry"
                    ),
                ),
                (
                    "ledger_account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="ledger.ledgeraccount",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["ledger_account", "id"], include=("amount",), name="posting_account_id")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="posting_amount_not_zero"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("seq__isnull", False)),
                        fields=("ledger_account", "seq"),
                        name="posting_seq_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("balance_after", None), ("seq", None)),
                            models.Q(("balance_after__isnull", False), ("seq__isnull", False)),
                            _connector="OR",
                        ),
                        name="posting_seq_with_balance",
                    ),
                ],
            },
        ),
    ]
