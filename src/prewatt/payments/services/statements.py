"""Provider statements: their lines kept once, laid beside our books, and posted to fees and settlement once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F

from prewatt.access.audit import require_unit_of_work
from prewatt.access.models import User
from prewatt.estate.models import Site
from prewatt.kernel.clock import machine_now
from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date
from prewatt.ledger.queries import find_book
from prewatt.ledger.services import PostingLine, booking_date_for, house_account, post_entry
from prewatt.payments.house import House, house_code
from prewatt.payments.models import (
    LineKind,
    Merchant,
    ProviderStatement,
    StatementDifference,
    StatementLine,
    StatementState,
)
from prewatt.payments.providers.values import StatementRow
from prewatt.payments.reconciliation import LineKey, by_key, due_at, split
from prewatt.payments.schedule import next_statement_try

BATCH_ROWS: Final = 1_000
_MATCH: Final = """
UPDATE payments_statementline line SET payment_id = payment.id, our_amount = payment.amount, site_id = payment.site_id
  FROM payments_payment payment
 WHERE line.statement_id = %(statement)s AND line.payment_id IS NULL AND line.in_file
   AND payment.channel = %(channel)s AND payment.merchant = %(merchant_no)s AND payment.kind = 'top_up'
   AND payment.trade_no = line.trade_no;
UPDATE payments_statementline line SET unmatched_id = parked.id, our_amount = parked.amount, site_id = parked.site_id
  FROM payments_unmatched parked
 WHERE line.statement_id = %(statement)s AND line.unmatched_id IS NULL AND line.kind = 'payment' AND line.in_file
   AND line.payment_id IS NULL AND parked.channel = %(channel)s AND parked.merchant_no = %(merchant_no)s
   AND parked.trade_no = line.trade_no;
UPDATE payments_statementline line SET refund_id = refund.id, our_amount = refund.amount, site_id = refund.site_id
  FROM payments_refund refund
 WHERE line.statement_id = %(statement)s AND line.refund_id IS NULL AND line.kind = 'refund' AND line.in_file
   AND refund.merchant_id = ANY(%(merchants)s) AND refund.refund_no = line.refund_no
   AND refund.state IN ('approved', 'sent', 'succeeded');
UPDATE payments_statementline line SET our_amount = NULL
 WHERE line.statement_id = %(statement)s AND line.kind = 'refund' AND line.refund_id IS NULL AND line.in_file
   AND line.resolved_at IS NULL;
UPDATE payments_statementline line SET difference = CASE WHEN our_amount IS NULL THEN 'missing_here'
                                                         WHEN our_amount <> amount THEN 'other_amount' ELSE '' END
 WHERE line.statement_id = %(statement)s AND line.in_file AND line.resolved_at IS NULL
   AND line.difference IN ('', 'missing_here', 'other_amount');
"""
_MISSING: Final = """
INSERT INTO payments_statementline (public_id, statement_id, merchant_id, site_id, kind, trade_no, order_no, refund_no,
    amount, fee, currency, provider_at, in_file, difference, our_amount, written_off, payment_id, refund_id,
    unmatched_id, how, note, told)
SELECT gen_random_uuid(), %(statement)s, %(merchant)s, ours.site_id, ours.kind, ours.trade_no, ours.order_no,
       ours.refund_no, ours.amount, 0, ours.currency, ours.provider_at, false, 'missing_there', ours.amount, 0,
       ours.payment_id, ours.refund_id, ours.unmatched_id, '', '', ''
  FROM (SELECT o.site_id, 'payment' AS kind, o.trade_no, o.order_no, '' AS refund_no, p.amount, p.currency,
               o.provider_at, o.payment_id, NULL::bigint AS refund_id, NULL::bigint AS unmatched_id
          FROM payments_order o JOIN payments_payment p ON p.id = o.payment_id
         WHERE o.merchant_id = ANY(%(merchants)s) AND o.provider_at >= %(from)s AND o.provider_at < %(to)s
         UNION ALL
        SELECT u.site_id, 'payment', u.trade_no, u.order_no, '', u.amount, u.currency, u.provider_at, NULL, NULL, u.id
          FROM payments_unmatched u
         WHERE u.merchant_id = ANY(%(merchants)s) AND u.provider_at >= %(from)s AND u.provider_at < %(to)s
           AND NOT EXISTS (SELECT 1 FROM payments_order o WHERE o.payment_id = u.payment_id)
         UNION ALL
        SELECT r.site_id, 'refund', coalesce(p.trade_no, u.trade_no), '', r.refund_no, r.amount, r.currency,
               r.provider_at, NULL, r.id, NULL
          FROM payments_refund r
          LEFT JOIN payments_payment p ON p.id = r.payment_id
          LEFT JOIN payments_unmatched u ON u.id = r.unmatched_id
         WHERE r.merchant_id = ANY(%(merchants)s) AND r.state = 'succeeded' AND r.provider_at >= %(from)s
           AND r.provider_at < %(to)s) ours
 WHERE NOT EXISTS (SELECT 1 FROM payments_statementline line
                    WHERE line.merchant_id = %(merchant)s AND line.kind = ours.kind AND line.trade_no = ours.trade_no
                      AND line.refund_no = ours.refund_no)
