"""The day close: what positions have accrued becomes journal entries, one per position and close."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import F

from prewatt.access.audit import require_unit_of_work
from prewatt.billing.models import CloseState, DayClose
from prewatt.billing.services.as_of import rounded_as_of
from prewatt.billing.services.positions import accrue
from prewatt.estate.models import Site
from prewatt.kernel.money import Money
from prewatt.ledger.services import EntryDraft, PostingLine, house_account, lock_party_accounts, post_entries
from prewatt.tenancy.models import Bucket, BucketKind, PaymentMode

USAGE: Final = "usage"
REVENUE: Final = {
    PaymentMode.PREPAID.value: "revenue:electricity",
    PaymentMode.OWN_USE.value: "revenue:own_use",
}
_LOCK: Final = """
SELECT id FROM tenancy_account WHERE id IN (
    SELECT position.account_id FROM billing_position position
    JOIN tenancy_account account ON account.id = position.account_id
    WHERE account.site_id = %s AND position.account_id > %s
      AND position.rounded <> position.posted AND position.unposted_from IS NOT NULL
    GROUP BY position.account_id ORDER BY position.account_id LIMIT %s
) ORDER BY id FOR NO KEY UPDATE
"""
_UNPOSTED: Final = """
SELECT position.id, position.account_id, account.number, account.currency, account.payment_mode, point.code,
       (extract(epoch FROM lower(tenancy.period)))::bigint, position.period_start, tariff.code, tariff.version,
       position.rounded, position.posted, position.close_no, position.unposted_from, position.unposted_to
FROM billing_position position
JOIN tenancy_account account ON account.id = position.account_id
JOIN tenancy_tenancy tenancy ON tenancy.id = position.tenancy_id
JOIN estate_meteringpoint point ON point.id = tenancy.metering_point_id
JOIN billing_tariffversion tariff ON tariff.id = position.tariff_version_id
WHERE position.account_id = ANY(%s) AND position.rounded <> position.posted AND position.unposted_from IS NOT NULL
ORDER BY account.number, point.code, position.period_start, tariff.code, tariff.version, position.id
"""
_MARK_POSTED: Final = """
UPDATE billing_position position
SET posted = given.as_of, close_no = position.close_no + 1,
    unposted_from = CASE WHEN position.unposted_to > %(day)s THEN greatest(position.unposted_from, %(day)s + 1) END,
    unposted_to = CASE WHEN position.unposted_to > %(day)s THEN position.unposted_to END
FROM unnest(%(ids)s::bigint[], %(as_of)s::bigint[], %(rounded)s::bigint[]) given (id, as_of, rounded)
WHERE position.id = given.id AND position.rounded = given.rounded
"""
_DIFFERENCE: Final = """
SELECT coalesce(sum(abs(account.accrued - coalesce(open.amount, 0))), 0)::bigint
FROM tenancy_account account
LEFT JOIN (SELECT account_id, sum(rounded - posted) AS amount FROM billing_position GROUP BY account_id) open
  ON open.account_id = account.id
WHERE account.site_id = %s
"""


class _Unposted(NamedTuple):
    """A position whose rounded cost is not what the ledger has; ``as_of``: its cost up to the day that is closed."""

    id: int
    account_id: int
    number: str
    currency: str
    payment_mode: str
    point: str
    begun_s: int
    period_start: date
    tariff: str
    version: int
    rounded: int
    posted: int
    close_no: int
    unposted_from: date | None
    unposted_to: date | None
    as_of: int

    @property
    def cause_key(self) -> str:
        """One entry per position and close, named by what the position is of and not by its row."""
        of = f"{self.number}:{self.point}:{self.begun_s}:{self.period_start:%Y-%m}:{self.tariff}.{self.version}"
        return f"position:{of}:{self.close_no + 1}"


@dataclass(frozen=True, slots=True)
class Posted:
    """What one transaction of a close posted; ``amount`` in minor units."""

    account_ids: tuple[int, ...]
    entries: int
    amount: int


def lock_unposted_accounts(*, site_id: int, after_id: int, limit: int) -> list[int]:
    """This function will lock the next accounts of a site that have something to post, in id order."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [site_id, after_id, limit])
        return [account_id for (account_id,) in cursor.fetchall()]


