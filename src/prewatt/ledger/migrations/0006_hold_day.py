"""The day to book on, found and held open in one round trip. The keys of the locks are those of services/days.py."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION prewatt_hold_day(mark bigint, book bigint, wanted date) RETURNS date LANGUAGE plpgsql VOLATILE AS $$
DECLARE sealed date;
BEGIN
    SELECT max(date) INTO sealed FROM ledger_ledgerday WHERE book_id = book AND state = 'sealed';
    IF sealed IS NULL THEN
        PERFORM pg_advisory_xact_lock_shared((mark << 48) | (book << 24) | 1);
    END IF;
    LOOP
        PERFORM pg_advisory_xact_lock_shared((mark << 48) | (book << 24) | (wanted - DATE '0001-01-01' + 1));
        SELECT max(date) INTO sealed FROM ledger_ledgerday WHERE book_id = book AND state = 'sealed';
        IF sealed IS NULL OR wanted > sealed THEN
            RETURN wanted;
        END IF;
        wanted := sealed + 1;
    END LOOP;
END $$;
"""
BACKWARD = "DROP FUNCTION prewatt_hold_day(bigint, bigint, date);"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_document_files")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
