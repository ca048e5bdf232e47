"""What the pages of online payment share: the section's tabs, the life of an order, paging, facts for dialogs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prewatt.access.permissions import Permission
from prewatt.console.account_page import Step
from prewatt.console.guard import DeskRequest
from prewatt.console.labels import label
from prewatt.kernel.clock import estate_clock, estate_now
from prewatt.payments.online import RefundLine, UnmatchedLine
from prewatt.reports import formats
from prewatt.usecases.see_order import OrderView

PAGE: Final = 50
_NUMBER_CHARS_MAX: Final = 18


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of the section, shown to logins that hold its permission."""

    code: str
    label: Promise
    permission: Permission


TABS: Final = (
    Tab("payments", gettext_lazy("Orders"), Permission.ACCOUNT_VIEW),
    Tab("suspense", gettext_lazy("Suspense"), Permission.PAY_RECONCILE),
    Tab("refunds", gettext_lazy("Refunds"), Permission.MONEY_REFUND),
    Tab("statements", gettext_lazy("Statements"), Permission.PAY_RECONCILE),
    Tab("channels", gettext_lazy("Channels"), Permission.PAY_CONFIGURE),
)


def section(request: DeskRequest, tab: str) -> dict[str, Any]:
    """This function will return what every page of the section needs: its tabs, and which is open."""
    tabs = [(one, reverse(f"console:{one.code}")) for one in TABS if one.permission in request.desk.permissions]
    return {"section": "payments", "tabs": tabs, "tab": tab}


def life_of(view: OrderView, *, ended_at: datetime | None, zone: ZoneInfo) -> list[Step]:
    """This function will tell the way from asking to power as steps, each with its own time."""
    slow = label("slow", view.slow) if view.slow else ""
    steps = [Step("done", "check", _("Order begun"), label("way", view.way), view.created_at)]
    if view.state in {"failed", "expired"}:
        return [*steps, Step("bad", "alert-triangle", label("order_state", view.state), view.error, ended_at)]
    if view.paid_at is None:
        until = formats.clock(estate_clock().estate_at(view.expires_at), now=estate_now(), zone=zone)
        return [
            *steps,
            Step(
                "now",
                "loader-2",
                label("order_state", view.state),
                slow or _("can be paid until %(at)s") % {"at": until},
                None,
            ),
        ]
    steps.append(Step("done", "check", _("Paid, as the provider says"), label("channel", view.channel), view.paid_at))
    if view.credited_at is None:
        return [*steps, Step("bad" if slow else "now", "loader-2", label("order_state", view.state), slow, None)]
    steps.append(Step("done", "check", _("Credited"), formats.money(view.amount), view.credited_at))
    if view.state == "refunded":
        return [*steps, Step("done", "arrow-back-up", _("Refunded"), "", None)]
    if view.needs_power:
        steps += _power(view, slow)
    return steps


def _power(view: OrderView, slow: str) -> list[Step]:
    sent = Step("done", "check", _("Restore wanted"), "", view.command_at)
    if view.proven_at is not None:
        return [sent, Step("done", "bolt", _("Power on, proven"), _("read back from the relay"), view.proven_at)]
    waits = Step("bad" if slow else "now", "loader-2", _("Power not proven on yet"), slow, None)
    return [sent, waits] if view.command_at is not None else [waits]


def older(request: DeskRequest, rows: Sequence[Any], *, page: int = PAGE) -> dict[str, Any]:
    """This function will return what leads to the page before: the filter as it is, and the last row's number."""
    query = urlencode({key: value for key, value in request.GET.items() if key != "before"})
    return {"query": query, "more": rows[-1].id if len(rows) == page else ""}


def before_of(request: DeskRequest) -> int | None:
    """This function will read the number of the row before which a page ends."""
    text = request.GET.get("before", "")
    return int(text) if text.isdecimal() and len(text) <= _NUMBER_CHARS_MAX else None


def facts_of_unmatched(row: UnmatchedLine) -> list[tuple[str, str]]:
    """This function will say in a dialog which money in suspense it is about."""
    facts = [
        (_("Amount"), formats.money(row.amount)),
        (_("Channel"), f"{label('channel', row.channel)} · {row.merchant}"),
        (_("Trade"), row.trade_no),
        (_("Why it lies here"), label("unmatched", row.reason)),
    ]
    return [*facts, (_("Payer"), row.payer_hint)] if row.payer_hint else facts


def facts_of_refund(row: RefundLine) -> list[tuple[str, str]]:
    """This function will say in a dialog which refund it is about."""
    return [
        (_("Amount"), formats.money(row.amount)),
        (_("Of"), f"{formats.money(row.paid)} · {label('channel', row.channel)} {row.trade_no}"),
        (_("Account"), row.account_number or _("in suspense")),
        (_("Reason"), row.reason),
        (_("Asked by"), row.asked_by),
    ]
