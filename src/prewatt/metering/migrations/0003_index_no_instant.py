"""The index of meters that are not online names no instant: each answer would write it, and all others of the table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0002_reading_partitions")]
    operations = [
        migrations.RemoveIndex(model_name="meterstate", name="meter_state_not_online"),
        migrations.AddIndex(
            model_name="meterstate",
            index=models.Index(
                condition=models.Q(("comm", "online"), _negated=True), fields=["comm"], name="meter_state_not_online"
            ),
        ),
    ]
