"""Everything that money stands on is added again; what differs is told, nothing is changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from prewatt.access.audit import Actor
from prewatt.estate.models import Site
from prewatt.ledger.queries import verify
from prewatt.ledger.values import Difference
from prewatt.payments.queries import verify_payments
from prewatt.payments.queries.verification import verify_online
from prewatt.usecases.rebuild_positions import rebuild_positions

VERIFIER = Actor(process="verify")

_BUCKETS = """
SELECT account.number, account.currency || ' in ' || site.code,
       coalesce(ledger.currency || ' in ' || book.code, 'no bucket')
FROM tenancy_account account
JOIN estate_site site ON site.id = account.site_id
LEFT JOIN tenancy_bucket bucket ON bucket.account_id = account.id
LEFT JOIN ledger_ledgeraccount ledger ON ledger.id = bucket.ledger_account_id AND ledger.kind = 'party'
LEFT JOIN ledger_book book ON book.id = ledger.book_id
WHERE ledger.id IS NULL OR ledger.currency <> account.currency OR book.code <> site.code
ORDER BY account.id LIMIT 1000
"""


def verify_books(*, seals: bool, actor: Actor = VERIFIER) -> list[Difference]:
    """This function will return what does not add up; nothing when all is sound.

    First ledger, buckets, papers, trades and online money, in one snapshot (in a caller's transaction: what the caller
    sees); with ``seals`` also the seal of every day and the hash of every paper. Then positions, day use and accruals,
    worked out anew from the readings, site by site.
    """
    with _snapshot():
        found = [*verify(seals=seals), *_misplaced_buckets(), *verify_payments(), *verify_online()]
    for site_id in Site.objects.order_by("pk").values_list("pk", flat=True):
        found += rebuild_positions(actor=actor, site_id=site_id)
    return found


@contextmanager
def _snapshot() -> Iterator[None]:
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _misplaced_buckets() -> list[Difference]:
    """This function will return each account whose money does not lie in its own site's book and currency."""
    with connection.cursor() as cursor:
        cursor.execute(_BUCKETS)
        return [Difference("bucket", f"account {row[0]}", row[1], row[2]) for row in cursor.fetchall()]
