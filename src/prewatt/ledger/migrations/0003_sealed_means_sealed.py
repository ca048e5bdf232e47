"""A day at or before the last sealed one takes no entry; seals, daily balances and issued papers are not rewritten."""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION prewatt_day_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE refused date;
BEGIN
    SELECT inserted.booking_date INTO refused
    FROM inserted JOIN ledger_ledgerday day
        ON day.book_id = inserted.book_id AND day.date >= inserted.booking_date AND day.state = 'sealed' LIMIT 1;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION 'book-day % is sealed', refused
            USING ERRCODE = 'check_violation', HINT = 'Book on the next open day.';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_ledgerday
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change();
ALTER TABLE ledger_ledgerday ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_dailybalance
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change();
ALTER TABLE ledger_dailybalance ENABLE ALWAYS TRIGGER append_only;

CREATE FUNCTION prewatt_paper_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.voided_at IS NOT NULL OR to_jsonb(NEW) - 'voided_at' <> to_jsonb(OLD) - 'voided_at' THEN
        RAISE EXCEPTION 'an issued paper is not rewritten'
            USING ERRCODE = 'restrict_violation', HINT = 'Void it and issue another.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER paper_stays BEFORE UPDATE ON ledger_document FOR EACH ROW EXECUTE FUNCTION prewatt_paper_stays();
ALTER TABLE ledger_document ENABLE ALWAYS TRIGGER paper_stays;
"""
BACKWARD = """
DROP TRIGGER paper_stays ON ledger_document; DROP FUNCTION prewatt_paper_stays();
DROP TRIGGER append_only ON ledger_dailybalance; DROP TRIGGER append_only ON ledger_ledgerday;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
