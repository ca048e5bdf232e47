"""Payments as the faces read them, within the scopes of a login, and what a day took."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.estate.models import Site
from prewatt.kernel.money import Money
from prewatt.kernel.period import day_period
from prewatt.ledger.queries import document_numbers, party_postings_of_entries
from prewatt.ledger.values import Difference
from prewatt.payments.errors import UnknownPayment
from prewatt.payments.models import Payment, PaymentKind
from prewatt.payments.values import PaymentLine, Takings
from prewatt.tenancy.queries import visible_accounts

PAGE_MAX = 500
_CHUNK = 5_000


def list_payments(
    *,
    user: User,
    permission: str = Permission.ACCOUNT_VIEW,
    site_id: int | None = None,
    account_id: int | None = None,
    day: date | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[PaymentLine]:
    """This function will return payments that the login may see, the newest first.

    ``day`` is a local day and needs ``site_id``; ``before_id`` pages on.
    """
    rows = _visible(user, permission)
    if site_id is not None:
        rows = rows.filter(site=site_id)
    if account_id is not None:
        rows = rows.filter(account=account_id)
    if day is not None:
        if site_id is None:
            raise ValueError("a local day belongs to one site")
        rows = _on_day(rows, site_id, day)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return _lines(rows.order_by("-pk")[: max(1, min(limit, PAGE_MAX))])


def get_payment(*, user: User, public_id: UUID, permission: str = Permission.ACCOUNT_VIEW) -> PaymentLine:
    """This function will return one payment that the login may see. Raises UnknownPayment."""
    found = _lines(_visible(user, permission).filter(public_id=public_id))
    if not found:
        raise UnknownPayment("There is no such payment, or it is not within your scope.")
    return found[0]


def takings_of_day(*, site_id: int, day: date, currency: str) -> list[Takings]:
    """This function will return what each cashier took and gave back by each channel on a local day of the site.

    Reversed trades are counted apart, not in ``taken`` and ``refunded``. Who may see is asked before.
    """
    live, back = Q(reversed_at=None), Q(kind=PaymentKind.REFUND)
    rows = (
        _on_day(Payment.objects.filter(site=site_id, currency=currency), site_id, day)
        .values("channel", "till", "taken_by__name", "taken_by__username")
        .annotate(
            count=Count("pk"), taken=Sum("amount", filter=live & ~back), given=Sum("amount", filter=live & back),
            undone=Sum("amount", filter=~live),
        )
        .order_by("channel", "till", "taken_by__username")
    )  # fmt: skip
    return [
        Takings(
            channel=row["channel"], till=row["till"], cashier=row["taken_by__name"] or row["taken_by__username"] or "",
            count=row["count"], taken=Money(row["taken"] or 0, currency), refunded=Money(row["given"] or 0, currency),
            reversed=Money(row["undone"] or 0, currency),
        )
        for row in rows
    ]  # fmt: skip


def verify_payments() -> Iterator[Difference]:
    """This function will yield each trade that is not exactly one entry of its amount, reversed or not as it says."""
    last = 0
    while True:
        chunk = list(Payment.objects.filter(pk__gt=last).order_by("pk")[:_CHUNK])
        if not chunk:
            return
        last = chunk[-1].pk
        posted = party_postings_of_entries(entry_ids=[one.entry_id for one in chunk if one.entry_id is not None])
        for payment in chunk:
            subject = f"{payment.kind} {payment.channel} {payment.trade_no}"
            expected = Money(
                payment.amount if payment.kind == PaymentKind.TOP_UP else -payment.amount, payment.currency
            )
            amount, is_reversed = posted.get(payment.entry_id or 0, (Money.zero(payment.currency), False))
            if amount != expected:
                yield Difference("payment_amount", subject, str(expected), str(amount))
            elif is_reversed != (payment.reversed_at is not None):
                yield Difference("payment_reversal", subject, str(payment.reversed_at), str(is_reversed))


def _visible(user: User, permission: str) -> QuerySet[Payment]:
    sites = for_scope(Site.objects.all(), path_field="scope__path", user=user, permission=permission)
    accounts = visible_accounts(user=user, permission=permission)
    return Payment.objects.filter(Q(site__in=sites.values("pk")) | Q(account__in=accounts.values("pk")))


def _on_day(rows: QuerySet[Payment], site_id: int, day: date) -> QuerySet[Payment]:
    zone = ZoneInfo(Site.objects.values_list("time_zone", flat=True).get(pk=site_id))
    period = day_period(day, zone)
    return rows.filter(received_at__gte=period.from_at, received_at__lt=period.to_at)


def _lines(rows: QuerySet[Payment]) -> list[PaymentLine]:
    found = list(rows.select_related("account", "taken_by"))
    papers = document_numbers(document_ids=[one.document_id for one in found if one.document_id is not None])
    return [_line(one, papers.get(one.document_id or 0)) for one in found]


def _line(payment: Payment, paper: tuple[UUID, str] | None) -> PaymentLine:
    account = payment.account
    return PaymentLine(
        id=payment.pk, public_id=payment.public_id, kind=payment.kind, channel=payment.channel,
        trade_no=payment.trade_no, amount=Money(payment.amount, payment.currency), received_at=payment.received_at,
        till=payment.till, cashier=str(payment.taken_by) if payment.taken_by is not None else "",
        account_id=payment.account_id, account_public_id=account.public_id if account is not None else None,
        account_number=account.number if account is not None else "", site_id=payment.site_id,
        document_public_id=paper[0] if paper is not None else None, number_text=paper[1] if paper is not None else "",
        entry_id=payment.entry_id, reversed_at=payment.reversed_at,
    )  # fmt: skip