ON CONFLICT (merchant_id, kind, trade_no, refund_no) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement as it was read: how, what it hashes to, by whom."""

    source: str
    content_hash: str
    by: User | None


def ensure_statement(*, merchant: Merchant, day: date) -> ProviderStatement:
    """This function will return a merchant's day, awaited from when it can be had."""
    require_unit_of_work()
    row, _ = ProviderStatement.objects.get_or_create(
        merchant=merchant, day=day, defaults={"next_try_at": due_at(merchant.channel, day)}
    )
    return row


def siblings_of(merchant: Merchant) -> list[int]:
    """This function will return the merchants of the same number: apps share their provider's statement."""
    rows = Merchant.objects.filter(channel=merchant.channel, merchant_no=merchant.merchant_no)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def claim_statements(*, now: datetime, limit: int = 10) -> list[ProviderStatement]:
    """This function will claim days whose statement is to be fetched: the next try is planned before this one."""
    require_unit_of_work()
    rows = ProviderStatement.objects.filter(next_try_at__lte=now, state=StatementState.AWAITED)
    claimed = list(
        rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("merchant__site__scope")
        .order_by("next_try_at")[:limit]
    )
    for row in claimed:
        row.tries += 1
        row.next_try_at = next_statement_try(due_at=due_at(row.merchant.channel, row.day), tries=row.tries, now=now)
    ProviderStatement.objects.bulk_update(claimed, ["tries", "next_try_at"])
    return claimed


def note_statement_trouble(*, statement: ProviderStatement, error: str) -> None:
    """This function will keep why a statement could not be read."""
    require_unit_of_work()
    ProviderStatement.objects.filter(pk=statement.pk).update(error=error[:300])


def keep_lines(*, statement: ProviderStatement, rows: Sequence[StatementRow], reading: Reading) -> None:
    """This function will keep a statement's lines: new ones are added, known ones compared, none is taken away.

    A line whose amount or fee changed since it was read is a difference of its own. Raises BadMerchantData for a
    statement that says the same thing twice.
    """
    require_unit_of_work()
    ProviderStatement.objects.select_for_update(no_key=True).get(pk=statement.pk)
    wanted, merchant = by_key(rows), statement.merchant
    known = _known_lines(merchant, wanted)
    fresh = [_line(statement, key, row) for key, row in wanted.items() if key not in known]
    StatementLine.objects.bulk_create(fresh, batch_size=BATCH_ROWS)
    for key, line in known.items():
        _compare(line, wanted[key], statement)
    ProviderStatement.objects.filter(pk=statement.pk).update(
        state=StatementState.READ, source=reading.source, content_hash=reading.content_hash, read_at=machine_now(),
        read_by=reading.by, next_try_at=None, error="",
    )  # fmt: skip


