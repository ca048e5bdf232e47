from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0005_second_factor"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="action",
            index=models.Index(fields=["estate_at"], name="action_estate_at"),
        ),
        migrations.RunSQL(
            "CREATE INDEX context_action ON pghistory_context (((metadata->>'action')::bigint))",
            "DROP INDEX context_action",
        ),
    ]
