"""Providers' statements: which days are read, what differs from our books, and how each line was settled."""

from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from prewatt.access.permissions import Permission
from prewatt.console.guard import DeskRequest, actor_of, requires, to_uuid
from prewatt.console.labels import label
from prewatt.console.pay_forms import SettleForm, StatementForm
from prewatt.console.pay_page import section
from prewatt.console.views.desk_money import ask, done, show_ask
from prewatt.kernel.errors import Unable
from prewatt.kernel.money import Money
from prewatt.payments.providers.errors import BadMerchant, BadStatement
from prewatt.payments.queries.merchants import list_merchants
from prewatt.payments.queries.statements import get_line, list_statements, see_statement
from prewatt.reports import formats
from prewatt.usecases.reconcile_day import reconcile_day
from prewatt.usecases.settle_money import settle_difference, ways_to_settle

METHODS: Final = ["GET", "HEAD", "POST"]
DAYS: Final = 100


@requires(Permission.PAY_RECONCILE)
@require_safe
def statements(request: DeskRequest) -> HttpResponseBase:
    """This view will list the days of the merchants, the newest first; ``?open=1`` those that are not settled."""
    is_open = request.GET.get("open") == "1"
    found = list_statements(user=request.desk.user, open_only=is_open, limit=DAYS)
    context = section(request, "statements") | {"rows": found, "is_open": is_open}
    return render(request, "console/pay_statements.html", context)


@requires(Permission.PAY_RECONCILE)
@require_safe
def statement(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show a day's sums and every line that differs."""
    day, lines = see_statement(user=request.desk.user, public_id=public_id)
    context = section(request, "statements") | {"day": day, "lines": lines}
    return render(request, "console/pay_statement.html", context)


@requires(Permission.PAY_RECONCILE)
@require_http_methods(METHODS)
def read_statement(request: DeskRequest) -> HttpResponseBase:
    """This view will read a day's statement from a file, or ask the provider for it; again if need be."""
    merchants = [
        (str(one.public_id), f"{label('channel', one.channel)} · {one.name} · {one.merchant_no}")
        for one in list_merchants(user=request.desk.user, permission=Permission.PAY_RECONCILE)
    ]
    initial = {"merchant": request.GET.get("merchant", ""), "day": request.GET.get("day", "")}
    form = StatementForm(request.POST or None, request.FILES or None, merchants=merchants, initial=initial)
    said = {
        "title": _("Read a statement"),
        "facts": [],
        "warning": _("Money of it that is not in our books is credited to its order, or goes into suspense."),
        "button": _("Read it"),
        "danger": False,
        "is_slow": True,
    }

    def act(data: dict[str, Any]) -> HttpResponseBase:
        file = data["file"]
        try:
            found = reconcile_day(
                actor=actor_of(request), merchant_public_id=to_uuid(data["merchant"]), day=data["day"],
                data=file.read() if file is not None else None,
            )  # fmt: skip
        except (Unable, BadStatement, BadMerchant) as error:
            form.add_error(None, _("It could not be read. What came back: %(why)s") % {"why": error.message})
            return show_ask(request, form, said)
        where = reverse("console:statement", args=[found.public_id])
        if found.open:
            return done(request, where, _("The statement is read; some lines differ from our books."))
        return done(request, where, _("The statement is read; it agrees with our books."))

    return ask(request, form, act, said)


@requires(Permission.PAY_RECONCILE)
@require_http_methods(METHODS)
def settle_line(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will settle one line that differs, with a word that says why."""
    line = get_line(user=request.desk.user, public_id=public_id)
    ways = ways_to_settle(line_public_id=public_id)
    form = SettleForm(request.POST or None, ways=ways, initial={"how": ways[0]})
    where = reverse("console:statement", args=[line.statement.public_id])
    there = Money(line.amount, line.currency)
    here = None if line.our_amount is None else Money(line.our_amount, line.currency)

    def act(data: dict[str, Any]) -> HttpResponseBase:
        settle_difference(actor=actor_of(request), line_public_id=public_id, how=data["how"], note=data["note"])
        return done(request, where, _("The line is settled."))

    said = {
        "title": label("difference", line.difference),
        "facts": [
            (_("Line"), f"{label('line', line.kind)} {line.trade_no} {line.refund_no}".strip()),
            (_("In the statement"), formats.money(there if line.in_file else None)),
            (_("In our books"), formats.money(here)),
        ],
        "button": _("Settle the line"),
        "danger": False,
    }
    return ask(request, form, act, said)
