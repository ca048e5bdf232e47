"""The oracle of the list of faults: what must hold after every run, asked of the tables and of the meters themselves.

I1 to I8 are statements of their own, not the product's, so that they do not err together; what the product's own
verification finds is told beside them. ``truths`` are the simulator's words (``RunningEstate.truth``) by address.
I10 is proven per URL by the tests of access.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from tests.fault_rows import asked

from prewatt.usecases.verify_books import verify_books

CHECKS: Final = {
    "I1 an entry sums to zero": """
        SELECT entry_id, account.currency, sum(amount) FROM ledger_posting posting
        JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id
        GROUP BY entry_id, account.currency HAVING sum(amount) <> 0""",
    "I1 all books together sum to zero": """
        SELECT account.currency, sum(amount) FROM ledger_posting posting
        JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id
        GROUP BY account.currency HAVING sum(amount) <> 0""",
    "I2 a balance is the sum of its postings": """
        SELECT account.code, account.balance, coalesce(sum(posting.amount), 0) FROM ledger_ledgeraccount account
        LEFT JOIN ledger_posting posting ON posting.ledger_account_id = account.id
        WHERE account.kind = 'party' GROUP BY account.id
        HAVING account.balance <> coalesce(sum(posting.amount), 0)""",
    "I2 the accrued cost is that of the positions": """
        SELECT account.number, account.accrued, coalesce(sum(position.rounded - position.posted), 0)
        FROM tenancy_account account LEFT JOIN billing_position position ON position.account_id = account.id
        GROUP BY account.id HAVING account.accrued <> coalesce(sum(position.rounded - position.posted), 0)""",
    "I3 a reading stands once": """
        SELECT installation_id, kind, read_at, count(*) FROM metering_reading GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "I3 a reading is accepted, or held with a reason": """
        SELECT installation_id, kind, read_at, quality, cause FROM metering_reading
        WHERE quality NOT IN (1, 2, 3) OR (quality = 2 AND cause = '') OR (quality = 1 AND cause <> '')""",
    "I4 what is rated is what the register counted": """
        WITH facts AS (
            SELECT i.id, i.multiplier, 1000 * power(10, meter.register_digits)::bigint AS full_wh,
                   lower(i.period) AS opened_at, i.opening_total_wh
            FROM estate_meterinstallation i JOIN estate_meter meter ON meter.id = i.meter_id),
        points AS (
            SELECT id, opened_at AS at, opening_total_wh AS wh FROM facts
            UNION
            SELECT installation_id, read_at, min(total_wh) FROM metering_reading WHERE quality = 1 GROUP BY 1, 2),
        steps AS (
            SELECT id, wh, lag(wh) OVER (PARTITION BY id ORDER BY at, wh) AS before_wh FROM points),
        counted AS (
            SELECT facts.id, facts.multiplier * coalesce(sum(CASE
                WHEN wh >= before_wh THEN wh - before_wh
                WHEN before_wh * 10 >= full_wh * 9 AND wh * 10 <= full_wh THEN wh + full_wh - before_wh
                ELSE 0 END), 0) AS wh
            FROM facts JOIN steps ON steps.id = facts.id GROUP BY facts.id, facts.multiplier),
        rated AS (SELECT installation_id AS id, sum(quantity_wh) AS wh FROM metering_dayusage GROUP BY 1)
        SELECT counted.id, counted.wh, coalesce(rated.wh, 0) FROM counted LEFT JOIN rated ON rated.id = counted.id
        WHERE counted.wh <> coalesce(rated.wh, 0)""",
    "I4 no line of use is below zero": "SELECT * FROM metering_dayusage WHERE quantity_wh < 0",
    "I4 positions hold the use of their tenancies": """
        SELECT coalesce(used.tenancy_id, held.tenancy_id), used.wh, held.wh
        FROM (SELECT tenancy_id, sum(quantity_wh) AS wh FROM metering_dayusage GROUP BY 1) used
        FULL JOIN (SELECT tenancy_id, sum(sharp_wh + peak_wh + flat_wh + valley_wh + deep_valley_wh) AS wh
                   FROM billing_position GROUP BY 1) held ON held.tenancy_id = used.tenancy_id
        WHERE coalesce(used.wh, 0) <> coalesce(held.wh, 0)""",
    "I5 a payment is one credit of its amount": """
        SELECT payment.trade_no, payment.amount, sum(posting.amount) FROM payments_payment payment
        LEFT JOIN tenancy_bucket bucket ON bucket.account_id = payment.account_id
        LEFT JOIN ledger_posting posting
               ON posting.entry_id = payment.entry_id AND posting.ledger_account_id = bucket.ledger_account_id
        GROUP BY payment.id
        HAVING coalesce(sum(posting.amount), 0) <> CASE payment.kind WHEN 'refund' THEN -payment.amount
                                                                     ELSE payment.amount END""",
    "I5 a trade is credited or in suspense, never both": """
        SELECT payment.trade_no, parked.state FROM payments_payment payment
        JOIN payments_unmatched parked ON parked.channel = payment.channel AND parked.merchant_no = payment.merchant
         AND parked.trade_no = payment.trade_no
        WHERE parked.payment_id IS DISTINCT FROM payment.id""",
    "I5 an order is credited to its own account": """
        SELECT o.order_no, o.state FROM payments_order o LEFT JOIN payments_payment payment ON payment.id = o.payment_id
        WHERE (o.state IN ('credited', 'refunded')) <> (payment.id IS NOT NULL)
           OR payment.account_id <> o.account_id""",
    "I5 what goes back is at most what came": """
        SELECT payment.trade_no, payment.amount, sum(refund.amount) FROM payments_payment payment
        JOIN payments_refund refund ON refund.payment_id = payment.id
        WHERE refund.state IN ('approved', 'sent', 'succeeded')
        GROUP BY payment.id HAVING sum(refund.amount) > payment.amount""",
    "I5 an entry belongs to one payment": """
        SELECT entry_id, count(*) FROM payments_payment WHERE entry_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1""",
    "I6 a command has a decision or an author": """
        SELECT id, cause FROM supply_command WHERE decision_id IS NULL AND action_id IS NULL""",
    "I6 one open command for a meter's relay": """
        SELECT installation_id, target, count(*) FROM supply_command
        WHERE state IN ('queued', 'sent', 'acknowledged') GROUP BY 1, 2 HAVING count(*) > 1""",
    "I6 a command that ended says when, one that is open does not": """
        SELECT id, state, ended_at FROM supply_command
        WHERE (state IN ('queued', 'sent', 'acknowledged')) <> (ended_at IS NULL)""",
    "I7 on and off are proven": """
        SELECT metering_point_id, reported FROM supply_relay
        WHERE reported <> 'unknown' AND (proven_at IS NULL OR installation_id IS NULL)""",
    "I8 nobody who is protected is disconnected": """
        SELECT command.id, command.state, hold.id FROM supply_command command
        JOIN supply_hold hold ON hold.metering_point_id = command.metering_point_id AND hold.effect = 'protect'
         AND hold.from_at <= command.estate_at
         AND command.estate_at < coalesce(least(hold.lifted_at, hold.to_at), 'infinity')
        WHERE command.wanted = 'off' AND NOT EXISTS (
            SELECT 1 FROM supply_hold stronger WHERE stronger.metering_point_id = hold.metering_point_id
             AND stronger.effect = 'locked_off' AND stronger.from_at <= command.estate_at
             AND command.estate_at < coalesce(stronger.lifted_at, 'infinity'))""",
}
"""What is promised -> a statement whose every row breaks it."""

