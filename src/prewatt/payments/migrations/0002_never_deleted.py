"""A trade is never taken away: it is reversed."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON payments_payment
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change();
ALTER TABLE payments_payment ENABLE ALWAYS TRIGGER append_only;
"""
BACKWARD = "DROP TRIGGER append_only ON payments_payment;"


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("access", "0002_action_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
