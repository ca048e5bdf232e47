"""Online money added again: what lies in suspense, on its way, at the providers and at the bank, against the rows."""

from collections.abc import Iterator
from typing import Any, Final

from django.db import connection

from prewatt.ledger.values import Difference

_HOUSES: Final = """
WITH held AS (
    SELECT book.code AS site, account.code, account.currency, coalesce(sum(posting.amount), 0)::bigint AS minor
      FROM ledger_ledgeraccount account JOIN ledger_book book ON book.id = account.book_id
      LEFT JOIN ledger_posting posting ON posting.ledger_account_id = account.id
     WHERE account.kind = 'house' AND account.code ~
           '^(suspense|(takings|refunds_in_flight|fees|settlement|differences):(alipay|wechat|stripe|testpay))(:|$)'
     GROUP BY book.code, account.id),
moves AS (
    SELECT u.site_id, 'suspense' AS house, '' AS channel, u.currency, u.amount AS minor
      FROM payments_unmatched u
     WHERE u.state = 'open' OR (u.state = 'refunding' AND NOT EXISTS (
           SELECT 1 FROM payments_refund r
            WHERE r.unmatched_id = u.id AND r.state IN ('approved', 'sent', 'succeeded')))
    UNION ALL
    SELECT r.site_id, 'refunds_in_flight', m.channel, r.currency, r.amount
      FROM payments_refund r JOIN payments_merchant m ON m.id = r.merchant_id WHERE r.state IN ('approved', 'sent')
    UNION ALL
    SELECT p.site_id, 'takings', p.channel, p.currency, CASE p.kind WHEN 'refund' THEN p.amount ELSE -p.amount END
      FROM payments_payment p
     WHERE p.channel IN ('alipay', 'wechat', 'stripe', 'testpay') AND p.reversed_at IS NULL AND p.entry_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM payments_unmatched u WHERE u.payment_id = p.id)
       AND NOT EXISTS (SELECT 1 FROM payments_refund r WHERE r.trade_id = p.id)
    UNION ALL
    SELECT u.site_id, 'takings', u.channel, u.currency, -u.amount FROM payments_unmatched u
    UNION ALL
    SELECT r.site_id, 'takings', m.channel, r.currency, r.amount
      FROM payments_refund r JOIN payments_merchant m ON m.id = r.merchant_id WHERE r.state = 'succeeded'
    UNION ALL
    SELECT l.site_id, part.house, m.channel, l.currency, part.minor
      FROM payments_statementline l JOIN payments_merchant m ON m.id = l.merchant_id
     CROSS JOIN LATERAL (SELECT CASE l.kind WHEN 'payment' THEN l.amount ELSE -l.amount END AS gross) g
     CROSS JOIN LATERAL (VALUES ('takings', g.gross), ('fees', -l.fee), ('settlement', l.fee - g.gross))
                AS part (house, minor)
     WHERE l.entry_id IS NOT NULL
    UNION ALL
    SELECT l.site_id, part.house, m.channel, l.currency, part.minor
      FROM payments_statementline l JOIN payments_merchant m ON m.id = l.merchant_id
     CROSS JOIN LATERAL (VALUES ('takings', l.written_off), ('differences', -l.written_off)) AS part (house, minor)
     WHERE l.written_off <> 0),
due AS (
    SELECT site.code AS site,
           concat_ws(':', move.house, nullif(move.channel, ''), nullif(move.currency, site.currency)) AS code,
           move.currency, sum(move.minor)::bigint AS minor
      FROM moves move JOIN estate_site site ON site.id = move.site_id GROUP BY 1, 2, 3)
SELECT coalesce(due.site, held.site) || ' ' || coalesce(due.code, held.code), coalesce(due.minor, 0),
       coalesce(held.minor, 0)
  FROM due FULL JOIN held ON held.site = due.site AND held.code = due.code
 WHERE coalesce(due.minor, 0) <> coalesce(held.minor, 0) ORDER BY 1 LIMIT 1000
"""
_ROWS: Final = {
    "order_payment": """
        SELECT 'order ' || o.order_no, o.amount || ' on account ' || o.account_id,
               coalesce(p.amount::text, 'nothing') || ' on account ' || coalesce(p.account_id, 0)
          FROM payments_order o LEFT JOIN payments_payment p ON p.id = o.payment_id
          LEFT JOIN payments_unmatched u ON u.payment_id = p.id
         WHERE o.state IN ('credited', 'refunded')
           AND (p.id IS NULL OR p.account_id <> o.account_id OR p.trade_no <> o.trade_no
                OR (p.amount <> o.amount AND u.id IS NULL))
         ORDER BY o.id""",
    "payment_order": """
        SELECT 'payment ' || p.channel || ' ' || p.trade_no, 'an order or suspense', 'neither'
          FROM payments_payment p
         WHERE p.channel IN ('alipay', 'wechat', 'stripe', 'testpay') AND p.kind = 'top_up'
           AND NOT EXISTS (SELECT 1 FROM payments_order o WHERE o.payment_id = p.id)
           AND NOT EXISTS (SELECT 1 FROM payments_unmatched u WHERE u.payment_id = p.id)
         ORDER BY p.id""",
    "payment_refunded": """
        SELECT 'payment ' || p.channel || ' ' || p.trade_no, given.minor::text, p.refunded::text
          FROM payments_payment p
          CROSS JOIN LATERAL (
              SELECT coalesce((SELECT sum(r.amount) FROM payments_refund r
                                WHERE r.payment_id = p.id AND r.state IN ('approved', 'sent', 'succeeded')), 0)
                     + coalesce((SELECT sum(l.amount) FROM payments_statementline l
                                  WHERE l.payment_id = p.id AND l.how = 'charge_account'), 0) AS minor) given
         WHERE p.channel IN ('alipay', 'wechat', 'stripe', 'testpay') AND p.kind = 'top_up'
           AND given.minor <> p.refunded
         ORDER BY p.id""",
}


def verify_online() -> Iterator[Difference]:
    """This function will yield what does not add up of online money: each house account and each row against others.

    Suspense against the rows that are open, money on its way against refunds, takings against credits, refunds and
    posted statement lines, fees and settlement against those lines.
    """
    for subject, expected, found in _rows(_HOUSES):
        yield Difference("online_house", subject, str(expected), str(found))
    for kind, statement in _ROWS.items():
        for subject, expected, found in _rows(f"{statement} LIMIT 1000"):
            yield Difference(kind, subject, str(expected), str(found))


def _rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
