"""The log of call-backs: one row for each that is truly the provider's, a few an hour for all others."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from prewatt.access.audit import require_unit_of_work
from prewatt.payments.models import Callback, Merchant, Verdict

REFUSED_ROWS_AN_HOUR: Final = 8
"""What nobody signed is written down so often for each merchant and verdict; the rest only counts."""
REFUSED: Final = frozenset({Verdict.FORGED, Verdict.MALFORMED, Verdict.FOREIGN, Verdict.UNKNOWN_MERCHANT})
_NOTE: Final = """
INSERT INTO payments_callback (key, channel, merchant_id, order_id, verdict, trade_no, body_hash, times, first_at,
                               last_at, detail, address)
VALUES (%(key)s, %(channel)s, %(merchant)s, %(order)s, %(verdict)s, %(trade_no)s, %(body_hash)s, 1, %(now)s, %(now)s,
        %(detail)s, %(address)s)
ON CONFLICT (key) DO UPDATE SET times = payments_callback.times + 1, last_at = excluded.last_at,
    order_id = coalesce(payments_callback.order_id, excluded.order_id), body_hash = excluded.body_hash,
    detail = CASE WHEN excluded.verdict = 'repeated' THEN payments_callback.detail ELSE excluded.detail END,
    address = excluded.address,
    verdict = CASE WHEN excluded.verdict = 'repeated' THEN payments_callback.verdict ELSE excluded.verdict END
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """A call-back that came. ``received_at`` is machine time."""

    channel: str
    merchant: Merchant | None
    body_hash: str
    received_at: datetime
    address: str


def hash_body(body: bytes) -> str:
    """This function will return what tells one body from another."""
    return hashlib.sha256(body).hexdigest()


def note_callback(
    *, heard: Heard, verdict: Verdict, order_id: int | None = None, trade_no: str = "", detail: str = ""
) -> None:
    """This function will write a call-back down, or count it once more. A flood of forged ones fills no table."""
    require_unit_of_work()
    merchant = heard.merchant
    key = f"{heard.channel}:{merchant.pk if merchant is not None else '-'}:{heard.body_hash}"
    if verdict in REFUSED:
        place = int(heard.body_hash[:8], 16) % REFUSED_ROWS_AN_HOUR
        who = merchant.pk if merchant is not None else "-"
        key = f"{heard.channel}:{who}:{verdict.value}:{heard.received_at:%Y%m%d%H}:{place}"
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "key": key, "channel": heard.channel, "merchant": merchant.pk if merchant is not None else None,
                "order": order_id, "verdict": verdict.value, "trade_no": trade_no[:80], "body_hash": heard.body_hash,
                "now": heard.received_at, "detail": detail[:200], "address": heard.address[:60],
            },
        )  # fmt: skip


def forget_callbacks(*, before: datetime) -> int:
    """This function will forget detail and address of call-backs that last came before a machine instant."""
    require_unit_of_work()
    rows = Callback.objects.filter(last_at__lt=before).exclude(detail="", address="")
    return rows.update(detail="", address="")
