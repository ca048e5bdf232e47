"""The check of an entry's postings looks each entry up by index.

A trigger's plan is made once in a session, perhaps while the books are empty: a scan that was cheap then would grow
with every day. A count per entry cannot become a join, and scans of whole tables are switched off for it.
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION prewatt_postings_sum_to_zero() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE bad bigint;
BEGIN
    SELECT inserted.entry_id INTO bad
    FROM inserted JOIN ledger_ledgeraccount account ON account.id = inserted.ledger_account_id
    GROUP BY inserted.entry_id, account.currency HAVING sum(inserted.amount) <> 0 LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'postings of entry % do not sum to zero', bad USING ERRCODE = 'check_violation';
    END IF;
    SELECT given.entry_id INTO bad
    FROM (SELECT entry_id, count(*) AS lines FROM inserted GROUP BY entry_id) given
    WHERE given.lines <> (SELECT count(*) FROM ledger_posting stored WHERE stored.entry_id = given.entry_id) LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'entry % already has postings', bad
            USING ERRCODE = 'check_violation', HINT = 'All postings of an entry go in with one statement.';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_sealed_means_sealed")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
