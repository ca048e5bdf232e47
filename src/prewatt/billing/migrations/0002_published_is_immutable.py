"""A published tariff version is never changed; accounts and positions leave room for hot updates."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION prewatt_published_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'tariff % version % is published', OLD.code, OLD.version
            USING ERRCODE = 'restrict_violation', HINT = 'Publish a new version from a later day.';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER published_is_immutable BEFORE UPDATE OR DELETE ON billing_tariffversion
    FOR EACH ROW EXECUTE FUNCTION prewatt_published_is_immutable();
ALTER TABLE billing_tariffversion ENABLE ALWAYS TRIGGER published_is_immutable;
ALTER TABLE billing_position SET (fillfactor = 70);
ALTER TABLE tenancy_account SET (fillfactor = 70);
"""
BACKWARD = """
DROP TRIGGER published_is_immutable ON billing_tariffversion; DROP FUNCTION prewatt_published_is_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("tenancy", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