def match_lines(*, statement: ProviderStatement, from_at: datetime, to_at: datetime) -> None:
    """This function will lay the lines beside our books, and add what our books have of the day and it has not."""
    require_unit_of_work()
    merchant = statement.merchant
    parameters: dict[str, Any] = {
        "statement": statement.pk, "merchant": merchant.pk, "channel": merchant.channel,
        "merchants": siblings_of(merchant), "merchant_no": merchant.merchant_no, "from": from_at, "to": to_at,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for command in _MATCH.split(";"):
            if command.strip():
                cursor.execute(command, parameters)
        cursor.execute(_MISSING, parameters)


def resolve_line(*, line: StatementLine, how: str, note: str, now: datetime) -> bool:
    """This function will end a difference, and say whether this call ended it."""
    work = require_unit_of_work()
    return (
        StatementLine.objects.filter(pk=line.pk, resolved_at=None)
        .exclude(difference="")
        .update(resolved_at=now, resolved_by=work.actor.user, how=how, note=note[:300])
        == 1
    )


def residue_of(line: StatementLine) -> int:
    """This function will return what a line leaves on the takings, to be written off: minor units, signed."""
    sign = 1 if line.kind == LineKind.PAYMENT else -1
    theirs = line.amount if line.in_file else 0
    return sign * ((line.our_amount or 0) - theirs) - line.written_off


def write_off(*, line: StatementLine, now: datetime) -> int | None:
    """This function will move what a line leaves on the takings to the differences, and return the entry, if any."""
    require_unit_of_work()
    minor, site, merchant = residue_of(line), line.site, line.merchant
    if minor == 0:
        return None
    book_id = find_book(code=site.code)
    if book_id is None:
        raise RuntimeError(f"site {site.code} has no book")
    amount = Money(minor, line.currency)
    takings, lost = (
        _house(book_id, house, merchant, line.currency, site) for house in (House.TAKINGS, House.WRITTEN_OFF)
    )
    entry = post_entry(
        book_id=book_id, kind="written_off", cause_key=f"written_off:{line.public_id}:{line.written_off}",
        inputs={"site": site.code, "amount": amount}, occurred_at=now,
        booking_date=booking_date_for(book_id=book_id, wanted=local_date(now, ZoneInfo(site.time_zone))),
        postings=[PostingLine(takings, amount), PostingLine(lost, -amount)], memo={"channel": merchant.channel},
    )  # fmt: skip
    StatementLine.objects.filter(pk=line.pk).update(written_off=F("written_off") + minor)
    return entry.entry_id


def post_lines(*, statement: ProviderStatement, now: datetime) -> int:
    """This function will move what the statement says from the provider's debt to fees and settlement: each line once.

    One entry for the lines of each site that were not posted yet. Returns how many lines were.
    """
    require_unit_of_work()
    ProviderStatement.objects.select_for_update(no_key=True).get(pk=statement.pk)
    waiting: dict[tuple[int, str], list[StatementLine]] = defaultdict(list)
    rows = StatementLine.objects.filter(statement=statement, in_file=True, entry=None)
    for line in rows.order_by("kind", "trade_no", "refund_no"):
        waiting[line.site_id, line.currency].append(line)
    for (site_id, currency), lines in waiting.items():
        _post(statement, Site.objects.get(pk=site_id), currency, lines, now)
    return sum(len(lines) for lines in waiting.values())


def refresh_state(*, statement: ProviderStatement) -> int:
    """This function will bring the statement's state in line with its differences, and return how many are open."""
    require_unit_of_work()
    left = StatementLine.objects.filter(statement=statement, resolved_at=None).exclude(difference="").count()
    state = StatementState.READ if left else StatementState.SETTLED
    ProviderStatement.objects.filter(pk=statement.pk).exclude(state=StatementState.AWAITED).update(state=state)
    return left


def _known_lines(merchant: Merchant, wanted: Mapping[LineKey, StatementRow]) -> dict[LineKey, StatementLine]:
    trades = {key[1] for key in wanted}
    rows = StatementLine.objects.filter(merchant=merchant, trade_no__in=trades)
    return {
        (row.kind, row.trade_no, row.refund_no): row
        for row in rows
        if (row.kind, row.trade_no, row.refund_no) in wanted
    }


def _line(statement: ProviderStatement, key: LineKey, row: StatementRow) -> StatementLine:
    return StatementLine(
        statement=statement, merchant=statement.merchant, site_id=statement.merchant.site_id, kind=key[0],
        trade_no=key[1][:80], order_no=row.order_no[:64], refund_no=key[2], amount=row.amount.minor,
        fee=row.fee.minor, currency=row.amount.currency, provider_at=row.at,
    )  # fmt: skip


def _compare(line: StatementLine, row: StatementRow, statement: ProviderStatement) -> None:
    fields = {"amount": row.amount.minor, "fee": row.fee.minor, "order_no": row.order_no[:64], "provider_at": row.at}
    rows = StatementLine.objects.filter(pk=line.pk)
    if not line.in_file:
        difference = StatementDifference.CHANGED if line.written_off else ""
        rows.update(
            in_file=True, statement=statement, difference=difference, resolved_at=None, how="appeared", **fields
        )  # fmt: skip
    elif (line.amount, line.fee) != (row.amount.minor, row.fee.minor):
        told = f"{row.amount} / {row.fee}"
        rows.exclude(told=told).update(
            difference=StatementDifference.CHANGED, resolved_at=None, how="", told=told, note=told
        )  # fmt: skip


def _post(
    statement: ProviderStatement, site: Site, currency: str, lines: Sequence[StatementLine], now: datetime
) -> None:
    merchant, book_id = statement.merchant, find_book(code=site.code)
    if book_id is None:
        raise RuntimeError(f"site {site.code} has no book")
    parts = [split(kind=line.kind, amount=line.amount, fee=line.fee) for line in lines]
    sums = {
        House.TAKINGS: sum(part.takings for part in parts),
        House.FEES: sum(part.fees for part in parts),
        House.SETTLEMENT: sum(part.settlement for part in parts),
    }
    entry_id = None
    if any(sums.values()):
        turn = StatementLine.objects.filter(statement=statement, entry__isnull=False).values("entry").distinct().count()
        entry_id = post_entry(
            book_id=book_id, kind="settlement", occurred_at=now,
            cause_key=f"settlement:{merchant.channel}:{merchant.merchant_no}:{statement.day}:{currency}:{turn}",
            inputs={
                "site": site.code,
                "lines": [[line.kind, line.trade_no, line.refund_no, line.amount, line.fee] for line in lines],
            },
            booking_date=booking_date_for(book_id=book_id, wanted=local_date(now, ZoneInfo(site.time_zone))),
            postings=[
                PostingLine(_house(book_id, house, merchant, currency, site), Money(minor, currency))
                for house, minor in sums.items()
                if minor
            ],
            memo={"channel": merchant.channel, "day": statement.day.isoformat(), "lines": len(lines)},
        ).entry_id  # fmt: skip
    StatementLine.objects.filter(pk__in=[line.pk for line in lines], entry=None).update(entry_id=entry_id)


def _house(book_id: int, house: House, merchant: Merchant, currency: str, site: Site) -> int:
    code = house_code(house, channel=merchant.channel, currency=currency, home=site.currency)
    return house_account(book_id=book_id, code=code, currency=currency)
