"""A token may have less than its login; those of before keep all of it."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0006_trail")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="note",
            field=models.CharField(blank=True, default="", max_length=120),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apitoken",
            name="permissions",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                null=True,
                size=None,
                help_text="Of the login's; empty: all of them",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="scope",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tokens",
                to="access.scope",
                help_text="Empty: wherever the login may",
            ),
        ),
    ]
