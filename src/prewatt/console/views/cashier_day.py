"""What a day took, as it stands, and the report about it."""

from datetime import date, timedelta
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from prewatt.access.permissions import Permission
from prewatt.console.guard import DeskRequest, actor_of, requires
from prewatt.kernel.clock import estate_now
from prewatt.kernel.money import Money
from prewatt.kernel.period import local_date
from prewatt.usecases.issue_cashier_report import issue_cashier_report, see_cashier_day

METHODS: Final = ["GET", "HEAD", "POST"]
_AMOUNTS: Final = ("taken", "refunded", "voided", "net")


@requires(Permission.PAPERS_ISSUE)
@require_http_methods(METHODS)
def cashier_day(request: DeskRequest) -> HttpResponseBase:
    """This view will show a day's takings (``?day=``), and issue the report about them."""
    site = request.desk.site
    today = local_date(estate_now(), site.zone)
    day = _day(request.GET.get("day", ""), today)
    if request.method == "POST":
        report = issue_cashier_report(actor=actor_of(request), site_id=site.id, day=day)
        return redirect("console:paper", public_id=report.public_id)
    seen = see_cashier_day(site_id=site.id, day=day)
    content = seen.content
    context = {
        "section": "till",
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "lines": [_with_money(one, site.currency) for one in content["lines"]],
        "total": _with_money(content["total"], site.currency),
        "by_channel": [_with_money(one, site.currency) for one in content["by_channel"]],
        "checks": [
            {"channel": one["channel"]}
            | {name: Money(one[name], site.currency) for name in ("net", "ledger")}
            | {"difference": Money(one["net"] - one["ledger"], site.currency)}
            for one in content["ledger"]
        ],
        "ranges": content["ranges"],
        "report": seen.report,
        "is_outdated": seen.is_outdated,
    }
    return render(request, "console/cashier_day.html", context)


def _day(text: str, today: date) -> date:
    try:
        return min(parse_date(text) or today, today)
    except ValueError:
        return today


def _with_money(one: dict[str, Any], currency: str) -> dict[str, Any]:
    return one | {name: Money(one[name], currency) for name in _AMOUNTS}
