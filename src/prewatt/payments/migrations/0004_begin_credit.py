"""The beginning of every online credit in one round trip: the trade's lock, what is known of it, the account's lock.

Each statement of a function sees what was committed when it began: after the lock, not before it.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION prewatt_begin_credit(
    lock_key bigint, in_channel text, in_merchant_no text, in_merchant bigint, in_trade_no text, in_order_no text,
    in_amount bigint, in_currency text)
RETURNS TABLE (
    payment_id bigint, payment_order_id bigint, parked_id bigint, parked_state text, parked_order_id bigint,
    order_id bigint, account_id bigint, merchant_id bigint, amount bigint, currency text, state text, paid_by text,
    account_state text, payment_mode text, public_id uuid, number text, account_currency text, accrued bigint,
    allowed_credit bigint, site_id bigint, site_code text, time_zone text,
    ledger_account_id bigint, book_id bigint, balance bigint, last_seq bigint, floor_minor bigint, ledger_currency text,
    book_code text)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock_key);
    SELECT p.id, paid.id, u.id, u.state, u.order_id, o.id, o.account_id, o.merchant_id, o.amount, o.currency, o.state,
           o.trade_no
      INTO payment_id, payment_order_id, parked_id, parked_state, parked_order_id, order_id, account_id, merchant_id,
           amount, currency, state, paid_by
      FROM (SELECT 1) one
      LEFT JOIN payments_payment p
             ON p.channel = in_channel AND p.merchant = in_merchant_no AND p.trade_no = in_trade_no
      LEFT JOIN payments_order paid ON paid.payment_id = p.id
      LEFT JOIN payments_unmatched u
             ON u.channel = in_channel AND u.merchant_no = in_merchant_no AND u.trade_no = in_trade_no
      LEFT JOIN payments_order o ON o.order_no = in_order_no;
    IF payment_id IS NULL AND coalesce(parked_state, 'open') = 'open' AND merchant_id = in_merchant
       AND amount = in_amount AND currency = in_currency THEN
        SELECT a.state, a.payment_mode, a.public_id, a.number, a.currency, a.accrued, a.allowed_credit, s.id, s.code,
               s.time_zone
          INTO account_state, payment_mode, public_id, number, account_currency, accrued, allowed_credit, site_id,
               site_code, time_zone
          FROM tenancy_account a JOIN estate_site s ON s.id = a.site_id
         WHERE a.id = account_id FOR NO KEY UPDATE OF a;
        SELECT l.id, l.book_id, l.balance, l.last_seq, l.floor, l.currency, b.code
          INTO ledger_account_id, book_id, balance, last_seq, floor_minor, ledger_currency, book_code
          FROM tenancy_bucket k
          JOIN ledger_ledgeraccount l ON l.id = k.ledger_account_id AND l.kind = 'party'
          JOIN ledger_book b ON b.id = l.book_id
         WHERE k.account_id = prewatt_begin_credit.account_id AND k.kind = 'cash' AND k.medium = 'electricity'
           FOR NO KEY UPDATE OF l;
        SELECT o.state, o.trade_no INTO state, paid_by FROM payments_order o WHERE o.id = order_id;
    END IF;
    RETURN NEXT;
END $$;
"""
BACKWARD = "DROP FUNCTION prewatt_begin_credit(bigint, text, text, bigint, text, text, bigint, text);"


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_online"), ("ledger", "0006_hold_day")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