_SETTLED: Final = "SELECT id, state FROM supply_command WHERE state IN ('queued', 'sent', 'acknowledged')"
_RELAYS: Final = """
    SELECT installation.address, relay.reported, relay.proven_at FROM supply_relay relay
    JOIN estate_meterinstallation installation ON installation.id = relay.installation_id
    WHERE relay.reported <> 'unknown'"""
_LEDGER: Final = """
    SELECT book.code, entry.kind, entry.cause_key, entry.input_hash, entry.occurred_at, entry.booking_date, entry.memo,
           account.code, posting.amount, posting.seq, posting.balance_after
    FROM ledger_posting posting JOIN ledger_journalentry entry ON entry.id = posting.entry_id
    JOIN ledger_book book ON book.id = entry.book_id
    JOIN ledger_ledgeraccount account ON account.id = posting.ledger_account_id ORDER BY entry.id, posting.id"""
_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
WORDS_SHOWN: Final = 3


def assert_sound(
    *,
    truths: Mapping[str, Mapping[str, Any]] | None = None,
    secrets: Collection[str] = (),
    texts: Iterable[str] = (),
    seals: bool = False,
    settled: bool = False,
) -> None:
    """Fail with every invariant that is broken. ``settled``: no command may be open any more."""
    found = broken(truths=truths, secrets=secrets, texts=texts, seals=seals, settled=settled)
    assert not found, "\n".join(found)


