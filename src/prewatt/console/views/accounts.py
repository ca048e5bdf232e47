"""The account's page: three truths, the balance as an equation, days left, use, ledger, commands, notices."""

from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.billing.forecast import DAYS_BACK
from prewatt.console.account_page import Chart, chart_of, fan_of, hours_chart_of, lines_of, span_left, steps_of
from prewatt.console.guard import DeskRequest, requires
from prewatt.console.topics import account_topic, room_topic
from prewatt.console.views.messages import told_by
from prewatt.kernel.clock import estate_now
from prewatt.ledger.queries import list_account_documents
from prewatt.reports.formats import symbol
from prewatt.tenancy.queries import get_account
from prewatt.usecases.see_account import AccountView, RoomView, see_account, see_room
from prewatt.usecases.see_hours import see_hour_usage
from prewatt.usecases.see_usage import see_day_usage, see_month_usage, see_price, see_time_left

RANGES: Final = (
    ("48h", gettext_lazy("48 h")),
    ("14", gettext_lazy("14 d")),
    ("45", gettext_lazy("45 d")),
    ("months", gettext_lazy("12 mo")),
)
TABS: Final = (
    ("ledger", gettext_lazy("Ledger")),
    ("commands", gettext_lazy("Commands")),
    ("notices", gettext_lazy("Notices")),
    ("papers", gettext_lazy("Papers")),
)


@require_safe
@requires(Permission.ACCOUNT_VIEW)
def account(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show an account; ``?room=`` chooses among its rooms, ``?tab=`` among its histories."""
    view = see_account(user=request.desk.user, public_id=public_id)
    tab = request.GET.get("tab", "ledger")
    context = _context(request, view) | _tab(view, tab if tab in dict(TABS) else "ledger")
    return render(request, "console/account.html", context | {"chart": _chart(request, view.facts.id, "14")})


@require_safe
@requires(Permission.ACCOUNT_VIEW)
def account_live(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show truths, balance and steps again, after something changed."""
    view = see_account(user=request.desk.user, public_id=public_id)
    return render(request, "console/parts/account_live.html", _context(request, view))


@require_safe
@requires(Permission.ACCOUNT_VIEW)
def account_tab(request: DeskRequest, public_id: UUID, tab: str) -> HttpResponseBase:
    """This view will show one of the account's histories."""
    view = see_account(user=request.desk.user, public_id=public_id)
    return render(request, "console/parts/account_tab.html", _tab(view, tab))


@require_safe
@requires(Permission.ACCOUNT_VIEW)
def account_usage(request: DeskRequest, public_id: UUID, stretch: str) -> HttpResponseBase:
    """This view will show the usage chart for another stretch of time."""
    facts = get_account(user=request.desk.user, public_id=public_id)
    return render(request, "console/parts/usage.html", {"facts": facts, "chart": _chart(request, facts.id, stretch)})


@require_safe
@requires(Permission.ESTATE_VIEW)
def room(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will lead from a tile to the account that pays for the room, or show the room without one."""
    found, facts = see_room(user=request.desk.user, public_id=public_id)
    if facts is not None and Permission.ACCOUNT_VIEW in request.desk.permissions:
        return redirect(f"{reverse('console:account', args=[facts.public_id])}?room={found.point.code}")
    return render(request, "console/room.html", {"section": "rooms", "room": found, "steps": steps_of(found)})


def _context(request: DeskRequest, view: AccountView) -> dict[str, Any]:
    now = estate_now()
    zone = request.desk.site.zone
    chosen = _chosen(view, request.GET.get("room", ""))
    usage = see_day_usage(account_id=view.facts.id, zone=zone, now=now, days=DAYS_BACK + 1)
    left = see_time_left(facts=view.facts, usage=usage) if view.facts.payment_mode == "prepaid" else None
    topics = [account_topic(view.facts.id), *(room_topic(one.point.id) for one in view.rooms)]
    return {
        "section": "rooms",
        "facts": view.facts,
        "rooms": view.rooms,
        "room": chosen,
        "steps": steps_of(chosen) if chosen is not None else [],
        "minus_accrued": -view.facts.accrued,
        "span": span_left(view.facts, now) if view.facts.payment_mode == "prepaid" else None,
        "now": now,
        "today_wh": sum(values[-1] or 0 for values in usage.bands.values()) if usage.bands else None,
        "left": left,
        "fan": fan_of(view.facts, left, now=now, zone=zone) if left is not None and left.expected > 0 else None,
        "price": see_price(point_id=chosen.point.id, site=request.desk.site, now=now) if chosen else None,
        "topics": " ".join(topics),
        "tabs": TABS,
    }


def _chosen(view: AccountView, code: str) -> RoomView | None:
    return next((one for one in view.rooms if one.point.code == code), view.rooms[0] if view.rooms else None)


def _tab(view: AccountView, tab: str) -> dict[str, Any]:
    return {
        "facts": view.facts,
        "tab": tab,
        "currency_sign": symbol(view.facts.currency),
        "lines": lines_of(view.lines, payments=view.payments),
        "commands": view.commands,
        "notices": view.notices,
        "told": told_by(view.facts) if tab == "notices" and view.facts.payment_mode == "prepaid" else [],
        "papers": list_account_documents(account_public_id=view.facts.public_id) if tab == "papers" else [],
    }


def _chart(request: DeskRequest, account_id: int, stretch: str) -> Chart:
    ranges = tuple((code, str(name)) for code, name in RANGES)
    code = stretch if stretch in dict(RANGES) else "14"
    site, now = request.desk.site, estate_now()
    if code == "48h":
        hours = see_hour_usage(account_id=account_id, site=site, now=now)
        return hours_chart_of(hours, zone=site.zone, code=code, ranges=ranges)
    if code == "months":
        usage = see_month_usage(account_id=account_id, months=12)
    else:
        usage = see_day_usage(account_id=account_id, zone=site.zone, now=now, days=int(code))
    return chart_of(usage, code=code, ranges=ranges)
