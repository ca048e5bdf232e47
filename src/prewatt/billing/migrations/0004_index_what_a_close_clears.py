"""The index of what is not posted names the day that a close clears, not the sum that every reading changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_month_ahead")]
    operations = [
        migrations.AddConstraint(
            model_name="position",
            constraint=models.CheckConstraint(
                condition=models.Q(("rounded", models.F("posted")), ("unposted_from__isnull", False), _connector="OR"),
                name="position_unposted_is_dated",
            ),
        ),
        migrations.RemoveIndex(model_name="position", name="position_unposted"),
        migrations.AddIndex(
            model_name="position",
            index=models.Index(
                condition=models.Q(("unposted_from__isnull", False)), fields=["account"], name="position_unposted"
            ),
        ),
    ]