def broken(
    *,
    truths: Mapping[str, Mapping[str, Any]] | None = None,
    secrets: Collection[str] = (),
    texts: Iterable[str] = (),
    seals: bool = False,
    settled: bool = False,
) -> list[str]:
    """Return each invariant that is broken with the first rows that show it; nothing when all is sound."""
    found = []
    asked(*range(1, 9))
    for promise, statement in CHECKS.items():
        found += _told(promise, _rows(statement))
    if settled:
        found += _told("I6 every command has an end", _rows(_SETTLED))
    if truths is not None:
        found += lies_about_relays(truths)
    if secrets:
        found += leaks(secrets=secrets, texts=texts)
        found += leaks_in_tables(secrets=secrets)
    found += [f"verify: {one}" for one in verify_books(seals=seals)]
    return found


def lies_about_relays(truths: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """I7 by the meters' own word: what was reported was so at the instant when it was proven."""
    found = []
    for address, reported, proven_at in _rows(_RELAYS):
        truth = truths.get(address)
        if truth is not None and was_open(truth, proven_at) != (reported == "off"):
            found.append(f"I7 {address} was reported {reported} at {proven_at}: {truth['relay_acts'][-2:]}")
    return found


def was_open(truth: Mapping[str, Any], at: datetime) -> bool:
    """Return whether a relay was open at an estate instant, by what the simulator saw it do."""
    acts = truth["relay_acts"]
    later = [act for act in acts if datetime.fromisoformat(act["at"]) > at]
    return truth["is_open"] if not later else "open" not in later[0]["kind"]


def password_forms(secret: str) -> set[str]:
    """Return a meter password as a person, a frame (both orders, with and without 33H added) would show it."""
    raw = bytes.fromhex(secret)
    shifted = bytes((byte + 0x33) % 256 for byte in raw)
    return {one.hex() for one in (raw, raw[::-1], shifted, shifted[::-1])}


def leaks(*, secrets: Collection[str], texts: Iterable[str]) -> list[str]:
    """I11 in logs, files and pages: a secret is in none, with blanks between its bytes or without."""
    found = []
    for text in texts:
        plain = text.replace(" ", "").lower()
        found += [f"I11 a secret in: {plain[max(plain.find(one) - 60, 0) :][:90]}" for one in secrets if one in plain]
    return found


def leaks_in_tables(*, secrets: Collection[str]) -> list[str]:
    """I11 in the database: no row of any table shows a secret."""
    asked(11)
    patterns = [f"%{secret}%" for secret in secrets]
    found = []
    for (table,) in _rows(_TABLES):
        found += _told(
            f"I11 a secret in {table}",
            _rows(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE ANY(%s) HAVING count(*) > 0', patterns),
        )
    return found


def lost_payments(acknowledged: Collection[str]) -> set[str]:
    """I9: return the trade numbers that were acknowledged and are not in the books."""
    asked(9)
    kept = {row[0] for row in _rows("SELECT trade_no FROM payments_payment WHERE entry_id IS NOT NULL")}
    return set(acknowledged) - kept


def ledger_text() -> str:
    """I12: return the whole ledger as text; two runs of the same seed and history must give the same."""
    asked(12)
    return "\n".join(map(str, _rows(_LEDGER)))


def _told(promise: str, rows: list[tuple[Any, ...]]) -> list[str]:
    return [f"{promise}: {len(rows)} rows break it, as {rows[:WORDS_SHOWN]}"] if rows else []


def _rows(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall())
