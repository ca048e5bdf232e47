"""Statements and their differences as lists and pages show them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from prewatt.access.models import User
from prewatt.access.permissions import Permission
from prewatt.access.queries import for_scope
from prewatt.kernel.money import Money
from prewatt.payments.errors import UnknownDifference
from prewatt.payments.models import ProviderStatement, StatementDifference, StatementLine, StatementState
from prewatt.payments.online import DifferenceLine, StatementSummary

PAGE_MAX = 200
LINES_MAX = 1_000
_PAYMENT, _REFUND = Q(lines__in_file=True, lines__kind="payment"), Q(lines__in_file=True, lines__kind="refund")


def list_statements(
    *, user: User, permission: str = Permission.PAY_RECONCILE, open_only: bool = False, limit: int = 50
) -> list[StatementSummary]:
    """This function will list statements of merchants within the login's scopes, the newest days first."""
    rows = for_scope(
        ProviderStatement.objects.all(), path_field="merchant__scope__path", user=user, permission=permission
    )
    if open_only:
        rows = rows.exclude(state=StatementState.SETTLED)
    return _summaries(rows.order_by("-day", "-pk")[: max(1, min(limit, PAGE_MAX))])


def see_statement(
    *, user: User, public_id: UUID, permission: str = Permission.PAY_RECONCILE
) -> tuple[StatementSummary, list[DifferenceLine]]:
    """This function will show a statement and its differences, the open ones first. Raises UnknownDifference."""
    rows = ProviderStatement.objects.filter(public_id=public_id)
    rows = for_scope(rows, path_field="merchant__scope__path", user=user, permission=permission)
    found = _summaries(rows)
    if not found:
        raise UnknownDifference("There is no such statement, or it is not within your scope.")
    lines = StatementLine.objects.filter(statement__public_id=public_id).exclude(difference="")
    lines = lines.order_by("resolved_at", "pk") if not found[0].open else lines.order_by("-resolved_at", "pk")
    return found[0], [_difference(line) for line in _with_names(lines)[:LINES_MAX]]


def statement_summary(*, statement_id: int) -> StatementSummary:
    """This function will show a statement by its row number."""
    return _summaries(ProviderStatement.objects.filter(pk=statement_id))[0]


def get_line(*, user: User | None, public_id: UUID, permission: str = Permission.PAY_RECONCILE) -> StatementLine:
    """This function will return a line that differs and that the login may settle. Raises UnknownDifference."""
    rows = StatementLine.objects.filter(public_id=public_id).exclude(difference="")
    if user is not None:
        rows = for_scope(rows, path_field="site__scope__path", user=user, permission=permission)
    found = _with_names(rows).first()
    if found is None:
        raise UnknownDifference("There is no such difference, or it is not within your scope.")
    return found


def has_due_statements(*, now: datetime) -> bool:
    """This function will say whether a statement waits to be fetched (machine time)."""
    return ProviderStatement.objects.filter(next_try_at__lte=now, state=StatementState.AWAITED).exists()


def days_known(*, merchant_id: int, since: date) -> set[date]:
    """This function will return the days of a merchant that are awaited or read already."""
    rows = ProviderStatement.objects.filter(merchant=merchant_id, day__gte=since)
    return set(rows.values_list("day", flat=True))


def _summaries(rows: QuerySet[ProviderStatement]) -> list[StatementSummary]:
    picked = list(rows.select_related("merchant"))
    counted = ProviderStatement.objects.filter(pk__in=[one.pk for one in picked]).annotate(
        payments=Count("lines", filter=_PAYMENT),
        refunds=Count("lines", filter=_REFUND),
        gross=Sum("lines__amount", filter=_PAYMENT, default=0),
        refunded=Sum("lines__amount", filter=_REFUND, default=0),
        fees=Sum("lines__fee", filter=Q(lines__in_file=True), default=0),
        missing_here=Count("lines", filter=Q(lines__difference=StatementDifference.MISSING_HERE)),
        missing_there=Count("lines", filter=Q(lines__difference=StatementDifference.MISSING_THERE)),
        other_amount=Count(
            "lines",
            filter=Q(lines__difference__in=[StatementDifference.OTHER_AMOUNT, StatementDifference.CHANGED]),
        ),
        open_lines=Count("lines", filter=~Q(lines__difference="") & Q(lines__resolved_at=None)),
    )
    sums = {row["pk"]: row for row in counted.values("pk", *_COUNTED)}
    return [_summary(one, sums[one.pk]) for one in picked]


_COUNTED: Sequence[str] = (
    "payments", "refunds", "gross", "refunded", "fees", "missing_here", "missing_there", "other_amount", "open_lines",
)  # fmt: skip


def _summary(one: ProviderStatement, sums: dict[str, int]) -> StatementSummary:
    currency = one.merchant.currency
    return StatementSummary(
        public_id=one.public_id, channel=one.merchant.channel, merchant=one.merchant.name,
        merchant_public_id=one.merchant.public_id, day=one.day, source=one.source, state=one.state,
        read_at=one.read_at, error=one.error, payments=sums["payments"], refunds=sums["refunds"],
        gross=Money(sums["gross"], currency), refunded=Money(sums["refunded"], currency),
        fees=Money(sums["fees"], currency), missing_here=sums["missing_here"], missing_there=sums["missing_there"],
        other_amount=sums["other_amount"], open=sums["open_lines"],
    )  # fmt: skip


def _with_names(rows: QuerySet[StatementLine]) -> QuerySet[StatementLine]:
    return rows.select_related(
        "statement", "merchant__site", "site__scope", "payment__account", "refund__account", "unmatched", "resolved_by"
    )


def _difference(line: StatementLine) -> DifferenceLine:
    account = line.payment.account if line.payment is not None else None
    if account is None and line.refund is not None:
        account = line.refund.account
    return DifferenceLine(
        public_id=line.public_id, kind=line.kind, difference=line.difference, trade_no=line.trade_no,
        order_no=line.order_no, refund_no=line.refund_no, amount=Money(line.amount, line.currency),
        our_amount=Money(line.our_amount, line.currency) if line.our_amount is not None else None,
        provider_at=line.provider_at, account_public_id=account.public_id if account is not None else None,
        account_number=account.number if account is not None else "", resolved_at=line.resolved_at,
        resolved_by=str(line.resolved_by) if line.resolved_by is not None else "", how=line.how, note=line.note,
    )  # fmt: skip
