"""Printed papers are kept byte for byte; a month's or a day's paper is in force once; papers are found by account."""

import django.db.models.deletion
import django.db.models.fields.json
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_documentfile
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change();
ALTER TABLE ledger_documentfile ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ledger_documentfile ALTER COLUMN packed SET STORAGE EXTERNAL;
"""
BACKWARD = "DROP TRIGGER append_only ON ledger_documentfile;"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_look_up_by_entry")]
    operations = [
        migrations.CreateModel(
            name="DocumentFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "form",
                    models.CharField(
                        help_text="a4, a5 or roll; with :void behind it once the paper is void", max_length=20
                    ),
                ),
                ("sha256", models.CharField(help_text="Of the file as it is handed out", max_length=64)),
                ("packed", models.BinaryField(help_text="The file, deflated")),
                ("printed_at", models.DateTimeField(help_text="Machine time")),
                (
                    "document",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="ledger.document",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("document", "form"), name="document_file_unique")],
            },
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                django.db.models.fields.json.KeyTextTransform("account_public_id", "content"),
                models.F("id"),
                name="document_account",
            ),
        ),
        migrations.AddIndex(model_name="document", index=models.Index(fields=["issued_at"], name="document_issued_at")),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("subject_kind__in", ("account_month", "site_day", "account_terms")), ("voided_at", None)
                ),
                fields=("kind", "subject_kind", "subject_id"),
                name="document_in_force_once",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