def post_positions(
    *, account_ids: Collection[int], book_id: int, day: date, booking_date: date, occurred_at: datetime
) -> Posted:
    """This function will post what positions of locked accounts cost up to ``day`` beyond what was posted before."""
    require_unit_of_work()
    rows = _find_unposted(account_ids, day)
    if not rows:
        return Posted((), 0, 0)
    buckets = _cash_buckets({row.account_id for row in rows})
    lock_party_accounts(ledger_account_ids=buckets.values())
    houses = {
        (row.payment_mode, row.currency): house_account(
            book_id=book_id, code=REVENUE[row.payment_mode], currency=row.currency
        )
        for row in {(one.payment_mode, one.currency): one for one in rows}.values()
    }
    drafts = [
        _draft(
            row,
            buckets[row.account_id],
            houses[row.payment_mode, row.currency],
            day=day,
            booking_date=booking_date,
            occurred_at=occurred_at,
        )
        for row in rows
    ]
    post_entries(book_id=book_id, drafts=drafts)
    with connection.cursor() as cursor:
        marked: dict[str, Any] = {
            "day": day,
            "ids": [row.id for row in rows],
            "as_of": [row.as_of for row in rows],
            "rounded": [row.rounded for row in rows],
        }
        cursor.execute(_MARK_POSTED, marked)
        if cursor.rowcount != len(rows):
            raise RuntimeError("positions changed under a lock: the day close posted nothing")
    amounts: dict[int, int] = {}
    for row in rows:
        amounts[row.account_id] = amounts.get(row.account_id, 0) + row.posted - row.as_of
    accrue(amounts=amounts)
    return Posted(tuple(amounts), len(rows), sum(row.as_of - row.posted for row in rows))


def begin_close(*, site: Site, day: date) -> DayClose:
    """This function will return the close of a site's day, begun now where it was not."""
    require_unit_of_work()
    close, _ = DayClose.objects.get_or_create(site=site, date=day)
    return close


def count_posted(*, close: DayClose, posted: Posted) -> None:
    """This function will add what a transaction posted to the close."""
    require_unit_of_work()
    DayClose.objects.filter(pk=close.pk, state=CloseState.POSTING).update(
        accounts=F("accounts") + len(posted.account_ids),
        entries=F("entries") + posted.entries,
        posted=F("posted") + posted.amount,
    )


def finish_close(*, close: DayClose, now: datetime) -> DayClose:
    """This function will mark the close as sealed, with what re-adding accruals and positions found."""
    require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCE, [close.site_id])
        (difference,) = cursor.fetchone()
    DayClose.objects.filter(pk=close.pk, state=CloseState.POSTING).update(
        state=CloseState.SEALED, difference=difference, sealed_at=now
    )
    close.refresh_from_db()
    return close


def _cash_buckets(account_ids: Collection[int]) -> Mapping[int, int]:
    """Return the ledger account of each account's cash for electricity."""
    buckets = Bucket.objects.filter(account_id__in=account_ids, kind=BucketKind.CASH)
    return dict(buckets.order_by("-order").values_list("account_id", "ledger_account_id"))


def _find_unposted(account_ids: Collection[int], day: date) -> list[_Unposted]:
    """Return the positions that cost something up to the day that is not in the ledger."""
    as_of = rounded_as_of(account_ids=account_ids, day=day)
    with connection.cursor() as cursor:
        cursor.execute(_UNPOSTED, [list(account_ids)])
        rows = [_Unposted._make([*row, as_of[row[0]]]) for row in cursor.fetchall()]
    return [row for row in rows if row.as_of != row.posted]


def _draft(
    row: _Unposted, party_id: int, house_id: int, *, day: date, booking_date: date, occurred_at: datetime
) -> EntryDraft:
    amount = Money(row.as_of - row.posted, row.currency)
    days = {"from": row.unposted_from, "to": min(row.unposted_to or day, day)}
    facts = {
        "account": row.number,
        "point": row.point,
        "period": f"{row.period_start:%Y-%m}",
        "tariff": f"{row.tariff} v{row.version}",
    }
    return EntryDraft(
        kind=USAGE,
        cause_key=row.cause_key,
        inputs={**facts, "close_no": row.close_no + 1, "rounded": row.as_of, "posted": row.posted},
        occurred_at=occurred_at,
        booking_date=booking_date,
        postings=(PostingLine(party_id, -amount), PostingLine(house_id, amount)),
        memo={**facts, **{name: day.isoformat() for name, day in days.items() if day is not None}},
    )
