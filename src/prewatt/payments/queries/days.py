"""The trades of a day: what came in and went out on it, and what was undone on it, whenever that had come in."""

from datetime import datetime

from django.db.models import QuerySet

from prewatt.payments.models import Payment, PaymentKind
from prewatt.payments.takings import DayTrade, Movement

_COLUMNS = ("kind", "channel", "till", "taken_by__name", "taken_by__username", "amount", "account__number", "entry_id")


def list_day_trades(*, site_id: int, currency: str, from_at: datetime, to_at: datetime) -> list[DayTrade]:
    """This function will return every movement of money at a site between two instants, in order of time.

    A trade that was taken and undone on the same day is there twice. Who may see is asked before.
    """
    rows = Payment.objects.filter(site=site_id, currency=currency, entry__isnull=False)
    taken = rows.filter(received_at__gte=from_at, received_at__lt=to_at)
    undone = rows.filter(reversed_at__gte=from_at, reversed_at__lt=to_at)
    trades = [*_trades(taken, "received_at"), *_trades(undone, "reversed_at", undoes=True)]
    return sorted(trades, key=lambda one: one.at)


def _trades(rows: QuerySet[Payment], moment: str, *, undoes: bool = False) -> list[DayTrade]:
    found = []
    for at, kind, channel, till, name, username, amount, account, entry_id in rows.values_list(moment, *_COLUMNS):
        signed = -amount if kind == PaymentKind.REFUND else amount
        movement = Movement.VOID if undoes else Movement(kind)
        found.append(
            DayTrade(
                movement, channel, till, name or username or "", -signed if undoes else signed, at, account or "",
                entry_id,
            )
        )  # fmt: skip
    return found
