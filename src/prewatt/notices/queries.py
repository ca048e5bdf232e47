"""Notices for faces, and the proofs that a disconnection asks for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.metering.arrays import to_int_array
from prewatt.notices.channels import SENDERS
from prewatt.notices.errors import UnknownNotice
from prewatt.notices.models import Notice
from prewatt.notices.values import NoticeRow
from prewatt.supply.policy import NoticeProof

ROWS_MAX: Final = 200

_WARNED: Final = "SELECT account_id FROM notices_ladder WHERE account_id = ANY(%s::bigint[]) AND step > 0"
_PROOFS: Final = """
SELECT DISTINCT ON (n.account_id) n.account_id, n.public_id::text, n.channel, n.delivered_at, n.proof
  FROM notices_ladder l
  JOIN tenancy_account a ON a.id = l.account_id
  JOIN notices_notice n ON n.account_id = l.account_id AND n.state = 'delivered'
                       AND n.cause_key = 'last_call:' || a.public_id || ':' || l.turn
 WHERE l.account_id = ANY(%s) AND l.step = 3
 ORDER BY n.account_id, n.delivered_at
"""


def list_warned_accounts(*, account_ids: Collection[int]) -> set[int]:
    """This function will return the accounts that stand on a step of the ladder: they may have climbed."""
    with connection.cursor() as cursor:
        cursor.execute(_WARNED, [to_int_array(account_ids)])
        return {account_id for (account_id,) in cursor.fetchall()}


def find_proofs(*, account_ids: Collection[int]) -> dict[int, NoticeProof]:
    """This function will find the first last call that arrived in each account's present descent: one query."""
    if not account_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_PROOFS, [list(account_ids)])
        return {row[0]: NoticeProof(*row[1:]) for row in cursor.fetchall()}


def has_due_notices(*, machine_now: datetime, channels: Collection[str] = tuple(SENDERS)) -> bool:
    """This function will tell whether a worker has a notice to send by one of the channels."""
    rows = Notice.objects.filter(state__in=["pending", "sending"], due_at__lte=machine_now, channel__in=list(channels))
    return rows.filter(Q(leased_until=None) | Q(leased_until__lte=machine_now)).exists()


def has_unconfirmed_notices(*, machine_now: datetime) -> bool:
    """This function will tell whether a text waits too long for its report, or lost its sender."""
    waiting = Notice.objects.filter(state="sent", followed_at=None, due_at__lte=machine_now)
    lost = Notice.objects.filter(state="sending", channel="sms", leased_until__lte=machine_now)
    return waiting.exists() or lost.exists()


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How many messages are in each state: those under way, those that failed, those that arrived."""

    by_state: dict[str, int]


def count_outbox(*, user: User, site_id: int, permission: str = Permission.ACCOUNT_VIEW) -> OutboxCounts:
    """This function will count a site's messages by state."""
    rows = _visible(user, permission).filter(account__site=site_id).order_by()
    return OutboxCounts(dict(rows.values_list("state").annotate(Count("pk"))))


def list_outbox(
    *,
    user: User,
    site_id: int,
    permission: str = Permission.ACCOUNT_VIEW,
    state: str = "",
    channel: str = "",
    text: str = "",
    before: UUID | None = None,
    limit: int = ROWS_MAX,
) -> list[NoticeRow]:
    """This function will list a site's messages, the newest first; ``text`` is a recipient, an account or a name."""
    rows = _visible(user, permission).filter(account__site=site_id)
    if state:
        rows = rows.filter(state=state)
    if channel:
        rows = rows.filter(channel=channel)
    if text:
        rows = rows.filter(
            Q(recipient__icontains=text) | Q(account__number=text) | Q(account__customer__name__icontains=text)
        )
    if before is not None:
        rows = rows.filter(public_id__lt=before)
    return [_row(row) for row in rows.order_by("-public_id")[: min(limit, ROWS_MAX)]]


def list_desk_notices(
    *, user: User, permission: str = Permission.NOTICES_TELL, site_id: int | None = None, limit: int = ROWS_MAX
) -> list[NoticeRow]:
    """This function will list warnings that wait for somebody to tell them, last calls first, then the oldest."""
    rows = _visible(user, permission).filter(channel="desk", state="pending")
    if site_id is not None:
        rows = rows.filter(account__site=site_id)
    found = [_row(row) for row in rows.order_by("pk")[: min(limit, ROWS_MAX)]]
    return sorted(found, key=lambda row: row.kind != "last_call")


def list_letterbox(
    *, user: User, permission: str = Permission.ACCOUNT_VIEW, account_public_id: UUID | None = None, limit: int = 100
) -> list[NoticeRow]:
    """This function will list what lies in the demo's letter boxes, newest first."""
    rows = _visible(user, permission).filter(channel="letterbox")
    if account_public_id is not None:
        rows = rows.filter(account__public_id=account_public_id)
    return [_row(row) for row in rows.order_by("-pk")[: min(limit, ROWS_MAX)]]


def list_open_letterbox(*, limit: int = 10) -> list[NoticeRow]:
    """This function will list the newest codes and invitations in the demo's letter box, for anybody to read."""
    kinds = ["code", "invitation", "security", "welcome", "password"]
    rows = Notice.objects.select_related("account__customer").filter(channel="letterbox", kind__in=kinds)
    return [_row(row) for row in rows.order_by("-pk")[: min(limit, ROWS_MAX)]]


def find_way(*, recipient: str) -> str | None:
    """This function will return the channel that carries a message to a mail address or a phone; None: no way."""
    if settings.LETTERBOX:
        return "letterbox"
    if "@" in recipient:
        return "mail" if settings.EMAIL_HOST else None
    return "sms" if settings.SMS["provider"] else None


def list_account_notices(*, account_id: int, limit: int = 50) -> list[NoticeRow]:
    """This function will list an account's notices, newest first; who may see is asked before."""
    rows = Notice.objects.select_related("account__customer").filter(account=account_id)
    return [_row(row) for row in rows.order_by("-pk")[: min(limit, ROWS_MAX)]]


def get_notice(*, public_id: UUID, user: User | None = None, permission: str = Permission.NOTICES_TELL) -> Notice:
    """This function will return a notice for a use case. Raises UnknownNotice."""
    rows = Notice.objects.select_related("account__site__scope") if user is None else _visible(user, permission)
    notice = rows.filter(public_id=public_id).first()
    if notice is None:
        raise UnknownNotice("There is no such notice, or it is not within your scope.")
    return notice


def _visible(user: User, permission: str) -> QuerySet[Notice]:
    return for_scope(
        Notice.objects.select_related("account__customer", "account__site__scope"),
        path_field="account__site__scope__path", user=user, permission=permission,
    )  # fmt: skip


def _row(row: Notice) -> NoticeRow:
    account = row.account
    return NoticeRow(
        row.public_id, account.public_id if account else None, account.number if account else "",
        account.customer.name if account else "", row.kind, row.channel,
        row.recipient, row.language, row.subject, row.body, row.state, row.created_at, row.delivered_at, row.proof,
        row.error,
    )  # fmt: skip
