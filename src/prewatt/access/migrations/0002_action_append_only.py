"""The action log takes new rows only."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION prewatt_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Post a reversal instead.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_action
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change();
ALTER TABLE access_action ENABLE ALWAYS TRIGGER append_only;
"""
BACKWARD = "DROP TRIGGER append_only ON access_action; DROP FUNCTION prewatt_refuse_change();"


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
