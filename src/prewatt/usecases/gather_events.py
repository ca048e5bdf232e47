"""What happened that webhooks tell. A trigger notes the rows that tell it in an outbox, within their own transaction.

So a row is told when it commits, however late, and no payment and no relay waits for more than one insert. Telling
twice is impossible: a delivery is unique by endpoint and event.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from django.db.models import Max, QuerySet

from prewatt.access.audit import Actor
from prewatt.cases.kinds import KINDS, Kind
from prewatt.cases.models import Case
from prewatt.kernel.money import Money
from prewatt.ledger.queries import document_numbers
from prewatt.notices.models import Notice
from prewatt.payments.models import Payment, PaymentKind
from prewatt.supply.models import Command, CommandState
from prewatt.usecases.work import unit_of_work
from prewatt.webhooks import services
from prewatt.webhooks.queries import has_news, unwritten
from prewatt.webhooks.values import Happened

BATCH: Final = 2_000
LOW: Final = ("level_1", "level_2", "last_call")


def gather_events(*, actor: Actor) -> int:
    """This function will write deliveries for what happened since it looked last, and return how many it wrote."""
    if not has_news():
        return 0
    with unit_of_work(actor=actor, verb="gather_events", of_facts=True):
        news = services.take_news(most=BATCH)
        found = [one for source, rows in news.items() for one in SOURCES[source][1](rows)]
        return services.write_deliveries(happened=unwritten(found))


def latest_rows() -> dict[str, int]:
    """This function will return the highest row number of each source: an endpoint is told of what comes after."""
    return {source: _last(rows()) for source, (rows, _) in SOURCES.items()}


def _last(rows: "QuerySet[Payment] | QuerySet[Command] | QuerySet[Notice] | QuerySet[Case]") -> int:
    return int(rows.aggregate(last=Max("pk"))["last"] or 0)


def _payments(row_ids: Sequence[int]) -> Iterator[Happened]:
    rows = Payment.objects.filter(
        pk__in=row_ids, kind=PaymentKind.TOP_UP, entry__isnull=False, account__isnull=False
    ).select_related("site__scope", "account")
    found = list(rows.order_by("pk"))
    numbers = document_numbers(document_ids=[row.document_id for row in found if row.document_id is not None])
    for row in found:
        amount, _, currency = str(Money(row.amount, row.currency)).partition(" ")
        data = {
            "payment": str(row.public_id), "channel": row.channel, "amount": {"amount": amount, "currency": currency},
            "account": str(row.account.public_id) if row.account else None,
            "account_number": row.account.number if row.account else "",
            "number": numbers[row.document_id][1] if row.document_id in numbers else "",
        }  # fmt: skip
        yield Happened("payment", f"payment:{row.public_id}", row.site.scope.path, row.received_at, data, row.pk)


def _commands(row_ids: Sequence[int]) -> Iterator[Happened]:
    rows = Command.objects.filter(pk__in=row_ids, target="relay", state=CommandState.VERIFIED)
    for row in rows.select_related("metering_point__building__scope", "metering_point__site__scope").order_by("pk"):
        point = row.metering_point
        scope = point.building.scope or point.site.scope
        event = "disconnection" if row.wanted == "off" else "reconnection"
        data = {
            "command": str(row.public_id), "point": str(point.public_id), "code": point.code, "cause": row.cause,
            "proven_at": row.ended_at.isoformat() if row.ended_at else None,
        }  # fmt: skip
        yield Happened(event, f"command:{row.public_id}", scope.path, row.estate_at, data, row.pk)


def _notices(row_ids: Sequence[int]) -> Iterator[Happened]:
    rows = Notice.objects.filter(pk__in=row_ids, kind__in=LOW, account__isnull=False)
    for row in rows.select_related("account__site__scope").order_by("pk"):
        account = row.account
        if account is not None:
            data = {"account": str(account.public_id), "account_number": account.number, "step": row.kind}
            key = f"notice:{account.pk}:{row.cause_key}"[:160]
            yield Happened("low_balance", key, account.site.scope.path, row.created_at, data, row.pk)


def _cases(row_ids: Sequence[int]) -> Iterator[Happened]:
    for row in Case.objects.filter(pk__in=row_ids).select_related("scope").order_by("pk"):
        data = {
            "case": str(row.public_id), "kind": row.kind, "severity": row.severity,
            "label": str(KINDS[Kind(row.kind)].label) if row.kind in set(Kind) else row.kind,
            "subject_kind": row.subject_kind, "subject": row.subject_label or row.subject_id,
        }  # fmt: skip
        yield Happened("alarm", f"case:{row.public_id}", row.scope.path, row.opened_at, data, row.pk)


_Rows = Callable[[], "QuerySet[Payment] | QuerySet[Command] | QuerySet[Notice] | QuerySet[Case]"]
SOURCES: Final[dict[str, tuple[_Rows, Callable[[Sequence[int]], Iterator[Happened]]]]] = {
    "payment": (Payment.objects.all, _payments),
    "command": (Command.objects.all, _commands),
    "notice": (Notice.objects.all, _notices),
    "case": (Case.objects.all, _cases),
}
