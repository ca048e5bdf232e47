"""What must never be false of the books is enforced here, below any code.

Entries and postings are append-only (statement triggers that fire ALWAYS, so that a replication role cannot pass);
all postings of an entry go in with one statement and sum to zero per entry; a sealed day takes no more entries.
"""

from django.db import migrations

FORWARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change();
ALTER TABLE ledger_journalentry ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change();
ALTER TABLE ledger_posting ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ledger_document
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_refuse_change();
ALTER TABLE ledger_document ENABLE ALWAYS TRIGGER append_only;

CREATE FUNCTION prewatt_postings_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad bigint;
BEGIN
    SELECT inserted.entry_id INTO bad
    FROM inserted JOIN ledger_ledgeraccount account ON account.id = inserted.ledger_account_id
    GROUP BY inserted.entry_id, account.currency HAVING sum(inserted.amount) <> 0 LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'postings of entry % do not sum to zero', bad USING ERRCODE = 'check_violation';
    END IF;
    SELECT inserted.entry_id INTO bad
    FROM inserted JOIN ledger_posting earlier USING (entry_id)
    WHERE NOT EXISTS (SELECT 1 FROM inserted same WHERE same.id = earlier.id) LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'entry % already has postings', bad
            USING ERRCODE = 'check_violation', HINT = 'All postings of an entry go in with one statement.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER sum_to_zero AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_postings_sum_to_zero();
ALTER TABLE ledger_posting ENABLE ALWAYS TRIGGER sum_to_zero;

CREATE FUNCTION prewatt_day_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sealed date;
BEGIN
    SELECT day.date INTO sealed
    FROM inserted JOIN ledger_ledgerday day
        ON day.book_id = inserted.book_id AND day.date = inserted.booking_date AND day.state = 'sealed' LIMIT 1;
    IF sealed IS NOT NULL THEN
        RAISE EXCEPTION 'book-day % is sealed', sealed
            USING ERRCODE = 'check_violation', HINT = 'Book on the next open day.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER day_is_open AFTER INSERT ON ledger_journalentry REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION prewatt_day_is_open();
ALTER TABLE ledger_journalentry ENABLE ALWAYS TRIGGER day_is_open;

ALTER TABLE ledger_ledgeraccount SET (fillfactor = 70);
"""
BACKWARD = """
DROP TRIGGER day_is_open ON ledger_journalentry; DROP FUNCTION prewatt_day_is_open();
DROP TRIGGER sum_to_zero ON ledger_posting; DROP FUNCTION prewatt_postings_sum_to_zero();
DROP TRIGGER append_only ON ledger_document; DROP TRIGGER append_only ON ledger_posting;
DROP TRIGGER append_only ON ledger_journalentry;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("access", "0002_action_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
